package meeting_test

import (
	"errors"
	"testing"

	"visavis/internal/meeting"
)

// stated is an event of a kind, as well-formed as it can be in s: made from the kinds themselves, so that what is added to them is tested, too.
func stated(s meeting.State, kind meeting.Kind, member, actor meeting.MemberID) meeting.Event {
	on, head := true, s.Head
	e := meeting.Event{Kind: kind, Member: member}
	switch kind {
	case meeting.MemberDevices:
		e.Camera, e.Epoch = &on, s.Epoch
	case meeting.KeyTurned:
		e.Action, e.Epoch, e.Head = meeting.Start, max(1, s.Epoch), &head
		if s.Phase == meeting.Closed {
			e.Action = meeting.Open
		}
	case meeting.KeyReturned:
		e.Action = meeting.Start
	case meeting.FloorModeSet:
		e.Mode = meeting.FreeExchange
	case meeting.FloorGiven, meeting.FloorTaken:
		e.Actor = actor
	case meeting.HandLowered, meeting.OrderLowered, meeting.CapacitySet:
		if actor != member {
			e.Actor = actor
		}
	case meeting.TechnicianAdmitted:
		e.Actor, e.Admit = actor, &on
	}
	return e
}

// TestForgedSenderEveryKind: in no phase of a formal meeting does a party speak of another's people, be it as who does or as whom it is done to, in any
// kind of event; but the chair's officer gives and takes the floor. The control: of its own people each kind is taken somewhere.
func TestForgedSenderEveryKind(t *testing.T) {
	taken := map[meeting.Kind]bool{}
	for _, phase := range meeting.Phases() {
		k := at(t, summit(), phase)
		d := k.s.Definition
		for _, kind := range meeting.Kinds() {
			for _, m := range d.Members {
				for _, actor := range d.Members {
					e := stated(k.s, kind, m.ID, actor.ID)
					if actor.ID != m.ID && e.Actor == "" {
						continue // no actor in it: once is enough
					}
					for _, by := range d.Parties {
						copyOf := k
						err := copyOf.add(by.ID, e)
						who := m
						if e.Actor != "" {
							who = actor
						}
						chair := (kind == meeting.FloorGiven || kind == meeting.FloorTaken) && by.ID == d.ChairParty()
						foreign := who.Party != by.ID || m.Party != by.ID && !chair
						var me *meeting.Error
						if is := errors.As(err, &me) && me.Code == "member.foreign"; is != foreign {
							t.Errorf("%s: %s of %s by %s, stated by %s: %v, want foreign %v", phase, kind, m.ID, e.Actor, by.ID, err, foreign)
						}
						taken[kind] = taken[kind] || err == nil && !foreign
					}
				}
			}
		}
	}
	for _, kind := range meeting.Kinds() {
		switch kind {
		case meeting.MemberJoined, meeting.KeyReturned, meeting.RecordStopped, meeting.FloorAcknowledged, meeting.FloorYielded, meeting.FloorTaken, meeting.HandLowered, meeting.OrderLowered, meeting.AgendaItem:
			continue // everybody is in, nothing is turned, recorded, given or raised; summit has one item: the tables have their cells
		}
		if !taken[kind] {
			t.Errorf("control: %s is taken nowhere", kind)
		}
	}
}

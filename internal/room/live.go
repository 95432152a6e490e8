package room

import (
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// live is what a room knows of the moment and does not put into the shared log. Room's goroutine only.
type live struct {
	audience map[meeting.MemberID]*audience
	attended uint64 // seats of the audience so far
	waiters  []*Waiter
	doors    doors
	ahead    ahead // any goroutine
	given    grant
	heard    map[meeting.MemberID]heardAt
	muted    map[meeting.MemberID]time.Time // who speaks into a closed microphone, since when
	met      bool                           // together, when we last looked
	ready    map[meeting.MemberID]meeting.Ready
	notes    []wire.Note // at most maxNotes
	noted    int
	alarms   []wire.Alarm
	past     pastAlarms
	trespass map[meeting.PartyID]trespass
	level    map[meeting.MemberID]int // dBov, last read
	levelAt  time.Time
	meters   *meters
}

func (l *live) init() {
	*l = live{audience: map[meeting.MemberID]*audience{}, heard: map[meeting.MemberID]heardAt{}, muted: map[meeting.MemberID]time.Time{},
		ready: map[meeting.MemberID]meeting.Ready{}, trespass: map[meeting.PartyID]trespass{}, meters: &meters{}}
	l.doors.proof, l.doors.gated = &proof{}, map[*media.Forwarder]bool{}
}

// tickLive does what time alone brings about.
func (r *Room) tickLive(now time.Time) {
	for _, s := range r.links {
		if s.up && s.agreed && now.Sub(s.clockAt) >= clockEvery {
			s.clockAt = now
			r.sayClock(now, s)
		}
	}
	r.stateStale = r.stateStale || len(r.trespass) > 0
	for p, t := range r.trespass {
		if now.Sub(t.at) >= alarmTime {
			delete(r.trespass, p)
		}
	}
	for id, h := range r.heard {
		if now.Sub(h.at) >= heardFresh {
			delete(r.heard, id)
		}
	}
}

// sayAll tells the room of s what it would know had the link always been there.
func (r *Room) sayAll(now time.Time, s *side) {
	for _, id := range sortedKeys(r.ready) {
		if r.owns(id) == nil {
			y := r.ready[id]
			r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeReady, Member: id, Ready: &y})
		}
	}
	for _, id := range sortedKeys(r.muted) {
		if on := true; r.owns(id) == nil && r.together() {
			r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeMuted, Member: id, On: &on})
		}
	}
	if d := r.doors.shown; !d.At.IsZero() {
		r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeDoors, Doors: &d})
	}
}

// closedMics says of every microphone of ours whether it is closed: of what its page goes on sending nothing is kept.
func (r *Room) closedMics() map[*media.Stream]bool {
	out := map[*media.Stream]bool{}
	for _, m := range r.c.Definition.Members {
		if m.Party != r.c.Self {
			continue
		}
		if s := r.sent(m.ID, "mic"); s != nil {
			out[s] = !r.view.Present[m.ID].Mic
		}
	}
	return out
}

// prepared is the member whose microphone may be opened any moment, because it has been given the floor: its way is laid before it
// speaks, and closed until it does (closedMics).
func (r *Room) prepared() (meeting.MemberID, meeting.Presence, bool) {
	id := r.view.Floor.Holder
	p, ok := r.view.Present[id]
	return id, p, ok && r.together() && r.view.MaySpeak(id)
}

// prepare has the microphone of who was given the floor at party p wanted before it opens.
func (r *Room) prepare(p meeting.PartyID, want map[string]bool) {
	if id, at, ok := r.prepared(); ok && at.By == p {
		want[r.streamID(id, "mic")] = true
	}
}

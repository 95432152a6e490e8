package room

import (
	"context"
	"log/slog"
	"strconv"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// Audience is a seat of the press or of a viewer: slots that receive, nothing that sends. It is nobody in the meeting: it has no presence,
// stands in no log, and gets what meeting.State.Audience says while the doors are open. Send and End are as of Seat.
type Audience struct {
	ID    meeting.MemberID // of its session; in no definition
	Name  string           // as accredited; for officers of this side alone
	Role  meeting.Role     // Press or Viewer
	Media Media
	Send  func(wire.ToClient) bool
	End   func(code string) // "excluded", "moved", "shutdown"
}

// audience is an Audience as the room keeps it.
type audience struct {
	*Audience
	key   meeting.MemberID // in routes; no member has such a name
	since time.Time
	shown wire.State
	floor []string
}

const audiencePrefix = "press/"

// Waiter is somebody who is not let in yet: the room shows it to officers, and nothing of the meeting to it. Done is called once, from
// the room's goroutine, with "admitted" or "excluded"; it must not block nor call the room.
type Waiter struct {
	ID     string
	Member meeting.MemberID // "" of the press
	Name   string           // of the press: as accredited
	Reason string           // wire.WaitDevice, WaitExcluded
	Since  time.Time
	Done   func(code string)
}

// Knock shows w to the officers, in place of one with the same ID. It returns ErrClosed, or a *meeting.Error if too many wait.
func (r *Room) Knock(w *Waiter) error {
	return r.ask(func() error {
		for i, old := range r.waiters {
			if old.ID == w.ID {
				r.waiters[i] = w
				r.hurry()
				return nil
			}
		}
		if len(r.waiters) >= maxWaiters {
			return &meeting.Error{Code: "room.busy"}
		}
		r.waiters = append(r.waiters, w)
		r.hurry()
		return nil
	})
}

// Unknock says that w has gone.
func (r *Room) Unknock(w *Waiter) {
	r.post(func() {
		for i, old := range r.waiters {
			if old == w {
				r.waiters = append(r.waiters[:i:i], r.waiters[i+1:]...)
				r.hurry()
				return
			}
		}
	})
}

// Attend brings a seat of the audience in, in place of an earlier one with the same ID, which is ended with "moved". The Welcome has what the
// public may know; Answer and Resume are the caller's to fill. It returns errors as Join does.
func (r *Room) Attend(ctx context.Context, a *Audience) (wire.Welcome, error) {
	var w wire.Welcome
	err := r.within(ctx, func() (err error) { w, err = r.attend(time.Now(), a); return err }, func() { r.Unattend(a) })
	return w, err
}

func (r *Room) attend(now time.Time, a *Audience) (wire.Welcome, error) {
	if !a.Role.May(meeting.Attend) {
		return wire.Welcome{}, &meeting.Error{Code: "member.role"}
	}
	if !r.view.Formal { // an informal meeting has no open part
		return wire.Welcome{}, &meeting.Error{Code: "meeting.informal"}
	}
	r.refresh()
	old := r.audience[a.ID]
	if old == nil && len(r.audience) >= maxAudience {
		return wire.Welcome{}, &meeting.Error{Code: "room.busy"}
	}
	r.attended++
	st := &audience{Audience: a, key: meeting.MemberID(audiencePrefix + strconv.FormatUint(r.attended, 10)), since: now}
	r.audience[a.ID] = st
	if old != nil && old.Audience != a {
		old.End("moved")
	}
	r.gate(now)
	r.changed()
	st.shown = r.public(st)
	r.hurry()
	m := wire.NewMeeting(r.c.Definition).Public()
	return wire.Welcome{Version: wire.Version, Role: string(a.Role), Meeting: m, State: dated(now, st.shown)}, nil
}

// Unattend says that a seat of the audience has gone.
func (r *Room) Unattend(a *Audience) {
	r.post(func() {
		if st := r.audience[a.ID]; st != nil && st.Audience == a {
			r.dismiss(st, "")
		}
	})
}

// Reoffered says that the slots of a may have changed.
func (r *Room) Reoffered(a *Audience) {
	r.post(func() {
		if st := r.audience[a.ID]; st != nil && st.Audience == a {
			r.gate(time.Now())
			r.changed()
		}
	})
}

// dismiss ends a seat of the audience, with a word if there is one.
func (r *Room) dismiss(st *audience, code string) {
	delete(r.audience, st.ID)
	r.sound.forget(st.key)
	r.changed()
	r.hurry()
	if code != "" {
		st.End(code)
	}
}

// door does what an officer says about who waits, sits in the press seats, or is of the own party.
func (r *Room) door(now time.Time, m meeting.Member, a wire.Act) error {
	if !m.Role.May(meeting.Admit) {
		return &meeting.Error{Code: "member.role"}
	}
	code := "admitted"
	if a.Do == wire.DoExclude {
		code = "excluded"
	}
	for i, w := range r.waiters {
		if a.Value != "" && w.ID == a.Value || a.Value == "" && a.Member != "" && w.Member == meeting.MemberID(a.Member) {
			r.waiters = append(r.waiters[:i:i], r.waiters[i+1:]...)
			r.hurry()
			r.log.Info("waiting room", slog.String("person", string(w.Member)), slog.String("kind", code))
			w.Done(code)
			return nil
		}
	}
	if a.Do == wire.DoExclude {
		if st := r.audience[meeting.MemberID(a.Value)]; a.Value != "" && st != nil {
			r.dismiss(st, code)
			return nil
		}
		if a.Value == "" && a.Member != string(m.ID) {
			return r.exclude(now, meeting.MemberID(a.Member))
		}
	}
	return &meeting.Error{Code: "waiter.unknown"}
}

// exclude takes a member of ours out of the meeting with all devices, players too; that it cannot come back is the caller's of Join to see to.
func (r *Room) exclude(now time.Time, id meeting.MemberID) error {
	if err := r.owns(id); err != nil {
		return err
	}
	st, f := r.seats[id], r.feeds[id]
	var taps []*Tap
	for t := range r.taps {
		if t.Member == id {
			taps = append(taps, t)
		}
	}
	if st == nil && f == nil && len(taps) == 0 {
		return &meeting.Error{Code: "member.absent"}
	}
	r.log.Info("excluded", slog.String("person", string(id)))
	if f != nil {
		delete(r.feeds, id)
		f.End("excluded")
	}
	for _, t := range taps {
		delete(r.taps, t)
		r.planStale = true
		t.End("excluded")
	}
	if st != nil {
		r.drop(st, "excluded")
	}
	r.leave(now, id)
	return nil
}

// waitingList is who waits, and who sits in the press seats.
func (r *Room) waitingList() []wire.Waiting {
	var out []wire.Waiting
	for _, w := range r.waiters {
		out = append(out, wire.Waiting{ID: w.ID, Member: string(w.Member), Name: w.Name, Since: stamp(w.Since), Reason: w.Reason})
	}
	for _, id := range sortedKeys(r.audience) {
		st := r.audience[id]
		out = append(out, wire.Waiting{ID: string(id), Name: st.Name, Since: stamp(st.since), Reason: "press"})
	}
	return out
}

// fillAudience adds what the audience hears and sees to the routes: of shut doors nothing.
func (r *Room) fillAudience(mics, cams map[meeting.MemberID]*media.Stream, listeners map[meeting.MemberID]listener, stage map[*media.Forwarder]*media.Stream) {
	v := r.audienceView()
	for _, st := range r.audience {
		if st.Media == nil {
			continue
		}
		if slots := st.Media.Slots("floor"); len(slots) > 0 {
			l := listener{slots: slots}
			for _, m := range v.Hear {
				if s := mics[m]; s != nil {
					l.hear = append(l.hear, s)
				}
			}
			listeners[st.key] = l
		}
		for i, f := range st.Media.Slots("stage") {
			stage[f] = nil
			if i < min(len(v.Stage), r.c.Stage) {
				stage[f] = cams[v.Stage[i]]
			}
		}
	}
}

// audienceView is what the audience gets now.
func (r *Room) audienceView() meeting.View {
	if len(r.audience) == 0 || r.doors.state != wire.DoorOpen {
		return meeting.View{}
	}
	return r.view.Audience(r.c.Self)
}

// audienceWants adds what the audience hears and sees of party p to the streams that are wanted of it.
func (r *Room) audienceWants(p meeting.PartyID, want map[string]bool) {
	v := r.audienceView()
	for _, id := range v.Hear {
		if r.view.Present[id].By == p {
			want[r.streamID(id, "mic")] = true
		}
	}
	for _, id := range v.Stage[:min(len(v.Stage), r.c.Stage)] {
		if q, ok := r.view.Present[id]; ok && q.By == p && q.Camera {
			want[r.streamID(id, "cam")] = true
		}
	}
}

package room

import (
	"context"
	"strconv"
	"strings"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

// Feed is a second device of a member, an encoder: its microphone and camera take the place of what the member's page sends. The page's
// switches stay the member's: what is closed there is not forwarded. End is as of Seat.
type Feed struct {
	Member meeting.MemberID
	Media  Media
	End    func(code string) // "excluded", "moved", "left", "shutdown"
}

// Tap is a second screen, a player: it is shown what a page of Member would be shown, or of that the member Shows alone. It is nobody: it has no
// presence and no voice, and is shown nothing while nobody of its party is present. End is as of Seat.
type Tap struct {
	Member meeting.MemberID
	Shows  meeting.MemberID // "": the stage
	Media  Media
	End    func(code string) // "excluded", "shutdown"

	key meeting.MemberID // in routes; no member has such a name
}

const tapPrefix = "tap/"

// Publish brings a feed in, in place of an earlier one of the same member, which is ended with "moved". Who was not there is present from now
// on, with the devices that the feed has; whoever has a page keeps the page's switches. It returns errors as Join does.
func (r *Room) Publish(ctx context.Context, f *Feed) error {
	return r.within(ctx, func() error { return r.publish(time.Now(), f) }, func() { r.Unpublish(f) })
}

func (r *Room) publish(now time.Time, f *Feed) error {
	if err := r.owns(f.Member); err != nil {
		return err
	}
	r.refresh()
	p, present := r.view.Present[f.Member]
	if !present {
		if err := r.propose(now, meeting.Event{Kind: meeting.MemberJoined, Member: f.Member}); err != nil {
			return err
		}
	}
	if r.seats[f.Member] == nil { // no page: publishing is the member's own act, and opens what it publishes
		r.refresh()
		mic, cam := f.Media.Stream("mic") != nil && r.view.MaySpeak(f.Member), f.Media.Stream("cam") != nil
		if p.Mic != mic || p.Camera != cam {
			if err := r.propose(now, meeting.Event{Kind: meeting.MemberDevices, Member: f.Member, Mic: &mic, Camera: &cam, Epoch: r.view.Epoch}); err != nil {
				if !present { // nobody sits there who could leave
					r.away[f.Member] = now
				}
				return err
			}
		}
	}
	delete(r.away, f.Member)
	old := r.feeds[f.Member]
	r.feeds[f.Member] = f
	if old != nil && old != f {
		old.End("moved")
	}
	r.changed()
	return nil
}

// Unpublish says that a feed is gone: its member leaves at once if there is no page either. What is not there any more is ignored.
func (r *Room) Unpublish(f *Feed) {
	r.post(func() {
		if r.feeds[f.Member] != f {
			return
		}
		delete(r.feeds, f.Member)
		r.changed()
		if r.seats[f.Member] == nil {
			r.leave(time.Now(), f.Member)
		}
	})
}

// Watch brings a tap in. It returns errors as Join does.
func (r *Room) Watch(ctx context.Context, t *Tap) error {
	return r.within(ctx, func() error {
		if err := r.owns(t.Member); err != nil {
			return err
		}
		if _, ok := r.c.Definition.Member(t.Shows); t.Shows != "" && !ok {
			return &meeting.Error{Code: "member.unknown"}
		}
		r.tapped++
		t.key = meeting.MemberID(tapPrefix + strconv.FormatUint(r.tapped, 10))
		r.taps[t] = struct{}{}
		r.planStale = true
		return nil
	}, func() { r.Unwatch(t) })
}

// Unwatch says that a tap is gone.
func (r *Room) Unwatch(t *Tap) {
	r.post(func() {
		delete(r.taps, t)
		r.planStale = true
	})
}

// owns refuses who is no member of ours.
func (r *Room) owns(id meeting.MemberID) error {
	m, ok := r.c.Definition.Member(id)
	if !ok {
		return &meeting.Error{Code: "member.unknown"}
	}
	if m.Party != r.c.Self {
		return &meeting.Error{Code: "member.foreign"}
	}
	return nil
}

// within runs f on the room's goroutine. If the caller gives up first, undo is called.
func (r *Room) within(ctx context.Context, f func() error, undo func()) error {
	res := make(chan error, 1)
	select {
	case r.inbox <- func() { res <- f() }:
	case <-ctx.Done():
		return ctx.Err()
	case <-r.quit:
		return ErrClosed
	}
	select {
	case err := <-res:
		return err
	case <-ctx.Done():
		undo()
		return ctx.Err()
	case <-r.done:
		return ErrClosed
	}
}

// sent is what a member of ours sends under a name: of its feed, if it has one, else of its page.
func (r *Room) sent(id meeting.MemberID, name string) *media.Stream {
	if f := r.feeds[id]; f != nil {
		if s := f.Media.Stream(name); s != nil {
			return s
		}
	}
	if st := r.seats[id]; st != nil && st.Media != nil {
		return st.Media.Stream(name)
	}
	return nil
}

// fillTaps adds what taps hear and see to the routes.
func (r *Room) fillTaps(mics, cams map[meeting.MemberID]*media.Stream, listeners map[meeting.MemberID]listener, stage map[*media.Forwarder]*media.Stream) {
	for t := range r.taps {
		v := r.view.Second(t.Member, t.Shows)
		if slots := t.Media.Slots("floor"); len(slots) > 0 {
			l := listener{own: r.sent(t.Member, "mic"), slots: slots}
			for _, m := range v.Hear {
				if s := mics[m]; s != nil {
					l.hear = append(l.hear, s)
				}
			}
			listeners[t.key] = l
		}
		for i, f := range t.Media.Slots("stage") {
			stage[f] = nil
			if i < min(len(v.Stage), r.c.Stage) {
				stage[f] = cams[v.Stage[i]]
			}
		}
	}
}

// tapsWant adds what taps hear and see of party p to the streams that are wanted of it.
func (r *Room) tapsWant(p meeting.PartyID, want map[string]bool) {
	add := func(id meeting.MemberID, what string) {
		if r.view.Present[id].By == p {
			want[r.streamID(id, what)] = true
		}
	}
	for t := range r.taps {
		v := r.view.Second(t.Member, t.Shows)
		for _, id := range v.Hear {
			add(id, "mic")
		}
		for _, id := range v.Stage[:min(len(v.Stage), r.c.Stage)] {
			add(id, "cam")
		}
	}
}

// isTap says whether a listener is a tap: nobody is told what it hears.
func isTap(key string) bool { return strings.HasPrefix(key, tapPrefix) }

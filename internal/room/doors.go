package room

import (
	"log/slog"
	"sync"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/internal/wire"
)

// doors are the way out to press and viewers. They are shut by default, and what is shut is shut at the slot itself (media.Forwarder.Shut):
// neither a plan nor a request of the audience can make a packet leave it.
type doors struct {
	state string    // wire.DoorOpen, DoorShut, DoorSuspended
	at    time.Time // when it came about

	gated map[*media.Forwarder]bool // slots of the audience; true: shut
	stuck bool                      // shut by an act that could not be written: they stay shut until one can
	tried time.Time                 // when the disk last did not take that
	due   bool                      // the worker has not taken the last change: again with the next tick
	cut   []*media.Forwarder        // the slots that were cut when the doors were last shut
	press int                       // seats then
	shown meeting.Doors             // what was measured last
	kept  bool                      // shown is in the own log
	proof *proof
	look  time.Time // when to measure next
}

// proof brings what the worker measures to the room.
type proof struct {
	mu   sync.Mutex // guards the fields below
	at   time.Time  // of the doors that were measured
	last time.Time
	late uint64
	any  bool
}

// watchDoors settles whether the doors are open. It returns after what time it must be called again, 0 if it need not be.
func (r *Room) watchDoors(now time.Time) (wait time.Duration) {
	want := wire.DoorShut
	if r.view.Formal && r.view.Phase == meeting.Opened {
		want = wire.DoorOpen
		if s := r.doors.state; (s == wire.DoorSuspended || s == "") && !r.reunited() { // "": after a restart
			want = wire.DoorSuspended
		}
		lost, next := r.partedFor(now)
		if lost {
			want = wire.DoorSuspended
		}
		if r.doors.stuck {
			want = wire.DoorShut
		}
		wait = next
	}
	if want != r.doors.state {
		r.swing(now, want)
	}
	if r.doors.due {
		r.gate(now)
	}
	if d := r.measure(now); d > 0 && (wait == 0 || d < wait) {
		wait = d
	}
	return wait
}

// swing opens, shuts or suspends the doors.
func (r *Room) swing(now time.Time, to string) {
	d := &r.doors
	was := d.state
	if d.state = to; was == "" && to == wire.DoorShut { // the room has just begun: what was measured before a restart stays said
		r.hurry()
		return
	}
	d.at = now
	if to == wire.DoorSuspended {
		for _, s := range r.links {
			s.matched = false
		}
	}
	if to != wire.DoorOpen && was == wire.DoorOpen {
		d.cut, d.press = r.egresses(), len(r.audience)
	}
	d.shown, d.kept = meeting.Doors{Closed: to != wire.DoorOpen, At: millis(now), Egresses: len(d.cut), Press: d.press}, false
	if to == wire.DoorOpen {
		d.cut, d.shown.Egresses, d.shown.Press = nil, len(r.egresses()), len(r.audience)
	}
	d.look = now
	r.gate(now)
	r.log.Info("doors", slog.String("kind", to))
	r.planStale = true
	r.hurry()
	r.tellDoors(now)
}

// shutNow shuts the doors before anything else is done: when e is known to close the open part, neither a disk nor another node is waited
// for. Shut too early is no harm: if e should not come about, watchDoors opens them again.
func (r *Room) shutNow(now time.Time, next meeting.State) {
	if r.doors.state == wire.DoorOpen && next.Phase != meeting.Opened {
		r.swing(now, wire.DoorShut)
	}
}

// ahead lets an act that closes the open part shut the slots of the audience before the room has come to it: the room may be waiting for a disk.
type ahead struct {
	mu    sync.Mutex         // guards slots
	slots []*media.Forwarder // that are open
}

func (a *ahead) set(slots []*media.Forwarder) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.slots = slots
}

// shut is called from any goroutine. It reports whether there was something to shut; then fallIn must follow.
func (a *ahead) shut(w Worker) bool {
	a.mu.Lock()
	slots := a.slots
	a.mu.Unlock()
	bound := time.Now().Add(doorsBound)
	return len(slots) > 0 && w.Do(func() {
		now := time.Now()
		for _, f := range slots {
			f.Shut(now, bound)
		}
	})
}

// fallIn brings slots that were shut ahead in line with what became of the act: those of doors that are open after all open again.
func (r *Room) fallIn() {
	d := &r.doors
	if d.state != wire.DoorOpen || r.view.Phase != meeting.Opened {
		return // they stay shut
	}
	for f := range d.gated {
		d.gated[f] = true
		delete(r.routes.stage, f)
		delete(r.routes.ranks, f)
	}
	r.gate(time.Now())
	r.planStale = true
}

// egresses are the slots of the audience.
func (r *Room) egresses() (out []*media.Forwarder) {
	for _, id := range sortedKeys(r.audience) {
		if m := r.audience[id].Media; m != nil {
			out = append(append(out, m.Slots("floor")...), m.Slots("stage")...)
		}
	}
	return out
}

// gate brings every slot of the audience in line with the doors, in one go.
func (r *Room) gate(now time.Time) {
	d := &r.doors
	shut := d.state != wire.DoorOpen
	gated := map[*media.Forwarder]bool{}
	var todo []*media.Forwarder
	for _, f := range r.egresses() {
		gated[f] = shut
		if was, ok := d.gated[f]; !ok && shut || ok && was != shut {
			todo = append(todo, f)
		}
	}
	bound := now.Add(doorsBound)
	d.due = len(todo) > 0 && !r.routes.worker.Do(func() {
		at := time.Now()
		for _, f := range todo {
			if shut {
				f.Shut(at, bound)
			} else {
				f.Open()
			}
		}
	})
	if d.due {
		return // the worker has too much to do
	}
	for _, f := range todo { // what was in it is gone, and must be assigned anew
		if shut {
			delete(r.routes.stage, f)
			delete(r.routes.ranks, f)
		}
	}
	d.gated = gated
	var open []*media.Forwarder
	for f, shut := range gated {
		if !shut {
			open = append(open, f)
		}
	}
	r.ahead.set(open)
}

// measure looks at the cut slots: when the last packet left, and how many after the bound. It returns when it looks next.
func (r *Room) measure(now time.Time) time.Duration {
	d := &r.doors
	if d.state == wire.DoorOpen || len(d.cut) == 0 {
		return 0
	}
	r.measured(now)
	if wait := d.look.Sub(now); wait > 0 {
		return wait
	}
	d.look = now.Add(doorsLook)
	if since := now.Sub(d.at); since < doorsBound {
		d.look = d.at.Add(doorsBound + tickEvery/5)
	}
	slots, at, p, news := d.cut, d.at, d.proof, r.news
	r.routes.worker.Do(func() {
		var last time.Time
		var late uint64
		for _, f := range slots {
			e := f.Egress()
			if e.Last.After(last) {
				last = e.Last
			}
			late += e.Late
		}
		p.mu.Lock()
		p.at, p.last, p.late, p.any = at, last, late, true
		p.mu.Unlock()
		select {
		case news <- struct{}{}:
		default: // the room has not looked yet, and will see this too
		}
	})
	return d.look.Sub(now)
}

// measured takes over what the worker found. Once the bound has passed it is the proof, and goes into the own log.
func (r *Room) measured(now time.Time) {
	d := &r.doors
	d.proof.mu.Lock()
	at, last, late, any := d.proof.at, d.proof.last, d.proof.late, d.proof.any
	d.proof.any = false
	d.proof.mu.Unlock()
	if !any || !at.Equal(d.at) {
		return
	}
	was := d.shown
	if d.shown.After = int64(late); !last.IsZero() {
		d.shown.LastMs = last.Sub(d.at).Milliseconds()
	}
	final := now.Sub(d.at) > doorsBound
	if d.shown == was && d.kept == final {
		return
	}
	if final && (!d.kept || d.shown != was) {
		d.kept = true
		kept := d.shown
		r.keep(Record{Doors: &DoorRecord{State: d.state, Doors: kept}}, store.Observed)
	}
	if late > 0 {
		r.log.Error("packets left to the press after the doors were shut", slog.Uint64("err", late))
	}
	r.hurry()
	r.tellDoors(now)
}

// DoorRecord is what this node measured at its own doors.
type DoorRecord struct {
	State string        `json:"state"` // as wire.Door
	Doors meeting.Doors `json:"doors"`
}

func (r *Room) tellDoors(now time.Time) {
	for _, s := range r.links {
		said := r.doors.shown
		r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeDoors, Doors: &said})
	}
}

// keepStuck writes down whether the doors are stuck, so that a restart does not open them. What the disk does not take is tried again with time.
func (r *Room) keepStuck(now time.Time) {
	stuck := r.doors.stuck
	if stuck == r.own.stuck || now.Sub(r.doors.tried) < figurePause {
		return
	}
	if err := r.own.append(Record{Stuck: &stuck}, store.Observed); err != nil {
		r.doors.tried = now
		if r.seldom(now, "stuck") {
			r.log.Error("own log cannot be written", slog.Any("err", err))
		}
		return
	}
	r.own.stuck = stuck
}

// partedFor reports whether some party whose people sit in the meeting has been out of reach for longer than partedTime, or follows another
// log than we; else when that may next be so, 0 if all is well.
func (r *Room) partedFor(now time.Time) (parted bool, next time.Duration) {
	for _, s := range r.links {
		if !r.attends(s.party) {
			continue
		}
		if s.code != "" || s.path.Interrupted { // nothing authenticated came for 2 s
			return true, 0
		}
		if s.partedAt.IsZero() {
			continue
		}
		d := s.partedAt.Add(partedTime).Sub(now)
		if d <= 0 {
			return true, 0
		}
		if next == 0 || d < next {
			next = d
		}
	}
	return false, next
}

// reunited reports whether every party whose people sit in the meeting can be reached again and has signed the same head as ours.
func (r *Room) reunited() bool {
	if len(r.pending) > 0 {
		return false
	}
	for _, s := range r.links {
		if r.attends(s.party) && (s.state() != "up" || s.code != "" || !s.matched) {
			return false
		}
	}
	return true
}

// rejoin has heads exchanged while the doors wait for them.
func (r *Room) rejoin() {
	if r.doors.state != wire.DoorSuspended {
		return
	}
	for _, s := range r.links {
		if s.up && s.agreed && !s.matched {
			r.headDue = true
		}
	}
}

// attends reports whether somebody of party p is in the meeting.
func (r *Room) attends(p meeting.PartyID) bool {
	for _, at := range r.view.Present {
		if at.By == p {
			return true
		}
	}
	return false
}

// doorsShown are our doors by measurement and the others' by their word.
func (r *Room) doorsShown() *wire.Doors {
	d := &r.doors
	ours := door(r.c.Self, d.shown)
	ours.State = d.state
	if d.state == wire.DoorOpen || len(d.cut) == 0 {
		ours.Press = len(r.audience)
	}
	if d.state == wire.DoorOpen {
		ours.Egresses = len(d.gated)
	}
	out := &wire.Doors{Ours: ours, Theirs: []wire.Door{}}
	for _, p := range r.c.Definition.Parties {
		if s := r.links[p.ID]; s != nil && s.doors != nil {
			out.Theirs = append(out.Theirs, door(p.ID, *s.doors))
		}
	}
	return out
}

func door(p meeting.PartyID, d meeting.Doors) wire.Door {
	state := wire.DoorOpen
	if d.Closed {
		state = wire.DoorShut
	}
	return wire.Door{Party: string(p), State: state, At: stamp(d.At), LastMs: int(d.LastMs), After: int(d.After), Egresses: d.Egresses, Press: d.Press}
}

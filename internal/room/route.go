package room

import (
	"slices"
	"sync"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

// routes is what the worker has been told: who is admitted, who listens, which stream is in which slot.
type routes struct {
	worker    Worker
	sw        *media.Switch
	floor     *media.Floor // worker only; made by the first function that it runs
	sound     *sounding
	admitted  []*media.Stream
	listeners map[meeting.MemberID]listener
	stage     map[*media.Forwarder]*media.Stream
	ranks     map[*media.Forwarder]media.Priority // of who is in a slot of stage
	prefer    map[*media.Stream]media.Priority    // of cameras, for the links
	names     map[*media.Stream]meeting.MemberID  // of microphones
	held      map[*media.Stream]bool              // own microphones; true: closed
}

// listener is one member's floor slots.
type listener struct {
	own   *media.Stream
	hear  []*media.Stream
	shown []*media.Stream // microphones of who is on stage, by place
	slots []*media.Forwarder
}

func (l listener) equal(m listener) bool {
	return l.own == m.own && slices.Equal(l.hear, m.hear) && slices.Equal(l.shown, m.shown) && slices.Equal(l.slots, m.slots)
}

func (t *routes) init(w Worker, sw *media.Switch, s *sounding) {
	t.worker, t.sw = w, sw
	t.listeners, t.stage = map[meeting.MemberID]listener{}, map[*media.Forwarder]*media.Stream{}
	t.ranks = map[*media.Forwarder]media.Priority{}
	t.sound = s
}

// route turns the view into media: it asks other nodes for what our people watch, offers what they may ask for, and fills slots.
func (r *Room) route() {
	r.plan = meeting.NewPlan(r.view)
	r.cross()
	mics, cams := r.sources()
	t := &r.routes
	t.names = make(map[*media.Stream]meeting.MemberID, len(mics))
	var admitted []*media.Stream
	for _, id := range r.plan.Mics {
		if s := mics[id]; s != nil {
			admitted = append(admitted, s)
			t.names[s] = id
		}
	}
	listeners, stage := map[meeting.MemberID]listener{}, map[*media.Forwarder]*media.Stream{}
	for id, st := range r.seats {
		v, ok := r.plan.Views[id]
		if !ok || st.Media == nil {
			continue
		}
		l := listener{own: r.sent(id, "mic"), slots: st.Media.Slots("floor")}
		for _, m := range v.Hear {
			if s := mics[m]; s != nil {
				l.hear = append(l.hear, s)
			}
		}
		for _, m := range v.Stage[:min(len(v.Stage), r.c.Stage)] {
			l.shown = append(l.shown, mics[m])
		}
		if len(l.slots) > 0 {
			listeners[id] = l
		}
		for i, f := range st.Media.Slots("stage") {
			stage[f] = nil
			if i < min(len(v.Stage), r.c.Stage) {
				stage[f] = cams[v.Stage[i]]
			}
		}
	}
	r.fillTaps(mics, cams, listeners, stage)
	r.fillAudience(mics, cams, listeners, stage)
	if !t.apply(admitted, listeners, stage, r.ranks(mics, cams), r.closedMics()) { // the worker has too much to do: with the next tick
		r.planStale = true
	}
}

// ranks says which cameras come first where a path does not take all: principals, who speaks, then by the order of the definition.
func (r *Room) ranks(mics, cams map[meeting.MemberID]*media.Stream) map[*media.Stream]media.Priority {
	out := make(map[*media.Stream]media.Priority, len(cams))
	for i, m := range r.c.Definition.Members {
		if s := cams[m.ID]; s != nil {
			out[s] = media.Priority{Rank: i, First: m.Role == meeting.Principal, Voice: mics[m.ID]}
		}
	}
	return out
}

// sources gives the stream of every open microphone and camera that can be had.
func (r *Room) sources() (mics, cams map[meeting.MemberID]*media.Stream) {
	mics, cams = map[meeting.MemberID]*media.Stream{}, map[meeting.MemberID]*media.Stream{}
	for id, p := range r.view.Present {
		var mic, cam *media.Stream
		if p.By == r.c.Self {
			mic, cam = r.sent(id, "mic"), r.sent(id, "cam")
		} else if s := r.links[p.By]; s != nil {
			mic, cam = s.wanted[r.streamID(id, "mic")], s.wanted[r.streamID(id, "cam")]
		}
		if p.Mic && mic != nil {
			mics[id] = mic
		}
		if p.Camera && cam != nil {
			cams[id] = cam
		}
	}
	return mics, cams
}

func (r *Room) streamID(m meeting.MemberID, what string) string {
	return string(r.c.Definition.ID) + "/" + string(m) + "/" + what
}

// cross settles what crosses the links: each stream once, only open devices and the closed microphone of who has just been given the floor,
// only to parties that agree on the meeting, to them only what the phase lets their people have, and from them only what somebody here
// hears or sees.
func (r *Room) cross() {
	watching := meeting.Plan{Views: map[meeting.MemberID]meeting.View{}, Mics: r.plan.Mics}
	for id, st := range r.seats {
		if _, ok := r.view.Present[id]; ok && st.Media != nil {
			watching.Views[id] = r.plan.Views[id]
		}
	}
	mics, cams := watching.Wanted(r.c.Self, r.view, r.c.Stage)
	for _, s := range r.links {
		if s.l == nil || s.offered == nil {
			continue
		}
		if s.code == codeDiffers { // another meeting under the same name
			s.crossing(nil, nil)
			continue
		}
		want := map[string]bool{}
		for _, id := range mics {
			want[r.streamID(id, "mic")] = r.view.Present[id].By == s.party
		}
		for _, id := range cams {
			want[r.streamID(id, "cam")] = r.view.Present[id].By == s.party
		}
		r.tapsWant(s.party, want)
		r.audienceWants(s.party, want)
		r.prepare(s.party, want)
		s.crossing(r.offered(s.party), want)
		r.cameraLayers(s)
	}
}

// offered are the streams that party to may have of ours: whatever it wants, it gets no other.
func (r *Room) offered(to meeting.PartyID) map[string]*media.Stream {
	offer, layered := map[string]*media.Stream{}, []string(nil)
	mics, cams := r.view.Offered(r.c.Self, to)
	if id, at, ok := r.prepared(); ok && at.By == r.c.Self && !slices.Contains(mics, id) {
		mics = append(mics, id)
	}
	for _, id := range mics {
		if s := r.sent(id, "mic"); s != nil {
			offer[r.streamID(id, "mic")] = s
		}
	}
	for _, id := range cams {
		if s := r.sent(id, "cam"); s != nil {
			offer[r.streamID(id, "cam")] = s
			layered = append(layered, r.streamID(id, "cam"))
		}
	}
	offerLayers(offer, layered)
	return offer
}

// crossing tells the link what changed.
func (s *side) crossing(offer map[string]*media.Stream, want map[string]bool) {
	for id := range s.offered {
		if offer[id] == nil {
			s.l.Offer(id, nil)
			delete(s.offered, id)
		}
	}
	for id, st := range offer {
		if s.offered[id] != st {
			s.l.Offer(id, st)
			s.offered[id] = st
		}
	}
	for id := range s.wanted {
		if !want[id] {
			s.l.Want(id, false)
			delete(s.wanted, id)
		}
	}
	s.unwatch()
	for id, yes := range want {
		if yes && s.wanted[id] == nil {
			if st := s.l.Want(id, true); st != nil { // nil: Announced will bring us back
				s.wanted[id] = st
			}
		}
	}
}

// apply tells the worker what changed, in one go. false: it did not take it, and nothing has changed.
func (t *routes) apply(admitted []*media.Stream, listeners map[meeting.MemberID]listener, stage map[*media.Forwarder]*media.Stream,
	ranks map[*media.Stream]media.Priority, held map[*media.Stream]bool) bool {
	var todo []func(now time.Time)
	for s, on := range held { // before anything is attached to it
		if was, ok := t.held[s]; !ok || was != on {
			todo = append(todo, func(time.Time) { s.Hold(on) })
		}
	}
	if !slices.Equal(admitted, t.admitted) {
		todo = append(todo, func(time.Time) { t.floor.Admit(admitted) })
	}
	for id := range t.listeners {
		if _, ok := listeners[id]; !ok {
			todo = append(todo, func(time.Time) { t.floor.SetListener(string(id), nil, nil, nil) })
		}
	}
	for id, l := range listeners {
		if old, ok := t.listeners[id]; !ok || !l.equal(old) {
			todo = append(todo, func(time.Time) {
				t.floor.SetListener(string(id), l.own, l.hear, l.slots)
				t.floor.SetShown(string(id), l.shown)
			})
		}
	}
	for f := range t.stage {
		if _, ok := stage[f]; !ok {
			todo = append(todo, func(now time.Time) { f.Assign(now, nil) })
		}
	}
	for f, s := range stage {
		if old, ok := t.stage[f]; !ok || old != s || t.ranks[f] != ranks[s] {
			todo = append(todo, func(now time.Time) { f.Show(now, s.Track(), ranks[s]) })
		}
	}
	for s, p := range ranks { // for the links, on which the other node does not say who comes first
		if t.prefer[s] != p {
			todo = append(todo, func(time.Time) {
				if c := s.Track(); c != nil { // which the worker alone changes
					c.SetRank(p)
				}
			})
		}
	}
	if len(todo) > 0 && !t.worker.Do(func() {
		if t.floor == nil {
			t.floor = media.NewFloor(t.sw)
			t.floor.OnChange(t.sound.set)
		}
		now := time.Now()
		for _, f := range todo {
			f(now)
		}
	}) {
		return false
	}
	t.admitted, t.listeners, t.stage, t.held, t.prefer = admitted, listeners, stage, held, ranks
	clear(t.ranks)
	for f, s := range stage {
		t.ranks[f] = ranks[s]
	}
	return true
}

// close empties all slots and withdraws everything from the links.
func (t *routes) close(links map[meeting.PartyID]*side) {
	for _, s := range links {
		if s.l != nil && s.offered != nil {
			s.crossing(nil, nil)
		}
	}
	t.apply(nil, nil, nil, nil, nil)
	t.worker.Do(func() {
		if t.floor != nil {
			t.floor.Close(time.Now())
		}
	})
}

// sounding brings the worker's news of who sounds in which floor slot to the room, the last of each listener.
type sounding struct {
	changed chan struct{} // holds one: there is news
	watched chan struct{} // holds one: other layers of far cameras are watched

	mu    sync.Mutex
	slots map[meeting.MemberID][]*media.Stream // guarded by mu
}

func (s *sounding) init() {
	s.changed, s.watched = make(chan struct{}, 1), make(chan struct{}, 1)
	s.slots = map[meeting.MemberID][]*media.Stream{}
}

// set is called by the worker.
func (s *sounding) set(key string, slots []*media.Stream) {
	if isTap(key) {
		return
	}
	slots = slices.Clone(slots)
	s.mu.Lock()
	s.slots[meeting.MemberID(key)] = slots
	s.mu.Unlock()
	select {
	case s.changed <- struct{}{}:
	default: // the room has not looked at the last news yet, and will see this too
	}
}

func (s *sounding) get(id meeting.MemberID) []*media.Stream {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.slots[id]
}

func (s *sounding) forget(id meeting.MemberID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.slots, id)
}

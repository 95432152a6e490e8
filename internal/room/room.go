// Package room is one live meeting on this node: one goroutine, one inbox; it applies events, diffs plans and connects streams to
// sinks. Start from Room. It must import neither peer nor link: it declares the small interfaces that it uses.
package room

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/internal/wire"
)

// Worker runs functions on the thread that owns all media state; *udp.Worker satisfies it.
type Worker interface {
	// Do runs f later, in order; false: the worker has ended and f never runs.
	Do(f func()) bool
}

// Media is the media session of one seat; *peer.Session satisfies it. Both methods may be called from any goroutine.
type Media interface {
	Stream(name string) *media.Stream       // "mic", "cam"; nil if the page does not send it
	Slots(prefix string) []*media.Forwarder // "floor", "stage", in order of their number
}

// Link is the link to one other party; *link.Conn satisfies it. Its methods are called from the room's goroutine and must not wait
// for a call back into the room. Up to a new Link for the same party, offers and wants stay as they were through cuts.
type Link interface {
	Exchange(x meeting.Exchange) error
	Offer(id string, s *media.Stream)        // nil withdraws
	Want(id string, want bool) *media.Stream // nil: not announced
	Party() meeting.PartyID
}

// LinkState is how the path of a link does.
type LinkState struct {
	Interrupted bool // no authenticated packet for 2 s
	RTT         time.Duration
	Loss        float64 // 0..1
	Way         string  // as wire.Link.Way
}

// Config is what a room needs. All fields but Slog, Stage, EndSession and Alarm must be set.
type Config struct {
	Definition meeting.Definition
	Self       meeting.PartyID
	Worker     Worker
	Switch     *media.Switch
	Log        Log                                         // shared log
	OwnLog     Log                                         // never leaves this node
	Sign       func(b []byte) []byte                       // log key
	Verify     func(p meeting.PartyID, b, sig []byte) bool // against the log keys of p's party document
	Slog       *slog.Logger
	Stage      int // stage slots that a page may use; 0: 6
	// EndSession ends the session of a member of ours, and its media with it. It must not block nor call the room; nil: nobody can.
	EndSession func(meeting.MemberID)
	// Alarm is told of each alarm of officers and technicians as it begins: its code, and whom it is about, "" if nobody. As EndSession.
	Alarm func(code string, who meeting.MemberID, p meeting.PartyID)
	// Stand is told how the meeting stands when that has changed, and once after New. It must not block nor call the room; nil: nobody asks.
	Stand func(Standing)
	// First lets first write entry 1 of the shared log, or returns a *meeting.Error: the definition may not be the one that the other parties
	// hold; on a guest, with arrange.changed, it is in force no more. It must not call the room; nil: it is.
	First func(first func() error) error
}

// Seat is one member's page. Send and End are called from the room's goroutine; they must not block nor call the room, and messages
// that come before Join has returned belong after its Welcome.
type Seat struct {
	Member  meeting.MemberID
	Media   Media
	Send    func(wire.ToClient) bool // false: the page does not take it
	Figures func() Figures           // of Media; nil: not known
	End     func(code string)        // the room is done with this seat: "moved", "left", "shutdown"
}

// ErrClosed is the error of all calls after Close.
var ErrClosed = errors.New("room: closed")

// Room is one live meeting. All methods may be called from any goroutine but the worker's; they must not be called from Send, End
// or a method of Link.
type Room struct {
	c      Config
	log    *slog.Logger
	digest meeting.Hash

	inbox chan func()
	quit  chan struct{}
	done  chan struct{}
	once  sync.Once
	sound sounding
	news  chan struct{} // holds one: the worker has measured something

	// All below: room's goroutine only.
	led       *ledger
	own       ownLog
	pending   []pending
	view      meeting.State // shared log and pending
	viewStale bool
	plan      meeting.Plan
	seats     map[meeting.MemberID]*seat
	feeds     map[meeting.MemberID]*Feed
	taps      map[*Tap]struct{}
	tapped    uint64                         // taps so far
	away      map[meeting.MemberID]time.Time // present without a page since a restart, or could not be logged out: leaves then
	links     map[meeting.PartyID]*side
	routes    routes
	rates     map[meeting.MemberID]*bucket
	since     time.Time            // guests' clocks count from here
	said      map[string]time.Time // see seldom

	live
	planStale, stateStale, floorStale bool
	urgent                            bool // the pages' states wait for nothing
	stateAt, floorAt, figureAt        time.Time
	headDue                           bool
	headAt                            time.Time
	withheld                          bool
	stood                             Standing // what Stand was told last
	stopped                           string   // codeForked: the logs of some party are not exchanged any more
}

// New replays the logs and starts the room. Close ends it. It returns an error for a definition that does not pass Check, a log
// that does not fit it or whose chain is broken, and what the logs return.
func New(c Config) (*Room, error) {
	if err := c.Definition.Check(); err != nil {
		return nil, fmt.Errorf("open room: %w", err)
	}
	if _, ok := c.Definition.Party(c.Self); !ok {
		return nil, fmt.Errorf("open room %s: party %s has no part in it", c.Definition.ID, c.Self)
	}
	if c.Slog == nil {
		c.Slog = slog.New(slog.DiscardHandler)
	}
	if c.Stage == 0 {
		c.Stage = defaultStage
	}
	r := &Room{c: c, log: c.Slog.With(slog.String("meeting", string(c.Definition.ID))), digest: c.Definition.Digest(),
		inbox: make(chan func(), inboxSize), quit: make(chan struct{}), done: make(chan struct{}),
		led: newLedger(c.Log, c.Self, c.Definition, c.First), own: ownLog{log: c.OwnLog},
		seats: map[meeting.MemberID]*seat{}, feeds: map[meeting.MemberID]*Feed{}, taps: map[*Tap]struct{}{}, away: map[meeting.MemberID]time.Time{},
		links: map[meeting.PartyID]*side{}, rates: map[meeting.MemberID]*bucket{}, said: map[string]time.Time{}}
	r.sound.init()
	r.live.init()
	r.news = make(chan struct{}, 1)
	for _, p := range c.Definition.Parties {
		if p.ID != c.Self {
			r.links[p.ID] = &side{party: p.ID, partedAt: time.Now()}
		}
	}
	if err := r.replay(); err != nil {
		return nil, fmt.Errorf("open room %s: %w", c.Definition.ID, err)
	}
	r.routes.init(c.Worker, c.Switch, &r.sound)
	now := time.Now()
	r.watchDoors(now)
	r.watchFloor(now)
	r.watchAlarms(now) // so that nobody who comes finds ended what goes on
	go r.run()
	return r, nil
}

// replay brings back what was before a restart. Members of ours who were present are away until they come back.
func (r *Room) replay() error {
	ctx := context.Background()
	if err := r.led.replay(ctx); err != nil {
		return err
	}
	open, err := r.own.replay(ctx, &r.past)
	if err != nil {
		return err
	}
	if open, err = r.unbegun(open); err != nil {
		return err
	}
	if d := r.own.doors; d != nil { // what was measured before the restart stays said
		r.doors.shown, r.doors.at, r.doors.kept = d.Doors, d.Doors.At, true
	}
	for _, p := range open {
		if held := r.own.held[p.Counter]; held || p.Counter > r.led.counters[r.c.Self] {
			r.pending = append(r.pending, pending{p: p.Proposal, held: held})
		}
	}
	r.own.counter = max(r.own.counter, r.led.counters[r.c.Self])
	now := time.Now()
	if r.since = now.Add(-maxPending * time.Second); r.led.last.After(r.since) {
		r.since = r.led.last
	}
	r.viewStale = true
	r.refresh()
	r.doors.stuck = r.own.stuck
	for _, p := range r.pending { // its officer may have left since
		r.doors.stuck = r.doors.stuck || p.held && phaseOf(p.p.Event.Kind) && r.led.state.Phase == meeting.Opened
	}
	for id, p := range r.view.Present {
		if p.By == r.c.Self {
			r.away[id] = now.Add(graceTime)
		}
	}
	if r.led.n > 0 {
		r.log.Info("meeting taken up again", slog.String("party", string(r.c.Self)))
	}
	return nil
}

// Close ends all seats with "shutdown", withdraws all streams and returns when the room's goroutine has ended. Nobody leaves the
// meeting by it: after a restart members are away until they come back.
func (r *Room) Close() error {
	r.once.Do(func() { close(r.quit) })
	<-r.done
	return nil
}

// Retire closes the room if nothing has happened in it: the shared log is empty. Who sits in a guest's room then is told "shutdown" and comes
// back to the room of the definition that is in force: what they did here, and the host never wrote, is not done there, should it be the same
// meeting's. It reports whether the room is closed.
func (r *Room) Retire() bool {
	err := r.ask(func() error {
		r.refresh()
		if r.led.n > 0 {
			return &meeting.Error{Code: "room.busy"}
		}
		for len(r.pending) > 0 {
			p := r.pending[0].p
			if err := r.retired(p); err != nil {
				r.viewStale = true // of what is refused already
				return err
			}
			r.pending = r.pending[1:]
		}
		r.once.Do(func() { close(r.quit) }) // what waits in the inbox finds the room closed
		return nil
	})
	if err == nil || errors.Is(err, ErrClosed) {
		<-r.done
		return true
	}
	return false
}

// retired writes that a proposal is given up: it was made in a room that was closed before its meeting had begun.
func (r *Room) retired(p meeting.Proposal) error {
	return r.own.append(Record{Refused: &meeting.Refusal{Meeting: p.Meeting, Counter: p.Counter, Code: codeRetired}}, store.Observed)
}

// unbegun does for a definition that was changed while the node was stopped what Retire does while it runs: of a meeting that has not begun, nothing
// that was done under another definition is done under this one.
func (r *Room) unbegun(open []made) (left []made, err error) {
	for _, p := range open {
		if r.led.n > 0 || p.under == r.digest || p.under == (meeting.Hash{}) {
			left = append(left, p)
		} else if err := r.retired(p.Proposal); err != nil {
			return nil, err
		}
	}
	return left, nil
}

// run is the room's goroutine.
func (r *Room) run() {
	defer close(r.done)
	tick := time.NewTicker(tickEvery)
	defer tick.Stop()
	soon := time.NewTimer(0)
	defer soon.Stop()
	for {
		select {
		case <-r.quit:
			r.shutdown()
			return
		case f := <-r.inbox:
			select {
			case <-r.quit: // Join, too, returns ErrClosed
				r.shutdown()
				return
			default:
				f()
			}
		case <-r.sound.changed:
			r.floorStale = true
		case <-r.sound.watched:
			r.planStale = true
		case <-r.news:
			now := time.Now()
			r.measured(now)
			r.showLevels(now)
		case <-tick.C:
			r.tick(time.Now())
		case <-soon.C:
		}
		select {
		case <-r.quit: // a retired room does nothing more, and writes nothing
			r.shutdown()
			return
		default:
		}
		if wait := r.settle(time.Now()); wait > 0 {
			soon.Reset(wait)
		}
	}
}

// settle brings media and pages up to date. It returns after what time it must be called again, 0 if it need not be.
func (r *Room) settle(now time.Time) time.Duration {
	var wait time.Duration
	later := func(d time.Duration) {
		if d > 0 && (wait == 0 || d < wait) {
			wait = d
		}
	}
	r.refresh()
	later(r.watchDoors(now))
	r.stand()
	r.keepStuck(now)
	later(r.watchFloor(now))
	r.unmute(now)
	r.meet(now)
	if r.planStale {
		r.planStale = false
		r.route()
	}
	r.watchAlarms(now)
	later(r.sayRest(now))
	later(r.meter(now))
	if r.headDue && now.Sub(r.headAt) >= headPause { // else with a tick
		r.signHeads(now)
	}
	if r.stateStale {
		if d := r.stateAt.Add(statePause).Sub(now); d > 0 && !r.urgent {
			later(d)
		} else {
			r.stateStale, r.urgent, r.stateAt = false, false, now
			r.showStates(now)
		}
	}
	if r.floorStale {
		if d := r.floorAt.Add(floorPause).Sub(now); d > 0 {
			later(d)
		} else {
			r.floorStale, r.floorAt = false, now
			r.showFloor()
		}
	}
	r.keepAlarms(now)
	return wait
}

// changed says that the plan and the pages are out of date.
func (r *Room) changed() { r.planStale, r.stateStale = true, true }

// hurry says that the pages are out of date in something that waits for nothing: phase, key, floor, alarm. How often that may happen is
// bounded where it comes from (spend, allow, notices).
func (r *Room) hurry() { r.stateStale, r.urgent = true, true }

// tick does what time alone brings about.
func (r *Room) tick(now time.Time) {
	for id, end := range r.away {
		if !now.Before(end) {
			delete(r.away, id)
			r.leave(now, id)
		}
	}
	for id, st := range r.seats {
		switch {
		case st.lost.IsZero() || now.Sub(st.lost) < graceTime:
			r.pursue(now, st)
		case r.feeds[id] != nil: // still there with another device
			r.drop(st, "left")
		default:
			r.leave(now, id)
		}
	}
	r.rejoin()
	r.signHeads(now)
	r.pump(now)
	r.stateStale = r.stateStale || len(r.view.Keys) > 0 // they run out
	for _, s := range r.links {
		if r.isHost() && s.agreed && s.code == "" && s.sent < r.led.n && now.Sub(s.pushed) > time.Second {
			r.push(now, s)
		}
		if s.taken = 0; s.later {
			s.later = false
			r.more(s)
		}
	}
	r.watch(now)
	r.tickLive(now)
	if now.Sub(r.figureAt) >= figurePause {
		r.figureAt = now
		r.tellStats(now)
		for _, s := range r.links {
			if s.shown != s.path {
				s.shown = s.path
				r.stateStale = true
			}
		}
	}
}

func (r *Room) shutdown() {
	for id, st := range r.seats {
		delete(r.seats, id)
		st.End("shutdown")
	}
	for id, f := range r.feeds {
		delete(r.feeds, id)
		f.End("shutdown")
	}
	for t := range r.taps {
		delete(r.taps, t)
		t.End("shutdown")
	}
	for _, id := range sortedKeys(r.audience) {
		r.dismiss(r.audience[id], "shutdown")
	}
	r.routes.close(r.links)
}

// post hands f to the room's goroutine and waits for a place. false: the room is closed.
func (r *Room) post(f func()) bool {
	select {
	case <-r.quit:
		return false
	default:
	}
	select {
	case r.inbox <- f:
		return true
	case <-r.quit:
		return false
	}
}

// ask hands f to the room's goroutine, if there is a place for it, and waits for its result.
func (r *Room) ask(f func() error) error {
	if len(r.inbox) >= inboxSize-reserved {
		return &meeting.Error{Code: "room.busy"}
	}
	res := make(chan error, 1)
	if !r.post(func() { res <- f() }) {
		return ErrClosed
	}
	select {
	case err := <-res:
		return err
	case <-r.done:
		select {
		case err := <-res:
			return err
		default:
			return ErrClosed
		}
	}
}

// LinkUp brings a link in, again after every reconnection. One link per party: a new one replaces the old. When a room is opened
// while links are up, its owner calls LinkUp for them.
func (r *Room) LinkUp(l Link) { r.post(func() { r.linkUp(l) }) }

// LinkDown says that the control connection to p is gone. Each delegation carries on among itself; media go on as long as they can.
func (r *Room) LinkDown(p meeting.PartyID) { r.post(func() { r.linkDown(p) }) }

// LinkPath says how the path to p does, and each path that it consists of. Pages see a cut at once, figures at most once a second.
func (r *Room) LinkPath(p meeting.PartyID, ls LinkState, each ...PathFigures) {
	r.post(func() {
		s := r.links[p]
		if s == nil {
			return
		}
		if s.path.Interrupted != ls.Interrupted {
			s.shown = ls
			r.hurry()
		}
		s.path, s.figures = ls, each
	})
}

// Exchange takes what the room of party p sent. An error means that the link should be closed: a broken rule, our disk, or too
// much that waits for the room.
func (r *Room) Exchange(p meeting.PartyID, x meeting.Exchange) error {
	return r.ask(func() error { return r.exchange(time.Now(), p, x) })
}

// Announced says that the far stream id of party p can be wanted.
func (r *Room) Announced(p meeting.PartyID, id string, kind media.Kind) {
	r.post(func() { r.planStale = true })
}

// Withdrawn says that the far stream id of party p is gone.
func (r *Room) Withdrawn(p meeting.PartyID, id string) {
	r.post(func() {
		if s := r.links[p]; s != nil {
			delete(s.wanted, id)
			s.uncamera(id)
			r.planStale = true
		}
	})
}

// Snapshot is a room at one moment.
type Snapshot struct {
	N       int64         // last entry of the shared log
	Hash    meeting.Hash  // its chain hash
	State   meeting.State // with own events that wait
	Pending int           // own events that wait
	Alarm   string        // as in wire.State
}

// Snapshot gives the room as it is now, for monitoring and tests. It returns ErrClosed after Close.
func (r *Room) Snapshot() (Snapshot, error) {
	var s Snapshot
	err := r.ask(func() error {
		r.refresh()
		s = Snapshot{N: r.led.n, Hash: r.led.hash, State: r.view, Pending: len(r.pending), Alarm: r.alarm()}
		return nil
	})
	return s, err
}

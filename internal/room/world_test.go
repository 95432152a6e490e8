package room_test

import (
	"bytes"
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/store"
	"visavis/internal/wire"
)

const (
	tarroven = "avelmar-tarroven"
	aldesh   = "avelmar-aldesh"
	kosvane  = "tolmeria-kosvane"
	thorrick = "tolmeria-thorrick"
	sarrand  = "calwen-sarrand"
)

func definition(parties ...meeting.PartyID) meeting.Definition {
	d := meeting.Definition{ID: "annual", Host: "avelmar", Start: time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC), Title: meeting.Text{"en": "Annual"}}
	people := map[meeting.PartyID][]meeting.MemberID{"avelmar": {tarroven, aldesh}, "tolmeria": {kosvane, thorrick}, "calwen": {sarrand}}
	for _, p := range parties {
		d.Parties = append(d.Parties, meeting.Party{ID: p, Name: meeting.Text{"en": "Party"}, Zone: "UTC"})
		for i, id := range people[p] {
			role := meeting.Delegate
			if i == 0 {
				role = meeting.Principal
			}
			d.Members = append(d.Members, meeting.Member{ID: id, Party: p, Role: role, Precedence: i + 1, Name: meeting.Text{"en": "Person"}})
		}
	}
	return d
}

// memLog is a log in memory that outlives rooms.
type memLog struct {
	mu   sync.Mutex
	es   []store.LogEntry
	fail error
	slow time.Duration
}

func (l *memLog) Append(ctx context.Context, e store.LogEntry) error {
	l.mu.Lock()
	slow := l.slow
	l.mu.Unlock()
	select {
	case <-time.After(slow): // virtual
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fail != nil {
		return l.fail
	}
	if e.N != int64(len(l.es))+1 {
		return store.ErrOrder
	}
	e.Data = bytes.Clone(e.Data)
	l.es = append(l.es, e)
	return nil
}

func (l *memLog) Entries(_ context.Context, from int64, max int) ([]store.LogEntry, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if from > int64(len(l.es)) {
		return nil, nil
	}
	return slices.Clone(l.es[from-1 : min(int(from)-1+max, len(l.es))]), nil
}

func (l *memLog) copy() *memLog {
	l.mu.Lock()
	defer l.mu.Unlock()
	return &memLog{es: slices.Clone(l.es)}
}

func (l *memLog) set(f func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f()
}

// entries decodes a shared log.
func (l *memLog) entries(t *testing.T) (out []meeting.Entry) {
	t.Helper()
	for _, e := range l.copy().es {
		d, err := meeting.DecodeEntry(e.Data)
		if err != nil {
			t.Fatalf("entry %d: %v", e.N, err)
		}
		out = append(out, d)
	}
	return out
}

// worker is a thread for media, with its ticks.
type worker struct {
	in   chan func()
	quit chan struct{}
	done chan struct{}
	sw   *media.Switch
}

func newWorker() *worker {
	w := &worker{in: make(chan func(), 256), quit: make(chan struct{}), done: make(chan struct{}), sw: media.NewSwitch()}
	go func() {
		defer close(w.done)
		tick := time.NewTicker(20 * time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case f := <-w.in:
				f()
				w.sw.Flush(time.Now())
			case <-tick.C:
				w.sw.Tick(time.Now())
			case <-w.quit:
				return
			}
		}
	}()
	return w
}

func (w *worker) Do(f func()) bool {
	select {
	case w.in <- f:
		return true
	case <-w.quit:
		return false
	}
}

func (w *worker) call(f func()) {
	done := make(chan struct{})
	if w.Do(func() { f(); close(done) }) {
		<-done
	}
}

// lines is a log that a test reads.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

func (l *lines) count(s string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.b.String(), s)
}

// node is one party's node as far as a room knows it.
type node struct {
	t           *testing.T
	party       meeting.PartyID
	def         meeting.Definition
	shared, own *memLog
	w           *worker
	room        *room.Room
	log         *lines
	ends        []*end
	stage       int
	first       func(first func() error) error

	mu   sync.Mutex
	gone []meeting.MemberID // whose sessions were ended; guarded by mu
	told []string           // alarms that began; guarded by mu
}

func (n *node) ended() []meeting.MemberID {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(n.gone)
}

func key(p meeting.PartyID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("log key of " + p))
	return ed25519.NewKeyFromSeed(seed[:])
}

func verify(p meeting.PartyID, b, sig []byte) bool {
	return ed25519.Verify(key(p).Public().(ed25519.PublicKey), b, sig)
}

func newNode(t *testing.T, p meeting.PartyID, d meeting.Definition) *node {
	t.Helper()
	n := &node{t: t, party: p, def: d, shared: &memLog{}, own: &memLog{}, w: newWorker(), log: &lines{}}
	n.open()
	t.Cleanup(n.close)
	return n
}

func (n *node) open() { n.openWith(n.w) }

func (n *node) openWith(w room.Worker) {
	n.t.Helper()
	r, err := room.New(room.Config{Definition: n.def, Self: n.party, Worker: w, Switch: n.w.sw, Log: n.shared, OwnLog: n.own,
		Sign: func(b []byte) []byte { return ed25519.Sign(key(n.party), b) }, Verify: verify,
		Slog: slog.New(slog.NewTextHandler(n.log, nil)).With("node", string(n.party)), Stage: n.stage, First: n.first,
		EndSession: func(id meeting.MemberID) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.gone = append(n.gone, id)
		},
		Alarm: func(code string, who meeting.MemberID, p meeting.PartyID) {
			n.mu.Lock()
			defer n.mu.Unlock()
			n.told = append(n.told, strings.TrimSpace(code+" "+string(who)+string(p)))
		}})
	if err != nil {
		n.t.Fatal(err)
	}
	n.room = r
}

func (n *node) close() {
	for _, e := range n.ends {
		e.pair.stop()
	}
	n.room.Close()
	select {
	case <-n.w.quit:
	default:
		close(n.w.quit)
		<-n.w.done
	}
}

// kill ends the node as kill -9 does: what is on the disk stays. Its links are cut.
func (n *node) kill() {
	for _, e := range n.ends {
		e.pair.cut()
	}
	n.shared, n.own = n.shared.copy(), n.own.copy()
	n.room.Close()
}

func (n *node) snap() room.Snapshot {
	n.t.Helper()
	s, err := n.room.Snapshot()
	if err != nil {
		n.t.Fatal(err)
	}
	return s
}

// mute is a source that cannot be asked.
type mute struct{}

func (mute) RequestResend(time.Time, uint32, []uint16) {}
func (mute) RequestKeyframe(time.Time, uint32)         {}

// sink counts packets by slot.
type sink struct {
	mu  sync.Mutex
	got map[uint32]int
}

func (s *sink) Send(_ time.Time, p *media.Out) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.got[p.SSRC]++
}

func (s *sink) take() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, k := range s.got {
		n += k
	}
	clear(s.got)
	return n
}

// page is one member's browser.
type page struct {
	n       *node
	seat    *room.Seat
	sink    *sink
	streams map[string]*media.Stream
	slots   map[string][]*media.Forwarder

	mu     sync.Mutex
	state  wire.State
	all    []wire.ToClient // but State and Floor
	floor  []string
	states []time.Time
	floors []time.Time
	ends   []string

	figures *wire.Stats // the last
}

func (p *page) Stream(name string) *media.Stream { return p.streams[name] }
func (p *page) Slots(prefix string) (out []*media.Forwarder) {
	p.read(func() { out = p.slots[prefix] })
	return out
}
func (p *page) read(f func()) { p.mu.Lock(); defer p.mu.Unlock(); f() }
func (p *page) stateTimes() (out []time.Time) {
	p.read(func() { out = slices.Clone(p.states) })
	return out
}

func (p *page) presence(id string) (out *wire.Presence) {
	p.read(func() { out = find(p.state, id) })
	return out
}
func (p *page) link(party string) (out wire.Link) {
	p.read(func() {
		for _, l := range p.state.Links {
			if l.Party == party {
				out = l
			}
		}
	})
	return out
}

func find(s wire.State, id string) *wire.Presence {
	for _, x := range s.Present {
		if x.Member == id {
			return &x
		}
	}
	return nil
}

func newPage(n *node, id meeting.MemberID) *page {
	p := &page{n: n, sink: &sink{got: map[uint32]int{}}, streams: map[string]*media.Stream{}, slots: map[string][]*media.Forwarder{}}
	n.w.call(func() {
		now := time.Now()
		p.streams["mic"] = media.NewStream(n.w.sw, media.StreamConfig{ID: "mic", Kind: media.Audio, SSRC: 1, Source: mute{}})
		p.streams["cam"] = media.NewStream(n.w.sw, media.StreamConfig{ID: "cam", Kind: media.Video, SSRC: 2, Source: mute{}})
		for i := range 3 {
			f := media.NewForwarder(n.w.sw, media.ForwarderConfig{Kind: media.Audio, SSRC: uint32(100 + i), PT: 111, Sink: p.sink, Name: "floor"})
			f.Ready(now)
			p.slots["floor"] = append(p.slots["floor"], f)
		}
		for i := range 6 {
			f := media.NewForwarder(n.w.sw, media.ForwarderConfig{Kind: media.Video, SSRC: uint32(200 + i), PT: 96, Sink: p.sink, Name: "stage"})
			f.Ready(now)
			p.slots["stage"] = append(p.slots["stage"], f)
		}
	})
	p.seat = &room.Seat{Member: id, Media: p, Send: p.take, End: func(code string) { p.read(func() { p.ends = append(p.ends, code) }) }}
	if id == tarroven { // the others measure nothing
		p.seat.Figures = func() room.Figures {
			return room.Figures{UpBits: 1_500_000, DownBits: 900_000, UpLoss: 0.25, Jitter: 3 * time.Millisecond, RTT: 23 * time.Millisecond}
		}
	}
	return p
}

func (p *page) take(m wire.ToClient) bool {
	p.read(func() {
		if m.Stats != nil {
			p.figures = m.Stats
		}
		if m.State != nil {
			p.state, p.states = *m.State, append(p.states, time.Now())
		}
		if m.Floor != nil {
			p.floor, p.floors = m.Floor.Slots, append(p.floors, time.Now())
		}
		if m.State == nil && m.Floor == nil && m.Stats == nil {
			p.all = append(p.all, m)
		}
	})
	return true
}

func join(n *node, id meeting.MemberID) *page {
	n.t.Helper()
	p := newPage(n, id)
	w, err := n.room.Join(n.t.Context(), p.seat)
	if err != nil {
		n.t.Fatalf("join %s: %v", id, err)
	}
	if w.You != string(id) || w.Version != wire.Version || w.Meeting.ID != "annual" {
		n.t.Errorf("welcome %+v", w)
	}
	p.read(func() { p.state = w.State })
	return p
}

func (p *page) devices(mic, cam bool) {
	p.n.t.Helper()
	if err := p.n.room.Handle(p.seat, wire.FromClient{Devices: &wire.Devices{Mic: mic, Camera: cam}}); err != nil {
		p.n.t.Errorf("devices of %s: %v", p.seat.Member, err)
	}
}

func (p *page) leave() {
	if err := p.n.room.Handle(p.seat, wire.FromClient{Leave: &wire.Leave{}}); err != nil {
		p.n.t.Errorf("leave of %s: %v", p.seat.Member, err)
	}
}

// speak sends d of loud sound into stream s of node n.
func speak(n *node, s *media.Stream, d time.Duration) {
	seq := uint16(time.Now().UnixMilli() / 20)
	for range int(d / (20 * time.Millisecond)) {
		n.w.call(func() {
			s.Push(time.Now(), &media.Packet{SSRC: 1, Seq: seq, Time: uint32(seq) * 960, PT: 111, Payload: []byte{0xf8, 1, 2}}, 20|0x80)
		})
		seq++
		time.Sleep(20 * time.Millisecond) // virtual
	}
}

// settle lets virtual time pass until nothing is on its way.
func settle(d time.Duration) {
	time.Sleep(d) // virtual
	synctest.Wait()
}

func present(s meeting.State) string {
	var out []string
	for id, p := range s.Present {
		x := string(id)
		if p.Mic {
			x += "+mic"
		}
		if p.Camera {
			x += "+cam"
		}
		out = append(out, x)
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// agree demands that both nodes hold the same log and show the same people.
func agree(t *testing.T, want string, nodes ...*node) {
	t.Helper()
	for _, n := range nodes {
		s := n.snap()
		if s.N != nodes[0].snap().N || s.Hash != nodes[0].snap().Hash || s.Pending != 0 {
			t.Errorf("%s holds %d entries, %d wait; %s holds %d", n.party, s.N, s.Pending, nodes[0].party, nodes[0].snap().N)
		}
		if got := present(s.State); got != want {
			t.Errorf("%s shows %q, want %q", n.party, got, want)
		}
	}
}

func newEntry(n int64, b []byte) store.LogEntry {
	return store.LogEntry{N: n, At: time.Now(), Basis: store.Observed, Data: b}
}

func devices(mic bool) wire.FromClient {
	return wire.FromClient{Devices: &wire.Devices{Mic: mic}}
}

func offer() wire.FromClient { return wire.FromClient{Offer: &wire.Offer{}} }

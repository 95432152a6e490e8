package scenario

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/udp"
	"visavis/internal/wire"
)

// wireTap counts the media datagrams that leave a node for a host, whatever they carry: first sendings, resends, padding.
type wireTap struct {
	mu   sync.Mutex
	rtp  []time.Time
	rtcp int
}

func (w *World) tap(from, to *Host) *wireTap {
	c := &wireTap{}
	w.Net.Tap(from, to, func(d Datagram) {
		c.mu.Lock()
		defer c.mu.Unlock()
		switch udp.Classify(d.Data) {
		case udp.RTP:
			c.rtp = append(c.rtp, time.Now())
		case udp.RTCP:
			c.rtcp++
		}
	})
	return c
}

// since counts what passed after a moment.
func (c *wireTap) since(t time.Time) (n int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, at := range c.rtp {
		if at.After(t) {
			n++
		}
	}
	return n
}

func (c *wireTap) last() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.rtp) == 0 {
		return time.Time{}
	}
	return c.rtp[len(c.rtp)-1]
}

func (c *wireTap) reports() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.rtcp
}

// foreignGuest is tolmeria's node in the test's hands, at a formal meeting on avelmar's, with its officer present.
type foreignGuest struct {
	*rogue
	w       *World
	counter uint64
	officer *console // of avelmar
	press   *Person
	member  *Person // avelmar's principal
}

const farOfficer meeting.MemberID = "tolmeria-officer"

func newForeignGuest(t *testing.T) *foreignGuest {
	w := NewWorld(t, Options{Down: []meeting.PartyID{"tolmeria"}, Names: Definition{"formal": "open"}})
	f := &foreignGuest{w: w, officer: w.Avelmar.console("officer", meeting.Officer), member: w.Avelmar.enterAs("principal", nil), press: w.Avelmar.pressSeat()}
	w.connected(f.member)
	f.dial()
	f.propose(meeting.Event{Kind: meeting.MemberJoined, Member: farOfficer}, false)
	return f
}

func (f *foreignGuest) dial() {
	r, err := dialRogue(f.w.Tolmeria, f.w.Avelmar, f.w.Tolmeria.nodeKey(), nil)
	if err != nil {
		f.w.T.Fatal(err)
	}
	f.rogue = r
	f.say(meeting.Exchange{Join: &meeting.JoinLog{Meeting: Meeting, Digest: f.w.Tolmeria.digest(), Ask: true}})
	time.Sleep(300 * time.Millisecond)
}

func (f *foreignGuest) say(x meeting.Exchange) {
	f.w.T.Helper()
	if err := f.exchange(x); err != nil {
		f.w.T.Fatal(err)
	}
	time.Sleep(300 * time.Millisecond)
}

// propose states e now, or as of a minute ago.
func (f *foreignGuest) propose(e meeting.Event, late bool) {
	f.w.T.Helper()
	f.counter++
	p := meeting.Proposal{Meeting: Meeting, Party: "tolmeria", Counter: f.counter, At: time.Now().UTC().Truncate(time.Millisecond), Event: e}
	if late {
		p.At = p.At.Add(-time.Minute)
	}
	f.say(meeting.Exchange{Propose: &p})
}

// log is the shared log as our node has it.
func (f *foreignGuest) log() (out []meeting.Entry) {
	f.w.T.Helper()
	for _, x := range f.got(2) {
		var m meeting.Exchange
		if json.Unmarshal([]byte(x), &m) != nil || m.Entry == nil {
			continue
		}
		for _, b := range m.Entry.Data {
			e, err := meeting.DecodeEntry(b)
			if err != nil {
				f.w.T.Fatal(err)
			}
			out = append(out, e)
		}
	}
	return out
}

// key is a key of the far officer's, good for the present phase: its epoch, and the hash of the entry with which it began.
func (f *foreignGuest) key(a meeting.Action) meeting.Event {
	var head meeting.Hash
	epoch := int64(0)
	for _, e := range f.log() {
		switch e.Event.Kind {
		case meeting.PhaseWaiting, meeting.PhaseRehearsal, meeting.PhaseClosed:
			epoch, head = epoch+1, meeting.Chain(e.Prev, meeting.EncodeEntry(e))
		}
	}
	return meeting.Event{Kind: meeting.KeyTurned, Member: farOfficer, Action: a, Epoch: epoch, Head: &head}
}

// refused is the code of our node's last refusal.
func (f *foreignGuest) refused() (code string) {
	for _, x := range f.got(2) {
		var m meeting.Exchange
		if json.Unmarshal([]byte(x), &m) == nil && m.Refuse != nil {
			code = m.Refuse.Code
		}
	}
	return code
}

// Abuse 1. Neither its own key alone, nor a key in our officer's name, nor a phase that it just states opens anything; the doors stay shut and
// our officer is told. With our officer's key the meeting begins (the control).
func abuseOneKey(t *testing.T) {
	f := newForeignGuest(t)
	press := f.w.tap(f.w.Avelmar.Host, f.press.Host)
	f.officer.act(wire.Act{Do: wire.DoWait})
	time.Sleep(time.Second)
	f.propose(f.key(meeting.Start), false)
	refusals := map[string]bool{}
	for _, forge := range []func(*meeting.Event){
		func(e *meeting.Event) { e.Member = "avelmar-officer" },
		func(e *meeting.Event) { e.Member = "avelmar-principal" },
		func(e *meeting.Event) { e.Member = "tolmeria-principal" },
		func(e *meeting.Event) { e.Epoch++ },
		func(e *meeting.Event) { e.Head = &meeting.Hash{1} },
	} {
		e := f.key(meeting.Start)
		forge(&e)
		f.propose(e, false)
		code := f.refused()
		refusals[code] = true
		if code != "member.foreign" && code != "member.absent" && code != "member.role" && code != "key.stale" {
			t.Errorf("%+v: refused with %q", e, code)
		}
	}
	if !f.officer.alarm("event.refused") {
		t.Errorf("alarms %+v, want event.refused", f.officer.now().Alarms)
	}
	f.w.Avelmar.logged("proposal refused", `"party":"tolmeria"`)
	// One entry for each alarm of the officer's: this one, and that of the far node no packet has come yet; no more for what it is told again.
	if all := f.w.Avelmar.noted("alarm"); !slices.Contains(all, "event.refused "+string(Meeting)+" tolmeria") || len(all) > 1+len(refusals) {
		t.Errorf("alarms in the security log: %q", all)
	}
	if p := f.officer.now().Phase; p != "waiting" || press.since(time.Time{}) != 0 {
		t.Errorf("on one key: phase %s, %d packets to the press", p, press.since(time.Time{}))
	}
	// A phase by word alone: no such event, the connection closes.
	f.counter++
	if err := f.send(2, fmt.Appendf(nil, `{"propose":{"meeting":%q,"party":"tolmeria","counter":%d,"at":%q,"offline":false,"event":{"kind":"phase.open","member":%q}}}`,
		Meeting, f.counter, time.Now().UTC().Format("2006-01-02T15:04:05.000Z"), farOfficer)); err != nil {
		t.Fatal(err)
	}
	if bye, ok := f.ended(2 * time.Second); !ok {
		t.Errorf("phase.open is not refused with the connection: %q", bye)
	}
	time.Sleep(3 * time.Second)
	if s := f.officer.now(); s.Phase != "waiting" || s.Doors.Ours.State != wire.DoorShut || !f.officer.alarm("link.lost") {
		t.Errorf("after phase.open: %s, doors %+v, alarms %+v", s.Phase, s.Doors.Ours, s.Alarms)
	}
	f.dial() // the control
	f.propose(f.key(meeting.Start), false)
	f.officer.ceremony("stepup", "")
	f.officer.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
	time.Sleep(time.Second)
	if p := f.officer.now().Phase; p != "open" {
		t.Errorf("control: with both keys phase %s", p)
	}
}

// Abuse 9. A key of an earlier phase, sent again in the present one, is refused and no key; the fresh one is (the control).
func abuseReplayedKey(t *testing.T) {
	f := newForeignGuest(t)
	f.officer.act(wire.Act{Do: wire.DoWait})
	time.Sleep(time.Second)
	old := f.key(meeting.Start)
	f.propose(old, false)
	if k := f.officer.now().Keys; len(k) != 1 {
		t.Fatalf("control: keys %+v", k)
	}
	f.officer.act(wire.Act{Do: wire.DoRehearse})
	time.Sleep(time.Second)
	f.propose(old, false) // in the rehearsal
	f.officer.act(wire.Act{Do: wire.DoWait})
	time.Sleep(time.Second)
	f.propose(old, false) // and when they wait again
	if code := f.refused(); code != "key.stale" {
		t.Errorf("the replayed key is refused with %q", code)
	}
	if k := f.officer.now().Keys; len(k) != 0 || !f.officer.alarm("event.refused") {
		t.Errorf("after the replay: keys %+v, alarms %+v", k, f.officer.now().Alarms)
	}
	f.officer.ceremony("stepup", "")
	f.officer.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
	time.Sleep(time.Second)
	if p := f.officer.now().Phase; p != "waiting" {
		t.Errorf("our key and a replayed one lead to phase %s", p)
	}
	f.propose(f.key(meeting.Start), false)
	time.Sleep(time.Second)
	if p := f.officer.now().Phase; p != "open" {
		t.Errorf("control: with a fresh key phase %s", p)
	}
}

// Abuse 12. What it states of the past comes into the log as written offline, as its word and with the time of its arrival; nobody gets the
// floor by it. What it states in time does not have the mark (the control).
func abuseBackDated(t *testing.T) {
	time.Sleep(time.Hour) // the bubble's clock begins with the year 2000, before which no time may lie
	f := newForeignGuest(t)
	f.propose(meeting.Event{Kind: meeting.MemberJoined, Member: "tolmeria-principal"}, false)
	f.officer.act(wire.Act{Do: wire.DoWait})
	time.Sleep(time.Second)
	f.propose(f.key(meeting.Start), false)
	f.officer.ceremony("stepup", "")
	f.officer.act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
	time.Sleep(time.Second)
	f.officer.act(wire.Act{Do: wire.DoGive, Member: "tolmeria-principal"})
	f.close()
	time.Sleep(30 * time.Second)
	f.dial()
	f.propose(meeting.Event{Kind: meeting.FloorAcknowledged, Member: "tolmeria-principal"}, true)
	f.propose(meeting.Event{Kind: meeting.HandRaised, Member: "tolmeria-principal"}, true) // holds the floor: refused
	f.propose(meeting.Event{Kind: meeting.FloorYielded, Member: "tolmeria-principal"}, true)
	f.propose(meeting.Event{Kind: meeting.FloorGiven, Member: "tolmeria-principal", Actor: farOfficer}, true)
	if code := f.refused(); code != "event.offline" && code != "floor.chair" {
		t.Errorf("a floor given a minute ago is refused with %q", code)
	}
	f.propose(meeting.Event{Kind: meeting.HandRaised, Member: "tolmeria-principal"}, false)
	now := time.Now()
	want := map[meeting.Kind]bool{meeting.FloorAcknowledged: true, meeting.FloorYielded: true, meeting.HandRaised: false}
	for _, e := range f.log() {
		late, ok := want[e.Event.Kind]
		if !ok || e.Party != "tolmeria" {
			continue
		}
		delete(want, e.Event.Kind)
		if e.Offline != late || now.Sub(e.Sequenced) > 10*time.Second || late && e.Sequenced.Sub(e.At) < 55*time.Second {
			t.Errorf("%s stands as offline %v, at %v, arrived %v", e.Event.Kind, e.Offline, e.At, e.Sequenced)
		}
		if b := e.Basis("avelmar"); b != meeting.Stated {
			t.Errorf("%s stands as %s", e.Event.Kind, b)
		}
	}
	if len(want) != 0 {
		t.Errorf("not in the log: %v", want)
	}
	if h := f.officer.now().Order.Holder; h != "" {
		t.Errorf("%s holds the floor", h)
	}
}

// Abuse 2. The other node has gone silent in the moment before our officer turns the key: no packet to our press later than 200 ms after it,
// by the wire, and our console says so. The press hears the second before (the control).
func abuseSilentAtClose(t *testing.T) {
	s := newSession(t, "open")
	s.begin()
	tap := s.tap(s.Avelmar.Host, s.press.Host)
	begin := time.Now()
	time.Sleep(time.Second)
	if n := tap.since(begin); n < 50 {
		t.Fatalf("control: %d packets reach the press in a second", n)
	}
	s.Net.Cut(s.Avelmar.Host, s.Tolmeria.Host, true)
	time.Sleep(500 * time.Millisecond)
	key := time.Now()
	s.officer.act(wire.Act{Do: wire.DoClose})
	time.Sleep(10 * time.Second)
	if n := tap.since(key.Add(200 * time.Millisecond)); n != 0 {
		t.Errorf("%d packets leave for the press later than 200 ms after the key", n)
	}
	d := s.officer.now().Doors.Ours
	if d.State != wire.DoorShut || d.After != 0 || d.LastMs > 200 || d.Egresses == 0 || d.Press != 1 {
		t.Errorf("our doors %+v", d)
	}
	if p := s.officer.now().Phase; p != "closed" {
		t.Errorf("phase %s", p)
	}
	s.Avelmar.logged(`"kind":"shut"`, "doors")
	t.Logf("last packet %v after the key", tap.last().Sub(key))
}

// Abuse 3. The link is cut while open: our press is cut off within 2.2 s, and so is theirs; our delegation talks on; when the link is back and
// both heads agree, the press hears again. A cut of a second (the control) does nothing.
func abuseCutWhileOpen(t *testing.T) {
	s := newSession(t, "open")
	s.begin()
	tap := s.tap(s.Avelmar.Host, s.press.Host)
	s.Net.Cut(s.Avelmar.Host, s.Tolmeria.Host, true)
	time.Sleep(time.Second)
	s.Net.Cut(s.Avelmar.Host, s.Tolmeria.Host, false)
	begin := time.Now()
	time.Sleep(3 * time.Second)
	if n := tap.since(begin); n < 150 {
		t.Errorf("control: after a cut of a second %d packets reach the press in 3 s", n)
	}
	s.await("the link", func() bool { return s.officer.now().Links[0].State == "up" })
	cut := time.Now()
	s.Net.Cut(s.Avelmar.Host, s.Tolmeria.Host, true)
	time.Sleep(8 * time.Second)
	if last := tap.last().Sub(cut); last > 2200*time.Millisecond || last < time.Second {
		t.Errorf("the last packet to the press left %v after the cut", last)
	}
	sent := s.principal.SentBetween("mic", cut, cut.Add(7*time.Second))
	if missing, _ := s.delegat.Missing(Heard{"avelmar-principal", "mic"}, sent); missing > 0 || len(sent) < 340 {
		t.Errorf("our delegation misses %d of %d packets", missing, len(sent))
	}
	if d := s.officer.now().Doors.Ours; d.State != wire.DoorSuspended || !s.officer.alarm("link.lost") {
		t.Errorf("doors %+v, alarms %+v", d, s.officer.now().Alarms)
	}
	s.Net.Cut(s.Avelmar.Host, s.Tolmeria.Host, false)
	s.await("the doors open again", func() bool {
		return s.officer.now().Doors.Ours.State == wire.DoorOpen && s.far.now().Doors.Ours.State == wire.DoorOpen
	})
	begin = time.Now()
	time.Sleep(2 * time.Second)
	if n := tap.since(begin); n < 95 {
		t.Errorf("after the cut %d packets reach the press in 2 s", n)
	}
}

// lossyPress loses half of what goes to the press, so that its player asks and asks; before the doors it is answered (the control).
func lossyPress(t *testing.T, s *session) (down, up *wireTap) {
	down, up = s.tap(s.Avelmar.Host, s.press.Host), s.tap(s.press.Host, s.Avelmar.Host)
	first := s.principal.Count(Heard{"avelmar-principal", "mic"})
	s.Net.Impair(s.Avelmar.Host, s.press.Host, Path{Loss: 0.5})
	begin := time.Now()
	time.Sleep(3 * time.Second)
	sent := len(s.principal.SentBetween("mic", begin, time.Now())) + len(s.principal.SentBetween("cam", begin, time.Now()))
	if n := down.since(begin); n < sent+30 {
		t.Fatalf("control: of %d packets %d leave for a press that loses half: nothing was sent again (%d)", sent, n, first)
	}
	return down, up
}

// Abuse 4. A player that goes on asking for what it lost gets no answer after the doors.
func abusePressAsksAfterDoors(t *testing.T) {
	s := newSession(t, "open")
	s.begin()
	down, up := lossyPress(t, s)
	key := time.Now()
	s.officer.act(wire.Act{Do: wire.DoClose})
	s.Net.Impair(s.Avelmar.Host, s.press.Host, Path{})
	asked := up.reports()
	time.Sleep(3 * time.Second)
	if n := up.reports() - asked; n < 20 { // more than receiver reports: it asks ten times a second
		t.Errorf("control: the player asks %d times in 3 s", n)
	}
	if n := down.since(key.Add(200 * time.Millisecond)); n != 0 {
		t.Errorf("%d packets answer it after the doors", n)
	}
}

// Abuse 5. With the doors open again a player gets nothing of the closed part, however it asks, while the speaker talked through it.
func abusePressAsksForClosed(t *testing.T) {
	s := newSession(t, "open")
	s.begin()
	down, up := lossyPress(t, s)
	s.officer.act(wire.Act{Do: wire.DoClose})
	closed := time.Now().Add(200 * time.Millisecond)
	time.Sleep(2 * time.Second)
	during := s.principal.SentBetween("mic", closed, time.Now())
	s.turn(wire.ActionOpen) // all microphones are off, nobody has the floor
	s.phase(meeting.Opened)
	opened := time.Now()
	asked := up.reports()
	time.Sleep(2 * time.Second)
	pictures := len(s.principal.SentBetween("cam", opened, time.Now())) + len(s.farPrincipal.SentBetween("cam", opened, time.Now()))
	if n := up.reports() - asked; n < 10 {
		t.Errorf("control: the player asks %d times in 2 s", n)
	}
	s.Net.Impair(s.Avelmar.Host, s.press.Host, Path{})
	s.speak(s.principal)
	time.Sleep(2 * time.Second)
	fresh := s.principal.SentBetween("mic", time.Now().Add(-time.Second), time.Now().Add(-200*time.Millisecond))
	h := Heard{"avelmar-principal", "mic"}
	if missing, _ := s.press.Missing(h, during); missing != len(during) || len(during) < 80 {
		t.Errorf("the press has %d of %d packets of the closed part", len(during)-missing, len(during))
	}
	if missing, _ := s.press.Missing(h, fresh); missing > 0 || len(fresh) < 35 {
		t.Errorf("control: the press misses %d of %d packets since", missing, len(fresh))
	}
	if n := down.since(opened); n < pictures/4 {
		t.Errorf("control: %d packets leave for the press since the doors opened, %d were sent", n, pictures)
	}
}

// Abuse 6. A member who was excluded, and a second device of one who sits, read every byte that comes: a Wait, and nothing of the meeting, no
// datagram at all. When the officer lets them in they hear (the control).
func abuseWaitingGuest(t *testing.T) {
	s := newSession(t, "closed")
	s.begin()
	s.officer.act(wire.Act{Do: wire.DoExclude, Member: "avelmar-one"})
	time.Sleep(time.Second)
	s.delegat.Leave() // it would come again, and wait
	for _, row := range []struct {
		member  string
		reasons []string // one after the other: the excluded member's first device still has a session
	}{{"one", []string{wire.WaitDevice, wire.WaitExcluded}}, {"principal", []string{wire.WaitDevice}}} {
		member, reason := row.member, row.reasons[0]
		q := s.readsAll(member, reason)
		for _, reason := range row.reasons {
			id := ""
			s.await("somebody waits: "+reason, func() bool {
				i := slices.IndexFunc(s.officer.now().Waiting, func(w wire.Waiting) bool { return w.Reason == reason && w.Member == string(q.Member) })
				if i >= 0 {
					id = s.officer.now().Waiting[i].ID
				}
				return i >= 0
			})
			if n := q.Hears(); len(n) != 0 {
				t.Errorf("%s: hears %v", reason, n)
			}
			s.officer.act(wire.Act{Do: wire.DoAdmit, Value: id})
		}
		if !q.Await(15 * time.Second) {
			t.Fatalf("%s is not connected after it was let in; waiting %+v", member, s.officer.now().Waiting)
		}
		if member == "principal" { // it has the seat now
			s.principal = q
			q.Bot.Devices(true, true)
		}
		time.Sleep(3 * time.Second)
		n := 0
		for h, k := range q.Hears() {
			if h.Member != q.Member {
				n += k
			}
		}
		if n < 50 {
			t.Errorf("%s: after it was let in %d packets come", reason, n)
		}
	}
	if !strings.Contains(s.Avelmar.Log.String(), "excluded") {
		t.Error("no line of the log tells of the exclusion")
	}
}

// readsAll lets a member come, who must wait, and looks at every byte that it gets in 8 s: a Wait, and no datagram.
func (s *session) readsAll(member, reason string) *Person {
	t := s.t
	t.Helper()
	var mu sync.Mutex
	var told [][]byte
	q := s.Avelmar.enterAs(member, withMessages(func(m wire.ToClient) {
		b, err := wire.EncodeToClient(m)
		if err != nil {
			t.Error(err)
		}
		mu.Lock()
		defer mu.Unlock()
		told = append(told, b)
	}))
	udpBytes := 0
	s.Net.Tap(s.Avelmar.Host, q.Host, func(d Datagram) {
		mu.Lock()
		defer mu.Unlock()
		udpBytes += len(d.Data)
	})
	time.Sleep(8 * time.Second)
	mu.Lock()
	defer mu.Unlock()
	all := bytes.Join(told, []byte("\n"))
	if len(told) == 0 || udpBytes != 0 {
		t.Errorf("%s: told %d messages, %d bytes of datagrams", reason, len(told), udpBytes)
	}
	for _, b := range told {
		var m map[string]map[string]string
		if err := json.Unmarshal(b, &m); err != nil || len(m) != 1 || m["wait"]["reason"] != reason || len(m["wait"]) != 2 {
			t.Errorf("%s is told %s", reason, b)
		}
	}
	for _, secret := range []string{"principal", "officer", "tolmeria", "ice-pwd", "phase", "present", "db"} {
		if bytes.Contains(all, []byte(secret)) {
			t.Errorf("%s is told of %q: %s", reason, secret, all)
		}
	}
	return q
}

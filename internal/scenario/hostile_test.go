package scenario

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/binary"
	mrand "math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/udp"
)

// TestUnpinnedNodeIsRefused connects with a key that nobody pinned, and with the right key as another party: the connection ends
// before a word is said. The control: the right key is greeted.
func TestUnpinnedNodeIsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Down: []meeting.PartyID{"tolmeria"}})
		_, stranger, err := ed25519.GenerateKey(rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		if r, err := dialRogue(w.Tolmeria, w.Avelmar, stranger, nil); err == nil {
			t.Errorf("a key that is not pinned was greeted with %v", r.hello)
		}
		if r, err := dialRogue(w.Tolmeria, w.Avelmar, w.Avelmar.nodeKey(), nil); err == nil {
			t.Errorf("our own key was greeted with %v", r.hello)
		}
		r, err := dialRogue(w.Tolmeria, w.Avelmar, w.Tolmeria.nodeKey(), nil)
		if err != nil || r.hello["party"] != "avelmar" {
			t.Fatalf("the pinned key: %v", err)
		}
	})
}

// TestLinkEventForgedSender lets the other party's node state events of our members, of nobody, of another meeting and under our
// name: each is refused and changes nothing. The control: events of its own member are taken.
func TestLinkEventForgedSender(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Down: []meeting.PartyID{"tolmeria"}})
		q := w.Avelmar.Join("avelmar-principal", nil)
		w.connected(q)
		counter := uint64(0)
		yes, no := true, false
		dial := func() *rogue {
			t.Helper()
			r, err := dialRogue(w.Tolmeria, w.Avelmar, w.Tolmeria.nodeKey(), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := r.exchange(meeting.Exchange{Join: &meeting.JoinLog{Meeting: Meeting, Digest: w.Tolmeria.digest(), Ask: true}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
			return r
		}
		propose := func(r *rogue, id meeting.ID, p meeting.PartyID, e meeting.Event) {
			t.Helper()
			counter++
			x := meeting.Exchange{Propose: &meeting.Proposal{Meeting: id, Party: p, Counter: counter, At: time.Now().UTC().Truncate(time.Millisecond), Event: e}}
			if err := r.exchange(x); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		events := func(m meeting.MemberID) []meeting.Event {
			return []meeting.Event{
				{Kind: meeting.MemberJoined, Member: m}, {Kind: meeting.MemberDevices, Member: m, Mic: &no, Camera: &no},
				{Kind: meeting.MemberDevices, Member: m, Mic: &yes, Camera: &yes}, {Kind: meeting.MemberLeft, Member: m},
			}
		}
		unchanged := func(what string) {
			t.Helper()
			p := q.presence("avelmar-principal")
			if p == nil || !p.Mic || !p.Camera || len(q.Bot.Stats().State.Present) != 1 {
				t.Errorf("%s: present are %+v, want our principal alone, as he was", what, q.Bot.Stats().State.Present)
			}
		}
		for _, m := range []meeting.MemberID{"avelmar-principal", "avelmar-one", "nobody"} {
			r := dial()
			for _, e := range events(m) {
				propose(r, Meeting, "tolmeria", e)
				unchanged(string(e.Kind) + " of " + string(m))
			}
			if n := len(r.got(2)); !strings.Contains(strings.Join(r.got(2), ""), `"refuse"`) {
				t.Errorf("events of %s: no refusal among %d messages", m, n)
			}
			r.close()
		}
		for _, bad := range []struct {
			id meeting.ID
			p  meeting.PartyID
		}{{"another", "tolmeria"}, {Meeting, "avelmar"}} {
			for _, e := range events("tolmeria-one") {
				r := dial()
				propose(r, bad.id, bad.p, e)
				unchanged(string(e.Kind) + " in " + string(bad.id) + " by " + string(bad.p))
				r.close()
				time.Sleep(time.Second)
			}
		}
		r := dial()
		propose(r, Meeting, "tolmeria", events("tolmeria-one")[0])
		if q.presence("tolmeria-one") == nil {
			t.Error("its own member's coming was not taken")
		}
		propose(r, Meeting, "tolmeria", events("tolmeria-one")[3])
		if q.presence("tolmeria-one") != nil {
			t.Error("its own member's leaving was not taken")
		}
	})
}

// TestJunkChangesNothing throws cut, changed and repeated copies of all that passes at a node, from the addresses of a member, of the
// other node and of strangers. Nobody in the call notices.
func TestJunkChangesNothing(t *testing.T) {
	const seed = 4
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: seed})
		q, c := w.Avelmar.joinCaptured("avelmar-principal")
		far := w.Tolmeria.Join("tolmeria-principal", nil)
		var mu sync.Mutex
		var link []Datagram
		w.Net.Tap(w.Tolmeria.Host, w.Avelmar.Host, func(d Datagram) {
			mu.Lock()
			defer mu.Unlock()
			if len(link) < 2000 {
				d.Data = append([]byte(nil), d.Data...)
				link = append(link, d)
			}
		})
		w.connected(q, far)
		c.mu.Lock()
		mu.Lock()
		seen := append(append([]Datagram(nil), c.up...), link...)
		mu.Unlock()
		c.mu.Unlock()
		rng := mrand.New(mrand.NewPCG(seed, 4))
		stranger := netip.MustParseAddrPort("45.7.7.7:1234")
		begin := time.Now()
		q.Gap(Heard{far.Member, "mic"})
		far.Gap(Heard{q.Member, "mic"})
		kinds := map[udp.Class]int{}
		for range 20000 {
			d := seen[rng.IntN(len(seen))]
			d.Data = append([]byte(nil), d.Data...)
			kinds[udp.Classify(d.Data)]++
			switch rng.IntN(4) {
			case 0: // as it was: a replay
			case 1:
				d.Data = d.Data[:rng.IntN(len(d.Data)+1)]
			case 2:
				for range 1 + rng.IntN(8) {
					d.Data[rng.IntN(len(d.Data))] = byte(rng.Uint32())
				}
			case 3:
				if i := rng.IntN(len(d.Data)); len(d.Data)-i >= 2 {
					binary.BigEndian.PutUint16(d.Data[i:], uint16(rng.Uint32()))
				}
			}
			switch rng.IntN(4) {
			case 0:
				d.From = stranger
			case 1:
				d.From = seen[rng.IntN(len(seen))].From
			}
			if !w.Net.Spoof(d) {
				t.Fatal("no node at its address")
			}
			if rng.IntN(10) == 0 {
				time.Sleep(2 * time.Millisecond)
			}
		}
		end := time.Now()
		time.Sleep(time.Second)
		for _, x := range [][2]*Person{{q, far}, {far, q}} {
			h := Heard{x[0].Member, "mic"}
			missing, repeated := x[1].Missing(h, x[0].SentBetween("mic", begin, end))
			if gap := x[1].Gap(h); missing != 0 || repeated != 0 || gap > 60*time.Millisecond {
				t.Errorf("%s: %d packets of %s missing, %d twice, a gap of %v", x[1].Member, missing, x[0].Member, repeated, gap)
			}
			if s := x[1].Bot.Stats(); s.Joins != 1 || s.Restarts != 0 || x[1].Unmarked() != 0 {
				t.Errorf("%s: %d joins, %d restarts, %d packets that nobody sent (seed %d)", x[1].Member, s.Joins, s.Restarts, x[1].Unmarked(), seed)
			}
		}
		if kinds[udp.STUN] == 0 || kinds[udp.DTLS] == 0 || kinds[udp.RTP] == 0 || kinds[udp.RTCP] == 0 {
			t.Errorf("not everything was thrown: %v", kinds)
		}
		if s := w.Avelmar.Log.String(); strings.Contains(s, "panic") {
			t.Error("the log speaks of a panic")
		}
	})
}

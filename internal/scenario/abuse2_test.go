package scenario

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/node"
	"visavis/internal/store"
)

// digest is that of the meeting as a party has it.
func (p *Party) digest() (h meeting.Hash) {
	p.w.T.Helper()
	p.must(func(d *node.Dir) error {
		def, err := d.Definition(context.Background(), Meeting)
		h = def.Digest()
		return err
	})
	return h
}

// ownProposals counts the events that a party's own log says it proposed.
func (p *Party) ownProposals() (n int) {
	p.w.T.Helper()
	p.must(func(d *node.Dir) error {
		es, err := d.Store.Entries(context.Background(), "own/"+string(Meeting), 1, 1000)
		for _, e := range es {
			var r struct {
				Proposal *meeting.Proposal `json:"proposal"`
			}
			if err := json.Unmarshal(e.Data, &r); err != nil {
				return err
			}
			if r.Proposal != nil && e.Basis == store.Observed {
				n++
			}
		}
		return err
	})
	return n
}

// A host that takes our events and never sequences them: alarm at 5 s on every page, our own log has them all, our people go on. A
// host that is only slow, the control, raises none.
func abuseHostWithholds(t *testing.T) {
	w := NewWorld(t, Options{Down: []meeting.PartyID{"avelmar"}})
	r, err := dialRogue(w.Avelmar, w.Tolmeria, w.Avelmar.nodeKey(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := r.exchange(meeting.Exchange{Join: &meeting.JoinLog{Meeting: Meeting, Digest: w.Avelmar.digest(), Ask: true}}); err != nil {
		t.Fatal(err)
	}
	a, b := w.Tolmeria.Join("tolmeria-principal", nil), w.Tolmeria.Join("tolmeria-one", nil)
	if !a.Await(time.Second) || !b.Await(time.Second) {
		t.Fatal("members are not connected though their own node is there")
	}
	time.Sleep(4 * time.Second)
	if alarm := a.Bot.Stats().State.Alarm; alarm != "" {
		t.Errorf("alarm %q after 4 s, want none yet", alarm)
	}
	time.Sleep(3 * time.Second)
	for _, q := range []*Person{a, b} {
		if alarm := q.Bot.Stats().State.Alarm; alarm != "log.withheld" {
			t.Errorf("alarm %q on the page of %s, want log.withheld", alarm, q.Member)
		}
	}
	w.Tolmeria.logged("events of ours are not sequenced by the host", `"level":"ERROR"`)
	proposed := 0
	for _, x := range r.got(2) {
		if strings.Contains(x, `"propose"`) {
			proposed++
		}
	}
	if own := w.Tolmeria.ownProposals(); own < 4 || proposed != own {
		t.Errorf("own log has %d events, the host was given %d; want all that was proposed, at least 4", own, proposed)
	}
	alive(t, a, b)

	r.close()
	w.Avelmar.Start() // the control: the real host, 1.5 s away
	w.Net.Impair(w.Avelmar.Host, w.Tolmeria.Host, Path{Delay: 1500 * time.Millisecond})
	w.Net.Impair(w.Tolmeria.Host, w.Avelmar.Host, Path{Delay: 1500 * time.Millisecond})
	time.Sleep(30 * time.Second)
	before := strings.Count(w.Tolmeria.Log.String(), "not sequenced by the host")
	for range 5 {
		a.Bot.Devices(false, true)
		time.Sleep(2 * time.Second)
		a.Bot.Devices(true, true)
		time.Sleep(2 * time.Second)
		if alarm := a.Bot.Stats().State.Alarm; alarm != "" {
			t.Errorf("alarm %q with a slow host, want none", alarm)
		}
	}
	if n := strings.Count(w.Tolmeria.Log.String(), "not sequenced by the host") - before; n != 0 {
		t.Errorf("%d alarms logged with a slow host, want none", n)
	}
}

// After distrust nothing of the other party is forwarded from one second on, though its node goes on sending, and neither a new
// connection nor a resumed one gets in.
func abuseRevokedNode(t *testing.T) {
	w := NewWorld(t, Options{})
	a, b := w.Avelmar.Join("avelmar-principal", nil), w.Avelmar.Join("avelmar-one", nil)
	far := w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(a, b, far)
	sessions := tls.NewLRUClientSessionCache(10)
	for range 2 { // the control: trusted, it gets in, and never by resumption
		r, err := dialRogue(w.Tolmeria, w.Avelmar, w.Tolmeria.nodeKey(), sessions)
		if err != nil {
			t.Fatalf("trusted node: %v", err)
		}
		if r.tls.ConnectionState().DidResume {
			t.Error("a link was resumed")
		}
		time.Sleep(time.Second)
		r.close()
	}
	time.Sleep(20 * time.Second) // the real node is back
	alive(t, a, b, far)

	w.Avelmar.must(func(d *node.Dir) error { return d.Distrust(context.Background(), "tolmeria") })
	time.Sleep(time.Second)
	sent := w.Net.Traffic(w.Tolmeria.Host, w.Avelmar.Host).Sent
	mic, cam := a.Count(Heard{"tolmeria-principal", "mic"}), a.Count(Heard{"tolmeria-principal", "cam"})
	for range 20 {
		if r, err := dialRogue(w.Tolmeria, w.Avelmar, w.Tolmeria.nodeKey(), sessions); err == nil {
			t.Errorf("revoked node was greeted: %v", r.hello)
		}
		time.Sleep(time.Second)
	}
	if n := w.Net.Traffic(w.Tolmeria.Host, w.Avelmar.Host).Sent - sent; n < 50 {
		t.Errorf("the revoked node sent %d datagrams: the test shows nothing", n)
	}
	if m, c := a.Count(Heard{"tolmeria-principal", "mic"})-mic, a.Count(Heard{"tolmeria-principal", "cam"})-cam; m != 0 || c != 0 {
		t.Errorf("%d packets of sound and %d of picture of the revoked party came after a second", m, c)
	}
	if n := far.Count(Heard{"avelmar-principal", "mic"}); n == 0 {
		t.Error("the far side never heard us: the test shows nothing")
	}
	w.Avelmar.logged("party is not trusted any more", `"party":"tolmeria"`)
	alive(t, a, b)
}

// 129 streams, or 100,000 events a second: the link is closed, our people hear each other without a gap.
func abuseLinkFlood(t *testing.T) {
	w := NewWorld(t, Options{Down: []meeting.PartyID{"tolmeria"}})
	a, b := w.Avelmar.Join("avelmar-principal", nil), w.Avelmar.Join("avelmar-one", nil)
	w.connected(a, b)
	time.Sleep(time.Second)
	digest := w.Tolmeria.digest()
	dial := func() *rogue {
		t.Helper()
		r, err := dialRogue(w.Tolmeria, w.Avelmar, w.Tolmeria.nodeKey(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := r.exchange(meeting.Exchange{Join: &meeting.JoinLog{Meeting: Meeting, Digest: digest, Ask: true}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		return r
	}
	counter := uint64(0)
	mic := false
	event := func() meeting.Exchange {
		counter++
		e := meeting.Event{Kind: meeting.MemberDevices, Member: "tolmeria-one", Mic: &mic, Camera: &mic}
		if counter == 1 {
			e = meeting.Event{Kind: meeting.MemberJoined, Member: "tolmeria-one"}
		}
		return meeting.Exchange{Propose: &meeting.Proposal{Meeting: Meeting, Party: "tolmeria", Counter: counter, At: time.Now().UTC().Truncate(time.Millisecond), Event: e}}
	}

	r := dial() // the control: 128 streams and 90 frames a second pass
	if err := r.streams(128); err != nil {
		t.Fatal(err)
	}
	for range 900 {
		if err := r.exchange(event()); err != nil {
			t.Fatalf("at 90 %% of the limit: %v", err)
		}
		time.Sleep(time.Second / 90)
	}
	if bye, ended := r.ended(time.Second); ended {
		t.Errorf("at 90 %% of the limit the link was closed: %s", bye)
	}
	if p := a.presence("tolmeria-one"); p == nil {
		t.Error("at 90 % of the limit the far member is not there")
	}

	a.Gap(Heard{"avelmar-one", "mic"})
	if err := r.streams(129); err != nil {
		t.Fatal(err)
	}
	if bye, ended := r.ended(time.Second); !ended || !strings.Contains(bye, `"code"`) {
		t.Errorf("129 streams: closed %v, bye %q; want it closed with a reason", ended, bye)
	}
	time.Sleep(5 * time.Second)

	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	r = dial()
	sent := 0
	for ; sent < 100_000; sent++ {
		if r.exchange(event()) != nil {
			break
		}
	}
	if bye, ended := r.ended(time.Second); !ended {
		t.Errorf("%d events at once: the link is still up (%s)", sent, bye)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > 32<<20 {
		t.Errorf("heap grew by %d bytes, want at most 32 MiB", grown)
	}
	t.Logf("%d events written before the link was closed", sent)
	if gap := a.Gap(Heard{"avelmar-one", "mic"}); gap > 40*time.Millisecond {
		t.Errorf("own sound had a gap of %v, want at most 40 ms", gap)
	}
	alive(t, a, b)
}

// Names that could lie or break out are refused with the meeting; what is only unusual passes as it is and is text everywhere: in
// the JSON for the page and not at all in the page itself, nor in the log.
func abuseNames(t *testing.T) {
	w := NewWorld(t, Options{Names: Definition{
		"title":              `<script>alert(1)</script> & "talks"`,
		"avelmar-one":        `<img src=x onerror=alert(1)>`,
		"avelmar-two":        `=cmd|'/c calc'!A1`,
		"tolmeria-principal": "مریم می\u200cنویسد", // Persian with ZWNJ
		"tolmeria-one":       "김하늘",
	}})
	for _, bad := range []string{
		"Anna\u202egnp.exe", "Anna\r\nBcc: x@evil.test", "Anna\U000E0041", "Anna\u2066", "Anna\u0000", "Anna\ufeff", "q" + strings.Repeat("\u0301", 5), "Anna\ue000", strings.Repeat("a", 201),
	} {
		d := Definition{"avelmar-one": bad}
		p := w.Avelmar
		if err := p.Load(d); err == nil || strings.Contains(err.Error(), "known already") {
			t.Errorf("name %q: %v, want it refused for what it is", bad, err)
		}
	}
	g := w.Avelmar.guest()
	link := w.Avelmar.Invite("avelmar-one").Reveal()
	page := g.do("GET", "/join", "")
	if page.status != http.StatusOK || strings.Contains(page.body, "onerror") || strings.Contains(page.body, "alert(1)") || strings.Contains(page.body, "talks") {
		t.Errorf("the page: %d, with names in it", page.status)
	}
	if csp := page.header.Get("Content-Security-Policy"); !strings.Contains(csp, "default-src 'none'") || !strings.Contains(csp, "require-trusted-types-for 'script'") || strings.Contains(csp, "unsafe") {
		t.Errorf("the page's policy is %q", csp)
	}
	look := g.do("POST", "/api/invitation", `{"code":"`+code(link)+`"}`)
	if ct := look.header.Get("Content-Type"); !strings.HasPrefix(ct, "application/json") || look.header.Get("X-Content-Type-Options") != "nosniff" {
		t.Errorf("names come as %q", ct)
	}
	var got struct {
		Meeting struct {
			Members []struct {
				ID   string            `json:"id"`
				Name map[string]string `json:"name"`
			} `json:"members"`
		} `json:"meeting"`
	}
	if err := json.Unmarshal([]byte(look.body), &got); err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, m := range got.Meeting.Members {
		names[m.ID] = m.Name["en"]
	}
	for id, want := range map[string]string{"avelmar-one": "<img src=x onerror=alert(1)>", "avelmar-two": "=cmd|'/c calc'!A1", "tolmeria-principal": "مریم می\u200cنویسد", "tolmeria-one": "김하늘"} { // the control: intact
		if names[id] != want {
			t.Errorf("name of %s is %q, want %q", id, names[id], want)
		}
	}

	a, b := w.Avelmar.JoinWith("avelmar-one", link, nil), w.Tolmeria.Join("tolmeria-principal", nil)
	w.connected(a, b)
	time.Sleep(3 * time.Second)
	alive(t, a, b)
	for _, p := range []*Party{w.Avelmar, w.Tolmeria} {
		p.logged(`"person":"avelmar-one"`) // the control: by id it is there
		for _, secret := range []string{"onerror", "calc", "talks", "Member", "Office of", "مریم", "김하늘", code(link), "visavis="} {
			if strings.Contains(p.Log.String(), secret) {
				t.Errorf("the log of %s has %q", p.ID, secret)
			}
		}
	}
}

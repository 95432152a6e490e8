package bench

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

func TestMarkSurvivesAndForeignPayloadsHaveNone(t *testing.T) {
	b := make([]byte, 100)
	m := mark{7, video, 9, 1234567890123456789}
	m.put(b)
	if got, err := readMark(b); err != nil || got != m {
		t.Errorf("readMark = %v, %v; want %v", got, err, m)
	}
	longer := append([]byte{1, 2, 3}, b...) // a descriptor that grew
	if got, err := readMark(longer); err != nil || got != m {
		t.Errorf("readMark of a longer payload = %v, %v; want %v", got, err, m)
	}
	for name, x := range map[string][]byte{"empty": nil, "short": b[100-markLen+1:], "cut": b[:99], "zeros": make([]byte, 100)} {
		if got, err := readMark(x); err == nil {
			t.Errorf("%s: readMark = %v, want an error", name, got)
		}
	}
}

func TestKeyframesAreSeen(t *testing.T) {
	b := make([]byte, videoBytes)
	for _, c := range []struct{ first, key, want bool }{{true, true, true}, {true, false, false}, {false, true, false}, {false, false, false}} {
		vp8Payload(b, 300, c.first, c.key)
		if got := vp8Key(b); got != c.want {
			t.Errorf("first %v, key %v: vp8Key = %v, want %v", c.first, c.key, got, c.want)
		}
	}
	if !vp8Key([]byte{0x90, 0x80, 5, 0}) || !vp8Key([]byte{0x10, 0}) || vp8Key([]byte{0x90, 0x80}) {
		t.Error("descriptors of other lengths are misread")
	}
}

func TestHistogramIsTrueToThreePercent(t *testing.T) {
	var h histogram
	for i := range 10000 {
		h.add(time.Duration(i) * 10 * time.Microsecond)
	}
	for _, q := range []float64{0.1, 0.5, 0.95, 0.99} {
		want := q * 100_000
		if got := float64(h.quantile(q)) / 1e3; math.Abs(got-want) > want*0.035+2 {
			t.Errorf("quantile %v = %v µs, want %v", q, got, want)
		}
	}
	var one histogram
	one.add(-time.Second)
	one.add(100 * time.Hour)
	if got := one.quantile(0); got != time.Microsecond {
		t.Errorf("quantile of a negative delay = %v, want the first bucket", got)
	}
	h.merge(&one)
	if h.n != 10002 || h.quantile(1) < time.Hour {
		t.Errorf("merged: n %d, max %v", h.n, h.quantile(1))
	}
}

func TestBitsetCountsEachOnce(t *testing.T) {
	var b bitset
	for _, n := range []uint32{0, 63, 64, 1000} {
		if !b.set(n) {
			t.Errorf("set(%d) = false at first", n)
		}
		if b.set(n) {
			t.Errorf("set(%d) = true at second", n)
		}
	}
	if got := b.count(); got != 4 {
		t.Errorf("count = %d, want 4", got)
	}
}

func TestProcessFigures(t *testing.T) {
	if got, err := parseStat("7 (a b) c) S 1 7 7 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 1 0 9 9 9"); err != nil || got != 2*time.Second {
		t.Errorf("parseStat = %v, %v; want 2 s", got, err)
	}
	for _, bad := range []string{"", "7 (a", "7 (a) S 1 2", "7 (a) S 1 7 7 0 -1 4 1 0 0 0 x 50 0"} {
		if _, err := parseStat(bad); err == nil {
			t.Errorf("parseStat(%q) gave no error", bad)
		}
	}
	if n, err := residentOf(os.Getpid()); err != nil || n < 1<<20 {
		t.Errorf("residentOf(self) = %d, %v; want a megabyte at least", n, err)
	}
	if _, err := cpuOf(1 << 30); err == nil {
		t.Error("cpuOf of no process gave no error")
	}
}

func TestKernelStampsArrivals(t *testing.T) {
	fd, at, err := listen(netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	before := time.Now().UnixNano()
	if err := unix.Sendto(fd, []byte("x"), 0, sockaddr(at)); err != nil {
		t.Fatal(err)
	}
	var oob [64]byte
	_, n, _, _, err := unix.Recvmsg(fd, make([]byte, 9), oob[:], unix.MSG_DONTWAIT)
	if err != nil {
		t.Fatal(err)
	}
	if got := arrival(oob[:n]); got < before || got > time.Now().UnixNano() {
		t.Errorf("arrival = %d, want between %d and now", got, before)
	}
	if got := arrival(oob[:16]); got != 0 {
		t.Errorf("arrival of half a message = %d, want 0", got)
	}
}

const goodAnswer = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nt=0 0\r\na=group:BUNDLE 0 1\r\na=ice-ufrag:abcd\r\na=ice-pwd:0123456789012345678901\r\n" +
	"a=fingerprint:sha-256 aa:bb\r\na=setup:passive\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\na=sendonly\r\na=extmap:2/sendonly " + uriLevel + "\r\n" +
	"a=candidate:1 1 udp 1 127.0.0.1 5000 typ host\r\na=candidate:1 2 udp 1 127.0.0.1 5001 typ host\r\na=candidate:2 1 tcp 1 127.0.0.1 9 typ host\r\n" +
	"m=video 0 UDP/TLS/RTP/SAVPF 96\r\na=mid:1\r\na=rtcp-fb:96 nack\r\n"

func TestAnswerIsRead(t *testing.T) {
	a, err := parseAnswer(goodAnswer)
	if err != nil {
		t.Fatal(err)
	}
	if a.frag != "abcd" || a.fingerprint != "AA:BB" || a.active || fmt.Sprint(a.candidates) != "[127.0.0.1:5000]" {
		t.Errorf("answer = %+v", a)
	}
	if want := [kinds]section{{on: true, level: 2}, {}}; a.section != want {
		t.Errorf("sections = %+v, want %+v", a.section, want)
	}
	for _, gone := range []string{"a=ice-ufrag:abcd\r\n", "a=ice-pwd:0123456789012345678901\r\n", "a=fingerprint:sha-256 aa:bb\r\n", "a=setup:passive\r\n",
		"a=candidate:1 1 udp 1 127.0.0.1 5000 typ host\r\n", "v=0\r\n"} {
		if _, err := parseAnswer(strings.Replace(goodAnswer, gone, "", 1)); !errors.Is(err, errAnswer) {
			t.Errorf("without %q: %v, want errAnswer", gone, err)
		}
	}
	if _, err := parseAnswer(strings.Replace(goodAnswer, "m=audio 9", "m=audio 0", 1)); !errors.Is(err, errAnswer) {
		t.Errorf("with everything refused: %v, want errAnswer", err)
	}
}

func TestAnswerIsLimited(t *testing.T) {
	fill := func(n int) string { return goodAnswer + "a=x:" + strings.Repeat("x", n-len(goodAnswer)-6) + "\r\n" }
	if _, err := parseAnswer(fill(MaxAnswer)); err != nil {
		t.Errorf("MaxAnswer bytes: %v", err)
	}
	if _, err := parseAnswer(fill(MaxAnswer + 1)); !errors.Is(err, errAnswer) {
		t.Errorf("MaxAnswer+1 bytes: %v, want errAnswer", err)
	}
	s := goodAnswer
	for i := range MaxCandidates {
		s += fmt.Sprintf("a=candidate:1 1 udp 1 127.0.0.1 %d typ host\r\n", 6000+i)
	}
	if a, err := parseAnswer(s); err != nil || len(a.candidates) != MaxCandidates {
		t.Errorf("MaxCandidates+1 addresses: %v, want %d of them", err, MaxCandidates)
	}
}

func FuzzParseAnswer(f *testing.F) {
	f.Add(goodAnswer)
	f.Add(strings.ReplaceAll(goodAnswer, "127.0.0.1", "::1"))
	f.Add("v=0\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		a, err := parseAnswer(s)
		if err == nil && (a.frag == "" || a.pwd == "" || len(a.candidates) == 0 || len(a.candidates) > MaxCandidates) {
			t.Errorf("accepted %+v", a)
		}
	})
}

func FuzzPayload(f *testing.F) {
	b := make([]byte, 60)
	vp8Payload(b, 1, true, true)
	mark{1, audio, 2, 3}.put(b)
	f.Add(b)
	f.Add([]byte{0xff, 0xff})
	f.Fuzz(func(t *testing.T, b []byte) {
		vp8Key(b)
		m, err := readMark(b)
		if err != nil {
			return
		}
		again := make([]byte, markLen)
		if m.put(again); err == nil {
			if got, err := readMark(again); err != nil || got != m {
				t.Errorf("%v read again as %v, %v", m, got, err)
			}
		}
	})
}

// Whoever has not said that the server is theirs loads nothing but loopback, by whatever name.
func TestForeignServersAreRefused(t *testing.T) {
	k := newKnocker(false)
	for _, u := range []string{"http://192.0.2.1/whip", "https://example.com/whip", "http://[2001:db8::1]/x", "http://localhost.example/x"} {
		if _, err := k.check(Door{URL: u}); !errors.Is(err, ErrForeign) {
			t.Errorf("%s: %v, want ErrForeign", u, err)
		}
		if _, err := newKnocker(true).check(Door{URL: u}); err != nil {
			t.Errorf("%s, own: %v", u, err)
		}
	}
	for _, u := range []string{"http://127.0.0.1:1/x", "http://[::1]/x", "https://a.localhost/x", "http://localhost:2/x"} {
		if _, err := k.check(Door{URL: u}); err != nil {
			t.Errorf("%s: %v", u, err)
		}
	}
	for _, u := range []string{"", "127.0.0.1", "ftp://127.0.0.1/", "http:///x"} {
		if _, err := newKnocker(true).check(Door{URL: u}); err == nil {
			t.Errorf("%q is taken for an address", u)
		}
	}
}

// A server on loopback may not send us, nor the offer, elsewhere.
func TestServerCannotPointElsewhere(t *testing.T) {
	body := goodAnswer
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "http://192.0.2.1/whip", http.StatusTemporaryRedirect)
			return
		}
		w.Header().Set("Location", "/session/1")
		w.WriteHeader(http.StatusCreated)
		_, _ = w.Write([]byte(body))
	}))
	defer s.Close()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	k := newKnocker(false)
	a, session, err := k.open(ctx, Door{URL: s.URL}, "offer")
	if err != nil || a == nil || session != s.URL+"/session/1" {
		t.Errorf("open = %v, %q, %v", a, session, err)
	}
	if _, _, err := k.open(ctx, Door{URL: s.URL + "/moved"}, "offer"); !errors.Is(err, ErrForeign) {
		t.Errorf("redirected: %v, want ErrForeign", err)
	}
	body = strings.ReplaceAll(goodAnswer, "1 127.0.0.1 5000", "1 192.0.2.1 5000")
	if _, _, err := k.open(ctx, Door{URL: s.URL}, "offer"); !errors.Is(err, ErrForeign) {
		t.Errorf("media elsewhere: %v, want ErrForeign", err)
	}
}

// TestPause: what the publisher sent late, and what came out of order, is no pause; a packet that did not come is, and so is the time
// before the first and after the last.
func TestPause(t *testing.T) {
	ms := func(n int64) int64 { return n * int64(time.Millisecond) }
	type packet struct {
		number   uint32
		sent, at int64
	}
	for name, c := range map[string]struct {
		packets []packet
		end     int64
		want    time.Duration
	}{
		"regular":             {[]packet{{1, 0, 1}, {2, 20, 21}, {3, 40, 41}}, 50, 20 * time.Millisecond},
		"held up":             {[]packet{{1, 0, 1}, {2, 20, 51}, {3, 40, 52}}, 60, 50 * time.Millisecond},
		"lost":                {[]packet{{1, 0, 1}, {3, 40, 41}}, 50, 40 * time.Millisecond},
		"sent late":           {[]packet{{1, 0, 1}, {2, 50, 51}, {3, 60, 61}}, 70, 20 * time.Millisecond},
		"out of order":        {[]packet{{1, 0, 1}, {3, 40, 41}, {2, 20, 70}, {4, 60, 71}}, 80, 40 * time.Millisecond},
		"one, and no more":    {[]packet{{1, 0, 1}}, 1001, time.Second},
		"some, and no more":   {[]packet{{1, 0, 1}, {3, 40, 41}}, 141, 100 * time.Millisecond},
		"late, then no more":  {[]packet{{1, 0, 1}, {2, 20, 91}}, 121, 90 * time.Millisecond},
		"none at all":         {nil, 1000, time.Second},
		"one, after a second": {[]packet{{50, 999, 1000}, {51, 1019, 1020}}, 1030, time.Second},
	} {
		var p pause
		p.watch(0)
		for _, x := range c.packets {
			p.next(mark{number: x.number, at: ms(x.sent)}, ms(x.at))
		}
		if got := p.until(ms(c.end)); got != c.want {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
	p := pause{begun: true, number: 1, at: ms(5), longest: time.Second}
	if p.watch(ms(10)); p.until(ms(12)) != 7*time.Millisecond {
		t.Errorf("watched anew: %v, want the pause that goes on and not the longer one before", p.until(ms(12)))
	}
}

func TestPlansAreBounded(t *testing.T) {
	good := Plan{Target: Target{Publish: Door{URL: "http://127.0.0.1:1"}}, Receivers: MaxReceivers, Time: MaxTime}
	if _, err := Run(t.Context(), good); err == nil || strings.Contains(err.Error(), "from 1") {
		t.Errorf("the largest plan: %v, want only that there is no server", err)
	}
	for _, change := range []func(*Plan){
		func(p *Plan) { p.Receivers = MaxReceivers + 1 }, func(p *Plan) { p.Receivers = 0 }, func(p *Plan) { p.Time = MaxTime + 1 },
		func(p *Plan) { p.Time = 0 }, func(p *Plan) { p.Settle = MaxTime + 1 },
	} {
		p := good
		change(&p)
		if _, err := Run(t.Context(), p); err == nil || !strings.Contains(err.Error(), "from 1") {
			t.Errorf("%+v: %v, want a refusal", p, err)
		}
	}
}

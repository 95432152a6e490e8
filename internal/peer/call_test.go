package peer_test

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/rtcp"
	"github.com/pion/webrtc/v4"

	"visavis/internal/udp"
)

// pair is two browsers at one node that hear and see each other.
func pair(t *testing.T, o browserOptions) (n *node, a, b *browser) {
	t.Helper()
	n = newNode(t, nil)
	a, b = call(t, n, o)
	return n, a, b
}

func call(t *testing.T, n *node, o browserOptions) (a, b *browser) {
	t.Helper()
	a, b = join(t, n, o), join(t, n, o)
	n.assign(a.session.Slot("floor0"), b.session.Stream("mic"))
	n.assign(b.session.Slot("floor0"), a.session.Stream("mic"))
	n.assign(a.session.Slot("stage0"), b.session.Stream("cam"))
	n.assign(b.session.Slot("stage0"), a.session.Stream("cam"))
	a.talk()
	b.talk()
	return a, b
}

// TestCall lets two clients hear and see each other through the switch, with each protection profile.
func TestCall(t *testing.T) {
	t.Parallel()
	for name, profiles := range map[string][]dtls.SRTPProtectionProfile{
		"gcm":  {dtls.SRTP_AES128_CM_HMAC_SHA1_80, dtls.SRTP_AEAD_AES_128_GCM}, // the node's order counts
		"hmac": {dtls.SRTP_AES128_CM_HMAC_SHA1_80},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n, a, b := pair(t, browserOptions{settings: func(s *webrtc.SettingEngine) { s.SetSRTPProtectionProfiles(profiles...) }})
			for _, x := range []*browser{a, b} {
				x.got["floor0"].reach(t, 50)
				x.got["stage0"].reach(t, 25)
			}
			k := a.got["floor0"]
			k.mu.Lock()
			base := number(k.order[0].Payload)
			for _, p := range k.order {
				want := opus(base + uint32(p.SequenceNumber-k.order[0].SequenceNumber))
				if !bytes.Equal(p.Payload, want) {
					t.Fatalf("sound packet %d is not what was sent", p.SequenceNumber)
				}
			}
			k.mu.Unlock()
			if s := n.host.Stats(); s.Forged+s.Malformed+s.UnknownSSRC+s.Unsealed+s.Policed > 0 || s.Connected != 2 {
				t.Errorf("stats = %+v, want two clean sessions", s)
			}
			overhead := map[string]int{"gcm": 16, "hmac": 10}[name]
			// 12 header, 8 MID extension, 240 payload: shows which profile was chosen.
			if got, want := a.net.longest(down, 111), 12+8+240+overhead; got != want {
				t.Errorf("a sound packet has %d bytes, want %d", got, want)
			}
		})
	}
}

// number finds the number of an opus payload.
func number(p []byte) uint32 {
	for n := range uint32(1 << 16) {
		if bytes.Equal(opus(n), p) {
			return n
		}
	}
	return 0
}

// TestResend drops a tenth of the media in both directions, and a little later everything is there; the control drops the
// feedback too.
func TestResend(t *testing.T) {
	t.Parallel()
	for name, feedback := range map[string]bool{"resend": true, "control: no feedback": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			virtualPair(t, func(t *testing.T, _ *node, a, b *browser) { dropATenth(t, a, b, feedback) })
		})
	}
}

func dropATenth(t *testing.T, a, b *browser, feedback bool) {
	for _, x := range []*browser{a, b} {
		x.got["floor0"].reach(t, 5)
		x.got["stage0"].reach(t, 5)
	}
	var mu sync.Mutex
	random := rand.New(rand.NewPCG(1, 2))
	lossy := func(_ way, p []byte) int {
		mu.Lock()
		defer mu.Unlock()
		switch c := udp.Classify(p); {
		case c == udp.RTP && random.IntN(10) == 0:
			return 0
		case c == udp.RTCP && !feedback:
			return 0
		}
		return 1
	}
	a.net.filter(lossy)
	b.net.filter(lossy)
	a.got["floor0"].more(t, 150)
	a.net.filter(nil)
	b.net.filter(nil)
	n := b.got["stage0"].count()
	a.got["floor0"].more(t, 30) // the last losses come back too
	b.got["stage0"].reach(t, n+10)
	gaps := a.got["floor0"].gaps() + b.got["floor0"].gaps()
	pictures := a.got["stage0"].gaps() + b.got["stage0"].gaps()
	t.Logf("%d sounds and %d pictures are missing", gaps, pictures)
	if feedback && (gaps > 2 || pictures > 2) { // a resend may be lost too, each time
		t.Errorf("%d sounds and %d pictures are missing after resends, want at most 2", gaps, pictures)
	}
	if !feedback && gaps < 20 {
		t.Errorf("control: %d sounds are missing, want at least 20: the path loses nothing", gaps)
	}
}

// TestNoNonceTwice looks at the sealed packets of a NACK storm: whatever has the same SSRC and number is the same bytes, and
// resends stay below a quarter and 50 a second.
func TestNoNonceTwice(t *testing.T) {
	t.Parallel()
	n, a, _ := pair(t, browserOptions{})
	var mu sync.Mutex
	seen := map[uint64][]byte{}
	again, firsts, differ := 0, 0, 0
	a.net.filter(func(w way, p []byte) int {
		if w != down || udp.Classify(p) != udp.RTP {
			return 1
		}
		mu.Lock()
		defer mu.Unlock()
		key := uint64(binary.BigEndian.Uint32(p[8:]))<<16 | uint64(binary.BigEndian.Uint16(p[2:]))
		switch before, ok := seen[key]; {
		case !ok:
			seen[key] = bytes.Clone(p)
			firsts++
		case bytes.Equal(before, p):
			again++
		default:
			differ++
		}
		return 1
	})
	ssrc := a.session.Slot("floor0").SSRC()
	k := a.got["floor0"]
	k.more(t, 10)
	began := time.Now()
	for range 20 {
		k.more(t, 5)
		k.mu.Lock()
		last := k.order[len(k.order)-1].SequenceNumber
		k.mu.Unlock()
		must(t, a.pc.WriteRTCP([]rtcp.Packet{&rtcp.TransportLayerNack{MediaSSRC: ssrc, Nacks: []rtcp.NackPair{{PacketID: last - 16, LostPackets: 0xffff}}}}))
	}
	k.more(t, 10)
	lasted := time.Since(began)
	mu.Lock()
	defer mu.Unlock()
	t.Logf("%d first, %d again, %d with other contents in %v", firsts, again, differ, lasted)
	if differ > 0 {
		t.Errorf("%d packets had the SSRC and number of another and differ", differ)
	}
	if again == 0 {
		t.Error("no NACK was answered")
	}
	if most := firsts/4 + int(50*lasted.Seconds()) + 100 + 20; again > most {
		t.Errorf("%d resends for %d packets, want at most %d", again, firsts, most)
	}
	_ = n
}

// TestICERestart changes the credentials while both talk: media does not stop.
func TestICERestart(t *testing.T) {
	t.Parallel()
	n, a, _ := pair(t, browserOptions{})
	a.got["floor0"].more(t, 10)
	must(t, a.offer(true, nil))
	began := time.Now()
	a.got["floor0"].more(t, 50)
	t.Logf("50 packets took %v", time.Since(began))
	if a.pc.ICEConnectionState() != webrtc.ICEConnectionStateConnected {
		t.Errorf("ice is %v after a restart, want connected", a.pc.ICEConnectionState())
	}
	if s := n.host.Stats(); s.Connected != 2 || s.STUNForged > 0 {
		t.Errorf("stats = %+v, want 2 connected", s)
	}
}

// TestMoreSlots adds a slot by a later offer; the first ones go on.
func TestMoreSlots(t *testing.T) {
	t.Parallel()
	n, a, b := pair(t, browserOptions{})
	before := a.session.Slot("stage0")
	a.receive("stage1", webrtc.RTPCodecTypeVideo)
	must(t, a.offer(false, nil))
	if a.session.Slot("stage0") != before {
		t.Error("the first slot was made anew")
	}
	if got := len(a.session.Slots("stage")); got != 2 {
		t.Fatalf("%d stage slots, want 2", got)
	}
	n.assign(a.session.Slot("stage1"), b.session.Stream("cam"))
	a.got["stage1"].more(t, 10)
	a.got["stage0"].more(t, 10)
}

// TestGoodbyeOfAnother sends BYE and keyframe requests for streams that are not the sender's: nothing ends, all are counted. The
// control is a keyframe request for the own slot.
func TestGoodbyeOfAnother(t *testing.T) {
	t.Parallel()
	n, a, b := pair(t, browserOptions{})
	a.got["stage0"].more(t, 5)
	mics := []uint32{0}
	n.worker.Call(func() { mics[0] = b.session.Stream("mic").SSRC() })
	must(t, a.pc.WriteRTCP([]rtcp.Packet{&rtcp.Goodbye{Sources: mics}}))
	must(t, a.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: b.session.Slot("stage0").SSRC()}}))
	must(t, a.pc.WriteRTCP([]rtcp.Packet{&rtcp.PictureLossIndication{MediaSSRC: a.session.Slot("stage0").SSRC()}}))
	a.got["floor0"].more(t, 25)
	if s := n.host.Stats(); s.Foreign < 2 {
		t.Errorf("%d foreign messages counted, want 2", s.Foreign)
	}
	n.worker.Call(func() {
		if own, other := a.session.Slot("stage0").Stats().KeyframeRequests, b.session.Slot("stage0").Stats().KeyframeRequests; own == 0 || other > 0 {
			t.Errorf("keyframe requests: own slot %d, other's slot %d; want at least 1 and 0", own, other)
		}
	})
}

// TestQuality shows loss and delay of the path.
func TestQuality(t *testing.T) {
	t.Parallel()
	_, a, _ := pair(t, browserOptions{})
	a.got["floor0"].more(t, 5)
	i := 0
	var mu sync.Mutex
	a.net.filter(func(w way, p []byte) int {
		mu.Lock()
		defer mu.Unlock()
		if w == up && udp.Classify(p) == udp.RTP {
			if i++; i%5 == 0 {
				return 0
			}
		}
		return 1
	})
	deadline := time.Now().Add(patience)
	for a.session.Quality().UpLoss < 0.1 || a.session.Quality().RTT == 0 {
		if time.Now().After(deadline) {
			t.Fatalf("quality = %+v, want an uplink loss near 0.2 and an RTT", a.session.Quality())
		}
		a.got["floor0"].more(t, 5)
	}
	if q := a.session.Quality(); q.RTT > time.Second || q.UpLoss > 0.3 || time.Since(q.LastHeard) > 5*time.Second {
		t.Errorf("quality = %+v", q)
	}
}

package bench

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/pion/dtls/v3"
	"github.com/pion/interceptor"
	"github.com/pion/rtcp"
	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"
)

// server is a forwarder of another make: the independent opinion on our ICE, DTLS and SRTP. pass says what becomes of the n-th packet.
type server struct {
	*httptest.Server
	pass    func(n int) (times int)
	tracks  map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP
	role    webrtc.DTLSRole
	mu      sync.Mutex // guards pcs
	pcs     []*webrtc.PeerConnection
	reports chan rtcp.Packet // what receivers say; full: dropped
}

func newServer(t *testing.T, role webrtc.DTLSRole, pass func(int) int) *server {
	s := &server{pass: pass, role: role, tracks: map[webrtc.RTPCodecType]*webrtc.TrackLocalStaticRTP{}, reports: make(chan rtcp.Packet, 64)}
	for k, mime := range map[webrtc.RTPCodecType]string{webrtc.RTPCodecTypeAudio: webrtc.MimeTypeOpus, webrtc.RTPCodecTypeVideo: webrtc.MimeTypeVP8} {
		s.tracks[k], _ = webrtc.NewTrackLocalStaticRTP(webrtc.RTPCodecCapability{MimeType: mime}, k.String(), "test")
	}
	s.Server = httptest.NewServer(http.HandlerFunc(s.open))
	t.Cleanup(func() {
		s.mu.Lock()
		for _, pc := range s.pcs {
			_ = pc.Close()
		}
		s.mu.Unlock()
		s.Close()
	})
	return s
}

func (s *server) open(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodDelete {
		return
	}
	if r.Header.Get("Authorization") != "Bearer secret" {
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	offer, _ := io.ReadAll(r.Body)
	var se webrtc.SettingEngine
	se.SetIncludeLoopbackCandidate(true)
	se.SetInterfaceFilter(func(name string) bool { return name == "lo" })
	se.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	se.SetSRTPProtectionProfiles(dtls.SRTP_AEAD_AES_128_GCM)
	_ = se.SetAnsweringDTLSRole(s.role)
	me := &webrtc.MediaEngine{}
	_ = me.RegisterDefaultCodecs()
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(se), webrtc.WithMediaEngine(me), webrtc.WithInterceptorRegistry(&interceptor.Registry{})).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	s.mu.Lock()
	s.pcs = append(s.pcs, pc)
	s.mu.Unlock()
	if strings.HasSuffix(r.URL.Path, "whip") {
		pc.OnTrack(func(t *webrtc.TrackRemote, _ *webrtc.RTPReceiver) { s.forward(t) })
	} else {
		for _, t := range s.tracks {
			x, _ := pc.AddTrack(t)
			go s.listen(x)
		}
	}
	_ = pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: string(offer)})
	a, _ := pc.CreateAnswer(nil)
	done := webrtc.GatheringCompletePromise(pc)
	_ = pc.SetLocalDescription(a)
	<-done
	w.Header().Set("Location", "/session")
	w.WriteHeader(http.StatusCreated)
	_, _ = io.WriteString(w, pc.LocalDescription().SDP)
}

func (s *server) forward(t *webrtc.TrackRemote) {
	var n int
	var seq uint16
	for {
		p, _, err := t.ReadRTP()
		if err != nil {
			return
		}
		n++
		for range s.pass(n) { // a repetition is a packet of its own: SRTP would drop the same one
			seq++
			_ = s.tracks[t.Kind()].WriteRTP(&rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: seq, Timestamp: p.Timestamp, Marker: p.Marker}, Payload: p.Payload})
		}
	}
}

func (s *server) listen(x *webrtc.RTPSender) {
	for {
		ps, _, err := x.ReadRTCP()
		if err != nil {
			return
		}
		for _, p := range ps {
			select {
			case s.reports <- p:
			default:
			}
		}
	}
}

// measure loads s with three receivers for two seconds.
func measure(t *testing.T, s *server) Figures {
	t.Helper()
	l, err := NewLoad(t.Context(), Target{Publish: Door{s.URL + "/whip", "secret"}, Play: Door{URL: s.URL + "/whep"}, Tokens: []string{"secret"}, PID: os.Getpid()})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	l.Send(true)
	if n := l.Join(t.Context(), 3); n != 3 {
		t.Fatalf("%d of 3 joined: %v", n, l.failures)
	}
	f, err := l.Measure(t.Context(), 2*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLoadAgainstAnotherServer(t *testing.T) {
	for name, role := range map[string]webrtc.DTLSRole{"server begins dtls": webrtc.DTLSRoleClient, "tool begins dtls": webrtc.DTLSRoleServer} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t, role, func(int) int { return 1 })
			f := measure(t, s)
			if f.Receivers != 3 || f.Loss != [kinds]float64{} || f.Duplicates != 0 || f.Alien != 0 || f.Unopened != 0 || f.Lost != 0 {
				t.Errorf("a clean way shows %+v", f)
			}
			if f.Sent[audio] < 50 || f.Sent[video] < 150 || f.Sent[video]%burst != 0 {
				t.Errorf("sent %v in %v s", f.Sent, f.Seconds)
			}
			if f.DelayP50 <= 0 || f.DelayP99 < f.DelayP50 || f.DelayMax > 5e6 {
				t.Errorf("delays %v, %v, %v µs", f.DelayP50, f.DelayP99, f.DelayMax)
			}
			if f.PerPacket <= 0 || f.Resident < 1<<20 {
				t.Errorf("cpu %v µs a packet, %d bytes", f.PerPacket, f.Resident)
			}
			kinds := map[string]bool{}
			for len(s.reports) > 0 {
				if rr, ok := (<-s.reports).(*rtcp.ReceiverReport); ok && len(rr.Reports) > 0 {
					kinds["rr"] = true
				}
			}
			if !kinds["rr"] {
				t.Error("no receiver report reached the server")
			}
		})
	}
}

// The control: what a server drops or repeats shows.
func TestLoadSeesLossAndDuplicates(t *testing.T) {
	f := measure(t, newServer(t, webrtc.DTLSRoleClient, func(n int) int {
		switch n % 10 {
		case 3:
			return 0
		case 7:
			return 2
		}
		return 1
	}))
	for k, got := range f.Loss {
		if got < 8 || got > 12 {
			t.Errorf("%s: loss %v %%, want 10", kind(k), got)
		}
	}
	if want := float64(f.Delivered()) / 9; float64(f.Duplicates) < want*0.8 || float64(f.Duplicates) > want*1.2 {
		t.Errorf("%d duplicates, want about %.0f", f.Duplicates, want)
	}
}

// TestCrowdHearsSoundThatStops: who hears nothing any more, or has heard nothing yet, has a pause, though no packet ends it.
func TestCrowdHearsSoundThatStops(t *testing.T) {
	var silent atomic.Bool
	s := newServer(t, webrtc.DTLSRoleClient, func(int) int {
		if silent.Load() {
			return 0
		}
		return 1
	})
	l, err := NewLoad(t.Context(), Target{Publish: Door{s.URL + "/whip", "secret"}, Play: Door{s.URL + "/whep", "secret"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	join := func() {
		t.Helper()
		if n := l.Join(t.Context(), len(l.receivers)+1); n != len(l.receivers) || l.failed > 0 {
			t.Fatalf("%d joined: %v", n, l.failures)
		}
	}
	crowd := func(what string, least, most time.Duration) {
		t.Helper()
		if gap, _, err := l.Crowd(t.Context(), 0); err != nil || gap < least || gap > most {
			t.Errorf("%s: %v without sound, %v; want %v to %v", what, gap, err, least, most)
		}
	}
	l.Send(true)
	join()
	crowd("the first packets", 0, time.Minute)
	crowd("control: sound goes on", 0, 900*time.Millisecond)
	silent.Store(true)
	crowd("it stops", time.Second, 5*time.Second)
	l.receivers = nil
	join()
	crowd("it has never begun", time.Second, 5*time.Second)
}

func TestJoinFailuresAreCounted(t *testing.T) {
	s := newServer(t, webrtc.DTLSRoleClient, func(int) int { return 1 })
	l, err := NewLoad(t.Context(), Target{Publish: Door{s.URL + "/whip", "secret"}, Play: Door{s.URL + "/whep", "wrong"}})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if n := l.Join(t.Context(), 4); n != 0 || l.failed != 4 || l.failures["offer: the server says 401 Unauthorized"] != 4 {
		t.Errorf("%d joined, %d failed: %v; want 4 times 401", n, l.failed, l.failures)
	}
	if _, err := NewLoad(t.Context(), Target{Publish: Door{s.URL + "/whip", "wrong"}, Play: Door{s.URL + "/whep", ""}}); err == nil {
		t.Error("a publisher without the right token was let in")
	}
}

package peer_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"visavis/internal/media"
	"visavis/internal/udp"
)

// rids are the layers of a test's camera, best first, and the payload bytes of one picture of each.
var rids = [3]string{"h", "m", "l"}

var ridSize = [3]int{1100, 700, 300}

// layered adds a camera of three layers.
func (b *browser) layered() {
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}
	var sender *webrtc.RTPSender
	for i, rid := range rids {
		k, err := webrtc.NewTrackLocalStaticRTP(codec, "cam", "own", webrtc.WithRTPStreamID(rid))
		must(b.t, err)
		if i == 0 {
			tr, err := b.pc.AddTransceiverFromTrack(k, webrtc.RTPTransceiverInit{Direction: webrtc.RTPTransceiverDirectionSendonly})
			must(b.t, err)
			sender = tr.Sender()
		} else {
			must(b.t, sender.AddEncoding(k))
		}
		b.cams[i] = k
	}
	b.sender = sender
	b.names = append(b.names, "cam")
}

// film sends pictures of all layers each 40 ms, each a keyframe, until the browser leaves.
func (b *browser) film(sends func(rid string) bool) {
	var mid, rid uint8
	for _, x := range b.sender.GetParameters().HeaderExtensions {
		if strings.HasSuffix(x.URI, ":mid") {
			mid = uint8(x.ID)
		}
		if strings.HasSuffix(x.URI, ":rtp-stream-id") {
			rid = uint8(x.ID)
		}
	}
	own := ""
	for _, t := range b.pc.GetTransceivers() {
		if t.Sender() == b.sender {
			own = t.Mid()
		}
	}
	b.stopped.Go(func() {
		tick := time.NewTicker(40 * time.Millisecond)
		defer tick.Stop()
		for n := uint16(1); ; n++ {
			select {
			case <-tick.C:
			case <-b.stop:
				return
			}
			for i, k := range b.cams {
				if !sends(rids[i]) {
					continue
				}
				body := make([]byte, ridSize[i])
				copy(body, []byte{0x90, 0x80, 0x80 | byte(n>>8)&0x7f, byte(n), 0})
				p := &rtp.Packet{Header: rtp.Header{Version: 2, PayloadType: 96, SequenceNumber: n, Timestamp: uint32(n) * 3600, Marker: true}, Payload: body}
				must(b.t, p.SetExtension(mid, []byte(own)))
				must(b.t, p.SetExtension(rid, []byte(rids[i])))
				_ = k.WriteRTP(p)
			}
		}
	})
}

// shows waits until a picture of layer rid arrives.
func (k *track) shows(t *testing.T, rid int) {
	t.Helper()
	limit := time.After(2 * patience) // a path that was bad is believed again only after a while
	for {
		select {
		case <-k.arrived:
			k.mu.Lock()
			size := len(k.order[len(k.order)-1].Payload)
			k.mu.Unlock()
			if size == ridSize[rid] {
				return
			}
		case <-limit:
			t.Fatalf("layer %s does not come", rids[rid])
		}
	}
}

func TestSimulcast(t *testing.T) {
	n := newNode(t, nil)
	speaker := join(t, n, browserOptions{layers: true, direct: true})
	watcher := join(t, n, browserOptions{noMic: true, direct: true})
	speaker.film(func(string) bool { return true })
	cam, slot := speaker.session.Stream("cam"), watcher.session.Slot("stage0")
	if cam == nil || len(cam.Track().Layers()) != 3 {
		t.Fatalf("camera %v, want three layers", cam)
	}
	n.worker.Call(func() { slot.Show(time.Now(), cam.Track(), media.Priority{}) })
	got := watcher.got["stage0"]
	got.shows(t, 0)
	if w := speaker.session.Watched(); w != nil && !slices.Contains(w, "h") {
		t.Errorf("layers %q are said to be watched, want h among them", w)
	}
	for i, l := range cam.Track().Layers() {
		var stats media.StreamStats
		n.worker.Call(func() { stats = l.Stats() })
		if stats.Packets < 3 || stats.Lost > 0 || stats.Refused > 0 {
			t.Errorf("layer %d: %+v, want packets of one layer without a gap", i, stats)
		}
	}
	// The browser's feedback makes an estimate, and there is room for everything.
	var packets int
	n.worker.Call(func() { packets = int(slot.Stats().Packets) })
	if packets == 0 || got.gaps() > 0 {
		t.Errorf("%d packets sent, %d missing", packets, got.gaps())
	}
}

// A layer that stops is replaced by the next, in the same slot.
func TestSimulcastLayerStops(t *testing.T) {
	n := newNode(t, nil)
	speaker := join(t, n, browserOptions{layers: true, direct: true})
	watcher := join(t, n, browserOptions{noMic: true, direct: true})
	stop := make(chan struct{})
	speaker.film(func(rid string) bool {
		select {
		case <-stop:
			return rid != "h"
		default:
			return true
		}
	})
	cam, slot := speaker.session.Stream("cam"), watcher.session.Slot("stage0")
	n.worker.Call(func() { slot.Show(time.Now(), cam.Track(), media.Priority{}) })
	got := watcher.got["stage0"]
	got.shows(t, 0)
	close(stop)
	got.shows(t, 1)
	if got.gaps() > 0 {
		t.Errorf("%d numbers are missing in the slot", got.gaps())
	}
}

// A path that loses three quarters of the pictures gets the lowest layer, and the best again when it is healed: by the browser's own feedback.
func TestSlowPathGetsLowerLayer(t *testing.T) {
	n := newNode(t, nil)
	speaker := join(t, n, browserOptions{layers: true, direct: true})
	watcher := join(t, n, browserOptions{noMic: true})
	other := join(t, n, browserOptions{noMic: true})
	speaker.film(func(string) bool { return true })
	cam := speaker.session.Stream("cam")
	for _, b := range []*browser{watcher, other} {
		n.worker.Call(func() { b.session.Slot("stage0").Show(time.Now(), cam.Track(), media.Priority{}) })
		b.got["stage0"].shows(t, 0)
	}
	i := 0
	watcher.net.filter(func(w way, b []byte) int {
		if w == down && udp.Classify(b) == udp.RTP {
			if i++; i%4 > 0 {
				return 0
			}
		}
		return 1
	})
	watcher.got["stage0"].shows(t, 2)
	told := func(b *browser, want string) {
		t.Helper()
		for limit := time.Now().Add(patience); b.session.Quality().Pictures != want; <-time.After(10 * time.Millisecond) {
			if time.Now().After(limit) {
				t.Fatalf("pictures = %q, want %q", b.session.Quality().Pictures, want)
			}
		}
	}
	told(watcher, "less")
	told(other, "all")
	layer := 0
	n.worker.Call(func() { layer = other.session.Slot("stage0").Layer() })
	if layer != 2 {
		t.Errorf("the other browser is shown layer %d, want the best: it has lost nothing", layer)
	}
	watcher.net.filter(nil)
	watcher.got["stage0"].shows(t, 0)
	told(watcher, "all")
}

package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"github.com/pion/rtp"
	"github.com/pion/webrtc/v4"

	"visavis/internal/media"
	"visavis/internal/peer"
	"visavis/internal/udp"
)

// rig is the measured process: a node's packet path with a session for each receiver, pion/webrtc with a connection for the first of
// them, and the child that owns the receivers' sockets.
type rig struct {
	child *exec.Cmd
	to    *json.Encoder
	from  *bufio.Scanner

	socket   *udp.Socket
	worker   *udp.Worker
	sw       *media.Switch
	host     *peer.Host
	sessions []*peer.Session
	streams  [slots]*media.Stream // audiences of 10, of 50 and of all
	seqs     [slots]uint16
	seq      uint16 // pion's
	payload  []byte

	track *webrtc.TrackLocalStaticRTP
	pcs   []*webrtc.PeerConnection
	peers []netip.AddrPort // the receivers
}

// payloadSize is that of a picture's packets as browsers cut them.
const payloadSize = 1150

func newRig(receivers, pion int) (_ *rig, err error) {
	r := &rig{payload: make([]byte, payloadSize)}
	defer func() {
		if err != nil {
			r.close()
		}
	}()
	if err = r.node(); err != nil {
		return nil, err
	}
	codec := webrtc.RTPCodecCapability{MimeType: webrtc.MimeTypeVP8}
	if r.track, err = webrtc.NewTrackLocalStaticRTP(codec, "video", "forward"); err != nil {
		return nil, err
	}
	if err = r.start(); err != nil {
		return nil, err
	}
	if err = r.to.Encode(message{Receivers: receivers, Pion: pion}); err != nil {
		return nil, err
	}
	up := make(chan struct{}, receivers)
	for {
		m, err := r.next()
		if err != nil {
			return nil, err
		}
		if m.Count {
			break
		}
		answer, err := r.answer(m, up)
		if err != nil {
			return nil, fmt.Errorf("receiver %d, %s: %w", m.I, m.To, err)
		}
		if err := r.to.Encode(message{SDP: answer}); err != nil {
			return nil, err
		}
	}
	for range receivers {
		select {
		case <-up:
		case <-time.After(10 * time.Second):
			return nil, fmt.Errorf("not all sessions are connected: %+v", r.host.Stats())
		}
	}
	return r, r.assign()
}

func (r *rig) node() (err error) {
	if r.socket, err = udp.Listen(netip.MustParseAddrPort("127.0.0.1:0")); err != nil {
		return err
	}
	r.worker, r.sw = udp.NewWorker(r.socket), media.NewSwitch()
	mux := udp.NewMux()
	if r.host, err = peer.NewHost(peer.Config{Worker: r.worker, Mux: mux, Switch: r.sw, Local: r.socket.LocalAddr(), Loopback: true}); err != nil {
		return err
	}
	mux.OnTick(r.sw.Tick)
	mux.Hurry(r.sw.Urgent)
	mux.OnBatchEnd(r.sw.Flush)
	go func() { _ = r.worker.Serve(mux) }()
	for i := range r.streams {
		r.worker.Call(func() {
			r.streams[i] = media.NewStream(r.sw, media.StreamConfig{ID: fmt.Sprint(i), Kind: media.Video, SSRC: uint32(i + 1)})
		})
	}
	return nil
}

func (r *rig) start() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	r.child = exec.Command(self, "receive")
	r.child.Stderr = os.Stderr
	r.child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var in io.WriteCloser
	var out io.ReadCloser
	if in, err = r.child.StdinPipe(); err != nil {
		return err
	}
	if out, err = r.child.StdoutPipe(); err != nil {
		return err
	}
	r.to, r.from = json.NewEncoder(in), bufio.NewScanner(out)
	r.from.Buffer(nil, 1<<20)
	return r.child.Start()
}

func (r *rig) next() (m message, err error) {
	if !r.from.Scan() {
		return m, errGone
	}
	return m, json.Unmarshal(r.from.Bytes(), &m)
}

func (r *rig) answer(m message, up chan<- struct{}) (string, error) {
	if m.To == "own" {
		names := make([]string, slots)
		for i := range names {
			names[i] = fmt.Sprintf("stage%d", i)
		}
		s, answer, err := r.host.Open(peer.Offer{SDP: m.SDP, Names: names}, peer.Events{Connected: func() { up <- struct{}{} }})
		r.sessions, r.peers = append(r.sessions, s), append(r.peers, m.At)
		return answer, err
	}
	pc, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings())).NewPeerConnection(webrtc.Configuration{})
	if err != nil {
		return "", err
	}
	r.pcs = append(r.pcs, pc)
	sender, err := pc.AddTrack(r.track)
	if err != nil {
		return "", err
	}
	go func() { // interceptors see RTCP only while somebody reads it
		b := make([]byte, 1500)
		for {
			if _, _, err := sender.Read(b); err != nil {
				return
			}
		}
	}()
	if err := pc.SetRemoteDescription(webrtc.SessionDescription{Type: webrtc.SDPTypeOffer, SDP: m.SDP}); err != nil {
		return "", err
	}
	a, err := pc.CreateAnswer(nil)
	if err != nil {
		return "", err
	}
	gathered := webrtc.GatheringCompletePromise(pc)
	if err := pc.SetLocalDescription(a); err != nil {
		return "", err
	}
	<-gathered
	return pc.LocalDescription().SDP, nil
}

// assign gives each audience its stream, and begins them with a keyframe.
func (r *rig) assign() error {
	now := time.Now()
	for i, s := range r.sessions {
		for k, n := range []int{10, 50, len(r.sessions)} {
			if i < n {
				slot := s.Slots("stage")[k]
				r.worker.Call(func() { slot.Assign(now, r.streams[k]) })
			}
		}
	}
	for k := range r.streams {
		if _, err := r.own(k, 1)(1); err != nil {
			return err
		}
	}
	_, err := r.count(0)
	return err
}

// cpu is the time that this process has had the processor, all its threads, user and system.
func cpu() time.Duration {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// own sends to an audience as the worker does after a batch: into the ring, on to each forwarder, sealed into the slab, out.
func (r *rig) own(audience, burst int) func(int) (time.Duration, error) {
	return func(bursts int) (d time.Duration, err error) {
		ok := r.worker.Call(func() {
			before := cpu()
			for i := range bursts {
				r.push(audience, burst, i == 0)
			}
			d = cpu() - before
		})
		if !ok {
			err = fmt.Errorf("the worker is gone")
		}
		return d, err
	}
}

// push is the worker's. A round begins with a keyframe: after a second's silence a slot waits for one.
func (r *rig) push(audience, burst int, key bool) {
	now := time.Now()
	for i := range burst {
		seq := r.seqs[audience]
		r.seqs[audience]++
		copy(r.payload, []byte{0x90, 0x80, 0x80 | byte(seq>>8)&0x7f, byte(seq), 1})
		if key && i == 0 {
			r.payload[4] = 0
		}
		p := media.Packet{SSRC: uint32(audience + 1), Seq: seq, Time: uint32(seq) * 3600, Marker: true, Payload: r.payload}
		r.streams[audience].Push(now, &p, media.NoLevel)
	}
	r.sw.Flush(now)
	r.worker.Flush()
}

// pion sends by TrackLocalStaticRTP.WriteRTP.
func (r *rig) pion(burst int) func(int) (time.Duration, error) {
	return func(bursts int) (time.Duration, error) {
		before := cpu()
		for range bursts * burst {
			r.seq++
			p := rtp.Packet{Header: rtp.Header{Version: 2, SequenceNumber: r.seq, Timestamp: uint32(r.seq) * 3600, PayloadType: 96, Marker: true}, Payload: r.payload}
			if err := r.track.WriteRTP(&p); err != nil {
				return 0, err
			}
		}
		return cpu() - before, nil
	}
}

// floor sends datagrams of the size that own's have, in the same runs, by the same socket, and does nothing else.
func (r *rig) floor(receivers, burst int) func(int) (time.Duration, error) {
	const size = 12 + 8 + payloadSize + 16 // header, MID, tag
	var ds []udp.Datagram
	slab := make([]byte, 128*udp.MaxDatagram)
	for i := range receivers * burst {
		at := i % 128 * size
		b := slab[at : at+size : at+size]
		b[0] = 0x80
		ds = append(ds, udp.Datagram{Data: b})
	}
	return func(bursts int) (d time.Duration, err error) {
		for i := range ds {
			ds[i].Addr = r.peers[i/burst]
		}
		ok := r.worker.Call(func() { // the same thread as own's
			before := cpu()
			for range bursts {
				for at := 0; at < len(ds) && err == nil; at += 128 {
					_, err = r.socket.WriteBatch(ds[at:min(at+128, len(ds))])
				}
			}
			d = cpu() - before
		})
		if !ok {
			err = errGone
		}
		return d, err
	}
}

// count asks how much was received until it is want, or a second has passed without anything new.
func (r *rig) count(want int) (int, error) {
	last, since := -1, time.Now()
	for {
		if err := r.to.Encode(message{Count: true}); err != nil {
			return 0, err
		}
		m, err := r.next()
		if err != nil {
			return 0, err
		}
		if want > 0 && m.Received >= want || m.Received == last && time.Since(since) > 20*time.Millisecond && (want == 0 || time.Since(since) > time.Second) {
			return m.Received, nil
		}
		if m.Received != last {
			last, since = m.Received, time.Now()
		}
		time.Sleep(time.Millisecond)
	}
}

// allocations is how many a round of 400 packets to 50 receivers makes, the least of ten: other goroutines live in this process too.
func (r *rig) allocations() (float64, error) {
	least := ^uint64(0)
	for range 10 {
		var before, after runtime.MemStats
		ok := r.worker.Call(func() {
			runtime.ReadMemStats(&before)
			for i := range 2 {
				r.push(1, 4, i == 0)
			}
			runtime.ReadMemStats(&after)
		})
		if !ok {
			return 0, errGone
		}
		least = min(least, after.Mallocs-before.Mallocs)
		if _, err := r.count(0); err != nil {
			return 0, err
		}
	}
	return float64(least), nil
}

func (r *rig) close() {
	if r.child != nil && r.child.Process != nil {
		_ = r.child.Process.Kill()
		_ = r.child.Wait()
	}
	for _, pc := range r.pcs {
		_ = pc.Close()
	}
	if r.host != nil {
		_ = r.host.Close()
	}
	if r.worker != nil {
		_ = r.worker.Close()
	}
}

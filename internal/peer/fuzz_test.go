package peer

import (
	"bytes"
	"testing"
	"time"

	"github.com/pion/rtcp"

	"visavis/internal/udp"
)

// FuzzDatagram hands anything to a host with a session, from the session's address and from another. Nothing of it is
// authentic, so the session must be as it was.
func FuzzDatagram(f *testing.F) {
	f.Add([]byte{22, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1})
	f.Add([]byte{0x80, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0x11, 0x11, 1, 2, 3})
	f.Add([]byte{0x81, 201, 0, 1, 0, 0, 0x11, 0x11, 1, 2, 3, 4})
	{
		g := chrome(newBench(f))
		f.Add(g.request(true))
		f.Add(g.answer(g.request(false), "wrong"))
		f.Add(g.rtp(micSSRC, opusPT, "0", make([]byte, 40)))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		if len(p) > udp.MaxDatagram {
			return
		}
		b := newBench(t)
		g := chrome(b).known()
		before := *g.s.tracks.Load()
		b.from(g.addr, bytes.Clone(p))
		b.from(addr(1), bytes.Clone(p))
		b.pass(20 * time.Millisecond)
		if g.f.remote != g.addr || g.f.ended || g.s.Stream("mic").Stats().Packets != 1 || len(before.slots) != len(g.s.tracks.Load().slots) {
			t.Errorf("%x changed the session", p)
		}
		g.come(g.rtp(micSSRC, opusPT, "", make([]byte, 10)))
		if g.s.Stream("mic").Stats().Packets != 2 {
			t.Errorf("after %x an authentic packet was not taken", p)
		}
	})
}

// FuzzRTP takes authentic packets with any contents.
func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x90, 111, 0, 1, 0, 0, 0, 1, 0, 0, 0x11, 0x11, 0xbe, 0xde, 0, 1, 0x40, '0', 0, 0, 1, 2, 3})
	f.Add([]byte{0xb0, 96, 0, 1, 0, 0, 0, 1, 0, 0, 0x22, 0x22, 0x10, 0, 0, 1, 4, 1, '1', 0, 1, 2, 3, 200})
	f.Add([]byte{0x8f, 97, 0, 1, 0, 0, 0, 1, 0, 0, 0x33, 0x33})
	b := newBench(f)
	b.conn.keep = false
	g := chrome(b).known()
	f.Fuzz(func(t *testing.T, p []byte) {
		b.now = b.now.Add(time.Millisecond)
		g.f.rtp(b.now, p)
		b.mux.Tick(b.now)
		if len(g.f.ssrcs) > MaxSSRC {
			t.Errorf("%d SSRCs", len(g.f.ssrcs))
		}
	})
}

// FuzzRTCP takes authentic compound packets with any contents.
func FuzzRTCP(f *testing.F) {
	b := newBench(f)
	b.conn.keep = false
	g := chrome(b).known()
	slot := g.s.Slot("floor0").SSRC()
	for _, p := range []rtcp.Packet{
		&rtcp.SenderReport{SSRC: micSSRC, Reports: []rtcp.ReceptionReport{{SSRC: slot, LastSenderReport: 1}}},
		&rtcp.TransportLayerNack{MediaSSRC: slot, Nacks: []rtcp.NackPair{{PacketID: 1000, LostPackets: 0xffff}}},
		&rtcp.FullIntraRequest{FIR: []rtcp.FIREntry{{SSRC: slot}}},
		&rtcp.Goodbye{Sources: []uint32{micSSRC}},
	} {
		raw, _ := p.Marshal()
		f.Add(raw)
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		b.now = b.now.Add(10 * time.Millisecond)
		g.f.rtcp(b.now, p)
		b.mux.Tick(b.now)
		if q := g.s.Quality(); q.UpLoss < 0 || q.UpLoss > 1 || q.DownLoss < 0 || q.DownLoss > 1 || q.RTT < 0 || q.RTT > time.Minute {
			t.Errorf("quality = %+v", q)
		}
	})
}

// FuzzDTLSRecords walks the records of any datagram.
func FuzzDTLSRecords(f *testing.F) {
	f.Add([]byte{21, 0xfe, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 80})
	f.Fuzz(func(t *testing.T, p []byte) {
		if wanted(p, true) && !wanted(p, false) {
			t.Errorf("%x is wanted after the handshake only", p)
		}
	})
}

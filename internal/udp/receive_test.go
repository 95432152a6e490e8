package udp

import (
	"bytes"
	"math/rand/v2"
	"testing"
	"time"
)

// What is sent in runs on loopback comes joined, and is handed out as the datagrams that were sent, however few are asked for.
func TestJoinedDatagramsAreCut(t *testing.T) {
	const seed = 3
	for _, ip := range []string{"127.0.0.1:0", "[::]:0"} {
		s, to := open(t, ip), open(t, ip)
		if !s.can {
			t.Skip("SKIPPED LOUDLY: this kernel does not know UDP_SEGMENT")
		}
		r := rand.New(rand.NewPCG(seed, seed))
		at := to.LocalAddr()
		from := s.LocalAddr()
		if at.Addr().IsUnspecified() {
			at, from = loop(at), loop(from)
		}
		for round := range 50 {
			var sizes []int
			for range 1 + r.IntN(40) {
				sizes = append(sizes, []int{0, 1, 100, 100, 100, 1200, 1200, 1200, 1199, MaxDatagram}[r.IntN(10)])
			}
			ds := slab(at, sizes...)
			if n, err := s.WriteBatch(ds); n != len(ds) || err != nil {
				t.Fatalf("%d of %d written, %v", n, len(ds), err)
			}
			in := make([]Datagram, 1+r.IntN(readBatch))
			for i := 0; i < len(ds); {
				n, err := to.ReadBatch(in, time.Second)
				if n == 0 || err != nil {
					t.Fatalf("seed %d round %d: %d of %d came, %v", seed, round, i, len(ds), err)
				}
				for _, d := range in[:n] {
					if !bytes.Equal(d.Data, ds[i].Data) || d.Addr != from || cap(d.Data) != len(d.Data) {
						t.Fatalf("seed %d round %d: datagram %d has %d bytes from %s, want %d from %s", seed, round, i, len(d.Data), d.Addr, len(ds[i].Data), from)
					}
					i++
				}
			}
		}
		if got := to.Stats(); got.Joined < 100 || got.TooLong != 0 {
			t.Errorf("%s: %d datagrams came joined, %d too long; want hundreds and none", ip, got.Joined, got.TooLong)
		}
		if n, err := to.ReadBatch(make([]Datagram, 4), 0); n != 0 || err != nil {
			t.Errorf("then %d came, %v, want nothing", n, err)
		}
	}
}

// Joined datagrams that are too long are dropped one by one, and nothing that follows is lost.
func TestJoinedDatagramsMayBeTooLong(t *testing.T) {
	s, to := open(t, "127.0.0.1:0"), open(t, "127.0.0.1:0")
	if !s.can {
		t.Skip("SKIPPED LOUDLY: this kernel does not know UDP_SEGMENT")
	}
	ds := slab(to.LocalAddr(), 1400, 1400, 1400, 1400, 7)
	if n, err := s.WriteBatch(ds); n != 5 || err != nil {
		t.Fatalf("%d written, %v", n, err)
	}
	// As from a sender whose datagrams are longer than MaxDatagram: the size beside the message is another one now.
	in := make([]Datagram, 1)
	if n, err := to.ReadBatch(in, time.Second); n != 1 || err != nil || len(in[0].Data) != 1400 {
		t.Fatalf("first = %d, %v", n, err)
	}
	to.notes[0].words[2] = MaxDatagram + 1 // little endian; the number after the head of the control message
	in = make([]Datagram, 8)
	n, err := to.ReadBatch(in, time.Second)
	if want := 5607 - 1400 - 2*(MaxDatagram+1); n != 1 || err != nil || len(in[0].Data) != want {
		t.Errorf("then %d, %d bytes, %v; want the last of %d", n, len(in[0].Data), err, want)
	}
	if got := to.Stats().TooLong; got != 2 {
		t.Errorf("%d too long, want 2", got)
	}
}

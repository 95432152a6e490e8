package udp_test

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/udp"
)

// pipe is a Conn in memory for one worker: what is put into in is read, what is written comes out at sent.
type pipe struct {
	in   chan []udp.Datagram
	bell chan struct{}
	end  chan struct{}
	once sync.Once

	mu     sync.Mutex
	sent   [][]udp.Datagram // one element a WriteBatch
	refuse int              // how many of each WriteBatch are refused
	fail   int              // how many ReadBatch fail
}

var errBroken = errors.New("broken")

func newPipe() *pipe {
	return &pipe{in: make(chan []udp.Datagram, 16), bell: make(chan struct{}, 1), end: make(chan struct{})}
}

func (p *pipe) ReadBatch(ds []udp.Datagram, wait time.Duration) (int, error) {
	p.mu.Lock()
	failing := p.fail > 0
	if failing {
		p.fail--
	}
	p.mu.Unlock()
	if failing {
		return 0, errBroken
	}
	select {
	case <-p.end:
		return 0, net.ErrClosed
	case <-p.bell:
		return 0, nil
	case <-time.After(wait):
		return 0, nil
	case b := <-p.in:
		for i, d := range b {
			ds[i].Data = ds[i].Data[:copy(ds[i].Data[:udp.MaxDatagram], d.Data)]
			ds[i].Addr = d.Addr
		}
		return len(b), nil
	}
}

func (p *pipe) WriteBatch(ds []udp.Datagram) (int, error) {
	select {
	case <-p.end:
		return 0, net.ErrClosed
	default:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	var kept []udp.Datagram
	for _, d := range ds {
		kept = append(kept, udp.Datagram{Data: bytes.Clone(d.Data), Addr: d.Addr})
	}
	p.sent = append(p.sent, kept)
	if p.refuse > 0 {
		return len(ds) - p.refuse, errBroken
	}
	return len(ds), nil
}

func (p *pipe) Wake() {
	select {
	case p.bell <- struct{}{}:
	default:
	}
}

func (p *pipe) Close() error { p.once.Do(func() { close(p.end) }); return nil }

// sizes returns the number of datagrams in each batch that was written.
func (p *pipe) sizes() []int {
	p.mu.Lock()
	defer p.mu.Unlock()
	var n []int
	for _, b := range p.sent {
		n = append(n, len(b))
	}
	return n
}

type handler struct {
	receive func(time.Time, []udp.Datagram)
	tick    func(time.Time)
	urgent  func() bool
}

func (h handler) Receive(now time.Time, b []udp.Datagram) {
	if h.receive != nil {
		h.receive(now, b)
	}
}

func (h handler) Tick(now time.Time) {
	if h.tick != nil {
		h.tick(now)
	}
}

func (h handler) Urgent() bool { return h.urgent != nil && h.urgent() }

// serve runs a worker over a pipe until the test ends.
func serve(t *testing.T, h func(*udp.Worker) handler) (*udp.Worker, *pipe) {
	t.Helper()
	p := newPipe()
	w := udp.NewWorker(p)
	done := make(chan error, 1)
	go func() { done <- w.Serve(h(w)) }()
	t.Cleanup(func() {
		_ = w.Close()
		if err := <-done; err != nil {
			t.Errorf("serve: %v", err)
		}
	})
	if !w.Call(func() {}) {
		t.Fatal("a serving worker refused a call")
	}
	return w, p
}

var peer = netip.MustParseAddrPort("192.0.2.7:4000")

func TestWorkerSendsOncePerBatch(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t, func(w *udp.Worker) handler {
			return handler{receive: func(_ time.Time, b []udp.Datagram) {
				for _, d := range b {
					for range 2 {
						w.Commit(copy(w.Buffer(), d.Data), d.Addr)
					}
				}
			}}
		})
		p.in <- []udp.Datagram{{Data: []byte("one"), Addr: peer}, {Data: []byte("three"), Addr: peer}}
		synctest.Wait()
		if got := p.sizes(); len(got) != 1 || got[0] != 4 {
			t.Fatalf("batches written = %v, want one of 4", got)
		}
		for i, want := range []string{"one", "one", "three", "three"} {
			if got := p.sent[0][i]; string(got.Data) != want || got.Addr != peer {
				t.Errorf("datagram %d = %q to %s, want %q to %s", i, got.Data, got.Addr, want, peer)
			}
		}
		s := w.Stats()
		if s.Received != 2 || s.ReceivedBytes != 8 || s.Sent != 4 || s.SentBytes != 16 || s.Batches != 1 {
			t.Errorf("counted %+v", s)
		}
	})
}

// The slab is written to the end, and no datagram is lost or damaged where it begins anew.
func TestWorkerSlabIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t, func(*udp.Worker) handler { return handler{} })
		w.Call(func() {
			for i := range 300 {
				w.Commit(copy(w.Buffer(), bytes.Repeat([]byte{byte(i)}, udp.MaxDatagram)), peer)
			}
			for i := range 3 {
				w.Commit([]int{0, -1, udp.MaxDatagram + 1}[i], peer)
			}
		})
		synctest.Wait()
		n := 0
		for _, b := range p.sent {
			for _, d := range b {
				if len(d.Data) != udp.MaxDatagram || d.Data[0] != byte(n) || d.Data[udp.MaxDatagram-1] != byte(n) {
					t.Fatalf("datagram %d = %d bytes of %d", n, len(d.Data), d.Data[0])
				}
				n++
			}
		}
		if got := p.sizes(); n != 300 || len(got) != 3 {
			t.Errorf("%d datagrams in batches of %v, want 300 in 3", n, got)
		}
		if got := w.Stats().TooLong; got != 3 {
			t.Errorf("counted %d impossible lengths, want 3", got)
		}
	})
}

// Batches end between two destinations, where there are any: no run of five is cut in two. What is sent is what was committed.
func TestWorkerBatchesEndBetweenDestinations(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t, func(*udp.Worker) handler { return handler{} })
		to := func(i int) netip.AddrPort { return netip.AddrPortFrom(peer.Addr(), uint16(5000+i)) }
		const receivers, run = 50, 5
		w.Call(func() {
			for i := range receivers {
				for j := range run {
					w.Commit(copy(w.Buffer(), bytes.Repeat([]byte{byte(i), byte(j)}, 600)), to(i))
				}
			}
		})
		synctest.Wait()
		n := 0
		for k, b := range p.sent {
			if k > 0 && b[0].Addr == p.sent[k-1][len(p.sent[k-1])-1].Addr {
				t.Errorf("batch %d begins with the destination that the one before ends with", k)
			}
			for _, d := range b {
				i, j := n/run, n%run
				if d.Addr != to(i) || !bytes.Equal(d.Data, bytes.Repeat([]byte{byte(i), byte(j)}, 600)) {
					t.Fatalf("datagram %d to %v begins with %x, want %x to %v", n, d.Addr, d.Data[:2], []byte{byte(i), byte(j)}, to(i))
				}
				n++
			}
		}
		if n != receivers*run || len(p.sent) < 2 {
			t.Errorf("%d datagrams in %d batches, want %d in several", n, len(p.sent), receivers*run)
		}
	})
}

func TestWorkerRunsFunctionsInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := serve(t, func(*udp.Worker) handler { return handler{} })
		var got []int
		for i := range 1000 {
			if !w.Do(func() { got = append(got, i) }) {
				t.Fatal("refused")
			}
		}
		inner := false
		if !w.Call(func() { w.Do(func() { inner = true }) }) || len(got) != 1000 {
			t.Fatalf("after the call %d functions have run, want 1000", len(got))
		}
		for i, n := range got {
			if i != n {
				t.Fatalf("function %d ran as number %d", n, i)
			}
		}
		if !w.Call(func() {}) || !inner {
			t.Error("a function queued by the worker itself did not run")
		}
	})
}

func TestWorkerQueueIsBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, _ := serve(t, func(*udp.Worker) handler { return handler{} })
		stuck, free := make(chan struct{}), make(chan struct{})
		w.Do(func() { close(stuck); <-free })
		<-stuck
		ran := 0
		for range udp.MaxQueued {
			if !w.Do(func() { ran++ }) {
				t.Fatal("refused below the limit")
			}
		}
		if w.Do(func() { t.Error("a refused function ran") }) {
			t.Error("function past the limit was taken")
		}
		select {
		case <-w.Ended():
			t.Error("a full queue counts as the end")
		default:
		}
		close(free)
		synctest.Wait()
		if !w.Call(func() {}) {
			t.Error("control: after the queue has run there is room again")
		}
		if ran != udp.MaxQueued || w.Stats().QueueFull != 1 {
			t.Errorf("%d functions ran, %d refused; want %d and 1", ran, w.Stats().QueueFull, udp.MaxQueued)
		}
		_ = w.Close()
		<-w.Ended()
	})
}

func TestWorkerTicks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ticks []time.Time
		w, p := serve(t, func(*udp.Worker) handler {
			return handler{tick: func(now time.Time) { ticks = append(ticks, now) }}
		})
		start := time.Now()
		for range 100 { // packets do not keep the tick from coming
			time.Sleep(3 * time.Millisecond)
			p.in <- []udp.Datagram{{Data: []byte("x"), Addr: peer}}
		}
		synctest.Wait()
		n := int(time.Since(start) / udp.TickEvery)
		w.Call(func() {
			if len(ticks) < n*8/10 || len(ticks) > n+1 {
				t.Errorf("%d ticks in %v, want about %d", len(ticks), time.Since(start), n)
			}
			for i := 1; i < len(ticks); i++ {
				if d := ticks[i].Sub(ticks[i-1]); d < udp.TickEvery || d > 2*udp.TickEvery {
					t.Errorf("tick %d came %v after the one before", i, d)
				}
			}
		})
	})
}

// At rest ticks come every RestEvery; from the batch on that leaves something to wait for, every TickEvery, until it is done.
func TestWorkerTicksSoonerWhenUrgent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var ticks []time.Time
		urgent := false
		w, p := serve(t, func(*udp.Worker) handler {
			return handler{
				receive: func(_ time.Time, b []udp.Datagram) { urgent = b[0].Data[0] == 1 },
				tick:    func(now time.Time) { ticks = append(ticks, now) },
				urgent:  func() bool { return urgent },
			}
		})
		for round, want := range []time.Duration{udp.RestEvery, udp.TickEvery, udp.RestEvery} {
			if round > 0 {
				p.in <- []udp.Datagram{{Data: []byte{byte(round)}, Addr: peer}}
				synctest.Wait()
			}
			w.Call(func() { ticks = ticks[:0] })
			time.Sleep(10 * want)
			synctest.Wait()
			w.Call(func() {
				if len(ticks) < 9 {
					t.Fatalf("round %d: %d ticks in %v, want 9 at least", round, len(ticks), 10*want)
				}
				for i := 1; i < len(ticks); i++ {
					if d := ticks[i].Sub(ticks[i-1]); d != want {
						t.Errorf("round %d: tick %d came %v after the one before, want %v", round, i, d, want)
					}
				}
			})
		}
		if late := w.Stats().LateTicks; late != 0 {
			t.Errorf("%d ticks counted as late", late)
		}
	})
}

func TestWorkerCloses(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe()
		w := udp.NewWorker(p)
		served := make(chan error, 1)
		go func() { served <- w.Serve(handler{}) }()
		w.Call(func() {})
		ran := false
		stuck, free := make(chan struct{}), make(chan struct{})
		w.Do(func() { close(stuck); <-free })
		<-stuck
		w.Do(func() { ran = true; w.Commit(copy(w.Buffer(), "last"), peer) })
		closed := make(chan error, 2)
		go func() { closed <- w.Close() }()
		go func() { closed <- w.Close() }()
		synctest.Wait()
		if w.Do(func() { t.Error("ran") }) || w.Call(func() { t.Error("ran") }) {
			t.Error("a closing worker took a function")
		}
		close(free)
		for range 2 {
			if err := <-closed; err != nil {
				t.Errorf("close: %v", err)
			}
		}
		if err := <-served; err != nil {
			t.Errorf("serve: %v, want nil after Close", err)
		}
		if !ran || len(p.sizes()) != 1 {
			t.Errorf("function taken before Close: ran = %v, sent %v batches, want it to run and send", ran, p.sizes())
		}
		if err := w.Serve(handler{}); !errors.Is(err, net.ErrClosed) {
			t.Errorf("serve again: %v, want net.ErrClosed", err)
		}
		if err := w.WriteTo([]byte("x"), peer); !errors.Is(err, net.ErrClosed) {
			t.Errorf("write after close: %v, want net.ErrClosed", err)
		}
	})
}

func TestWorkerClosedUnserved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := udp.NewWorker(newPipe())
		called := make(chan bool)
		go func() { called <- w.Call(func() { t.Error("ran without Serve") }) }()
		synctest.Wait()
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		if <-called {
			t.Error("call on a worker that never served said true")
		}
	})
}

func TestWorkerSurvivesReadErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		got := 0
		w, p := serve(t, func(*udp.Worker) handler {
			return handler{receive: func(time.Time, []udp.Datagram) { got++ }}
		})
		p.mu.Lock()
		p.fail = 99
		p.mu.Unlock()
		w.Call(func() {})
		p.in <- []udp.Datagram{{Data: []byte("x"), Addr: peer}}
		time.Sleep(time.Second)
		w.Call(func() {
			if got != 1 {
				t.Errorf("after 99 errors %d batches came, want 1", got)
			}
		})
	})
}

func TestWorkerEndsOnLastingErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPipe()
		p.fail = 1 << 30
		w := udp.NewWorker(p)
		if err := w.Serve(handler{}); !errors.Is(err, errBroken) {
			t.Errorf("serve: %v, want the error of the Conn", err)
		}
		if w.Do(func() {}) {
			t.Error("an ended worker took a function")
		}
		if err := w.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
	})
}

func TestWorkerCountsRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w, p := serve(t, func(*udp.Worker) handler { return handler{} })
		p.refuse = 1
		w.Call(func() {
			w.Commit(copy(w.Buffer(), "a"), peer)
			w.Commit(copy(w.Buffer(), "b"), peer)
			w.Flush()
		})
		if err := w.WriteTo([]byte("c"), peer); !errors.Is(err, errBroken) {
			t.Errorf("WriteTo: %v, want why it was refused", err)
		}
		if err := w.WriteTo(make([]byte, udp.MaxDatagram+1), peer); err == nil {
			t.Error("WriteTo of more than MaxDatagram succeeded")
		}
		if s := w.Stats(); s.Sent != 1 || s.Refused != 2 || s.TooLong != 1 {
			t.Errorf("counted %+v, want 1 sent, 2 refused, 1 too long", s)
		}
	})
}

// Over a real socket: an echo through the worker, WriteTo from outside, and no allocation a packet.
func TestWorkerOverSocket(t *testing.T) {
	s, far := listen(t, "127.0.0.1:0"), listen(t, "127.0.0.1:0")
	w := udp.NewWorker(s)
	served := make(chan error, 1)
	go func() {
		served <- w.Serve(handler{receive: func(_ time.Time, b []udp.Datagram) {
			for _, d := range b {
				w.Commit(copy(w.Buffer(), d.Data), d.Addr)
			}
		}})
	}()
	in, out := make([]udp.Datagram, 8), make([]udp.Datagram, 8)
	for i := range in {
		in[i].Data = make([]byte, udp.MaxDatagram)
		out[i] = udp.Datagram{Data: bytes.Repeat([]byte{byte(i)}, 1200), Addr: s.LocalAddr()}
	}
	echo := func() {
		n, err := far.WriteBatch(out)
		for n > 0 && err == nil {
			var k int
			if k, err = far.ReadBatch(in, 5*time.Second); k == 0 {
				t.Fatalf("echo: %v, %d are missing", err, n)
			}
			n -= k
		}
	}
	echo()
	if n := testing.AllocsPerRun(200, echo); n != 0 {
		t.Errorf("eight packets in and out = %v allocations, want 0", n)
	}
	if err := w.WriteTo([]byte("stun"), far.LocalAddr()); err != nil {
		t.Error(err)
	}
	if n, err := far.ReadBatch(in, 5*time.Second); n != 1 || string(in[0].Data) != "stun" {
		t.Errorf("WriteTo came as %d datagrams, %q, %v", n, in[0].Data, err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Errorf("serve: %v", err)
	}
}

package udp

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"runtime"
	"sync"
	"time"
)

// Worker is the one thread of the media path: it reads a batch, runs it to completion through a Handler, and sends what came out of
// it. Whoever wants to change what the worker owns asks it by Do or Call. NewWorker makes it, Serve runs it, Close ends it.
type Worker struct {
	conn Conn
	in   []Datagram // worker only

	// Outgoing datagrams lie one after the other in the slab, without gaps: runs of equal size to one destination are one piece of
	// memory, as segmentation offload wants them. Worker only.
	slab []byte
	used int
	out  []Datagram

	counts counters
	ended  chan struct{} // see Ended

	mu      sync.Mutex // guards the fields below
	queue   []func()   // at most MaxQueued; Do refuses more
	serving bool
	closing bool

	running []func() // worker only: the queue that is being run; swapped with queue
	locked  bool     // worker only: it has a thread for itself
}

// NewWorker returns a worker over c, which it owns from now on. It does nothing before Serve.
func NewWorker(c Conn) *Worker {
	w := &Worker{
		conn:  c,
		in:    make([]Datagram, readBatch),
		slab:  make([]byte, slabBytes),
		out:   make([]Datagram, 0, writeBatch),
		ended: make(chan struct{}),
	}
	room := make([]byte, readBatch*MaxDatagram)
	for i := range w.in {
		w.in[i].Data = room[i*MaxDatagram : (i+1)*MaxDatagram : (i+1)*MaxDatagram]
	}
	return w
}

// Serve reads and hands to h until Close, then returns nil. It keeps its thread for itself if the Conn is a *Socket. It returns an
// error after readErrors failed reads in a row, and net.ErrClosed if the worker was closed or served before.
func (w *Worker) Serve(h Handler) error {
	w.mu.Lock()
	if w.serving || w.closing {
		w.mu.Unlock()
		return net.ErrClosed
	}
	w.serving = true
	w.mu.Unlock()
	defer close(w.ended)
	if _, w.locked = w.conn.(*Socket); w.locked {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
	}
	err := w.loop(h)
	w.mu.Lock()
	w.closing = true
	w.mu.Unlock()
	w.run() // whatever Do took will run
	w.Flush()
	return err
}

func (w *Worker) loop(h Handler) error {
	ticked := time.Now()
	failed := 0
	for {
		every := RestEvery
		if h.Urgent() {
			every = TickEvery
		}
		n, err := w.conn.ReadBatch(w.in, max(0, time.Until(ticked.Add(every))))
		if w.run() {
			w.Flush()
		}
		if w.closed() {
			return nil
		}
		if err != nil {
			if failed++; failed >= readErrors || errors.Is(err, net.ErrClosed) {
				return fmt.Errorf("read datagrams: %w", err)
			}
			w.counts.readErrors.Add(1)
			<-time.NewTimer(TickEvery).C
		}
		now := time.Now()
		if n > 0 {
			failed = 0
			w.receive(now, h, n)
		}
		if since := now.Sub(ticked); since >= TickEvery {
			w.counts.ticks.Add(1)
			if since > every+TickEvery {
				w.counts.lateTicks.Add(1)
			}
			ticked = now
			h.Tick(now)
			w.Flush()
			if w.locked {
				step()
			}
		}
	}
}

func (w *Worker) receive(now time.Time, h Handler, n int) {
	size := 0
	for i := range n {
		size += len(w.in[i].Data)
	}
	w.counts.batches.Add(1)
	w.counts.received.Add(uint64(n))
	w.counts.receivedBytes.Add(uint64(size))
	h.Receive(now, w.in[:n])
	w.Flush()
}

func (w *Worker) closed() bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.closing
}

// Do lets the worker run f, in the order of the calls. It says false, and f never runs, after Close or when MaxQueued functions are
// waiting. f must not block. Any goroutine, the worker's too. What is queued on a worker that is closed unserved never runs.
func (w *Worker) Do(f func()) bool {
	w.mu.Lock()
	if w.closing || len(w.queue) >= MaxQueued {
		if !w.closing {
			w.counts.queueFull.Add(1)
		}
		w.mu.Unlock()
		return false
	}
	w.queue = append(w.queue, f)
	first := len(w.queue) == 1
	w.mu.Unlock()
	if first { // the others find the bell already rung
		w.conn.Wake()
	}
	return true
}

// Call is Do, and waits until f has run. False means that f has not run and never will. Never from the worker.
func (w *Worker) Call(f func()) bool {
	done := make(chan struct{})
	if !w.Do(func() { f(); close(done) }) {
		return false
	}
	select {
	case <-done:
		return true
	case <-w.ended:
	}
	select { // ended after running f, or without
	case <-done:
		return true
	default:
		return false
	}
}

// Ended is closed when Serve has returned, or by a Close without Serve: from then on nothing runs on the worker any more. Whoever was
// told false by Do or Call learns here whether to try again. Any goroutine.
func (w *Worker) Ended() <-chan struct{} { return w.ended }

// run runs what is queued now, and says whether that was anything.
func (w *Worker) run() bool {
	w.mu.Lock()
	w.queue, w.running = w.running[:0], w.queue
	w.mu.Unlock()
	for _, f := range w.running {
		f()
	}
	clear(w.running) // let go of what the functions hold
	return len(w.running) > 0
}

// Buffer returns room for one datagram, MaxDatagram bytes, in the send slab. It is valid until the next Commit, Flush or Buffer.
// Worker only.
func (w *Worker) Buffer() []byte {
	if len(w.out) == writeBatch || len(w.slab)-w.used < MaxDatagram {
		w.Flush()
	}
	return w.slab[w.used : w.used+MaxDatagram : w.used+MaxDatagram]
}

// Commit queues the first n bytes of the last Buffer for to. An n that is not 1..MaxDatagram is dropped and counted. Worker only.
func (w *Worker) Commit(n int, to netip.AddrPort) {
	if n <= 0 || n > MaxDatagram {
		w.counts.tooLong.Add(1)
		return
	}
	if k := len(w.out); k >= flushAt && w.out[k-1].Addr != to {
		at := w.used
		w.Flush()
		copy(w.slab, w.slab[at:at+n])
	}
	w.out = append(w.out, Datagram{Data: w.slab[w.used : w.used+n : w.used+n], Addr: to})
	w.used += n
}

// Flush sends what was committed; what the kernel refuses is dropped and counted. The worker does it by itself after every batch,
// tick and function, and when the slab is full. Worker only.
func (w *Worker) Flush() {
	if len(w.out) == 0 {
		return
	}
	n, _ := w.conn.WriteBatch(w.out) // why is of no use to anyone here: UDP may lose what it likes
	w.counts.sent.Add(uint64(n))
	w.counts.sentBytes.Add(uint64(w.used))
	w.counts.refused.Add(uint64(len(w.out) - n))
	w.out, w.used = w.out[:0], 0
}

// WriteTo sends one datagram at once, past the slab: for STUN and DTLS. It returns what the kernel says, net.ErrClosed after Close.
// Any goroutine.
func (w *Worker) WriteTo(b []byte, to netip.AddrPort) error {
	if len(b) > MaxDatagram {
		w.counts.tooLong.Add(1)
		return fmt.Errorf("write to %s: %d bytes are more than %d", to, len(b), MaxDatagram)
	}
	n, err := w.conn.WriteBatch([]Datagram{{Data: b, Addr: to}})
	w.counts.sent.Add(uint64(n))
	w.counts.sentBytes.Add(uint64(len(b)))
	w.counts.refused.Add(uint64(1 - n))
	if err != nil {
		return fmt.Errorf("write to %s: %w", to, err)
	}
	return nil
}

// Close ends Serve, waits for it, and closes the Conn. Functions taken by Do have run when it returns. Any goroutine but the worker.
func (w *Worker) Close() error {
	w.mu.Lock()
	first, serving := !w.closing, w.serving
	w.closing = true
	w.mu.Unlock()
	if serving {
		w.conn.Wake()
	} else if first {
		close(w.ended)
	}
	<-w.ended
	return w.conn.Close()
}

// Stats returns the counts so far. Any goroutine.
func (w *Worker) Stats() Stats {
	s := w.counts.stats()
	if c, ok := w.conn.(interface{ Stats() SocketStats }); ok {
		s.Socket = c.Stats()
	}
	return s
}

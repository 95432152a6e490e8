package link

import (
	"sync"
	"time"
)

// late is what the worker has to do and could not take: its queue was full. The order of the calls stays.
type late struct {
	mu    sync.Mutex // guards what follows
	queue []func()
	bell  chan struct{} // of capacity 1: something waits
}

// do lets the worker run f, in the order of the calls, now or when its queue has room: what it refused would leave the two sides of
// the link at odds for as long as nothing changes. It does not wait. After the end of the worker f never runs.
func (c *Conn) do(f func()) {
	l := &c.late
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.queue) == 0 && c.m.c.Worker.Do(f) {
		return
	}
	select {
	case <-c.m.c.Worker.Ended():
		return
	default:
	}
	l.queue = append(l.queue, f)
	select {
	case l.bell <- struct{}{}:
	default:
	}
}

// catchUp hands the worker what waits for it, and returns when nothing does or the worker has ended. The Conn's goroutine.
func (c *Conn) catchUp() {
	for !c.handLate() {
		t := time.NewTimer(lateAgain)
		select {
		case <-t.C:
		case <-c.m.c.Worker.Ended():
			t.Stop()
			return
		}
	}
}

// handLate hands over what the worker takes now, and says whether that was all.
func (c *Conn) handLate() bool {
	l := &c.late
	l.mu.Lock()
	defer l.mu.Unlock()
	for len(l.queue) > 0 && c.m.c.Worker.Do(l.queue[0]) {
		l.queue[0] = nil
		l.queue = l.queue[1:]
	}
	return len(l.queue) == 0
}

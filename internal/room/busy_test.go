package room_test

import (
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// busyWorker refuses what it is handed for a while.
type busyWorker struct {
	*worker
	busy atomic.Bool
}

func (w *busyWorker) Do(f func()) bool { return !w.busy.Load() && w.worker.Do(f) }

// TestBusyWorkerIsToldAgain: what a worker with a full queue did not take is said again; nobody stays unheard.
func TestBusyWorkerIsToldAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a := newNode(t, "avelmar", definition("avelmar", "tolmeria"))
		w := &busyWorker{worker: a.w}
		a.room.Close()
		a.openWith(w)
		w.busy.Store(true)
		one, two := join(a, tarroven), join(a, aldesh)
		one.devices(true, false)
		settle(time.Second)
		speak(a, one.streams["mic"], time.Second)
		if n := two.sink.take(); n != 0 {
			t.Fatalf("control: %d packets while the worker takes nothing", n)
		}
		w.busy.Store(false)
		settle(time.Second)
		speak(a, one.streams["mic"], time.Second)
		if n := two.sink.take(); n < 40 {
			t.Errorf("%d packets of a second after the worker takes functions again", n)
		}
	})
}

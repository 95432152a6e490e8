package link

import (
	"testing"
	"time"

	"visavis/internal/media"
)

// TestFullWorker fills the worker's queue while a link changes what it offers and wants: what was refused is made good, in order.
func TestFullWorker(t *testing.T) {
	for _, full := range []bool{false, true} {
		t.Run(map[bool]string{false: "control", true: "full"}[full], func(t *testing.T) {
			pair(t, 36, time.Millisecond, func(w *world, a, b *node) {
				mic, other := a.source(media.Audio, 11), b.source(media.Audio, 12)
				b.conn().Offer("m/bo/mic", other.stream)
				a.wait("stream", time.Second, func() bool { return a.streams["m/bo/mic"] })
				stuck, free := make(chan struct{}), make(chan struct{})
				if full {
					a.worker.Do(func() { close(stuck); <-free })
					<-stuck
					for a.worker.Do(func() {}) {
					}
				}
				for i := range 5 { // the last word counts
					a.conn().Offer("m/ana/mic", []*media.Stream{mic.stream, nil}[i%2])
					a.conn().Want("m/bo/mic", i%2 == 0)
				}
				time.Sleep(100 * time.Millisecond)
				close(free)
				hear := b.listen("m/ana/mic", media.Audio)
				mic.run(20 * time.Millisecond)
				other.run(20 * time.Millisecond)
				time.Sleep(2 * time.Second)
				mic.halt()
				other.halt()
				a.worker.Call(func() {
					if n := a.conn().p.n.Unwanted; n > 0 {
						t.Errorf("%d packets of a stream that is wanted were refused", n)
					}
				})
				if n := hear.got(); n < 80 {
					t.Errorf("%d packets of the offered stream, want about 90", n)
				}
			})
		})
	}
}

// TestConfirmWaitsForTheWorker: the first frame of a new connection comes while the worker's queue is full; keys seal all the same.
func TestConfirmWaitsForTheWorker(t *testing.T) {
	pair(t, 37, time.Millisecond, func(w *world, a, b *node) {
		c := a.conn()
		var s *session
		a.worker.Call(func() { s = c.p.send.session; c.p.send, c.p.sendSerial = nil, 0 })
		stuck, free := make(chan struct{}), make(chan struct{})
		a.worker.Do(func() { close(stuck); <-free })
		<-stuck
		for a.worker.Do(func() {}) {
		}
		s.confirmed.Store(false)
		time.Sleep(1100 * time.Millisecond) // a ping came
		close(free)
		time.Sleep(100 * time.Millisecond)
		a.worker.Call(func() {
			if c.p.send == nil {
				t.Error("the keys of the connection do not seal")
			}
		})
	})
}

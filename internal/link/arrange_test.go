package link

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// arranging makes a node take messages of arranging and remember them.
func (n *node) arranging(got *[]string) func(*Config) {
	return func(c *Config) {
		c.Arrange = func(_ *Conn, b []byte) {
			n.mu.Lock()
			*got = append(*got, string(b))
			n.mu.Unlock()
			n.ring()
		}
		c.Readout = c.Arrange
	}
}

// oneCalls makes two nodes with one connection: a second one would take along what waits.
func (w *world) oneCalls() (a, b *node) {
	a, b = w.node(1, "avelmar"), w.node(2, "borovia")
	a.pin(b.peer())
	p := a.peer()
	p.Addrs = nil
	b.pin(p)
	return a, b
}

// TestReadoutAndArrangingSideBySide: pieces of both go over one connection, and neither message gets bytes of the other.
func TestReadoutAndArrangingSideBySide(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 43, 5*time.Millisecond)
		defer w.close()
		a, b := w.oneCalls()
		var got, back []string
		a.start(a.arranging(&back))
		b.start(b.arranging(&got))
		a.wait("control", 5*time.Second, func() bool { return a.ups > 0 })
		arrange, text := strings.Repeat("a", MaxArrange), strings.Repeat("r", MaxReadout)
		if err := errors.Join(a.conn().Arrange([]byte(arrange)), a.conn().Readout([]byte(text))); err != nil {
			t.Fatal(err)
		}
		if err := a.conn().Readout(make([]byte, MaxReadout+1)); !errors.Is(err, ErrLarge) {
			t.Errorf("%d bytes: %v, want ErrLarge", MaxReadout+1, err)
		}
		b.wait("messages", 30*time.Second, func() bool { return len(got) == 2 })
		if got[0] != arrange || got[1] != text {
			t.Error("a message came changed")
		}
	})
}

// TestArrangeMessages: messages of every size cross whole and in order, and a node that does not arrange is sent none.
func TestArrangeMessages(t *testing.T) {
	for name, arranges := range map[string]bool{"both": true, "neighbour without the feature (control)": false} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 41, 5*time.Millisecond)
				defer w.close()
				a, b := w.oneCalls()
				var got, back []string
				change := func(*Config) {}
				if arranges {
					change = b.arranging(&got)
				}
				a.start(a.arranging(&back))
				b.start(change)
				a.wait("control", 5*time.Second, func() bool { return a.ups > 0 })
				var want []string
				for _, n := range []int{1, maxPiece - 1, maxPiece, maxPiece + 1, MaxArrange} {
					m := bytes.Repeat([]byte{byte('a' + len(want))}, n)
					err := a.conn().Arrange(m)
					if !arranges {
						if !errors.Is(err, ErrKind) {
							t.Fatalf("%d bytes to a node that does not arrange: %v, want ErrKind", n, err)
						}
						continue
					}
					if err != nil {
						t.Fatalf("%d bytes: %v", n, err)
					}
					want = append(want, string(m))
				}
				if err := a.conn().Arrange(make([]byte, MaxArrange+1)); !errors.Is(err, ErrLarge) {
					t.Errorf("%d bytes: %v, want ErrLarge", MaxArrange+1, err)
				}
				if err := a.conn().Arrange(nil); !errors.Is(err, ErrLarge) {
					t.Errorf("no bytes: %v, want ErrLarge", err)
				}
				b.wait("messages", 10*time.Second, func() bool { return len(got) == len(want) })
				b.mu.Lock()
				defer b.mu.Unlock()
				if !slices.Equal(got, want) {
					t.Errorf("%d messages came, not those that were sent", len(got))
				}
				if len(b.downs) > 0 {
					t.Errorf("down: %v", b.downs)
				}
			})
		})
	}
}

// TestArrangeQueue: what waits for a slow node is bounded, and a broken connection takes it along: the desk says it again.
func TestArrangeQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, 42, 5*time.Millisecond)
		defer w.close()
		a, b := w.oneCalls()
		var got, back []string
		a.start(a.arranging(&back))
		if err := a.conn().Arrange([]byte("x")); !errors.Is(err, ErrDown) {
			t.Errorf("without a connection: %v, want ErrDown", err)
		}
		b.start(b.arranging(&got))
		a.wait("control", 5*time.Second, func() bool { return a.ups > 0 })
		n, err := 0, error(nil)
		for err == nil && n < 2*maxPieces {
			err = a.conn().Arrange(make([]byte, maxPiece))
			n++
		}
		if !errors.Is(err, ErrFull) || n < maxPieces {
			t.Fatalf("after %d messages: %v, want ErrFull after %d", n, err, maxPieces)
		}
		b.wait("all that was taken", time.Minute, func() bool { return len(got) == n-1 })
		if d := b.rec().downs; len(d) > 0 {
			t.Errorf("our own rate is above what a neighbour allows: %v", d)
		}
	})
}

// TestArrangeHostile: what is not as docs/link.md has it closes the connection with its code, and no message is made of it.
func TestArrangeHostile(t *testing.T) {
	piece := func(n int, last bool) []byte {
		b, err := json.Marshal(messagePiece{make([]byte, n), last})
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	many := func(n int, b []byte) (out [][]byte) {
		for range n {
			out = append(out, b)
		}
		return out
	}
	for name, x := range map[string]struct {
		feature string
		frames  [][]byte
		code    string
		whole   int
		t       frameType // 0: arrange
	}{
		"one piece (control)":              {featureArrange, [][]byte{piece(5, true)}, "", 1, 0},
		"the most (control)":               {featureArrange, append(many(MaxArrange/maxPiece, piece(maxPiece, false)), piece(MaxArrange%maxPiece, true)), "", 1, 0},
		"one byte more":                    {featureArrange, append(many(MaxArrange/maxPiece, piece(maxPiece, false)), piece(MaxArrange%maxPiece+1, true)), "frame.malformed", 0, 0},
		"not agreed":                       {"other", [][]byte{piece(5, true)}, "frame.unknown", 0, 0},
		"empty piece":                      {featureArrange, [][]byte{piece(0, true)}, "frame.malformed", 0, 0},
		"piece too long":                   {featureArrange, [][]byte{piece(maxPiece+1, true)}, "frame.malformed", 0, 0},
		"no JSON":                          {featureArrange, [][]byte{[]byte(`{"data":`)}, "frame.malformed", 0, 0},
		"unknown member":                   {featureArrange, [][]byte{[]byte(`{"data":"AA==","last":true,"to":"x"}`)}, "frame.malformed", 0, 0},
		"a readout (control)":              {featureReadout, append(many(MaxReadout/maxPiece, piece(maxPiece, false)), piece(MaxReadout%maxPiece, true)), "", 1, frameReadout},
		"a readout, one byte more":         {featureReadout, append(many(MaxReadout/maxPiece, piece(maxPiece, false)), piece(MaxReadout%maxPiece+1, true)), "frame.malformed", 0, frameReadout},
		"a readout by who arranges alone":  {featureArrange, [][]byte{piece(5, true)}, "frame.unknown", 0, frameReadout},
		"arranging by who writes readouts": {featureReadout, [][]byte{piece(5, true)}, "frame.unknown", 0, 0},
		"a type of a feature that is none": {featureReadout, [][]byte{piece(5, true)}, "frame.unknown", 0, frameReadout + 1},
		"a flood of readouts":              {featureReadout, many(int(piecesBurst)+1, piece(1, true)), "rate", int(piecesBurst), frameReadout},
		"flood":                            {featureArrange, many(int(piecesBurst)+1, piece(1, true)), "rate", int(piecesBurst), 0},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			lonelyWith(t, func(n *node) func(*Config) { return n.arranging(&got) }, func(w *world, a, b *node) {
				s, err := w.call(a, as(t, b.key), nil)
				if err != nil {
					t.Fatal(err)
				}
				defer s.conn.NetConn().Close()
				h := greeting(b)
				h.Features = []string{x.feature}
				far, err := s.greet(h)
				if err != nil || !slices.Contains(far.Features, featureArrange) {
					t.Fatalf("hello %+v, err %v", far, err)
				}
				if x.t == 0 {
					x.t = frameArrange
				}
				for _, f := range x.frames {
					s.raw(append([]byte{byte(x.t), byte(len(f) >> 16), byte(len(f) >> 8), byte(len(f))}, f...)...)
				}
				if x.code != "" {
					var bye byeFrame
					if err := s.expect(frameBye, &bye); err != nil || bye.Code != x.code {
						t.Errorf("bye %q, %v; want %s", bye.Code, err, x.code)
					}
				}
				a.wait("messages", 3*time.Second, func() bool { return len(got) >= x.whole })
				a.mu.Lock()
				defer a.mu.Unlock()
				if len(got) != x.whole {
					t.Errorf("%d messages, want %d", len(got), x.whole)
				}
			})
		})
	}
}

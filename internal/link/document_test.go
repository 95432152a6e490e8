package link

import (
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
)

// TestNewerDocumentCrosses: who holds an old party document gets the new one at the next greeting; nobody else does.
func TestNewerDocumentCrosses(t *testing.T) {
	for name, x := range map[string]struct {
		holds  uint64
		refuse bool
		want   int
	}{
		"old":           {4, false, 1},
		"none":          {0, false, 1},
		"new (control)": {5, false, 0},
		"newer":         {6, false, 0},
		"bad":           {4, true, 1},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t, 40, 5*time.Millisecond)
				defer w.close()
				a, b := w.node(1, "avelmar"), w.node(2, "borovia")
				a.pin(b.peer())
				p := a.peer()
				p.Counter, p.Addrs = x.holds, nil
				b.pin(p)
				document := strings.Repeat("d", MaxDocument)
				var got []string
				b.start(func(c *Config) {
					c.Document = func(p meeting.PartyID, doc []byte) error {
						b.mu.Lock()
						defer b.mu.Unlock()
						got = append(got, string(p)+" "+string(doc))
						if x.refuse {
							return errors.New("not signed by the pinned root")
						}
						return nil
					}
				})
				a.start(func(c *Config) { c.Self.Document, c.Self.Counter = []byte(document), 5 })
				b.wait("control", time.Second, func() bool { return b.ups > 0 })
				time.Sleep(150 * time.Millisecond)
				b.mu.Lock()
				defer b.mu.Unlock()
				if len(got) < x.want || len(got) > x.want && !x.refuse || len(got) > 0 && got[0] != "avelmar "+document {
					t.Errorf("%d documents came, want %d", len(got), x.want)
				}
				if x.refuse != hasCode(b.downs, "document") {
					t.Errorf("down: %v", b.downs)
				}
			})
		})
	}
}

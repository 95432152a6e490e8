package scenario

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/node"
	"visavis/internal/wire"
)

// link is what a person's page shows of the link to a party.
func (q *Person) link(p meeting.PartyID) (out wire.Link) {
	for _, l := range q.Bot.Stats().State.Links {
		if l.Party == string(p) {
			out = l
		}
	}
	return out
}

// TestReplacedMeetingIsTakenUp: running nodes take up a meeting that was put in the place of another, each when nobody sits in the old one;
// with one of them still at the old one they do not open it with each other.
func TestReplacedMeetingIsTakenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{})
		time.Sleep(5 * time.Second)
		file := filepath.Join(t.TempDir(), "new.toml")
		if err := os.WriteFile(file, []byte(Definition{"title": "In the mountains"}.toml()), 0o600); err != nil {
			t.Fatal(err)
		}
		replace := func(p *Party) {
			p.must(func(d *node.Dir) error {
				_, err := d.NewMeeting(context.Background(), file, true)
				return err
			})
		}
		replace(w.Tolmeria)
		time.Sleep(2 * time.Second)
		early := w.Tolmeria.Join("tolmeria-one", nil) // nothing of it reaches the shared log
		if !early.Await(10 * time.Second) {
			t.Fatal("no seat")
		}
		if l := early.link("avelmar"); l.Code != "definition.differs" {
			t.Errorf("control: with two definitions the page shows link %+v", l)
		}
		replace(w.Avelmar)
		time.Sleep(2 * time.Second)
		a := w.Avelmar.Join("avelmar-principal", nil)
		w.connected(a, early)
		if l := a.link("tolmeria"); l.State != "up" || l.Code != "" {
			t.Errorf("after both were replaced the page shows link %+v", l)
		}
		alive(t, a, early)
	})
}

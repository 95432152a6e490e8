package node

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// TestLearnedDocumentIsHeld: a document that the store has already, put there by a command, is used from the moment it comes over the link.
func TestLearnedDocumentIsHeld(t *testing.T) {
	ours, theirs := made(t, "avelmar"), made(t, "tolmeria")
	n := &Node{dir: ours, log: slog.New(slog.DiscardHandler), ctx: context.Background()}
	first := theirs.signed
	if _, err := ours.Peers().Pin(t.Context(), first, time.Now(), false); err != nil {
		t.Fatal(err)
	}
	if err := n.loadPins(t.Context()); err != nil {
		t.Fatal(err)
	}
	if l := n.pins.links(); len(l) != 1 || l[0].Counter != 1 {
		t.Fatalf("control: pinned %+v", l)
	}
	n.pins.swap(map[meeting.PartyID]auth.Peer{}) // as read before it was pinned
	if err := n.learn("tolmeria", first); err != nil {
		t.Fatal(err)
	}
	if l := n.pins.links(); len(l) != 1 || l[0].Counter != 1 {
		t.Errorf("pinned %+v, want the document that came", l)
	}
	if err := n.learn("avelmar", first); err == nil {
		t.Error("a document of another party than the link's was taken")
	}
}

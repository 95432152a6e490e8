package draft_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/readout"
)

// TestBlocksThatComeAndGo: more blocks have come and gone than a case may have of anything; it can still be read, and no version stands for two texts.
func TestBlocksThatComeAndGo(t *testing.T) {
	a, _ := offices(t)
	d := sample(t)
	a.must(a.desk.Begin(ctx, d))
	blocks := d.Blocks
	seen := map[string]bool{}
	for i := range 14 {
		d.Blocks = slices.Clone(blocks)
		for j := range 150 {
			id := fmt.Sprintf("x%d-%d", i%7, j) // each id comes twice
			d.Blocks = append(d.Blocks, readout.Block{ID: id, Kind: readout.Plain, Texts: map[string]readout.Cell{}})
		}
		m := a.get().Manuscript
		c, err := a.desk.Replace(ctx, text, d, m.Version, m.Versions, draft.Officer{Name: "vost"})
		if err != nil {
			t.Fatalf("change %d: %v", i, err)
		}
		for _, b := range d.Blocks[len(blocks):] {
			v := fmt.Sprint(b.ID, c.Manuscript.Versions[b.ID])
			if seen[v] {
				t.Fatalf("change %d: %s came with a version that it had before", i, v)
			}
			seen[v] = true
		}
		if n := len(c.Manuscript.Versions); n != len(d.Blocks) {
			t.Fatalf("change %d: %d versions of %d blocks", i, n, len(d.Blocks))
		}
	}
	if all, err := a.desk.Cases(ctx); err != nil || len(all) != 1 || all[0].Fault != "" {
		t.Errorf("%d readouts, %v", len(all), err)
	}
}

// TestOneUnreadableReadout: the bytes of one readout are no case. It is in the list with its fault, and keeps no other back: what is scheduled goes out, what
// is to be said is said, and another node may begin a text. The control is the store with nothing but what was written.
func TestOneUnreadableReadout(t *testing.T) {
	for _, broken := range []bool{false, true} {
		a, b := offices(t)
		agreed(a, b)
		a.sign()
		b.sign()
		settle(a, b)
		if broken {
			if err := a.store.Put(ctx, "readout", "a-broken-one", []byte(`{"id":"a-broken-one","self":7}`)); err != nil {
				t.Fatal(err)
			}
		}
		a.start()
		settle(a, b)
		all, err := a.desk.Cases(ctx)
		if err != nil || broken != (len(all) == 2) {
			t.Fatalf("broken %v: %d readouts, %v", broken, len(all), err)
		}
		if broken && (all[0].ID != "a-broken-one" || all[0].Fault != "readout.unreadable" || all[1].Fault != "") {
			t.Errorf("%s with fault %q, %s with %q", all[0].ID, all[0].Fault, all[1].ID, all[1].Fault)
		}
		if _, err := a.desk.Case(ctx, "a-broken-one"); (err == nil) || broken == (err == draft.ErrNone) {
			t.Errorf("broken %v: opened: %v", broken, err)
		}
		a.look()
		a.w.since = embargo
		a.look()
		a.stage(readout.StagePublished)
		d := sample(t)
		d.ID = "another"
		talk := readout.NewTalk(d.ID, "tolmeria", "avelmar")
		if err := talk.Propose(d, "quintar", t0); err != nil {
			t.Fatal(err)
		}
		raw, err := readout.EncodeMessage(talk.Pending()[0])
		if err != nil {
			t.Fatal(err)
		}
		if err := a.desk.Hear(ctx, "tolmeria", raw); err != nil {
			t.Fatal(err)
		}
		if _, err := a.desk.Case(ctx, "another"); err != nil {
			t.Errorf("broken %v: %v", broken, err)
		}
	}
}

// TestUnreadableWhileItIsScheduled: bytes that are touched while the node runs, of the text that is looked at first, keep the other text back no second.
func TestUnreadableWhileItIsScheduled(t *testing.T) {
	a, b := offices(t)
	agreed(a, b)
	a.sign()
	b.sign()
	settle(a, b)
	a.look()
	items, err := a.store.List(ctx, "readout", "")
	if err != nil || len(items) != 1 {
		t.Fatal(len(items), err)
	}
	raw := strings.ReplaceAll(string(items[0].Value), string(text), "aa-first")
	if err := a.store.Put(ctx, "readout", "aa-first", []byte(raw)); err != nil {
		t.Fatal(err)
	}
	a.start()
	a.look() // both are scheduled
	if err := a.store.Put(ctx, "readout", "aa-first", []byte(raw[:len(raw)/2])); err != nil {
		t.Fatal(err)
	}
	a.w.since = embargo + time.Second
	a.look()
	a.stage(readout.StagePublished)
}

package node

import (
	"errors"
	"path/filepath"
	"testing"
	"time"

	"visavis/internal/auth"
)

// TestPasses: tokens are for our own members, count what was asked for, and take the place of earlier ones of the same use.
func TestPasses(t *testing.T) {
	ctx := t.Context()
	d := made(t, "avelmar")
	def, err := d.NewMeeting(ctx, write(t, filepath.Join(t.TempDir(), "m.toml"), goodMeeting), false)
	if err != nil {
		t.Fatal(err)
	}
	ours, err := ownMembers(def, "avelmar", nil)
	if err != nil {
		t.Fatal(err)
	}
	o := PassOptions{Meeting: def.ID, Members: ours[:1], Use: Publish, Valid: time.Hour, Count: 3}
	first, err := d.Passes(ctx, o)
	if err != nil || len(first) != 3 {
		t.Fatalf("%d passes, %v", len(first), err)
	}
	if p, err := d.Book().Pass(ctx, first[2].Token); err != nil || p.Grant.Member != ours[0] || p.Use != Publish {
		t.Errorf("pass %+v, %v", p, err)
	}
	o.Use, o.Count = Play, 1
	if _, err := d.Passes(ctx, o); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Book().Pass(ctx, first[0].Token); err != nil {
		t.Errorf("control: tokens of another use end the first: %v", err)
	}
	o.Use = Publish
	if _, err := d.Passes(ctx, o); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Book().Pass(ctx, first[0].Token); !errors.Is(err, auth.ErrPass) {
		t.Errorf("an earlier token holds: %v", err)
	}
	for name, change := range map[string]func(*PassOptions){
		"none":             func(o *PassOptions) { o.Count = 0 },
		"too many":         func(o *PassOptions) { o.Count = MaxPasses + 1 },
		"nobody shown":     func(o *PassOptions) { o.Use, o.Shows = Play, "nobody" },
		"an encoder shows": func(o *PassOptions) { o.Shows = ours[0] },
		"a stranger":       func(o *PassOptions) { o.Members = []MemberID{"nobody"} },
		"another host":     func(o *PassOptions) { o.Host = "evil.example" },
	} {
		bad := o
		change(&bad)
		if _, err := d.Passes(ctx, bad); err == nil {
			t.Errorf("%s: made", name)
		}
	}
	o.Count = MaxPasses
	if _, err := d.Passes(ctx, o); err != nil {
		t.Errorf("control: %d at a time: %v", MaxPasses, err)
	}
}

package node

import (
	"errors"
	"path/filepath"
	"strings"
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

// TestGrantsAreStamped: what is made for a member by command or on the page is for the member as the meeting knows it, and the page does not show as
// open what lets nobody in any more.
func TestGrantsAreStamped(t *testing.T) {
	ctx := t.Context()
	d, def := anHourBefore(t)
	who := def.Members[0]
	passes, err := d.Passes(ctx, PassOptions{Meeting: def.ID, Members: []MemberID{who.ID}, Use: Play, Count: 1})
	if err != nil {
		t.Fatal(err)
	}
	if p, err := d.Book().Pass(ctx, passes[0].Token); err != nil || p.Grant.As != def.Stamp(who) {
		t.Errorf("the token's grant is %+v, %v", p.Grant, err)
	}
	issued, err := d.inviteOne(ctx, def.ID, who.ID, "")
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(issued.URL, "#")
	if g, err := d.Book().Look(ctx, auth.NewSecret(code)); err != nil || g.As != def.Stamp(who) {
		t.Errorf("the invitation's grant is %+v, %v", g, err)
	}
	state := func() string {
		t.Helper()
		all, err := d.invitations(ctx, def.ID)
		if err != nil || len(all) == 0 || all[0].Member != string(who.ID) {
			t.Fatalf("invitations: %+v, %v", all, err)
		}
		return all[0].State
	}
	if got := state(); got != "open" {
		t.Errorf("control: the invitation is %q, want open", got)
	}
	name := who.Name["en"]
	if name == "" || !strings.Contains(goodMeeting, name) {
		t.Fatalf("the member's name %q is not in the file", name)
	}
	if _, err := newMeeting(t, d, strings.ReplaceAll(goodMeeting, name, "Somebody Else"), true); err != nil {
		t.Fatal(err)
	}
	if got := state(); got != "none" {
		t.Errorf("the invitation of who had the id before is %q, want none", got)
	}
}

package node

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/softkey"
)

// formalDefinition has an officer on each side.
func formalDefinition() meeting.Definition {
	who := func(id, party string, r meeting.Role, place int) meeting.Member {
		return meeting.Member{ID: meeting.MemberID(id), Party: meeting.PartyID(party), Role: r, Name: meeting.Text{"en": "Name"}, Precedence: place}
	}
	return meeting.Definition{
		ID: "annual", Title: meeting.Text{"en": "Annual meeting"}, Host: "avelmar", Start: time.Now().Add(time.Hour).UTC().Truncate(time.Second),
		Parties: []meeting.Party{{ID: "avelmar", Name: meeting.Text{"en": "Avelmar"}, Zone: "UTC"}, {ID: "tolmeria", Name: meeting.Text{"en": "Tolmeria"}, Zone: "UTC"}},
		Members: []meeting.Member{
			who("avelmar-tarroven", "avelmar", meeting.Principal, 1), who("avelmar-kell", "avelmar", meeting.Delegate, 2), who("avelmar-ilmare", "avelmar", meeting.Interpreter, 3),
			who("avelmar-vost", "avelmar", meeting.Officer, 4), who("avelmar-ormeran", "avelmar", meeting.Technician, 5),
			who("tolmeria-kosvane", "tolmeria", meeting.Principal, 1), who("tolmeria-quintar", "tolmeria", meeting.Officer, 2),
		},
	}
}

func fragment(l Link) auth.Secret {
	_, code, _ := strings.Cut(l.URL.Reveal(), "#")
	return auth.NewSecret(code)
}

// TestInvitationsByRole: each cell of who gets a link, and who a PIN.
func TestInvitationsByRole(t *testing.T) {
	d, ctx := made(t, "avelmar"), t.Context()
	def := formalDefinition()
	if err := d.addMeeting(ctx, def, false); err != nil {
		t.Fatal(err)
	}
	links, err := d.Invite(ctx, InviteOptions{Meeting: def.ID})
	if err != nil {
		t.Fatal(err)
	}
	want := map[meeting.MemberID]bool{"avelmar-tarroven": true, "avelmar-kell": false, "avelmar-ilmare": true}
	for _, l := range links {
		pin, ok := want[l.Member]
		if !ok || pin != (l.PIN.Reveal() != "") {
			t.Errorf("%s has a link, with a PIN: %v", l.Member, l.PIN.Reveal() != "")
		}
		delete(want, l.Member)
		_, _, err := d.Book().Redeem(ctx, fragment(l))
		if pin != errors.Is(err, auth.ErrPIN) {
			t.Errorf("%s without a PIN: %v", l.Member, err)
		}
		if _, _, err := d.Book().Enter(ctx, fragment(l), auth.Entry{PIN: l.PIN}); pin && err != nil {
			t.Errorf("control: %s with its PIN: %v", l.Member, err)
		}
	}
	if len(want) != 0 {
		t.Errorf("no link for %v", want)
	}
	for _, m := range []meeting.MemberID{"avelmar-vost", "avelmar-ormeran"} {
		if _, err := d.Invite(ctx, InviteOptions{Meeting: def.ID, Members: []meeting.MemberID{m}}); !errors.Is(err, errByAccount) {
			t.Errorf("a link for %s: %v", m, err)
		}
	}
	press, err := d.InvitePress(ctx, InviteOptions{Meeting: def.ID}, "River Gazette")
	if err != nil {
		t.Fatal(err)
	}
	if g, err := d.Book().Look(ctx, fragment(press)); err != nil || g.Role != meeting.Press || g.Name != "River Gazette" || !g.Audience() {
		t.Errorf("press = %+v, %v", g, err)
	}
	if _, err := newMeeting(t, d, goodMeeting, false); err != nil { // without officers
		t.Fatal(err)
	}
	informal, err := d.Invite(ctx, InviteOptions{Meeting: "review", Valid: time.Hour})
	if err != nil || len(informal) != 2 || informal[0].PIN.Reveal() != "" {
		t.Errorf("an informal meeting: %d links, %v", len(informal), err)
	}
	var e *meeting.Error
	if _, err := d.InvitePress(ctx, InviteOptions{Meeting: "review", Valid: time.Hour}, "River Gazette"); !errors.As(err, &e) || e.Code != "meeting.informal" {
		t.Errorf("press in an informal meeting: %v", err)
	}
}

// TestAccountsAreRestored: who had a passkey has it on the new machine; codes and sessions of the backup are void.
func TestAccountsAreRestored(t *testing.T) {
	const host, origin = "avelmar.example", "https://avelmar.example"
	d, ctx := made(t, "avelmar"), t.Context()
	keys := func(b *auth.Book) *auth.Passkeys {
		p, err := auth.NewPasskeys(b, "avelmar", []string{host}, false)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	l, err := d.AddAccount(ctx, "avelmar-vost", "Lirien Vost", Officer, "", 0)
	if err != nil {
		t.Fatal(err)
	}
	key, old := softkey.New(), keys(d.Book())
	o, err := old.BeginEnrol(ctx, host, fragment(l))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := key.Create(origin, o)
	if err != nil {
		t.Fatal(err)
	}
	_, cookie, err := old.FinishEnrol(ctx, host, fragment(l), answer)
	if err != nil {
		t.Fatal(err)
	}
	again, err := d.AccountCode(ctx, "avelmar-vost", "", 0, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.Book().Exclude(ctx, "annual", "avelmar-kell"); err != nil {
		t.Fatal(err)
	}
	to, config := filepath.Join(t.TempDir(), "backup"), filepath.Join(t.TempDir(), "new", "visavis.toml")
	if err := d.Backup(ctx, to); err != nil {
		t.Fatal(err)
	}
	s, err := Restore(ctx, to, config)
	if err != nil {
		t.Fatal(err)
	}
	n, err := OpenDir(s, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	fresh := keys(n.Book())
	if _, err := n.Book().Session(ctx, cookie); !errors.Is(err, auth.ErrSession) {
		t.Errorf("a session of the backup lives: %v", err)
	}
	if _, err := n.Book().LookEnrolment(ctx, fragment(again)); !errors.Is(err, auth.ErrEnrolment) {
		t.Errorf("a code of the backup lives: %v", err)
	}
	if _, err := d.Book().LookEnrolment(ctx, fragment(again)); err != nil {
		t.Errorf("control: on the old node it holds: %v", err)
	}
	if out, err := n.Book().Excluded(ctx, "annual", "avelmar-kell"); !out || err != nil {
		t.Errorf("an exclusion is lost: %v", err)
	}
	if o, err = fresh.BeginSignIn(host); err != nil {
		t.Fatal(err)
	}
	if answer, err = key.Get(origin, o); err != nil {
		t.Fatal(err)
	}
	if in, _, err := fresh.FinishSignIn(ctx, host, answer); err != nil || in.Grant.Member != "avelmar-vost" {
		t.Errorf("the passkey on the new machine: %+v, %v", in, err)
	}
}

// TestForgetIsBrokenOff: the command ends when the passkeys are out and the sessions end; they all end, and it is written down. The control: with a command
// that asks for a further passkey nothing is taken out.
func TestForgetIsBrokenOff(t *testing.T) {
	for name, forget := range map[string]bool{"control": false, "forget": true} {
		t.Run(name, func(t *testing.T) {
			const host = "avelmar.example"
			d, ctx := made(t, "avelmar"), t.Context()
			keys, err := auth.NewPasskeys(d.Book(), "avelmar", []string{host}, false)
			if err != nil {
				t.Fatal(err)
			}
			l, err := d.AddAccount(ctx, "avelmar-vost", "Lirien Vost", Officer, "", 0)
			if err != nil {
				t.Fatal(err)
			}
			o, err := keys.BeginEnrol(ctx, host, fragment(l))
			if err != nil {
				t.Fatal(err)
			}
			answer, err := softkey.New().Create("https://"+host, o)
			if err != nil {
				t.Fatal(err)
			}
			session, _, err := keys.FinishEnrol(ctx, host, fragment(l), answer)
			if err != nil {
				t.Fatal(err)
			}
			gone, end := context.WithCancel(ctx)
			defer end()
			defer d.Book().Watch(session.ID, end)()
			if _, err := d.AccountCode(gone, "avelmar-vost", "", 0, forget); err != nil {
				t.Error(err)
			}
			if (gone.Err() != nil) != forget {
				t.Errorf("the command ended: %v", gone.Err())
			}
			a, err := d.Book().Account(ctx, "avelmar-vost")
			if err != nil || (len(a.Passkeys) == 0) != forget {
				t.Errorf("%d passkeys, %v", len(a.Passkeys), err)
			}
			if _, err := d.Book().ByID(ctx, session.ID); errors.Is(err, auth.ErrSession) != forget {
				t.Errorf("its session: %v", err)
			}
			kinds := map[string]int{}
			if _, err := d.Security(ctx, func(e SecurityEntry) { kinds[e.Kind]++ }); err != nil {
				t.Fatal(err)
			}
			if want := map[bool]int{true: 1}[forget]; kinds["account.forget"] != want {
				t.Errorf("written: %v", kinds)
			}
		})
	}
}

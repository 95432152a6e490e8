package auth_test

import (
	"context"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

func invitePIN(t *testing.T, b *auth.Book) (code, pin auth.Secret) {
	t.Helper()
	code, pin, err := b.InviteWith(context.Background(), grant, auth.InviteOptions{TTL: time.Hour, PIN: true})
	if err != nil {
		t.Fatal(err)
	}
	return code, pin
}

// wrongPIN is any but the right one.
func wrongPIN(pin auth.Secret) auth.Secret {
	if pin.Reveal() == "000000" {
		return auth.NewSecret("000001")
	}
	return auth.NewSecret("000000")
}

func TestPIN(t *testing.T) {
	b, _, db := book(t)
	ctx := t.Context()
	code, pin := invitePIN(t, b)
	if n := len(pin.Reveal()); n != 6 {
		t.Fatalf("PIN has %d signs, want 6", n)
	}
	if v, err := b.Inspect(ctx, code); err != nil || !v.PIN || v.Used || v.Locked || v.Grant != grant {
		t.Errorf("Inspect = %+v, %v", v, err)
	}
	for range 2 * auth.MaxPINFailures { // a page that has none asks as often as it likes
		if _, _, err := b.Redeem(ctx, code); !errors.Is(err, auth.ErrPIN) {
			t.Fatalf("without a PIN: %v", err)
		}
	}
	for i := range auth.MaxPINFailures - 1 {
		if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: wrongPIN(pin)}); !errors.Is(err, auth.ErrPIN) {
			t.Fatalf("wrong PIN %d: %v", i+1, err)
		}
	}
	items, err := db.List(ctx, "invitation", "")
	if err != nil || len(items) != 1 || slices.Contains([]string{pin.Reveal(), code.Reveal()}, string(items[0].Value)) {
		t.Errorf("kept: %d records, %v", len(items), err)
	}
	if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: pin}); err != nil {
		t.Errorf("control: the right PIN after %d wrong ones: %v", auth.MaxPINFailures-1, err)
	}
	code, pin = invitePIN(t, b)
	for i := range auth.MaxPINFailures {
		want := auth.ErrPIN
		if i == auth.MaxPINFailures-1 {
			want = auth.ErrLocked
		}
		if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: wrongPIN(pin)}); !errors.Is(err, want) {
			t.Errorf("wrong PIN %d: %v, want %v", i+1, err, want)
		}
	}
	if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: pin}); !errors.Is(err, auth.ErrLocked) {
		t.Errorf("the right PIN of a locked invitation: %v", err)
	}
	if v, err := b.Inspect(ctx, code); err != nil || !v.Locked {
		t.Errorf("Inspect of a locked one = %+v, %v", v, err)
	}
	if err := b.EndMember(ctx, grant.Meeting, grant.Member); err != nil { // re-issued
		t.Fatal(err)
	}
	code, pin = invitePIN(t, b)
	if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: pin}); err != nil {
		t.Errorf("re-issued: %v", err)
	}
}

// TestPINIsNotGuessedAtOnce: a hundred guesses at the same moment are no more than five.
func TestPINIsNotGuessedAtOnce(t *testing.T) {
	b, _, _ := book(t)
	code, pin := invitePIN(t, b)
	var wrong, locked atomic.Int32
	var wg sync.WaitGroup
	for range 100 {
		wg.Go(func() {
			switch _, _, err := b.Enter(context.Background(), code, auth.Entry{PIN: wrongPIN(pin)}); {
			case errors.Is(err, auth.ErrPIN):
				wrong.Add(1)
			case errors.Is(err, auth.ErrLocked):
				locked.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if wrong.Load() != auth.MaxPINFailures-1 || locked.Load() != 100-auth.MaxPINFailures+1 {
		t.Errorf("%d wrong and %d locked, want %d and the rest", wrong.Load(), locked.Load(), auth.MaxPINFailures-1)
	}
}

// TestSecondWithTheSameIdentityWaits: whichever way it comes.
func TestSecondWithTheSameIdentityWaits(t *testing.T) {
	b, _, _ := book(t)
	ctx := t.Context()
	wait := auth.Entry{Wait: true}
	code := invite(t, b)
	first, _, err := b.Enter(ctx, code, wait)
	if err != nil || first.Waiting != "" {
		t.Fatalf("the first = %+v, %v", first, err)
	}
	second, cookie, err := b.Enter(ctx, code, wait)
	if err != nil || second.Waiting != auth.WaitDevice || second.Grant != grant {
		t.Fatalf("the second with the same code = %+v, %v", second, err)
	}
	third, _, err := b.Enter(ctx, invite(t, b), wait) // a code of its own
	if err != nil || third.Waiting != auth.WaitDevice {
		t.Fatalf("the second with another code = %+v, %v", third, err)
	}
	other, err := b.Invite(ctx, auth.Grant{Meeting: "m", Member: "avelmar-kell", Party: "avelmar"}, time.Hour)
	if err != nil {
		t.Fatal(err)
	}
	if s, _, err := b.Enter(ctx, other, wait); err != nil || s.Waiting != "" {
		t.Errorf("control: another member = %+v, %v", s, err)
	}
	if out, err := b.Admit(ctx, second.ID); err != nil || !slices.Equal(out, []string{first.ID}) {
		t.Errorf("Admit = %v, %v, want that the first must wait", out, err)
	}
	if s, err := b.Session(ctx, cookie); err != nil || s.Waiting != "" {
		t.Errorf("the admitted = %+v, %v", s, err)
	}
	if s, err := b.ByID(ctx, first.ID); err != nil || s.Waiting != auth.WaitDevice {
		t.Errorf("the first, after another was admitted = %+v, %v", s, err)
	}
	for range auth.MaxWaiting - 2 { // the first and the third wait
		if _, _, err := b.Enter(ctx, code, wait); err != nil {
			t.Fatal(err)
		}
	}
	if _, _, err := b.Enter(ctx, code, wait); !errors.Is(err, auth.ErrFull) {
		t.Errorf("one more than %d who wait: %v", auth.MaxWaiting, err)
	}
	if _, _, err := b.Redeem(ctx, code); !errors.Is(err, auth.ErrInvitation) {
		t.Errorf("the same code where nobody waits: %v", err)
	}
	if err := b.EndMember(ctx, "m", grant.Member); err != nil {
		t.Fatal(err)
	}
	if s, _, err := b.Enter(ctx, invite(t, b), wait); err != nil || s.Waiting != "" {
		t.Errorf("re-issued = %+v, %v, want that it enters", s, err)
	}
	if _, _, err := b.Enter(ctx, code, wait); !errors.Is(err, auth.ErrInvitation) {
		t.Errorf("the code from before it was re-issued: %v", err)
	}
}

// TestRaceOfTwoWithOneCode: one enters, the other waits.
func TestRaceOfTwoWithOneCode(t *testing.T) {
	b, _, _ := book(t)
	code := invite(t, b)
	var in, waits, refused atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			switch s, _, err := b.Enter(context.Background(), code, auth.Entry{Wait: true}); {
			case err == nil && s.Waiting == "":
				in.Add(1)
			case err == nil:
				waits.Add(1)
			case errors.Is(err, auth.ErrFull):
				refused.Add(1)
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if in.Load() != 1 || waits.Load() != auth.MaxWaiting || refused.Load() != 7-auth.MaxWaiting {
		t.Errorf("%d entered, %d wait, %d refused, want one who entered", in.Load(), waits.Load(), refused.Load())
	}
}

func TestExclusion(t *testing.T) {
	b, _, _ := book(t)
	ctx := t.Context()
	is := func(m meeting.ID, who meeting.MemberID, want bool) {
		t.Helper()
		if got, err := b.Excluded(ctx, m, who); got != want || err != nil {
			t.Errorf("Excluded(%s, %s) = %v, %v, want %v", m, who, got, err, want)
		}
	}
	if err := b.Exclude(ctx, "m", grant.Member); err != nil {
		t.Fatal(err)
	}
	is("m", grant.Member, true)
	is("other", grant.Member, false)
	is("m", "avelmar-kell", false)
	for range 2 {
		if err := b.Readmit(ctx, "m", grant.Member); err != nil {
			t.Fatal(err)
		}
	}
	is("m", grant.Member, false)
	if a, b := auth.PressID(), auth.PressID(); a == b || len(a) != 14 {
		t.Errorf("press ids %s, %s", a, b)
	}
}

// TestWrongPINsStayCounted: the right PIN, given by its owner as often as he likes, gives nobody else more tries.
func TestWrongPINsStayCounted(t *testing.T) {
	b, _, _ := book(t)
	ctx := t.Context()
	code, pin := invitePIN(t, b)
	for i := range auth.MaxPINFailures {
		if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: pin, Wait: true}); err != nil {
			t.Fatalf("control: the right PIN after %d wrong ones: %v", i, err)
		}
		want := auth.ErrPIN
		if i == auth.MaxPINFailures-1 {
			want = auth.ErrLocked
		}
		if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: wrongPIN(pin), Wait: true}); !errors.Is(err, want) {
			t.Errorf("wrong PIN %d: %v, want %v", i+1, err, want)
		}
	}
	if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: pin, Wait: true}); !errors.Is(err, auth.ErrLocked) {
		t.Errorf("after %d wrong ones: %v", auth.MaxPINFailures, err)
	}
}

// TestRightPINIsNotCounted: the right PIN that lets nobody in, because the door is full or its request ends, locks nobody out. The control: wrong ones in
// between stay counted.
func TestRightPINIsNotCounted(t *testing.T) {
	clk, s := newClock(), memory(t)
	look := func() {}
	b := auth.NewBook(s, func() time.Time { look(); return clk.now() })
	ctx := t.Context()
	code, pin := invitePIN(t, b)
	right := auth.Entry{PIN: pin, Wait: true}
	var waits []auth.Session
	for range 1 + auth.MaxWaiting {
		v, _, err := b.Enter(ctx, code, right)
		if err != nil {
			t.Fatal(err)
		}
		waits = append(waits, v)
	}
	for range 2 * auth.MaxPINFailures {
		if _, _, err := b.Enter(ctx, code, right); !errors.Is(err, auth.ErrFull) {
			t.Fatalf("a full door: %v", err)
		}
	}
	if err := b.End(ctx, waits[auth.MaxWaiting].ID); err != nil {
		t.Fatal(err)
	}
	ended := 0
	for n := range 4 * auth.MaxPINFailures { // it ends when the clock is read for the nth time
		gone, end := context.WithCancel(ctx)
		read := 0
		look = func() {
			if read++; read == n%4+1 {
				end()
			}
		}
		v, _, err := b.Enter(gone, code, right)
		look = func() {}
		end()
		switch {
		case errors.Is(err, context.Canceled):
			ended++
		case err != nil:
			t.Fatalf("ended at %d: %v", n%4+1, err)
		default:
			if err := b.End(ctx, v.ID); err != nil {
				t.Fatal(err)
			}
		}
	}
	if ended <= auth.MaxPINFailures {
		t.Errorf("%d requests ended before they were answered", ended)
	}
	for range auth.MaxPINFailures - 1 {
		if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: wrongPIN(pin), Wait: true}); !errors.Is(err, auth.ErrPIN) {
			t.Errorf("a wrong one: %v", err)
		}
	}
	if _, _, err := b.Enter(ctx, code, right); err != nil {
		t.Errorf("the right PIN when there is room again: %v", err)
	}
	for range 2 {
		if _, _, err := b.Enter(ctx, code, right); !errors.Is(err, auth.ErrFull) {
			t.Errorf("a full door: %v", err)
		}
	}
	if _, _, err := b.Enter(ctx, code, auth.Entry{PIN: wrongPIN(pin), Wait: true}); !errors.Is(err, auth.ErrLocked) {
		t.Errorf("control: wrong PIN %d: %v", auth.MaxPINFailures, err)
	}
}

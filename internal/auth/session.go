package auth

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// Session is one browser that has redeemed an invitation, or has shown an account's passkey.
type Session struct {
	ID      string // tells nothing of the cookie
	Grant   Grant
	Created time.Time
	Seen    time.Time // last use, exact to a minute

	Account bool      // of the account Grant.Member, for every meeting in which it has a part; Grant.Meeting is ""
	Proven  time.Time // when its passkey was shown last; zero: never
	Waiting string    // why it may not come in yet: WaitDevice; ""
}

// Expires is when the session ends if nobody uses it again: 12 h after its last use, at most 24 h after its beginning.
func (s Session) Expires() time.Time {
	end, idle := s.Created.Add(SessionLife), s.Seen.Add(SessionIdle)
	if idle.Before(end) {
		return idle
	}
	return end
}

// Key is different for each page that a session may have: an account has one in every meeting.
func (s Session) Key() string {
	if s.Account {
		return s.ID + "/" + string(s.Grant.Meeting)
	}
	return s.ID
}

type sessionValue struct {
	Grant   Grant     `json:"grant"`
	Created time.Time `json:"created"`
	Seen    time.Time `json:"seen"`
	Account bool      `json:"account,omitempty"`
	Proven  time.Time `json:"proven,omitzero"`
	Waiting string    `json:"waiting,omitempty"`
}

func (s Session) value() sessionValue {
	return sessionValue{s.Grant, s.Created, s.Seen, s.Account, s.Proven, s.Waiting}
}

func (v sessionValue) session(id string) Session {
	return Session{id, v.Grant, v.Created, v.Seen, v.Account, v.Proven, v.Waiting}
}

// watcher is one Watch: what is called once at the end.
type watcher struct{ ended func() }

// begin makes a session that is not kept yet.
func (b *Book) begin(g Grant) Session {
	now := b.now().UTC()
	var id [32]byte
	_, _ = rand.Read(id[:]) // never fails, crypto/rand says
	return Session{ID: hex.EncodeToString(id[:]), Grant: g, Created: now, Seen: now}
}

// begun is what keeps a new session, and its cookie.
func (s Session) begun() (Secret, []store.Change, error) {
	cookie := newSecret(cookieBytes)
	key, _ := cookie.digest(sessionBucket, cookieBytes)
	enc, err := json.Marshal(s.value())
	if err != nil {
		return Secret{}, nil, err
	}
	return cookie, []store.Change{{Bucket: sessionBucket, Key: s.ID, New: enc}, {Bucket: cookieBucket, Key: key, New: []byte(s.ID)}}, nil
}

// watched is a session or pass that somebody watches.
type watched struct {
	by  map[*watcher]struct{}
	due time.Time // when it must be looked at though nobody has written: it expires, or its use is to be noted
}

// Session says who holds a cookie, and counts as use. ErrSession for every cookie that is not one of a session that lives.
func (b *Book) Session(ctx context.Context, cookie Secret) (Session, error) {
	key, ok := cookie.digest(sessionBucket, cookieBytes)
	if !ok {
		return Session{}, ErrSession
	}
	id, err := b.store.Get(ctx, cookieBucket, key)
	if errors.Is(err, store.ErrNotFound) {
		return Session{}, ErrSession
	}
	if err != nil {
		return Session{}, fmt.Errorf("look up session: %w", err)
	}
	s, _, err := b.use(ctx, string(id))
	return s, err
}

// use reads a session that lives and keeps the time of its use, at most once a minute; wrote says that it did so now.
func (b *Book) use(ctx context.Context, id string) (s Session, wrote bool, err error) {
	s, raw, err := b.session(ctx, id)
	if err != nil {
		return Session{}, false, err
	}
	now := b.now().UTC()
	if now.Sub(s.Seen) < touchEvery {
		return s, false, nil
	}
	s.Seen = now
	enc, err := json.Marshal(s.value())
	if err != nil {
		return Session{}, false, fmt.Errorf("use session: %w", err)
	}
	switch err := b.store.Swap(ctx, sessionBucket, id, raw, enc); {
	case errors.Is(err, store.ErrChanged): // ended, or used elsewhere, in this very moment: what is there now holds
		s, _, err = b.session(ctx, id)
		return s, false, err
	case err != nil:
		return Session{}, false, fmt.Errorf("use session: %w", err)
	}
	return s, true, nil
}

// change alters a session that lives.
func (b *Book) change(ctx context.Context, id string, f func(*Session)) error {
	for {
		s, raw, err := b.session(ctx, id)
		if err != nil {
			return err
		}
		f(&s)
		enc, err := json.Marshal(s.value())
		if err != nil {
			return fmt.Errorf("change session: %w", err)
		}
		if err = b.store.Swap(ctx, sessionBucket, id, raw, enc); errors.Is(err, store.ErrChanged) {
			continue // used in this very moment
		}
		if err != nil {
			return fmt.Errorf("change session: %w", err)
		}
		return nil
	}
}

// Fresh says whether a passkey was shown in a session so lately that it stands for a turned key.
func (b *Book) Fresh(s Session) bool {
	age := b.now().Sub(s.Proven)
	return s.Account && !s.Proven.IsZero() && age >= 0 && age < StepUpLife
}

// renew alters a session and gives it another cookie in place of the one that it has.
func (b *Book) renew(ctx context.Context, id string, cookie Secret, f func(*Session)) (Secret, error) {
	old, _ := cookie.digest(sessionBucket, cookieBytes)
	for {
		s, raw, err := b.session(ctx, id)
		if err != nil {
			return Secret{}, err
		}
		if have, err := b.store.Get(ctx, cookieBucket, old); err != nil || string(have) != id {
			return Secret{}, ErrSession // renewed by another meanwhile
		}
		f(&s)
		fresh, begun, err := s.begun()
		if err != nil {
			return Secret{}, fmt.Errorf("renew session: %w", err)
		}
		begun[0].Old = raw
		err = b.store.SwapAll(ctx, append(begun, store.Change{Bucket: cookieBucket, Key: old, Old: []byte(id)})...)
		if errors.Is(err, store.ErrChanged) {
			continue // used in this very moment
		}
		if err != nil {
			return Secret{}, fmt.Errorf("renew session: %w", err)
		}
		return fresh, nil
	}
}

// ByID is a session that lives, as it is now; ErrSession if it has ended. It does not count as use.
func (b *Book) ByID(ctx context.Context, id string) (Session, error) {
	s, _, err := b.session(ctx, id)
	return s, err
}

func (b *Book) session(ctx context.Context, id string) (Session, []byte, error) {
	raw, err := b.store.Get(ctx, sessionBucket, id)
	if errors.Is(err, store.ErrNotFound) {
		return Session{}, nil, ErrSession
	}
	if err != nil {
		return Session{}, nil, fmt.Errorf("look up session: %w", err)
	}
	var v sessionValue
	if decode(raw, &v) != nil {
		return Session{}, nil, ErrSession
	}
	s := v.session(id)
	if !b.now().Before(s.Expires()) {
		return Session{}, nil, ErrSession
	}
	return s, raw, nil
}

// Sessions lists the sessions of a meeting that live: those of invitations. Those of accounts: AccountSessions.
func (b *Book) Sessions(ctx context.Context, m meeting.ID) ([]Session, error) {
	return b.sessions(ctx, func(s Session) bool { return s.Grant.Meeting == m })
}

func (b *Book) sessions(ctx context.Context, match func(Session) bool) ([]Session, error) {
	items, err := b.store.List(ctx, sessionBucket, "")
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	var out []Session
	for _, i := range items {
		var v sessionValue
		if decode(i.Value, &v) != nil {
			continue
		}
		if s := v.session(i.Key); b.now().Before(s.Expires()) && match(s) {
			out = append(out, s)
		}
	}
	return out, nil
}

// End ends a session. Whoever watches it is told before End returns. Ending what has ended is no error.
func (b *Book) End(ctx context.Context, id string) error {
	if err := b.store.Delete(ctx, sessionBucket, id); err != nil {
		return fmt.Errorf("end session: %w", err)
	}
	b.tell(id)
	return nil
}

// EndMember ends all sessions of a member and withdraws the member's invitations and passes: nobody acts for it until it is invited anew.
func (b *Book) EndMember(ctx context.Context, m meeting.ID, who meeting.MemberID) error {
	if _, err := b.Withdraw(ctx, m, who); err != nil {
		return err
	}
	all, err := b.sessions(ctx, func(s Session) bool { return s.Grant.Meeting == m && s.Grant.Member == who })
	if err != nil {
		return err
	}
	for _, s := range all {
		if err := b.End(ctx, s.ID); err != nil {
			return err
		}
	}
	_, err = b.WithdrawPasses(ctx, m, who, "")
	return err
}

// Watch calls ended once, from whichever goroutine finds out, when the session, or the pass, has ended for whatever reason: End here at once, End in
// another process and expiry at the next Sweep. A session that has ended already is told by the first Sweep. While it is watched a session is
// in use. Call stop when the socket is gone; a call that has begun by then may still run.
func (b *Book) Watch(id string, ended func()) (stop func()) {
	w := &watcher{ended}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.watched[id] == nil {
		b.watched[id] = &watched{by: map[*watcher]struct{}{}} // due at once
	}
	b.watched[id].by[w] = struct{}{}
	return func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		x := b.watched[id]
		if x == nil {
			return
		}
		if delete(x.by, w); len(x.by) == 0 {
			delete(b.watched, id)
		}
	}
}

// Sweep looks after what is watched. A running node calls it twice a second, so that a socket whose session was ended by a command closes within
// 1 s. While nobody writes a session or a pass it reads only what is due by time: looking up each of a hundred took 8 % of what a node does.
func (b *Book) Sweep(ctx context.Context) error {
	if err := b.sweeping.take(ctx); err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	defer b.sweeping.give()
	rev, err := b.store.Revision(ctx, sessionBucket, passBucket)
	if err != nil {
		return fmt.Errorf("sweep: %w", err)
	}
	b.touched = 0
	for _, id := range b.due(rev) {
		due, err := b.inspect(ctx, id)
		switch {
		case errors.Is(err, ErrSession), errors.Is(err, ErrPass):
			b.tell(id)
		case err != nil:
			return fmt.Errorf("sweep: %w", err)
		default:
			b.mu.Lock()
			if w := b.watched[id]; w != nil {
				w.due = due
			}
			b.mu.Unlock()
		}
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.swept = store.Revision{Others: rev.Others, Own: rev.Own + b.touched} // what was written besides is seen the next time
	return nil
}

// due lists what must be looked at: everything if something was written since the last Sweep.
func (b *Book) due(rev store.Revision) []string {
	now := b.now()
	b.mu.Lock()
	defer b.mu.Unlock()
	var ids []string
	for id, w := range b.watched {
		if rev != b.swept || !now.Before(w.due) {
			ids = append(ids, id)
		}
	}
	return ids
}

// inspect looks at a session or pass that is watched, which is then in use, and says when to look again if nobody writes.
func (b *Book) inspect(ctx context.Context, id string) (time.Time, error) {
	if key, ok := strings.CutPrefix(id, passBucket+"/"); ok {
		p, err := b.pass(ctx, key)
		return p.Expires, err
	}
	s, wrote, err := b.use(ctx, id)
	if wrote {
		b.touched++
	}
	again := s.Seen.Add(touchEvery)
	if end := s.Expires(); end.Before(again) {
		again = end
	}
	return again, err
}

// Clean takes invitations, passes and sessions that have expired out of the store; a node does so at its start and once an hour.
func (b *Book) Clean(ctx context.Context) error {
	if _, err := b.drop(ctx, func(v invitationValue) bool { return !b.now().Before(v.Expires) }); err != nil {
		return err
	}
	if _, err := b.dropPasses(ctx, func(v passValue) bool { return !b.now().Before(v.Expires) }); err != nil {
		return err
	}
	items, err := b.store.List(ctx, sessionBucket, "")
	if err != nil {
		return fmt.Errorf("clean sessions: %w", err)
	}
	for _, i := range items {
		var v sessionValue
		if decode(i.Value, &v) == nil && b.now().Before(v.session(i.Key).Expires()) {
			continue
		}
		if err := b.store.Swap(ctx, sessionBucket, i.Key, i.Value, nil); err != nil && !errors.Is(err, store.ErrChanged) {
			return fmt.Errorf("clean sessions: %w", err)
		}
	}
	return errors.Join(b.cleanCookies(ctx), b.cleanEnrolments(ctx))
}

// cleanCookies takes out the cookies whose sessions have ended.
func (b *Book) cleanCookies(ctx context.Context) error {
	items, err := b.store.List(ctx, cookieBucket, "")
	if err != nil {
		return fmt.Errorf("clean cookies: %w", err)
	}
	for _, i := range items {
		switch _, err := b.store.Get(ctx, sessionBucket, string(i.Value)); {
		case err == nil:
		case !errors.Is(err, store.ErrNotFound):
			return fmt.Errorf("clean cookies: %w", err)
		default:
			if err := b.store.Delete(ctx, cookieBucket, i.Key); err != nil {
				return fmt.Errorf("clean cookies: %w", err)
			}
		}
	}
	return nil
}

// tell calls whoever watches a session, each once.
func (b *Book) tell(id string) {
	b.mu.Lock()
	ws := b.watched[id]
	delete(b.watched, id)
	b.mu.Unlock()
	if ws == nil {
		return
	}
	for w := range ws.by {
		w.ended()
	}
}

// Void takes out every invitation, code for a passkey, pass and session, as after a restore: what was used or ended since the backup would come
// alive again. Accounts stay, with their passkeys.
func (b *Book) Void(ctx context.Context) error {
	for _, bucket := range []string{invitationBucket, enrolmentBucket, passBucket, sessionBucket, cookieBucket} {
		items, err := b.store.List(ctx, bucket, "")
		if err != nil {
			return fmt.Errorf("void %ss: %w", bucket, err)
		}
		for _, i := range items {
			if err := b.store.Delete(ctx, bucket, i.Key); err != nil {
				return fmt.Errorf("void %ss: %w", bucket, err)
			}
		}
	}
	return nil
}

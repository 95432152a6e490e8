package api

import (
	"context"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/room"
	"visavis/internal/wire"
)

// act is what the fake room was asked to do.
type act struct {
	member meeting.MemberID
	a      wire.Act
	proven time.Time
}

func (f *fakeRoom) Act(s *room.Seat, a wire.Act, proven time.Time) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.acts = append(f.acts, act{s.Member, a, proven})
	return f.err
}

func (f *fakeRoom) Knock(w *room.Waiter) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiters = append(f.waiters, w)
	return f.err
}

func (f *fakeRoom) Unknock(w *room.Waiter) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.waiters = slices.DeleteFunc(f.waiters, func(o *room.Waiter) bool { return o == w })
}

func (f *fakeRoom) Attend(_ context.Context, a *room.Audience) (wire.Welcome, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.audience = append(f.audience, a)
	return wire.Welcome{Role: string(a.Role)}, f.err
}

func (f *fakeRoom) Unattend(a *room.Audience) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.audience = slices.DeleteFunc(f.audience, func(o *room.Audience) bool { return o == a })
}

func (f *fakeRoom) Reoffered(*room.Audience) {}

// waiter is the only one who waits; nil if nobody does.
func (f *fakeRoom) waiter() *room.Waiter {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.waiters) != 1 {
		return nil
	}
	return f.waiters[0]
}

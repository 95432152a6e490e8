package auth

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// Whoever waits for a turn lets virtual time go on, and gives up with the context.
func TestTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := make(turn, 1)
		if err := q.take(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := q.take(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("second turn while the first is held: %v, want the deadline", err)
		}
		taken := make(chan error)
		go func() { taken <- q.take(t.Context()) }()
		time.Sleep(time.Second)
		q.give()
		if err := <-taken; err != nil {
			t.Errorf("turn after the first was given back: %v", err)
		}
	})
}

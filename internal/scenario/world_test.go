package scenario

import (
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/bot"
	"visavis/internal/meeting"
)

var _ = bot.Config{}

func TestTwoNodesFourMembers(t *testing.T) {
	start := time.Now()
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 5})
		people := []*Person{w.Avelmar.Join("avelmar-principal", nil), w.Avelmar.Join("avelmar-one", nil), w.Tolmeria.Join("tolmeria-principal", nil), w.Tolmeria.Join("tolmeria-one", nil)}
		for _, q := range people {
			if !q.Await(10 * time.Second) {
				t.Fatalf("%s is not connected: %+v %v", q.Member, q.Bot.Stats(), q.err)
			}
		}
		time.Sleep(10 * time.Second)
		for _, q := range people {
			t.Logf("%s hears %v", q.Member, q.Hears())
		}
		for _, q := range people {
			q.Leave()
		}
	})
	t.Log(time.Since(start))
	_ = meeting.ID("")
}

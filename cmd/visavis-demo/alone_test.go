package main

import (
	"context"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/bot"
	"visavis/internal/softkey"
	"visavis/internal/wire"
)

// person is somebody who opens a link of the demo; its end is the test's.
func (r *running) person(t *testing.T, key string) *bot.Bot {
	t.Helper()
	b, _ := r.personWith(t, key)
	return b
}

// personWith gives the person's passkeys, too.
func (r *running) personWith(t *testing.T, key string) (*bot.Bot, *softkey.Authenticator) {
	t.Helper()
	d := &demo{addr: netip.MustParseAddr("127.0.0.1"), formal: true, passkeys: map[string]*softkey.Authenticator{}}
	s := find(t, key)
	s.own, s.ownPIN = r.links[key], r.pins[key]
	d.passkeys[key] = softkey.New()
	b, err := member(d, s, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- b.Run(ctx) }()
	t.Cleanup(func() { cancel(); <-ended })
	return b, d.passkeys[key]
}

func phase(b *bot.Bot) string { return b.Stats().State.Phase }

// here says whether all members sit in the meeting, as b sees it.
func here(b *bot.Bot, members int) func() bool {
	return func() bool { st := b.Stats(); return st.Connected && len(st.State.Present) == members }
}

// testAlone is what the demo is for: one person, an officer, runs the meeting from rehearsal to its end, and the simulated counterparts do their
// part: the other officer turns its key, the press sees the open part, whoever is given the floor takes it and yields it. Then its readout goes the whole way.
func testAlone(t *testing.T, visavis string) {
	r := start(t, visavis, "all", false)
	defer func() { _ = r.end() }()
	officer, key := r.personWith(t, "tolmeria-officer")
	press := r.person(t, "tolmeria-press")
	t.Cleanup(func() {
		if t.Failed() {
			st := officer.Stats().State
			t.Logf("%s\nofficer sees %s, present %v, keys %v, order %+v, alarms %v\n%s", r.out, st.Phase, st.Present, st.Keys, st.Order, st.Alarms, refusals(r.dir+"/tolmeria.log"))
		}
	})
	await(t, "everybody is here", 30*time.Second, here(officer, 12))
	act := func(a wire.Act) {
		t.Helper()
		if err := officer.Act(t.Context(), a); err != nil {
			t.Fatalf("%s: %v", a.Do, err)
		}
	}
	become := func(want string) {
		t.Helper()
		await(t, "phase "+want+", sequenced", 20*time.Second, func() bool {
			return phase(officer) == want && strings.Trim(officer.Stats().State.Head, "0") != ""
		})
	}
	const announced, ninth = "/en/meeting/" + meetingID + ".ics", "Ninth Annual Meeting"
	if _, page := read(t, r.sites["tolmeria"]+"/en/"); time.Now().Before(meetingStart) && !strings.Contains(page, announced) {
		t.Error("the public site does not announce the meeting")
	}
	act(wire.Act{Do: wire.DoRehearse})
	become("rehearsal")
	await(t, "everybody has checked", 20*time.Second, func() bool { return len(officer.Stats().State.Ready) == 8 })
	act(wire.Act{Do: wire.DoWait})
	become("waiting")
	before := press.Stats().Slots["floor0"].Packets
	act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionStart})
	become("open")
	await(t, "a principal holds the floor", 20*time.Second, func() bool {
		o := officer.Stats().State.Order
		return o.Acknowledged && slices.Contains([]string{"avelmar-tarroven", "tolmeria-kosvane"}, o.Holder)
	})
	await(t, "the press hears and sees it", 20*time.Second, func() bool {
		s := press.Stats().Slots
		return s["floor0"].Packets > before+50 && s["stage0"].Frames+s["stage1"].Frames > 15
	})
	await(t, "the public site says that the meeting is on", 20*time.Second, func() bool {
		_, page := read(t, r.sites["tolmeria"]+"/en/")
		return strings.Contains(page, ninth) && !strings.Contains(page, announced)
	})
	act(wire.Act{Do: wire.DoClose})
	become("closed")
	await(t, "our doors are shown shut", 10*time.Second, func() bool {
		d := officer.Stats().State.Doors
		return d != nil && d.Ours.State == wire.DoorShut && d.Ours.After == 0 && len(d.Theirs) == 1 && d.Theirs[0].State == wire.DoorShut
	})
	act(wire.Act{Do: wire.DoTurnKey, Value: wire.ActionOpen})
	become("open")
	act(wire.Act{Do: wire.DoEnd})
	become("ended")
	testWay(t, r, visavis, officer, key)
}

// testLed: with a person in a principal's seat and none in an officer's, the simulated officers bring the meeting to its beginning. The control is
// testAlone's first half minute: with a person as officer they wait.
func testLed(t *testing.T, visavis string) {
	r := start(t, visavis, "all", false)
	defer func() { _ = r.end() }()
	p := r.person(t, "avelmar-principal")
	await(t, "let in by the simulated officer", 30*time.Second, here(p, 12))
	await(t, "the meeting begins", 60*time.Second, func() bool { return phase(p) == "open" })
}

// refusals are the first lines of a log that say what was refused.
func refusals(file string) string {
	b, err := os.ReadFile(file)
	if err != nil {
		return err.Error()
	}
	var out []string
	for _, l := range strings.Split(string(b), "\n") {
		if strings.Contains(l, `"refused"`) && len(out) < 10 {
			out = append(out, l)
		}
	}
	return strings.Join(out, "\n")
}

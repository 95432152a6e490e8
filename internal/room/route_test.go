package room_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

// filled names what is in the stage slots of a page: "who/device".
func (p *page) filled(known map[*media.Stream]string) (out []string) {
	p.n.w.call(func() {
		for _, f := range p.slots["stage"] {
			out = append(out, known[f.Stream()])
		}
	})
	return out
}

func (p *page) sounds(known map[*media.Stream]string) (out []string) {
	p.n.w.call(func() {
		for _, f := range p.slots["floor"] {
			out = append(out, known[f.Stream()])
		}
	})
	return out
}

func wantSlots(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	for len(want) < len(got) {
		want = append(want, "")
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s: %q, want %q", what, got, want)
	}
}

// TestPlanFillsSlots: each page's slots hold what the plan says and no other, through joining, muting, moving and leaving.
func TestPlanFillsSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pt, pl := join(a, tarroven), join(a, aldesh)
		pk, pw := join(b, kosvane), join(b, thorrick)
		for _, x := range []*page{pt, pl, pk, pw} {
			x.devices(true, true)
		}
		settle(time.Second)
		known := map[*media.Stream]string{pt.streams["cam"]: "tarroven", pl.streams["cam"]: "aldesh",
			p.a.stream("annual/tolmeria-kosvane/cam"): "kosvane", p.a.stream("annual/tolmeria-thorrick/cam"): "thorrick"}
		delete(known, nil)
		if len(known) != 4 {
			t.Fatalf("streams known: %v", known)
		}
		wantSlots(t, "tarroven", pt.filled(known), "", "kosvane", "aldesh", "thorrick")
		wantSlots(t, "aldesh", pl.filled(known), "tarroven", "kosvane", "thorrick")
		if got, want := fmt.Sprint(pl.state.Stage), "[avelmar-tarroven tolmeria-kosvane tolmeria-thorrick]"; got != want {
			t.Errorf("aldesh's page shows %s, want %s", got, want)
		}
		far := map[*media.Stream]string{pk.streams["cam"]: "kosvane", pw.streams["cam"]: "thorrick",
			p.b.stream("annual/avelmar-tarroven/cam"): "tarroven", p.b.stream("annual/avelmar-aldesh/cam"): "aldesh"}
		wantSlots(t, "thorrick", pw.filled(far), "kosvane", "tarroven", "aldesh")

		pk.devices(true, false) // keeps the place, not the picture
		settle(time.Second)
		wantSlots(t, "tarroven, kosvane without camera", pt.filled(known), "", "", "aldesh", "thorrick")
		if got, want := fmt.Sprint(pt.state.Stage), "[ tolmeria-kosvane avelmar-aldesh tolmeria-thorrick]"; got != want {
			t.Errorf("tarroven's page shows %s, want %s", got, want)
		}
		wantSlots(t, "thorrick, kosvane without camera", pw.filled(far), "", "tarroven", "aldesh")

		moved := join(a, aldesh)
		moved.devices(false, true)
		settle(time.Second)
		known[moved.streams["cam"]] = "aldesh again"
		wantSlots(t, "tarroven, aldesh on another page", pt.filled(known), "", "", "aldesh again", "thorrick")
		wantSlots(t, "aldesh's first page", pl.filled(known))
		wantSlots(t, "aldesh's second page", moved.filled(known), "tarroven", "", "thorrick")

		pt.leave()
		settle(time.Second)
		wantSlots(t, "tarroven after leaving", pt.filled(known))
		wantSlots(t, "aldesh, tarroven gone", moved.filled(known), "", "", "thorrick")
		wantSlots(t, "thorrick, tarroven gone", pw.filled(far), "", "", "aldesh") // aldesh's other page crosses as the same stream
		if got := fmt.Sprint(pw.state.Stage); got != "[tolmeria-kosvane  avelmar-aldesh]" {
			t.Errorf("thorrick's page shows %s", got)
		}
	})
}

// TestStreamsCrossOnce: what is open is offered; it is wanted only while somebody watches; nothing of a muted device or of a member
// who has left.
func TestStreamsCrossOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		wants := 0
		check := func(what, offered, wanted string) {
			t.Helper()
			settle(time.Second)
			if got := fmt.Sprint(p.a.offering()); got != offered {
				t.Errorf("%s: offered %s, want %s", what, got, offered)
			}
			if got := fmt.Sprint(p.b.wanting()); got != wanted {
				t.Errorf("%s: wanted %s, want %s", what, got, wanted)
			}
			wants++
		}
		pt := join(a, tarroven)
		check("nothing is open", "[]", "[]")
		pt.devices(true, true)
		check("nobody watches", "[annual/avelmar-tarroven/cam annual/avelmar-tarroven/mic]", "[]")
		pk, pw := join(b, kosvane), join(b, thorrick)
		both := "[annual/avelmar-tarroven/cam annual/avelmar-tarroven/mic]"
		check("two watch", both, both)
		pk.leave()
		check("one watches", both, both)
		pt.devices(false, true)
		check("muted", "[annual/avelmar-tarroven/cam]", "[annual/avelmar-tarroven/cam]")
		pt.devices(true, true)
		check("unmuted", both, both)
		p.cut()
		settle(time.Second)
		check("cut: what is agreed on stays, for the path may live", both, both)
		p.heal()
		check("healed", both, both)
		pw.leave()
		check("the last has left", both, "[]")
		pt.leave()
		check("nobody is here", "[]", "[]")
	})
}

// TestMutedIsNeverForwarded: a page that goes on sending after mute, or before it opens the microphone, is heard by nobody. The
// control speaks with an open one.
func TestMutedIsNeverForwarded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pt, pl, pk := join(a, tarroven), join(a, aldesh), join(b, kosvane)
		mic := pt.streams["mic"]
		speak(a, mic, time.Second)
		if n := pl.sink.take(); n != 0 {
			t.Errorf("%d packets of a microphone that was never opened", n)
		}
		pt.devices(true, false)
		settle(time.Second)
		speak(a, mic, 2*time.Second)
		if n := pl.sink.take(); n < 80 {
			t.Errorf("control: %d packets of an open microphone in 2 s", n)
		}
		if n := pt.sink.take(); n != 0 {
			t.Errorf("%d packets of the own microphone came back", n)
		}
		synctest.Wait()
		settle(200 * time.Millisecond)
		if !slices.Contains(pl.floor, "avelmar-tarroven") || slices.Contains(pt.floor, "avelmar-tarroven") {
			t.Errorf("floor is shown as %v, to the talker as %v", pl.floor, pt.floor)
		}
		far := p.b.stream("annual/avelmar-tarroven/mic")
		if far == nil {
			t.Fatal("the microphone did not cross")
		}
		speak(b, far, time.Second)
		wantSlots(t, "kosvane hears beside the picture", pk.sounds(map[*media.Stream]string{far: "tarroven"}), "", "tarroven")
		pt.devices(false, false)
		settle(100 * time.Millisecond)
		pl.sink.take()
		speak(a, mic, 2*time.Second)
		if n := pl.sink.take(); n != 0 {
			t.Errorf("%d packets after mute", n)
		}
		settle(time.Second)
		if slices.Contains(pl.floor, "avelmar-tarroven") {
			t.Errorf("after mute the floor is shown as %v", pl.floor)
		}
		if s := p.b.stream("annual/avelmar-tarroven/mic"); s != nil {
			t.Error("the muted microphone is still offered to the far node")
		}
		wantSlots(t, "kosvane after mute", pk.sounds(map[*media.Stream]string{far: "tarroven"}))
	})
}

// TestFloorRate: who sounds is told at most ten times a second, and always the last.
func TestFloorRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		pt, pl := join(a, tarroven), join(a, aldesh)
		for range 8 {
			pt.devices(true, false)
			speak(a, pt.streams["mic"], 300*time.Millisecond)
			pt.devices(false, false)
			settle(30 * time.Millisecond)
		}
		settle(2 * time.Second)
		if len(pl.floors) < 6 {
			t.Fatalf("%d changes of the floor shown", len(pl.floors))
		}
		for i := 1; i < len(pl.floors); i++ {
			if d := pl.floors[i].Sub(pl.floors[i-1]); d < 100*time.Millisecond {
				t.Errorf("two floors within %v", d)
			}
		}
		if slices.Contains(pl.floor, "avelmar-tarroven") {
			t.Errorf("at the end the floor is shown as %v", pl.floor)
		}
	})
}

// TestLaterSlots: a page that offers more slots gets them filled.
func TestLaterSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		pt, pl := join(a, tarroven), join(a, aldesh)
		all := pl.slots["stage"]
		pl.read(func() { pl.slots["stage"] = nil })
		pt.devices(true, true)
		settle(time.Second)
		known := map[*media.Stream]string{pt.streams["cam"]: "tarroven"}
		pl.read(func() { pl.slots["stage"] = all })
		wantSlots(t, "before", pl.filled(known))
		if err := a.room.Handle(pl.seat, offer()); err != nil {
			t.Fatal(err)
		}
		settle(time.Second)
		wantSlots(t, "after", pl.filled(known), "tarroven")
	})
}

// TestThreeParties: a guest hears another guest over their own link, in the order that the host gives.
func TestThreeParties(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := definition("avelmar", "tolmeria", "calwen")
		a, b, c := newNode(t, "avelmar", d), newNode(t, "tolmeria", d), newNode(t, "calwen", d)
		connect(a, b)
		connect(a, c)
		bc := connect(b, c)
		settle(time.Second)
		join(a, tarroven).devices(true, true)
		join(b, kosvane).devices(true, true)
		ps := join(c, sarrand)
		ps.devices(true, true)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam calwen-sarrand+mic+cam tolmeria-kosvane+mic+cam", a, b, c)
		if got, want := fmt.Sprint(bc.b.wanting()), "[annual/tolmeria-kosvane/cam annual/tolmeria-kosvane/mic]"; got != want {
			t.Errorf("calwen wants %s of tolmeria, want %s", got, want)
		}
		if got, want := fmt.Sprint(ps.state.Stage), "[ avelmar-tarroven tolmeria-kosvane]"; got != want {
			t.Errorf("sarrand's page shows %s, want %s", got, want)
		}
		if got := meeting.MemberID(ps.state.Stage[1]); got != tarroven {
			t.Errorf("first of the others: %s", got)
		}
	})
}

// TestForgedStream: a node that offers another party's member under that member's name is not asked for it, nor for ours.
func TestForgedStream(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := definition("avelmar", "tolmeria", "calwen")
		a, b, c := newNode(t, "avelmar", d), newNode(t, "tolmeria", d), newNode(t, "calwen", d)
		ab := connect(a, b)
		bc := connect(b, c)
		connect(a, c)
		settle(time.Second)
		ps, pa := join(c, sarrand), join(a, tarroven)
		join(b, kosvane).devices(true, true)
		ps.devices(true, true)
		pa.devices(true, true)
		ab.a.Offer("annual/calwen-sarrand/mic", pa.streams["mic"])
		ab.a.Offer("annual/tolmeria-kosvane/mic", pa.streams["mic"])
		ab.a.Offer("other/avelmar-tarroven/cam", pa.streams["cam"])
		settle(time.Second)
		if ab.b.stream("annual/calwen-sarrand/mic") == nil {
			t.Fatal("the forged stream was not announced: no test")
		}
		if got, want := fmt.Sprint(ab.b.wanting()), "[annual/avelmar-tarroven/cam annual/avelmar-tarroven/mic]"; got != want {
			t.Errorf("tolmeria wants %s of avelmar, want %s", got, want)
		}
		if got, want := fmt.Sprint(bc.a.wanting()), "[annual/calwen-sarrand/cam annual/calwen-sarrand/mic]"; got != want {
			t.Errorf("tolmeria wants %s of calwen, want %s", got, want)
		}
	})
}

// TestFewerStageSlots: beyond the node's number of slots nothing is filled, shown or asked for.
func TestFewerStageSlots(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		a.kill()
		a.stage = 2
		a.open()
		p.heal()
		settle(time.Second)
		pt, pl := join(a, tarroven), join(a, aldesh)
		for _, x := range []*page{pt, pl, join(b, kosvane), join(b, thorrick)} {
			x.devices(false, true)
		}
		settle(time.Second)
		if got, want := fmt.Sprint(p.a.wanting()), "[annual/tolmeria-kosvane/cam]"; got != want {
			t.Errorf("wanted %s, want %s", got, want)
		}
		known := map[*media.Stream]string{p.a.stream("annual/tolmeria-kosvane/cam"): "kosvane", pl.streams["cam"]: "aldesh"}
		wantSlots(t, "tarroven", pt.filled(known), "", "kosvane")
		if got, want := fmt.Sprint(pt.state.Stage), "[ tolmeria-kosvane]"; got != want {
			t.Errorf("tarroven's page shows %s, want %s", got, want)
		}
	})
}

// TestStreamComesAnew: a far node that forgets its streams and offers them again, with nobody having left, is asked again.
func TestStreamComesAnew(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pt, pk := join(a, tarroven), join(b, kosvane)
		pk.devices(true, true)
		settle(time.Second)
		const id = "annual/tolmeria-kosvane/cam"
		first := p.a.stream(id)
		p.b.Offer(id, nil)
		settle(time.Second)
		wantSlots(t, "withdrawn", pt.filled(map[*media.Stream]string{first: "first"}))
		p.b.Offer(id, pk.streams["cam"])
		settle(time.Second)
		second := p.a.stream(id)
		if first == nil || second == nil || first == second {
			t.Fatalf("streams %p and %p: no test", first, second)
		}
		wantSlots(t, "offered again", pt.filled(map[*media.Stream]string{first: "first", second: "second"}), "", "second")
	})
}

package room_test

import (
	"fmt"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/room"
)

// encoder is a member's second device.
func encoder(n *node, id meeting.MemberID) (*page, *room.Feed) {
	n.t.Helper()
	p := newPage(n, id)
	f := &room.Feed{Member: id, Media: p, End: p.seat.End}
	if err := n.room.Publish(n.t.Context(), f); err != nil {
		n.t.Fatalf("publish as %s: %v", id, err)
	}
	return p, f
}

// screen is a second screen.
func screen(n *node, id, shows meeting.MemberID) (*page, *room.Tap) {
	n.t.Helper()
	p := newPage(n, id)
	t := &room.Tap{Member: id, Shows: shows, Media: p, End: p.seat.End}
	if err := n.room.Watch(n.t.Context(), t); err != nil {
		n.t.Fatalf("watch as %s: %v", id, err)
	}
	return p, t
}

// TestFeedIsTheMember: without a page an encoder brings its member in with open devices, and takes it out; with a page it only takes the
// place of the page's streams, and the page's switches hold.
func TestFeedIsTheMember(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pk := join(b, kosvane)
		enc, feed := encoder(a, tarroven)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam tolmeria-kosvane", a, b)
		if got := p.a.far.stream("annual/avelmar-tarroven/cam"); got == nil {
			t.Error("the encoder's picture does not cross")
		}
		if x := pk.presence(tarroven); x == nil || x.Far != "" {
			t.Errorf("the far page shows %+v", x)
		}

		pt := join(a, tarroven) // a page: closed until it says otherwise
		settle(time.Second)
		agree(t, "avelmar-tarroven tolmeria-kosvane", a, b)
		la := join(a, aldesh)
		pt.devices(true, true)
		settle(time.Second)
		known := map[*media.Stream]string{enc.streams["cam"]: "encoder", pt.streams["cam"]: "page"}
		wantSlots(t, "aldesh, encoder and page", la.filled(known), "encoder")
		pt.devices(true, false)
		settle(time.Second)
		wantSlots(t, "aldesh, camera closed at the page", la.filled(known))
		pt.devices(true, true)

		a.room.Unpublish(feed)
		settle(time.Second)
		wantSlots(t, "aldesh, encoder gone", la.filled(known), "page")
		agree(t, "avelmar-aldesh avelmar-tarroven+mic+cam tolmeria-kosvane", a, b)

		enc2, _ := encoder(a, tarroven)
		enc3, _ := encoder(a, tarroven)
		settle(time.Second)
		if got := fmt.Sprint(enc2.ends, enc3.ends); got != "[moved] []" {
			t.Errorf("two encoders of one member: ends %s", got)
		}
		pt.leave() // with all devices
		settle(time.Second)
		if got := fmt.Sprint(enc3.ends); got != "[left]" {
			t.Errorf("the member left, the encoder's ends are %s", got)
		}
		agree(t, "avelmar-aldesh tolmeria-kosvane", a, b)
	})
}

func TestFeedOutlivesItsPage(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, _ := two(t)
		pt := join(a, tarroven)
		_, feed := encoder(a, tarroven)
		a.room.Lost(pt.seat)
		settle(40 * time.Second)
		agree(t, "avelmar-tarroven", a, b)
		a.room.Unpublish(feed)
		settle(time.Second)
		agree(t, "", a, b)
	})
}

// TestTapSeesWhatItsMemberSees: a player gets what its member's page would get, is nobody, and gets nothing while nobody of its party is there.
func TestTapSeesWhatItsMemberSees(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, b, p := two(t)
		pk := join(b, kosvane)
		pk.devices(true, true)
		stage, tap := screen(a, aldesh, "")
		one, _ := screen(a, aldesh, tarroven)
		settle(time.Second)
		known := func() map[*media.Stream]string {
			m := map[*media.Stream]string{p.a.stream("annual/tolmeria-kosvane/cam"): "kosvane", p.a.stream("annual/tolmeria-kosvane/mic"): "kosvane"}
			delete(m, nil)
			return m
		}
		wantSlots(t, "screen, nobody of its party there", stage.filled(known()))
		if wants := p.a.wanting(); len(wants) != 0 {
			t.Errorf("asks the other party for %v with nobody there", wants)
		}

		pt := join(a, tarroven)
		pt.devices(true, true)
		settle(time.Second)
		agree(t, "avelmar-tarroven+mic+cam tolmeria-kosvane+mic+cam", a, b) // no aldesh
		all := known()
		all[pt.streams["cam"]], all[pt.streams["mic"]] = "tarroven", "tarroven"
		wantSlots(t, "screen of aldesh", stage.filled(all), "tarroven", "kosvane")
		wantSlots(t, "screen of aldesh that shows tarroven", one.filled(all), "tarroven")
		speak(b, pk.streams["mic"], time.Second)
		speak(a, pt.streams["mic"], time.Second)
		wantSlots(t, "sound of the screen that shows tarroven", one.sounds(all), "tarroven")

		pt.devices(false, false)
		settle(time.Second)
		wantSlots(t, "muted: screen of aldesh", stage.filled(all), "kosvane")
		wantSlots(t, "muted: screen that shows tarroven", one.filled(all))

		a.room.Unwatch(tap)
		settle(time.Second)
		wantSlots(t, "screen that is gone", stage.filled(all))
		pt.leave()
		settle(time.Second)
		if wants := p.a.wanting(); len(wants) != 0 {
			t.Errorf("still asks for %v", wants)
		}
	})
}

func TestDevicesRefused(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, _, _ := two(t)
		p := newPage(a, kosvane)
		for id, code := range map[meeting.MemberID]string{kosvane: "member.foreign", "nobody": "member.unknown"} {
			for what, err := range map[string]error{
				"publish": a.room.Publish(t.Context(), &room.Feed{Member: id, Media: p, End: func(string) {}}),
				"watch":   a.room.Watch(t.Context(), &room.Tap{Member: id, Media: p, End: func(string) {}}),
			} {
				if err == nil || err.Error() != (&meeting.Error{Code: code}).Error() {
					t.Errorf("%s as %s: %v, want %s", what, id, err, code)
				}
			}
		}
		if err := a.room.Watch(t.Context(), &room.Tap{Member: aldesh, Shows: "nobody", Media: p, End: func(string) {}}); err == nil {
			t.Error("shows somebody who does not exist")
		}
		enc, _ := encoder(a, tarroven)
		scr, _ := screen(a, aldesh, "")
		a.room.Close()
		if got := fmt.Sprint(enc.ends, scr.ends); got != "[shutdown] [shutdown]" {
			t.Errorf("at the room's end devices hear %s", got)
		}
		if err := a.room.Publish(t.Context(), &room.Feed{Member: tarroven, Media: p}); err != room.ErrClosed {
			t.Errorf("publish after the end: %v", err)
		}
	})
}

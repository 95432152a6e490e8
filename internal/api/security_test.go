package api

import (
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// noted are the entries of the chained log, of a kind.
func (r *rig) noted(kind string) (out []auth.SecurityEntry) {
	r.t.Helper()
	if _, err := r.book.Security(r.t.Context(), func(e auth.SecurityEntry) {
		if e.Kind == kind {
			out = append(out, e)
		}
	}); err != nil {
		r.t.Fatal(err)
	}
	return out
}

// TestStrangerDoesNotFillTheLog: one network takes its own lines and no others', all strangers together none of those who are known; how many were
// not written is. Below the bounds every refusal is there (the control).
func TestStrangerDoesNotFillTheLog(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		for range 500 {
			r.s.refused("203.0.113.7:5000", "invitation.unknown", auth.Grant{})
		}
		if n := len(r.noted("refused")); n != securitySourceBurst {
			t.Errorf("%d lines of one network", n)
		}
		r.s.refused("203.0.113.99:1", "invitation.unknown", auth.Grant{}) // of the same network
		r.s.refused("198.51.100.7:5000", "pin.wrong", auth.Grant{})
		r.s.refused("[2001:db8:1::1]:5000", "pin.wrong", auth.Grant{})
		all := r.noted("refused")
		if n := len(all); n != securitySourceBurst+2 || all[n-2].Source == all[n-1].Source || all[n-2].Source == all[0].Source || all[0].Source != all[1].Source {
			t.Errorf("%d lines, the last %+v", n, all[n-1])
		}
		for i := range 1000 {
			r.s.refused(fmt.Sprintf("10.%d.%d.1:1", i/250, i%250), "invitation.unknown", auth.Grant{})
		}
		if n := len(r.noted("refused")); n != securityBurst {
			t.Errorf("%d lines of all strangers, want %d", n, securityBurst)
		}
		r.s.refused("10.99.0.1:1", "stepup.needed", auth.Grant{Meeting: formal, Member: "vost"})
		if all := r.noted("refused"); len(all) != securityBurst+1 || all[securityBurst].Person != "vost" {
			t.Errorf("control: who is known: %d lines", len(all))
		}
		time.Sleep(2 * sweepEvery)
		if s := r.noted("suppressed"); len(s) != 1 || s[0].Count != 500-securitySourceBurst+1+1000-(securityBurst-securitySourceBurst-2) {
			t.Errorf("suppressed %+v", s)
		}
		r.s.refused("203.0.113.7:5000", "invitation.unknown", auth.Grant{})
		if n := len(r.noted("refused")); n != securityBurst+1 {
			t.Errorf("%d lines after a minute, of the same day", n)
		}
		time.Sleep(24 * time.Hour)
		r.s.refused("203.0.113.7:5000", "invitation.unknown", auth.Grant{}) // with time it has lines again
		if n := len(r.noted("refused")); n != securityBurst+2 {
			t.Errorf("%d lines after a day", n)
		}
	})
}

// TestFloodLeavesTheLogItsDays: however long strangers and those who are known are refused, from however many networks, and the known come to the door,
// the chained log holds its 180 days, with more than half of its entries for uses of power; nor does what
// another node brings about in one meeting take from another, or from what a log or the doors have to say. The control: as many in a day as a quiet node has are all there.
func TestFloodLeavesTheLogItsDays(t *testing.T) {
	const days = 3
	at := func(r *rig, i int) {
		network := fmt.Sprintf("10.%d.%d.1:1", i/250%250, i%250)
		r.s.refused(network, "invitation.unknown", auth.Grant{})
		r.s.refused(network, "pin.wrong", auth.Grant{Meeting: formal, Member: "vost"})
		r.s.Alarm(formal, []string{"event.refused", "link.lost"}[i%2], "", "tolmeria")
	}
	grave := []string{"log.forked", "log.withheld", "doors.late", "doors.unwritten"}
	bubble(t, func(t *testing.T, r *rig) {
		for i := range days * 24 * 6 {
			for j := range 10 {
				at(r, 10*i+j)
			}
			time.Sleep(10 * time.Minute)
		}
		refused, suppressed := len(r.noted("refused")), len(r.noted("suppressed"))
		if most := 2 * (securityBurst + days*securityDay); refused > most || refused < most-2 {
			t.Errorf("%d refusals in %d days, want %d", refused, days, most)
		}
		if alarms, most := len(r.noted("alarm")), meetingAlarmsBurst+days*meetingAlarmsDay; alarms > most || alarms < most-1 {
			t.Errorf("%d alarms of one meeting in %d days, want %d", alarms, days, most)
		}
		r.alarmed("talks", "link.lost", true)
		for i := range 2 * alarmsBurst {
			r.s.Alarm([]meeting.ID{"talks", "another"}[i%2], "event.refused", "", "tolmeria")
		}
		r.alarmed("talks", "link.lost", false)
		if alarms, most := len(r.noted("alarm")), alarmsBurst+days*alarmsDay; alarms > most || alarms < most-1 {
			t.Errorf("%d alarms of all meetings in %d days, want %d", alarms, days, most)
		}
		for i := range 2 * graveBurst {
			r.alarmed("third", "log.withheld", i < graveBurst)
		}
		for _, id := range []meeting.ID{formal, "talks"} {
			for _, code := range grave {
				r.alarmed(id, code, true)
			}
		}
		r.alarmed("third", "log.forked", true)
		if suppressed > days*24+1 || suppressed < days*24/2 {
			t.Errorf("%d entries about suppressed ones", suppressed)
		}
		perDay := 2*securityDay + alarmsDay + gravesDay + int(24*time.Hour/settleEvery)
		if all := 2*securityBurst + alarmsBurst + gravesBurst + perDay*int(store.LinkLife/(24*time.Hour)); all > store.MaxLinks/2 {
			t.Errorf("%d entries of %d in %s", all, store.MaxLinks, store.LinkLife)
		}
	})
	bubble(t, func(t *testing.T, r *rig) {
		for i := range days * 24 {
			at(r, i)
			time.Sleep(time.Hour)
		}
		if n, a, s := len(r.noted("refused")), len(r.noted("alarm")), len(r.noted("suppressed")); n != 2*days*24 || a != days*24 || s != 0 {
			t.Errorf("control: %d of %d refusals, %d of %d alarms, %d suppressed", n, 2*days*24, a, days*24, s)
		}
	})
}

// alarmed has a room raise an alarm, and demands that there is an entry of it, or none.
func (r *rig) alarmed(id meeting.ID, code string, want bool) {
	r.t.Helper()
	was := len(r.noted("alarm"))
	r.s.Alarm(id, code, "", "tolmeria")
	synctest.Wait()
	all := r.noted("alarm")
	if got := len(all) > was && all[len(all)-1].Code == code && all[len(all)-1].Meeting == id; got != want {
		r.t.Errorf("after the flood %s of %s is written: %t, want %t", code, id, got, want)
	}
}

// TestComingAgainDoesNotFillTheLog: who has a used invitation comes to the door again and again, and who has an account signs in; the log gets a bounded
// number of entries. The control: another's first use, and what others do, is written all the same.
func TestComingAgainDoesNotFillTheLog(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, pin := r.inviteFormal("tarroven", true)
		cookie := ""
		for i := range 100 {
			a := r.ask(r.client, "POST", "/api/session", fmt.Sprintf(`{"code":%q,"pin":%q}`, code, pin), withCookie(cookie))
			if a.status != 204 {
				t.Fatalf("%d times: %d %s", i, a.status, a.body)
			}
			cookie, _, _ = strings.Cut(a.header.Get("Set-Cookie"), ";")
			if i > 0 {
				continue
			}
			cookie = "" // the first stays
		}
		if n := len(r.noted("invitation.used")); n != 1+securitySourceBurst {
			t.Errorf("%d entries of 100 uses, want %d", n, 1+securitySourceBurst)
		}
		other, pin := r.inviteFormal("aldesh", true)
		if _, a := r.enterFormal(other, pin); a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		if all := r.noted("invitation.used"); len(all) != 2+securitySourceBurst || all[len(all)-1].Person != "aldesh" {
			t.Errorf("control: another's first use: %d entries", len(all))
		}
		vost, second := r.account("vost", meeting.Officer), r.account("second", meeting.Officer)
		for range 2 * ownDay {
			if a := vost.ceremony("signin", "", ownOrigin); a.status != 204 {
				t.Fatalf("sign in = %d %s", a.status, a.body)
			}
			time.Sleep(time.Second)
		}
		if n := len(r.noted("signed.in")); n != ownDay {
			t.Errorf("%d entries of %d sign-ins, want %d", n, 2*ownDay, ownDay)
		}
		if a := second.ceremony("signin", "", ownOrigin); a.status != 204 {
			t.Fatalf("sign in = %d %s", a.status, a.body)
		}
		if all := r.noted("signed.in"); len(all) != ownDay+1 || all[ownDay].Person != "second" {
			t.Errorf("control: another's sign-in: %d entries", len(all))
		}
	})
}

// TestSecurityLogOfASession: who is let in, refused, excluded and ended stands in the chained log by ids, and no name, code, PIN, cookie or address.
func TestSecurityLogOfASession(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		code, pin := r.inviteFormal("tarroven", true)
		if _, a := r.enterFormal(code, "000000"); a.status == 204 {
			t.Fatal("a wrong PIN is taken")
		}
		cookie, a := r.enterFormal(code, pin)
		if a.status != 204 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		second, _ := r.enterFormal(code, pin)
		q := r.joinFormal(second)
		q.other()
		r.ask(r.client, "POST", "/api/session", codeBody(strings.Repeat("a", 32)))
		var lines []string
		log, err := r.book.Security(t.Context(), func(e auth.SecurityEntry) {
			lines = append(lines, fmt.Sprintf("%s %s %s %s", e.Kind, e.Code, e.Meeting, e.Person))
		})
		want := []string{"refused pin.wrong annual-meeting tarroven", "invitation.used  annual-meeting tarroven", "invitation.used  annual-meeting tarroven",
			"refused door.device annual-meeting tarroven", "refused invitation.unknown  "}
		if err != nil || log.Last != int64(len(want)) || strings.Join(lines, "\n") != strings.Join(want, "\n") {
			t.Errorf("%+v, %v:\n%s", log, err, strings.Join(lines, "\n"))
		}
		ls, err := r.store.Chained(t.Context(), 0, 100)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range ls {
			for _, secret := range []string{code, pin, cookie, second, "Name of", "192.0.2"} {
				if secret != "" && strings.Contains(string(l.Data), secret) {
					t.Errorf("entry %d: %s", l.N, l.Data)
				}
			}
		}
	})
}

package api

import (
	"context"
	"log/slog"
	"net/http"
	"net/netip"
	"sync"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/room"
)

// security is what goes into the log about refusals and uses of power: a line for those who run the node, with the network cut to what a log may know,
// and an entry of the chained log, without it. A flood of refusals is counted and not written: of one network, so that it takes nothing from others, of
// strangers together, so that they take nothing from those who are known, and of those. The chained log, from which the oldest goes in the end, has less
// room for them than the log of the node: a share of each day.
type security struct {
	book    *auth.Book
	log     *slog.Logger
	names   *auth.Sources
	sources *limiter[string] // by network
	classes *limiter[bool]   // by whether the person is known

	// Of the chained log.
	daySources *limiter[string]
	days       *limiter[bool]
	own        *limiter[meeting.MemberID] // by account
	reads      *limiter[meeting.MemberID] // by officer
	alarms     *limiter[struct{}]         // of all rooms, but the grave ones
	meetings   *limiter[meeting.ID]       // of one room
	graves     *limiter[struct{}]         // the grave ones of all rooms
	grave      *limiter[alarmKey]         // of one room, each code

	mu         sync.Mutex
	suppressed int       // since the last entry about them
	settled    time.Time // when that was
}

type alarmKey struct {
	meeting meeting.ID
	code    string
}

func newSecurity(book *auth.Book, log *slog.Logger) *security {
	const day = 24 * 60 * 60 // s
	return &security{book: book, log: log, names: auth.NewSources(),
		sources: newLimiter[string](securityPerSource, securitySourceBurst), classes: newLimiter[bool](securityPerSecond, securityBurst),
		daySources: newLimiter[string](securitySourceDay/float64(day), securitySourceBurst), days: newLimiter[bool](securityDay/float64(day), securityBurst),
		own: newLimiter[meeting.MemberID](ownDay/float64(day), ownDay), reads: newLimiter[meeting.MemberID](readsDay/float64(day), readsDay),
		alarms: newLimiter[struct{}](alarmsDay/float64(day), alarmsBurst), meetings: newLimiter[meeting.ID](meetingAlarmsDay/float64(day), meetingAlarmsBurst),
		graves: newLimiter[struct{}](gravesDay/float64(day), gravesBurst), grave: newLimiter[alarmKey](graveDay/float64(day), graveBurst)}
}

// note writes an entry of the chained log, if it can.
func (s *security) note(e auth.SecurityEvent) { _ = s.noted(e) }

// noted is note, and says whether the entry is there.
func (s *security) noted(e auth.SecurityEvent) error {
	ctx, cancel := context.WithTimeout(context.Background(), noteTime)
	defer cancel()
	err := s.book.Note(ctx, e)
	if err != nil {
		s.log.Error("security log cannot be written", slog.String("kind", e.Kind), slog.Any("err", err))
	}
	return err
}

// admit says whether a refusal is a line of the node's log.
func (s *security) admit(network string, known bool) bool {
	return s.sources.take(network, 1) && s.classes.take(known, 1)
}

// admitEntry says whether what somebody without power does is an entry of the chained log, and counts it if not.
func (s *security) admitEntry(network string, known bool) bool {
	if s.days.take(known, 1) {
		if s.daySources.take(network, 1) {
			return true
		}
		s.days.give(known)
	}
	s.suppress()
	return false
}

// admitAlarm says whether an alarm of a room is an entry of the chained log, and counts it if not.
func (s *security) admitAlarm(id meeting.ID, code string) bool {
	all, one := s.alarms, func() bool { return s.meetings.take(id, 1) }
	if room.Grave(code) {
		all, one = s.graves, func() bool { return s.grave.take(alarmKey{id, code}, 1) }
	}
	if all.take(struct{}{}, 1) {
		if one() {
			return true
		}
		all.give(struct{}{})
	}
	s.suppress()
	return false
}

func (s *security) suppress() {
	s.mu.Lock()
	s.suppressed++
	s.mu.Unlock()
}

// settle writes how many entries were not written, if any, at most once in every.
func (s *security) settle(every time.Duration) {
	s.mu.Lock()
	n := s.suppressed
	if now := time.Now(); n == 0 || now.Sub(s.settled) < every {
		n = 0
	} else {
		s.suppressed, s.settled = 0, now
	}
	s.mu.Unlock()
	if n > 0 {
		s.log.Warn("not written to the security log", slog.Int("count", n))
		s.note(auth.SecurityEvent{Kind: "suppressed", Count: n})
	}
}

// cut is the network of a remote address, as far as a log may know it: /24 of IPv4, /48 of IPv6; "" of what is no address.
func cut(remote string) string {
	ap, err := netip.ParseAddrPort(remote)
	if err != nil {
		return ""
	}
	a := ap.Addr().Unmap().WithZone("")
	bits := 48
	if a.Is4() {
		bits = 24
	}
	p, err := a.Prefix(bits)
	if err != nil {
		return ""
	}
	return p.String()
}

// refused writes down a refusal that has to do with who somebody is or what somebody may do: its code, ids, a cut address; no name, no text, no code of
// an invitation.
func (s *Server) refused(remote, code string, g auth.Grant) {
	network := cut(remote)
	if !s.security.admit(network, g.Member != "") {
		s.counts.refuse("log.suppressed")
		s.security.suppress()
		return
	}
	s.log.Warn("refused", slog.String("code", code), slog.String("meeting", string(g.Meeting)), slog.String("person", string(g.Member)), slog.String("remote", network))
	if !s.security.admitEntry(network, g.Member != "") {
		return
	}
	s.security.note(auth.SecurityEvent{Kind: "refused", Code: code, Meeting: g.Meeting, Person: g.Member, Source: s.security.names.Name(network)})
}

// done writes down a use of power over people: what was done, to whom, by whom.
func (s *Server) done(r *http.Request, what string, by, to auth.Grant) {
	s.used(r.RemoteAddr, what, by.Member, to)
}

// doneOwn is done for what an account does to itself, as often as it likes.
func (s *Server) doneOwn(r *http.Request, what string, g auth.Grant) {
	if !s.security.own.take(g.Member, 1) {
		s.security.suppress()
		return
	}
	s.done(r, what, g, g)
}

// used is done for who has no request.
func (s *Server) used(remote, what string, by meeting.MemberID, to auth.Grant) {
	_ = s.usedNow(remote, what, by, to)
}

// usedNow is used, and says whether the entry is there.
func (s *Server) usedNow(remote, what string, by meeting.MemberID, to auth.Grant) error {
	network := cut(remote)
	s.log.Info("security", slog.String("kind", what), slog.String("meeting", string(to.Meeting)), slog.String("person", string(to.Member)),
		slog.String("by", string(by)), slog.String("remote", network))
	e := auth.SecurityEvent{Kind: what, Meeting: to.Meeting, Person: to.Member, By: by, Source: s.security.names.Name(network)}
	if e.By == e.Person {
		e.By = ""
	}
	return s.security.noted(e)
}

// deny is refuse with a line in the log.
func (s *Server) deny(w http.ResponseWriter, r *http.Request, g auth.Grant, err error) {
	s.refused(r.RemoteAddr, s.word(err).Code, g)
	s.refuse(w, err)
}

const noteTime = 5 * time.Second // for one entry, while another process writes

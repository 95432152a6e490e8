package room

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/store"
)

// side is one other party: its link and how far its log is.
type side struct {
	party  meeting.PartyID
	l      Link   // nil: never up
	up     bool   // control connection
	agreed bool   // same definition, over the present connection: logs are exchanged
	code   string // why they are not: "definition.differs", "log.forked" …; kept until the room ends, definition.differs until the next JoinLog
	path   LinkState
	shown  LinkState // what pages were told; figures change once a second

	sent   int64         // last entry sent, on the host
	pushed time.Time     // when
	taken  int           // entries since the last tick, on a guest
	later  bool          // more is asked for with the next tick
	asked  int64         // our last entry when we asked for more, on a guest; -1: not asked
	ahead  *meeting.Head // of an entry that we have not got yet
	kept   int64         // number of its last head in the own log

	partedAt time.Time // since when the rooms cannot speak; zero: they can
	matched  bool      // since the doors were suspended it has signed the head that we have
	clock    clock
	clockAt  time.Time                    // when we said ours
	heard    bucket                       // its notices
	words    bucket                       // its officers' messages, of these
	said     map[noticeKey]time.Time      // when we last said what
	unsaid   map[noticeKey]meeting.Notice // what waits to be said
	doors    *meeting.Doors               // its own, as it states; nil: it has not said
	stats    []meeting.MemberStats        // as it states
	paths    []meeting.PathStats          // as it states
	statsAt  time.Time
	figures  []PathFigures // of the link, as we measure them

	offered map[string]*media.Stream
	wanted  map[string]*media.Stream
	cameras map[string]*camera // of wanted, by id
}

// state is the link in words of wire.Link.
func (s *side) state() string {
	switch {
	case s.code == codeDiffers || s.l == nil:
		return "down"
	case s.up && s.agreed && !s.path.Interrupted:
		return "up"
	case s.offered == nil: // up, and nothing heard of the other room yet
		return "down"
	}
	return "interrupted"
}

// stopped is the code for which we do not follow the log with s any more, "" while we do.
func (s *side) stopped() string {
	if s.code == codeDiffers { // heals with another definition
		return ""
	}
	return s.code
}

const (
	codeDiffers = "definition.differs"
	codeForked  = "log.forked"
	codeRate    = "devices.rate"
)

func (r *Room) linkUp(l Link) {
	s := r.links[l.Party()]
	if s == nil {
		r.log.Warn("link of a party that is not in the meeting", slog.String("party", string(l.Party())))
		return
	}
	if s.l != l {
		s.l, s.offered, s.wanted, s.cameras, s.path = l, nil, nil, nil, LinkState{}
	}
	if s.partedAt.IsZero() { // it came up anew without a word of the old one's end
		s.partedAt = time.Now()
	}
	s.up, s.agreed, s.asked, s.clock = true, false, -1, clock{}
	r.unsend(s)
	r.changed()
	r.join(s, true)
}

func (r *Room) linkDown(p meeting.PartyID) {
	if s := r.links[p]; s != nil && s.up {
		s.up, s.agreed, s.partedAt = false, false, time.Now()
		r.unsend(s)
		r.changed()
		r.hurry()
	}
}

// unsend takes note that what was on its way to the host may be lost.
func (r *Room) unsend(s *side) {
	if s.party != r.c.Definition.Host {
		return
	}
	for i := range r.pending {
		r.pending[i].sent = time.Time{}
	}
}

func (r *Room) join(s *side, ask bool) {
	r.tell(s, meeting.Exchange{Join: &meeting.JoinLog{Meeting: r.c.Definition.ID, Digest: r.digest, Have: r.led.n, Ask: ask, Stopped: s.stopped()}})
}

// tell sends x. An error means that the link goes down, which the link tells us itself.
func (r *Room) tell(s *side, x meeting.Exchange) bool {
	if err := s.l.Exchange(x); err != nil {
		r.log.Debug("message to the other node not sent", slog.String("party", string(s.party)), slog.Any("err", err))
		return false
	}
	return true
}

// exchange takes what the room of party p sent. An error closes the link.
func (r *Room) exchange(now time.Time, p meeting.PartyID, x meeting.Exchange) error {
	s := r.links[p]
	if s == nil || s.l == nil || !s.up {
		return nil // on its way when the link went down
	}
	if err := x.Check(); err != nil {
		return err
	}
	if x.Meeting() != r.c.Definition.ID {
		return &meeting.Error{Code: "meeting.other"}
	}
	if x.Join != nil {
		return r.joined(now, s, *x.Join)
	}
	if !s.agreed || s.code != "" {
		return nil // from before a cut, or of a log that we do not follow
	}
	switch {
	case x.Propose != nil:
		return r.proposed(now, s, *x.Propose)
	case x.Entry != nil:
		return r.entries(now, s, *x.Entry)
	case x.Head != nil:
		return r.headed(s, *x.Head)
	case x.Refuse != nil:
		return r.refused(now, s, *x.Refuse)
	case x.Notice != nil:
		return r.noticed(now, s, *x.Notice)
	}
	return nil
}

func (r *Room) joined(now time.Time, s *side, j meeting.JoinLog) error {
	if j.Ask {
		r.join(s, false)
	}
	if j.Digest != r.digest {
		if s.code == "" {
			s.code = codeDiffers
			r.log.Error("the other party has another definition of this meeting", slog.String("party", string(s.party)))
		}
		s.agreed = false
		r.changed()
		return nil
	}
	if s.code == codeDiffers {
		s.code = ""
	}
	if s.code == "" && j.Stopped != "" { // its proof stays with it: we cannot see what it saw
		r.stop(s, Proof{Code: j.Stopped, N: j.Have})
	}
	if !s.agreed {
		s.agreed, s.partedAt = true, time.Time{}
		r.sayClock(now, s)
		r.sayAll(now, s)
		r.hurry()
		if s.offered == nil {
			s.offered, s.wanted, s.cameras = map[string]*media.Stream{}, map[string]*media.Stream{}, map[string]*camera{}
		}
		r.headDue = true
		r.changed()
	}
	if s.code != "" { // people go on seeing each other as they were
		return nil
	}
	switch {
	case r.isHost() && j.Have > r.led.n:
		r.stop(s, Proof{Code: codeForked, N: j.Have})
	case r.isHost():
		s.sent = j.Have
		r.push(now, s)
	case s.party == r.c.Definition.Host:
		if j.Have < r.led.n { // what we have came from it
			r.stop(s, Proof{Code: codeForked, N: j.Have})
			return nil
		}
		r.pump(now)
	}
	return nil
}

// push sends the next piece of the log to a guest. If more follows, the guest asks when it has written this.
func (r *Room) push(now time.Time, s *side) {
	s.pushed = now
	if s.sent >= r.led.n {
		return
	}
	data, err := r.led.bytes(s.sent + 1)
	if err != nil || len(data) == 0 {
		r.log.Error("shared log cannot be read", slog.Any("err", err))
		return
	}
	if r.tell(s, meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: r.c.Definition.ID, N: s.sent + 1, Last: r.led.n, Data: data}}) {
		s.sent += int64(len(data))
	}
}

// proposed takes a guest's proposal, on the host. One that was sequenced before is passed over: it was sent again after a cut.
func (r *Room) proposed(now time.Time, s *side, p meeting.Proposal) error {
	if !r.isHost() {
		return &meeting.Error{Code: "log.nothost"}
	}
	if p.Party != s.party {
		return &meeting.Error{Code: "member.foreign"}
	}
	if p.Counter <= r.led.counters[p.Party] {
		return nil
	}
	err := error(&meeting.Error{Code: codeRate})
	if r.allow(now, p) {
		err = r.sequence(now, p)
	}
	var me *meeting.Error
	if errors.As(err, &me) {
		if me.Code != codeRate && offends(p.Event.Kind) {
			r.refusedFrom(now, s.party, me.Code)
		}
		if r.seldom(now, "refused "+string(p.Party)) {
			r.log.Warn("proposal refused", slog.String("party", string(p.Party)), slog.String("person", string(p.Event.Member)), slog.Any("err", err))
		}
		r.tell(s, meeting.Exchange{Refuse: &meeting.Refusal{Meeting: p.Meeting, Counter: p.Counter, Code: me.Code}})
		return nil
	}
	return err // our disk: the link closes, and the guest proposes again later
}

// refused takes the host's refusal of a proposal of ours.
func (r *Room) refused(now time.Time, s *side, f meeting.Refusal) error {
	if s.party != r.c.Definition.Host {
		return &meeting.Error{Code: "log.nothost"}
	}
	for i, p := range r.pending {
		if p.p.Counter != f.Counter {
			continue
		}
		if r.seldom(now, "refusal") {
			r.log.Warn("the host refused an event of ours", slog.String("person", string(p.p.Event.Member)), slog.String("err", f.Code))
		}
		if r.hold(now, i, f) {
			return nil
		}
		r.keep(Record{Refused: &f}, store.Stated)
		if offends(p.p.Event.Kind) { // an officer believes that it was done
			r.refusedFrom(now, s.party, f.Code)
		}
		r.pending = append(r.pending[:i:i], r.pending[i+1:]...)
		r.viewStale = true
		r.refresh()
		r.appease(now, p.p.Event, f.Code)
		return nil
	}
	return nil
}

// appease follows the refusal of an event of ours: who was to leave leaves later, and a switch that was only too quick is tried again.
func (r *Room) appease(now time.Time, e meeting.Event, code string) {
	st := r.seats[e.Member]
	switch {
	case st == nil && e.Kind == meeting.MemberLeft:
		r.away[e.Member] = now.Add(retryPause)
	case st != nil && e.Kind == meeting.MemberDevices && code == codeRate:
		st.retry = now.Add(retryPause)
	case st != nil && e.Kind == meeting.MemberDevices:
		r.discourage(now, st)
	}
}

// entries takes a piece of the log, on a guest.
func (r *Room) entries(now time.Time, s *side, piece meeting.EntryBytes) error {
	if s.party != r.c.Definition.Host {
		return &meeting.Error{Code: "log.nothost"}
	}
	for i, b := range piece.Data {
		n := piece.N + int64(i)
		if n > r.led.n+1 { // a piece was lost: ask from where we are
			break
		}
		if n <= r.led.n {
			if same, err := r.holds(n, b); err != nil || same {
				continue
			}
			r.stop(s, Proof{Code: codeForked, N: n, Entry: b})
			return nil
		}
		if ok, err := r.follow(now, s, n, b); err != nil || !ok {
			return err
		}
	}
	if piece.Last > r.led.n && s.asked != r.led.n {
		if s.taken < catchUpTick {
			r.more(s)
		} else {
			s.later = true
		}
	}
	r.pump(now)
	return nil
}

// more asks the host for what follows our last entry.
func (r *Room) more(s *side) {
	if s.agreed && s.code == "" {
		s.asked = r.led.n
		r.join(s, false)
	}
}

func (r *Room) holds(n int64, b []byte) (bool, error) {
	ours, err := r.led.bytes(n)
	if err != nil || len(ours) == 0 {
		return false, fmt.Errorf("entry %d: %w", n, err)
	}
	return string(ours[0]) == string(b), nil
}

// follow takes the entry that follows. It returns false when the log stops there, an error when our disk does not take it.
func (r *Room) follow(now time.Time, s *side, n int64, b []byte) (bool, error) {
	if e, err := meeting.DecodeEntry(b); err == nil && e.Party == r.c.Self {
		at := -1
		for i, p := range r.pending {
			if e.Answers(p.p) {
				at = i
				break
			}
		}
		if at < 0 { // words in our mouth
			r.stop(s, Proof{Code: "log.forged", N: n, Entry: b})
			return false, nil
		}
		defer func() {
			if r.led.n >= n {
				r.overtaken(now, s, r.pending[:at])
				if p := r.pending[at]; p.held { // it was sequenced after all
					r.keep(Record{Refused: &meeting.Refusal{Meeting: p.p.Meeting, Counter: p.p.Counter, Code: codeHeld}}, store.Observed)
				}
				r.pending = append(r.pending[:at:at], r.pending[at+1:]...)
			}
		}()
	}
	if e, next, err := r.led.check(b); err == nil && phaseOf(e.Event.Kind) {
		r.shutNow(now, next)
	}
	before := r.led.state
	e, err := r.led.append(b)
	if err == nil {
		s.taken++
		r.sequenced(now, e)
		if r.keyLate(now, e, before) {
			r.doors.stuck = true
			r.refusedFrom(now, s.party, codeKeyLate)
		}
		r.recheck()
		return true, nil
	}
	if errors.Is(err, errNotInForce) { // the owner is about to retire the room; the host has done nothing wrong
		r.log.Warn("the host has begun what is not in force here", slog.String("party", string(s.party)))
		return false, nil
	}
	var me *meeting.Error
	if errors.As(err, &me) {
		code := "log.invalid"
		if me.Code == codeForked {
			code = codeForked
		}
		r.stop(s, Proof{Code: code, N: n, Entry: b})
		return false, nil
	}
	r.log.Error("shared log cannot be written", slog.Any("err", err))
	return false, err
}

// stop ends the exchange of logs with a party for good: what it says cannot be joined with what we hold. Both are kept.
func (r *Room) stop(s *side, p Proof) {
	p.From = string(s.party)
	if p.Ours == nil && r.led.n > 0 {
		h := r.head(r.led.n, r.led.hash)
		p.Ours = &h
	}
	s.code = p.Code
	r.stopped = codeForked
	r.changed()
	r.log.Error("the shared log of another party cannot be joined with ours: it is stopped, both are kept", slog.String("party", string(s.party)), slog.String("err", p.Code))
	r.keep(Record{Proof: &p}, store.Stated)
	if s.up { // the other side must not believe that all is well
		r.join(s, false)
	}
}

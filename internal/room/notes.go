package room

import (
	"log/slog"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// message takes an officer's words to the officers of the other parties.
func (r *Room) message(now time.Time, m meeting.Member, a wire.Act) error {
	if !m.Role.May(meeting.Message) {
		return &meeting.Error{Code: "member.role"}
	}
	text, err := meeting.Clean(a.Value, meeting.MessageText)
	if err != nil {
		return err
	}
	if text == "" {
		return &meeting.Error{Code: "text.empty"}
	}
	sent := false
	for _, s := range r.links {
		sent = r.tellOnce(s, meeting.Notice{Kind: meeting.NoticeMessage, Member: m.ID, Text: text}) || sent
	}
	if !sent { // nobody would read it
		return &meeting.Error{Code: "link.lost"}
	}
	r.note(wire.Note{Kind: wire.NoteMessage, Party: string(r.c.Self), Member: string(m.ID), Text: text, At: stamp(now), Own: true})
	return nil
}

// request asks who speaks for something; from a booth nobody learns from whom.
func (r *Room) request(now time.Time, m meeting.Member, a wire.Act) error {
	q := meeting.Request(a.Value)
	switch {
	case !q.Known():
		return &meeting.Error{Code: "request.unknown"}
	case !m.Role.May(meeting.Hear):
		return &meeting.Error{Code: "member.role"}
	case !r.together():
		return &meeting.Error{Code: "phase.wrong"}
	}
	by := m.ID
	if m.Role == meeting.Interpreter {
		by = ""
	}
	r.note(wire.Note{Kind: wire.NoteRequest, Party: string(r.c.Self), Member: string(by), Text: string(q), At: stamp(now), Own: true})
	for _, s := range r.links {
		r.tellOnce(s, meeting.Notice{Kind: meeting.NoticeRequest, Member: by, Request: q})
	}
	return nil
}

// help calls the own technicians: "I cannot hear".
func (r *Room) help(now time.Time, m meeting.Member, _ wire.Act) error {
	r.note(wire.Note{Kind: wire.NoteHelp, Party: string(r.c.Self), Member: string(m.ID), Text: "help", At: stamp(now), Own: true})
	return nil
}

// note keeps n for those whom it concerns, within maxNotes and noteBytes: what came from other parties goes first, calls for help last.
func (r *Room) note(n wire.Note) {
	r.noted++
	n.ID = r.noted
	r.notes = append(slices.Clip(r.notes), n) // pages may still be told the old ones
	size := 0
	for _, n := range r.notes {
		size += noteSize(n)
	}
	for len(r.notes) > maxNotes || size > noteBytes {
		i := leastNote(r.notes[:len(r.notes)-1])
		size -= noteSize(r.notes[i])
		r.notes = slices.Delete(r.notes, i, i+1)
	}
	r.stateStale = true
}

// noteSize is what n takes in a state, about: signs that JSON escapes take six bytes.
func noteSize(n wire.Note) int {
	size := 200 + len(n.Party) + len(n.Member) + len(n.Text)
	for _, c := range []byte(n.Text) {
		if c == '<' || c == '>' || c == '&' || c == '"' || c == '\\' || c < ' ' {
			size += 5
		}
	}
	return size
}

// leastNote is the place of the one to go first: the oldest of another party, else of our own but for calls for help, else the oldest.
func leastNote(ns []wire.Note) int {
	if i := slices.IndexFunc(ns, func(n wire.Note) bool { return !n.Own }); i >= 0 {
		return i
	}
	return max(0, slices.IndexFunc(ns, func(n wire.Note) bool { return n.Kind != wire.NoteHelp }))
}

// notesFor are the notes that member m may see: officers all, technicians calls for help, who holds the floor the requests since it was given.
func (r *Room) notesFor(m meeting.Member) []wire.Note {
	var out []wire.Note
	since := stamp(r.given.at)
	for _, n := range r.notes {
		switch {
		case m.Role.May(meeting.Message),
			m.Role.May(meeting.Repair) && n.Kind == wire.NoteHelp,
			r.view.Floor.Holder == m.ID && n.Kind == wire.NoteRequest && n.At >= since:
			out = append(out, n)
		}
	}
	return out
}

// together reports whether the parties are in one room: the meeting is on.
func (r *Room) together() bool {
	return r.view.Phase == meeting.Opened || r.view.Phase == meeting.Closed
}

// sense takes the word of a page's speech detector. A microphone that is on needs none.
func (r *Room) sense(now time.Time, id meeting.MemberID, speaking bool) {
	r.refresh()
	p, ok := r.view.Present[id]
	r.mute(now, id, speaking && ok && !p.Mic && r.view.MaySpeak(id))
}

// mute notes that member id of ours speaks into a microphone that is off, or no longer does, and tells the other nodes.
func (r *Room) mute(now time.Time, id meeting.MemberID, on bool) {
	if _, was := r.muted[id]; was == on {
		return
	}
	if on {
		r.muted[id] = now
	} else {
		delete(r.muted, id)
	}
	r.hurry()
	if on && !r.together() { // what our side says among itself is no matter for the other, nor that somebody speaks
		return
	}
	for _, s := range r.links {
		r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeMuted, Member: id, On: &on})
	}
}

// meet tells the other nodes, when the parties have come together, who of ours speaks into a closed microphone just then.
func (r *Room) meet(now time.Time) {
	was := r.met
	if r.met = r.together(); was || !r.met {
		return
	}
	for _, id := range sortedKeys(r.muted) {
		for _, s := range r.links {
			if on := true; r.owns(id) == nil {
				r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeMuted, Member: id, On: &on})
			}
		}
	}
}

// unmute forgets who does not speak into a closed microphone any more, or may not open it.
func (r *Room) unmute(now time.Time) {
	for id := range r.muted {
		p, ok := r.view.Present[id]
		st := r.seats[id]
		if m, _ := r.c.Definition.Member(id); m.Party != r.c.Self {
			if !ok || p.Mic {
				delete(r.muted, id)
				r.hurry()
			}
			continue
		}
		if !ok || p.Mic || st == nil || !st.lost.IsZero() || !r.view.MaySpeak(id) {
			r.mute(now, id, false)
		}
	}
}

// check takes what the page of a member of ours found out about its devices.
func (r *Room) check(now time.Time, m meeting.Member, c wire.Check) error {
	if !m.Role.May(meeting.Rehearse) {
		return &meeting.Error{Code: "member.role"}
	}
	y := meeting.Ready{Mic: c.Mic, Camera: c.Camera, Sound: c.Sound}
	if old, ok := r.ready[m.ID]; ok && old == y {
		return nil
	}
	r.ready[m.ID] = y
	r.hurry()
	for _, s := range r.links {
		r.tellLast(now, s, meeting.Notice{Kind: meeting.NoticeReady, Member: m.ID, Ready: &y})
	}
	return nil
}

// noticed takes what the node of s says in passing: its word, about its own people, and never more than that.
func (r *Room) noticed(now time.Time, s *side, n meeting.Notice) error {
	s.heard.fill(now, noticeRate, noticeBurst)
	if s.heard.tokens < 1 {
		return nil // too many: the latest of each kind comes again
	}
	s.heard.tokens--
	if n.Kind == meeting.NoticeHeard { // about one of ours
		if err := r.owns(n.Member); err == nil && r.view.Floor.Holder == n.Member {
			r.heard[n.Member] = heardAt{float64(*n.DB), now}
		}
		return nil
	}
	m, ok := r.c.Definition.Member(n.Member)
	if n.Member != "" && (!ok || m.Party != s.party) {
		return &meeting.Error{Code: "member.foreign"}
	}
	switch n.Kind {
	case meeting.NoticeMuted:
		r.farMuted(now, n.Member, *n.On)
	case meeting.NoticeReady:
		r.ready[n.Member] = *n.Ready
		r.stateStale = true
	case meeting.NoticeRequest:
		if r.together() && (n.Member == "" || m.Role.May(meeting.Hear)) {
			r.note(wire.Note{Kind: wire.NoteRequest, Party: string(s.party), Member: string(n.Member), Text: string(n.Request), At: stamp(now)})
		}
	case meeting.NoticeMessage:
		if !m.Role.May(meeting.Message) {
			return &meeting.Error{Code: "member.role"}
		}
		if s.words.fill(now, wordsRate, wordsBurst); s.words.tokens < 1 {
			if r.seldom(now, "messages of "+string(s.party)) {
				r.log.Warn("too many messages of another party are passed over", slog.String("party", string(s.party)))
			}
			return nil
		}
		s.words.tokens--
		r.note(wire.Note{Kind: wire.NoteMessage, Party: string(s.party), Member: string(n.Member), Text: n.Text, At: stamp(now)})
	case meeting.NoticeDoors:
		d := *n.Doors
		s.doors = &d
		r.hurry()
	case meeting.NoticeStats:
		s.stats, s.paths, s.statsAt = n.Stats, n.Paths, now
	case meeting.NoticeClock:
		r.clocked(now, s, *n.Clock)
	}
	return nil
}

func (r *Room) farMuted(now time.Time, id meeting.MemberID, on bool) {
	on = on && r.together()
	p, ok := r.view.Present[id]
	if _, was := r.muted[id]; was == (on && ok && !p.Mic) {
		return
	}
	if on && ok && !p.Mic {
		r.muted[id] = now
	} else {
		delete(r.muted, id)
	}
	r.hurry()
}

// tellOnce sends n to the room of s now, or not at all. It reports which.
func (r *Room) tellOnce(s *side, n meeting.Notice) bool {
	if s.l == nil || !s.up || !s.agreed {
		return false
	}
	n.Meeting = r.c.Definition.ID
	return r.tell(s, meeting.Exchange{Notice: &n})
}

// tellLast sends the last notice of its kind and member, at most one in noticePause: what comes sooner waits for its turn, and what comes
// after it takes its place.
func (r *Room) tellLast(now time.Time, s *side, n meeting.Notice) {
	n.Meeting = r.c.Definition.ID
	k := noticeKey{n.Kind, n.Member}
	if s.said == nil {
		s.said, s.unsaid = map[noticeKey]time.Time{}, map[noticeKey]meeting.Notice{}
	}
	if !s.up || !s.agreed || now.Sub(s.said[k]) < noticePause {
		s.unsaid[k] = n
		return
	}
	s.said[k] = now
	delete(s.unsaid, k)
	r.tell(s, meeting.Exchange{Notice: &n})
}

// sayRest sends what has waited long enough. It returns when the next is due, 0 if nothing waits.
func (r *Room) sayRest(now time.Time) (wait time.Duration) {
	for _, s := range r.links {
		if !s.up || !s.agreed {
			continue
		}
		for k, n := range s.unsaid {
			if d := s.said[k].Add(noticePause).Sub(now); d > 0 {
				if wait == 0 || d < wait {
					wait = d
				}
				continue
			}
			r.tellLast(now, s, n)
		}
	}
	return wait
}

// noticeKey is what a newer notice takes the place of.
type noticeKey struct {
	kind   meeting.NoticeKind
	member meeting.MemberID
}

// heardAt is how loud another node hears one of ours.
type heardAt struct {
	db float64
	at time.Time
}

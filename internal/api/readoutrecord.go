package api

import (
	"encoding/json"
	"net/http"
	"time"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// MeetingRecord is what the record of a meeting says, as far as whoever writes its readout looks it up: times of the host's clock.
type MeetingRecord struct {
	Members []meeting.Member `json:"members"` // of the definition
	Agenda  []meeting.Item   `json:"agenda"`
	Spoken  []RecordSpoken   `json:"spoken"`
	Present []RecordPresence `json:"present"` // one for each stay, in the order of coming
}

// RecordSpoken is one line of the speaking log.
type RecordSpoken struct {
	Member   meeting.MemberID `json:"member"`
	Capacity int              `json:"capacity"`
	Floor    bool             `json:"floor"` // had the floor; false: an open microphone in free exchange
	Start    time.Time        `json:"start"`
	Seconds  int              `json:"seconds"` // -1: it went on when the log ended
	Item     int              `json:"item"`    // 0 = none
	Open     bool             `json:"open"`    // press and viewers heard it
	Language string           `json:"language"`
}

// RecordPresence is from coming to leaving.
type RecordPresence struct {
	Member meeting.MemberID `json:"member"`
	From   time.Time        `json:"from"`
	To     time.Time        `json:"to"` // the zero time: there when the log ended
}

// readoutRecord answers GET /api/readouts/{readout}/record: the record on which the text rests, for officers alone.
func (s *Server) readoutRecord(w http.ResponseWriter, r *http.Request) {
	if _, session, err := s.officer(r); err != nil {
		s.deny(w, r, session.Grant, err)
		return
	}
	c, err := s.readouts.Desk.Case(r.Context(), readout.ID(r.PathValue("readout")))
	if err != nil {
		s.answerReadout(w, nil, err)
		return
	}
	record, err := s.readouts.Record(r.Context(), c.Manuscript.Document.Meeting)
	if err != nil {
		s.answerReadout(w, nil, err)
		return
	}
	b, err := json.Marshal(record)
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(b) // who has hung up needs no answer
}

// staleText is what has changed under a text that was finished: the authentic text of one language, then and now, by words.
type staleText struct {
	Block    string           `json:"block"`
	Language string           `json:"language"` // of the text that rests on it
	Of       string           `json:"of"`       // the authentic language that has changed
	Changes  []readout.Change `json:"changes"`
}

// staleOf compares what stale texts rested on with what stands there now.
func staleOf(c *draft.Case) []staleText {
	out := []staleText{}
	for _, f := range c.Manuscript.Former {
		b, ok := c.Manuscript.Document.Block(f.Block)
		if ok {
			out = append(out, staleText{f.Block, f.Language, f.Of, readout.Diff(f.Text, b.Texts[f.Of].Text)})
		}
	}
	return out
}

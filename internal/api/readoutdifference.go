package api

import (
	"encoding/json"
	"net/http"

	"visavis/internal/readout"
	"visavis/internal/strict"
)

// maxPairs bounds how many differences one request may ask for: a block in each language.
const maxPairs = readout.MaxLanguages

// textPair is what stood and what stands.
type textPair struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// differenceRequest is the body of POST /api/readouts/difference.
type differenceRequest struct {
	Pairs []textPair `json:"pairs"`
}

// differences is the answer, in the order of the pairs.
type differences struct {
	Differences [][]readout.Change `json:"differences"`
}

// readoutDifference answers POST /api/readouts/difference: by words, how texts differ that the page has: ours and theirs, two in brackets. It reads and
// changes nothing. One takes some 30 ms at most (readout.Diff).
func (s *Server) readoutDifference(w http.ResponseWriter, r *http.Request) {
	b, _, _, err := s.readoutAsked(w, r, maxReadout)
	var q differenceRequest
	if err == nil {
		err = strict.Decode(b, &q, strict.Limits{Bytes: maxReadout, Depth: 4, List: maxPairs, String: 64 << 10})
	}
	if err != nil {
		s.refuse(w, err)
		return
	}
	out := differences{Differences: [][]readout.Change{}}
	for _, p := range q.Pairs {
		out.Differences = append(out.Differences, append([]readout.Change{}, readout.Diff(p.Before, p.After)...))
	}
	reply, err := json.Marshal(out)
	if err != nil {
		s.refuse(w, err)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	_, _ = w.Write(reply) // who has hung up needs no answer
}

package room

import (
	"log/slog"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/store"
)

// head signs our log up to entry n.
func (r *Room) head(n int64, hash meeting.Hash) meeting.Head {
	h := meeting.Head{Meeting: r.c.Definition.ID, N: n, Hash: hash, Party: r.c.Self}
	h.Sig = r.c.Sign(h.SignedBytes())
	return h
}

// signHeads sends our head to all parties, when attendance has changed and every headEvery.
func (r *Room) signHeads(now time.Time) {
	if r.led.n == 0 || !r.headDue && now.Sub(r.headAt) < headEvery {
		return
	}
	any := false
	for _, s := range r.links {
		any = any || s.agreed && s.code == ""
	}
	if !any {
		return
	}
	r.headDue, r.headAt = false, now
	h := r.head(r.led.n, r.led.hash)
	for _, s := range r.links {
		if s.agreed && s.code == "" {
			r.tell(s, meeting.Exchange{Head: &h})
		}
	}
}

// headed takes another party's head.
func (r *Room) headed(s *side, h meeting.Head) error {
	if h.Party != s.party {
		return &meeting.Error{Code: "member.foreign"}
	}
	if !r.c.Verify(h.Party, h.SignedBytes(), h.Sig) {
		return &meeting.Error{Code: "log.signature"}
	}
	if h.N > r.led.n {
		if r.isHost() {
			r.stop(s, Proof{Code: codeForked, N: h.N, Their: &h})
			return nil
		}
		if s.ahead == nil || s.ahead.N <= r.led.n {
			s.ahead = &h // compared as soon as we are there
		}
		return nil
	}
	return r.compare(s, h)
}

// recheck compares the heads that were ahead of us.
func (r *Room) recheck() {
	for _, s := range r.links {
		if s.ahead == nil || s.ahead.N > r.led.n {
			continue
		}
		h := *s.ahead
		s.ahead = nil
		if err := r.compare(s, h); err != nil {
			r.log.Error("head cannot be compared", slog.String("party", string(s.party)), slog.Any("err", err))
		}
	}
}

// compare holds a verified head against our log: equal, it is kept as countersignature; else the log stops.
func (r *Room) compare(s *side, h meeting.Head) error {
	hash, err := r.led.hashAt(h.N)
	if err != nil {
		return err
	}
	if hash != h.Hash {
		ours := r.head(h.N, hash)
		r.tell(s, meeting.Exchange{Head: &ours}) // so that they hold the proof too
		r.stop(s, Proof{Code: codeForked, N: h.N, Ours: &ours, Their: &h})
		return nil
	}
	if h.N == r.led.n && !s.matched {
		s.matched = true
		r.hurry()
	}
	if h.N > s.kept {
		s.kept = h.N
		r.keep(Record{Head: &h}, store.Stated)
	}
	return nil
}

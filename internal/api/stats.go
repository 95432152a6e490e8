package api

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats counts what a Server did since it was made. Nothing in it names anybody.
type Stats struct {
	Sockets int               // open now
	Closed  uint64            // sockets that have ended
	Refused map[string]uint64 // by code, of requests and of messages
}

// counts is written by many: refusals are rare beside what is done.
type counts struct {
	closed atomic.Uint64

	mu      sync.Mutex
	refused map[string]uint64 // guarded by mu; codes are ours and few
}

func (c *counts) refuse(code string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refused == nil {
		c.refused = map[string]uint64{}
	}
	c.refused[code]++
}

// Stats returns the counts so far. Any goroutine.
func (s *Server) Stats() Stats {
	s.mu.Lock()
	sockets := len(s.sockets)
	s.mu.Unlock()
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	return Stats{Sockets: sockets, Closed: s.counts.closed.Load(), Refused: maps.Clone(s.counts.refused)}
}

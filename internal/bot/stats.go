package bot

import (
	"maps"
	"slices"
	"time"

	"visavis/internal/wire"
)

// Stats is what a bot did and saw since it was made.
type Stats struct {
	You       string // member id, "" before the first welcome
	Connected bool   // its WebSocket is up and welcomed
	Media     bool   // its media transport is connected
	Waiting   string // why it waits at the door, "" if it does not
	Joins     int    // welcomes with a new media session
	Resumes   int    // welcomes that kept the media session
	Restarts  int    // ICE restarts answered
	State     wire.State
	Floor     []string // who sounds in which floor slot
	Sent      map[string]Sent
	Slots     map[string]Received
}

// Sent counts one track, "mic" or "cam".
type Sent struct {
	Packets   uint64
	Frames    uint64 // video
	Keyframes uint64 // video
	Requests  uint64 // keyframe requests received
	LeftOut   uint64 // frames not sent because the machine was too slow
}

// Received counts one receive slot over all media sessions. A packet that came again, or late, counts once in Packets.
type Received struct {
	Packets   uint64
	Bytes     uint64 // payload
	Repaired  uint64 // packets that came after others with higher numbers: resends, or reordering
	Repeated  uint64 // packets that had come before
	Lost      uint64 // packets that did not come within a second although they were asked for
	Breaks    uint64 // jumps in the sequence numbers that cannot be loss
	Frames    uint64 // video: packets that end a frame
	Keyframes uint64 // video: keyframes begun
	SSRCs     uint64 // different SSRCs seen: 1 for the whole of one media session
	First     time.Time
	Last      time.Time
	Gap       time.Duration // the longest time between two packets
}

// Stats gives a copy.
func (b *Bot) Stats() Stats {
	b.mu.Lock()
	s := b.stats
	s.Floor = slices.Clone(s.Floor)
	s.Sent = maps.Clone(s.Sent)
	s.Slots = maps.Clone(s.Slots)
	m := b.media
	b.mu.Unlock()
	if m != nil {
		s.Sent, s.Slots = m.stats(s.Sent, s.Slots)
		s.Media = m.up()
	}
	return s
}

// connected notes the socket on which the node has welcomed us, nil when it has ended.
func (b *Bot) connected(t *talk) {
	b.mu.Lock()
	b.stats.Connected, b.talk = t != nil, t
	b.mu.Unlock()
}

// add adds what one media session counted to what earlier ones did.
func (r Received) add(o Received) Received {
	r.Packets, r.Bytes = r.Packets+o.Packets, r.Bytes+o.Bytes
	r.Repaired, r.Repeated, r.Lost, r.Breaks = r.Repaired+o.Repaired, r.Repeated+o.Repeated, r.Lost+o.Lost, r.Breaks+o.Breaks
	r.Frames, r.Keyframes, r.SSRCs = r.Frames+o.Frames, r.Keyframes+o.Keyframes, r.SSRCs+o.SSRCs
	if r.First.IsZero() {
		r.First = o.First
	}
	if o.Last.After(r.Last) {
		r.Last = o.Last
	}
	r.Gap = max(r.Gap, o.Gap)
	return r
}

func (s Sent) add(o Sent) Sent {
	return Sent{s.Packets + o.Packets, s.Frames + o.Frames, s.Keyframes + o.Keyframes, s.Requests + o.Requests, s.LeftOut + o.LeftOut}
}

package meeting

import (
	"slices"
	"time"
)

// NoticeKind is what a notice is about.
type NoticeKind string

// The kinds of notices.
const (
	NoticeMuted   NoticeKind = "muted"   // member speaks into a microphone that is off: on or over
	NoticeHeard   NoticeKind = "heard"   // db: how loud the sender's node hears the holder, at most 5/s
	NoticeReady   NoticeKind = "ready"   // ready: what a member has checked in the rehearsal
	NoticeRequest NoticeKind = "request" // request; member "" where it comes from a booth
	NoticeMessage NoticeKind = "message" // text, from officer to officer
	NoticeDoors   NoticeKind = "doors"   // doors of the sender's node
	NoticeStats   NoticeKind = "stats"   // stats, paths: what technicians share
	NoticeClock   NoticeKind = "clock"   // clock: how far the two clocks are apart
)

// NoticeKinds lists them.
func NoticeKinds() []NoticeKind {
	return []NoticeKind{NoticeMuted, NoticeHeard, NoticeReady, NoticeRequest, NoticeMessage, NoticeDoors, NoticeStats, NoticeClock}
}

// Request is what somebody asks of who speaks.
type Request string

// The requests.
const (
	Repeat    Request = "repeat"
	SlowDown  Request = "slow"
	MicPlease Request = "mic-please"
)

// Known reports whether this version knows the request.
func (r Request) Known() bool { return r == Repeat || r == SlowDown || r == MicPlease }

// Notice is what one node tells the other in passing: it never enters a log, the latest of a kind and member counts, and what it
// says is no more than the word of the party whose link brought it. At most MaxNotice bytes.
type Notice struct {
	Meeting ID            `json:"meeting"`
	Kind    NoticeKind    `json:"kind"`
	Member  MemberID      `json:"member,omitempty"`  // muted, heard, ready, request, message: whom it is about, or who wrote
	On      *bool         `json:"on,omitempty"`      // muted
	DB      *int          `json:"db,omitempty"`      // heard: dBov, -127 … 0 (RFC 6464 §3)
	Ready   *Ready        `json:"ready,omitempty"`   // ready
	Request Request       `json:"request,omitempty"` // request
	Text    string        `json:"text,omitempty"`    // message: went through Clean (MessageText)
	Doors   *Doors        `json:"doors,omitempty"`   // doors
	Stats   []MemberStats `json:"stats,omitempty"`   // stats: at most MaxStats
	Paths   []PathStats   `json:"paths,omitempty"`   // stats: at most MaxPaths
	Clock   *Clock        `json:"clock,omitempty"`   // clock
}

// Ready is what a member has found to work in the rehearsal.
type Ready struct {
	Mic    bool `json:"mic"`
	Camera bool `json:"camera"`
	Sound  bool `json:"sound"`
}

// Doors is what a node says of its own doors. Times are its clock, UTC.
type Doors struct {
	Closed   bool      `json:"closed"`
	At       time.Time `json:"at"`       // when they were closed or opened
	LastMs   int64     `json:"lastMs"`   // last packet to press after At, ms; negative: before
	After    int64     `json:"after"`    // packets to press later than that
	Egresses int       `json:"egresses"` // ways out that are shut or open
	Press    int       `json:"press"`    // press that are in
}

// MemberStats is how the media of one member run, as its own node sees them.
type MemberStats struct {
	Member   MemberID `json:"member"`
	UpKbps   int      `json:"upKbps"`
	DownKbps int      `json:"downKbps"`
	Loss     int      `json:"loss"` // thousandths
	JitterMs int      `json:"jitterMs"`
	RTTMs    int      `json:"rttMs"`
	DB       int      `json:"db"` // dBov of its microphone, -127 … 0
	// Hears names whose microphones are in the member's slots now, at most MaxHears.
	Hears []MemberID `json:"hears,omitempty"`
}

// PathStats is one path of the link, as the sender sees it.
type PathStats struct {
	Path  int  `json:"path"` // number in the order of its configuration
	Up    bool `json:"up"`
	RTTMs int  `json:"rttMs"`
	Loss  int  `json:"loss"` // thousandths
}

// Clock measures how far two clocks are apart, as RFC 5905 §8 does: Sent is the sender's clock now; Origin is the last Sent that
// it got and Received when that came, both zero at first.
type Clock struct {
	Sent     time.Time `json:"sent"`
	Origin   time.Time `json:"origin"`
	Received time.Time `json:"received"`
}

// check looks at the shape of n. It returns an *Error.
func (n Notice) check() error {
	bad := fail("notice.malformed")
	if !slices.Contains(NoticeKinds(), n.Kind) {
		return fail("notice.unknown")
	}
	if n.Member != "" && !validID(string(n.Member)) {
		return fail("member.id")
	}
	is := func(k NoticeKind, set bool) bool { return set == (n.Kind == k) }
	switch {
	case !is(NoticeMuted, n.On != nil), !is(NoticeHeard, n.DB != nil), !is(NoticeReady, n.Ready != nil),
		!is(NoticeRequest, n.Request != ""), !is(NoticeMessage, n.Text != ""), !is(NoticeDoors, n.Doors != nil),
		!is(NoticeStats, len(n.Stats)+len(n.Paths) > 0), !is(NoticeClock, n.Clock != nil):
		return bad
	}
	named := n.Member != ""
	switch n.Kind {
	case NoticeMuted, NoticeReady, NoticeMessage, NoticeHeard:
		if !named {
			return bad
		}
	case NoticeDoors, NoticeStats, NoticeClock:
		if named {
			return bad
		}
	}
	return n.values()
}

// values looks at what the parts say.
func (n Notice) values() error {
	bad := fail("notice.malformed")
	switch {
	case n.DB != nil && !validDB(*n.DB), n.Request != "" && !n.Request.Known(), len(n.Stats) > MaxStats, len(n.Paths) > MaxPaths:
		return bad
	case n.Doors != nil && (!validTime(n.Doors.At) || n.Doors.After < 0 || !counts(n.Doors.Egresses, n.Doors.Press)):
		return bad
	case n.Clock != nil && (!validTime(n.Clock.Sent) || n.Clock.Origin.IsZero() != n.Clock.Received.IsZero()):
		return bad
	case n.Clock != nil && !n.Clock.Origin.IsZero() && (!validTime(n.Clock.Origin) || !validTime(n.Clock.Received)):
		return bad
	}
	for _, m := range n.Stats {
		if !validID(string(m.Member)) || !counts(m.UpKbps, m.DownKbps, m.Loss, m.JitterMs, m.RTTMs) || m.Loss > 1000 || !validDB(m.DB) || len(m.Hears) > MaxHears {
			return bad
		}
		for _, id := range m.Hears {
			if !validID(string(id)) {
				return fail("member.id")
			}
		}
	}
	for _, p := range n.Paths {
		if !counts(p.Path, p.RTTMs, p.Loss) || p.Loss > 1000 {
			return bad
		}
	}
	if n.Text != "" {
		if s, err := Clean(n.Text, MessageText); err != nil || s != n.Text {
			return fail("text.unclean", "field", "text")
		}
	}
	if len(marshal(n)) > MaxNotice {
		return fail("notice.size")
	}
	return nil
}

func validDB(db int) bool { return db >= -127 && db <= 0 }

// counts reports whether all numbers lie where a count of anything here may lie.
func counts(ns ...int) bool {
	for _, n := range ns {
		if n < 0 || n > 1<<30 {
			return false
		}
	}
	return true
}

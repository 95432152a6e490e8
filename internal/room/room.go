// Package room is one live meeting on this node: one goroutine, one inbox; it applies events, diffs plans and connects streams to
// sinks. Start from Room. It must import neither peer nor link: it declares the small interfaces that it uses.
package room

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/store"
	"visavis/internal/wire"
)

// Worker runs functions on the thread that owns all media state; *udp.Worker satisfies it.
type Worker interface {
	// Do runs f later, in order; false: the worker has ended and f never runs.
	Do(f func()) bool
}

// Log is one append-only log. A *store.Store with a name is one: NewLog.
type Log interface {
	Append(ctx context.Context, e store.LogEntry) error
	Entries(ctx context.Context, from int64, max int) ([]store.LogEntry, error)
}

// Media is the media session of one seat; *peer.Session satisfies it.
type Media interface {
	Stream(name string) *media.Stream       // "mic", "cam"; nil if the page does not send it
	Slots(prefix string) []*media.Forwarder // "floor", "stage", in order of their number
}

// Link is the link to one other party; *link.Conn satisfies it. Its methods are called from the room's goroutine and must not wait
// for a call back into the room.
type Link interface {
	Exchange(x meeting.Exchange) error
	Offer(id string, s *media.Stream)        // nil withdraws
	Want(id string, want bool) *media.Stream // nil: not announced
	Party() meeting.PartyID
}

// LinkState is how the path of a link does.
type LinkState struct {
	Interrupted bool // no authenticated packet for 2 s
	RTT         time.Duration
	Loss        float64 // 0..1
}

// Config is what a room needs. All fields but Slog and Stage must be set.
type Config struct {
	Definition meeting.Definition
	Self       meeting.PartyID
	Worker     Worker
	Switch     *media.Switch
	Log        Log                   // shared log
	OwnLog     Log                   // never leaves this node
	Sign       func(b []byte) []byte // log key
	Verify     func(p meeting.PartyID, b, sig []byte) bool
	Slog       *slog.Logger
	Stage      int // stage slots that a page may use; 0: 6
}

// Seat is one member's page.
type Seat struct {
	Member meeting.MemberID
	Media  Media
	Send   func(wire.ToClient) bool // must not block; false: the page does not take it
	End    func(code string)        // the room is done with this seat: "moved", "left", "ended", "shutdown"; must not block
}

// Room is one live meeting. All methods may be called from any goroutine but the worker's.
type Room struct{}

var errNotYet = errors.New("not yet")

// New replays the logs and starts the room. Close ends it.
func New(c Config) (*Room, error) { return nil, errNotYet }

// Close ends all seats with "shutdown", and returns when the room's goroutine has ended. Nobody leaves the meeting by it.
func (r *Room) Close() error { return nil }

// Join brings a member in, or moves the member to another page: an earlier seat is ended with "moved".
// Answer and Resume of the Welcome are the caller's to fill. It returns a *meeting.Error, ErrClosed or the context's error.
func (r *Room) Join(ctx context.Context, s *Seat) (wire.Welcome, error) {
	return wire.Welcome{}, errNotYet
}

// Resume takes the place of the seat whose socket was lost; nobody is told. s.Media nil: the earlier seat's goes on.
// It returns a *meeting.Error resume.gone if the member is not in the meeting any more.
func (r *Room) Resume(s *Seat) (wire.Welcome, error) { return wire.Welcome{}, errNotYet }

// Handle takes Devices and Leave of a page. It returns a *meeting.Error that the page should see.
func (r *Room) Handle(s *Seat, m wire.FromClient) error { return errNotYet }

// Lost says that the socket of s is gone: after 30 s without Resume or Join the member leaves. Media go on meanwhile.
func (r *Room) Lost(s *Seat) {}

// LinkUp brings a link in. One link per party: a new one replaces the old.
func (r *Room) LinkUp(l Link) {}

// LinkDown says that the link to p is gone. Each delegation carries on among itself.
func (r *Room) LinkDown(p meeting.PartyID) {}

// LinkPath says how the path to p does.
func (r *Room) LinkPath(p meeting.PartyID, s LinkState) {}

// Exchange takes what the room of party p sent. An error means that the link should be closed.
func (r *Room) Exchange(p meeting.PartyID, x meeting.Exchange) error { return errNotYet }

// Announced says that the far stream id of party p can be wanted.
func (r *Room) Announced(p meeting.PartyID, id string, kind media.Kind) {}

// Withdrawn says that the far stream id of party p is gone.
func (r *Room) Withdrawn(p meeting.PartyID, id string) {}

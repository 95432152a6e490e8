// Package link is one other node: handshake, signed events, media both ways, reconnection. Start from Manager; docs/link.md
// specifies every byte of it. It must not know rooms or browsers.
package link

import (
	"context"
	"crypto/ed25519"
	"errors"
	"log/slog"
	"net"
	"net/netip"
	"time"

	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/udp"
)

// ALPN is the protocol name in TLS (RFC 7301). Its number is the version of the handshake, not of the messages.
const ALPN = "visavis-link/1"

// Identity is this node as the other nodes know it.
type Identity struct {
	Party    meeting.PartyID
	Key      ed25519.PrivateKey // node key, named in Document
	Document []byte             // party document signed by the party root, as sent to peers that know an older one; at most MaxDocument bytes
	Counter  uint64             // counter of Document
}

// Peer is one pinned party, as its verified party document and our own settings have it.
type Peer struct {
	Party    meeting.PartyID
	Root     ed25519.PublicKey   // for Config.Document; the link itself looks at NodeKeys only
	NodeKeys []ed25519.PublicKey // keys that are valid now
	Counter  uint64              // counter of the newest document we hold
	Addrs    []string            // host:port (TCP) to dial, tried in order; none: we wait to be called
	Media    []netip.AddrPort    // where its node takes UDP, best first
}

// Handler is told what the other nodes do. Calls for one Conn come one after the other from a goroutine of the link; those for
// different Conns may come at the same time. It may call the methods of Conn.
type Handler interface {
	// Up says that control is there, again after every reconnection and every key roll: whatever was on its way over an
	// earlier control connection may be lost. What was offered and wanted on c before still is.
	Up(c *Conn)
	// Down says that control is gone. Media may go on for as long as keys live.
	Down(c *Conn, err error)
	// Exchange takes one message of the other node's rooms. An error closes the control connection.
	Exchange(c *Conn, x meeting.Exchange) error
	// Streams says that the far node offers stream id, or (gone) does so no longer.
	Streams(c *Conn, id string, kind media.Kind, gone bool)
}

// Config is what a Manager needs. Self, Worker, Mux, Switch, Peers and Handler must be set.
type Config struct {
	Self    Identity
	Worker  *udp.Worker
	Mux     *udp.Mux
	Switch  *media.Switch
	Peers   func() []Peer // pinned and not distrusted, current; asked at the start, at each Refresh and in each handshake; any goroutine
	Handler Handler
	// Path is told when the media path to c's party comes, goes, or has new figures (once a second). It may be nil; as Handler.
	Path func(c *Conn, s State)
	// Document takes a newer party document of p, verifies it against the pinned root and keeps it; an error closes the
	// connection. nil: documents are passed over. Refresh need not be called. As Handler.
	Document func(p meeting.PartyID, doc []byte) error
	// Arrange takes one message of arranging, at most MaxArrange bytes. It names the feature "arrange" in hello; nil: this node does not arrange. As
	// Handler.
	Arrange func(c *Conn, b []byte)
	// Readout takes one message about a readout, at most MaxReadout bytes, under the feature "readout"; as Arrange.
	Readout func(c *Conn, b []byte)
	// Dial opens a TCP connection; nil: a net.Dialer. The address guard holds for both.
	Dial         func(ctx context.Context, addr string) (net.Conn, error)
	AllowPrivate bool     // loopback, private and link-local addresses may be dialled and sent to: tests, demo, closed networks
	Features     []string // optional features of this node, named in hello
	Kinds        []string // event and notice kinds that this node understands; nil: those of this version
	Log          *slog.Logger

	roll    time.Duration // 0: rollAfter; tests do not wait for an hour
	udpOnly bool          // no media inside TLS: the control of tests
}

// State is how the link to a party does.
type State struct {
	Control   bool           // a control connection is up
	Path      bool           // an authenticated packet came in the last 2 s
	Epoch     uint32         // of the keys in use; 0: none
	Remote    netip.AddrPort // where media goes; invalid: nowhere
	Tunnel    bool           // media goes inside TLS
	RTT       time.Duration  // of path pings, smoothed; 0: none yet
	LossIn    float64        // share of the far node's datagrams that did not come, last 5 s, 0..1
	LossOut   float64        // share of ours that the far node missed, as it states, 0..1
	LastHeard time.Time      // last authenticated datagram; zero: never
	Since     time.Time      // Control or Path last changed
	Paths     []PathState    // every address that is known, in no order; not to be changed
}

// Errors that callers branch on.
var (
	ErrClosed  = errors.New("link: closed")                                    // the manager was closed
	ErrDown    = errors.New("link: no control connection")                     // Exchange: nothing was kept, the rooms start again at Up
	ErrFull    = errors.New("link: too much waits to be sent")                 // Exchange: the queue is full
	ErrKind    = errors.New("link: the other node does not know this event")   // Exchange: not negotiated
	ErrLarge   = errors.New("link: message too large")                         // Exchange
	ErrPinned  = errors.New("link: key is not that of a pinned party")         // handshake
	ErrAddress = errors.New("link: address may not be dialled from this node") // guard
	ErrDropped = errors.New("link: party is not trusted any more")
	ErrSilent  = errors.New("link: nothing heard for too long")
	ErrExpired = errors.New("link: keys are too old")
)

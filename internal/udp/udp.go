// Package udp is the node's one UDP port: batched reads and writes, and demultiplexing by first byte and by proven address
// (RFC 7983). Start from Worker. It must not know what a meeting, a stream or a key is.
package udp

import (
	"net/netip"
	"time"
)

// Datagram is one UDP payload and the address it came from or goes to (4-in-6 addresses are unmapped).
type Datagram struct {
	Data []byte
	Addr netip.AddrPort
}

// Conn is a batched datagram socket. Socket implements it on Linux, scenario.Conn over pion's vnet.
type Conn interface {
	// ReadBatch fills ds (each Data has room for MaxDatagram bytes and is cut to what arrived) and returns how many.
	// It returns 0, nil after wait, or after Wake. net.ErrClosed after Close.
	ReadBatch(ds []Datagram, wait time.Duration) (int, error)
	// WriteBatch sends datagrams without blocking; what the kernel refuses is dropped. It returns how many were sent. Any goroutine.
	WriteBatch(ds []Datagram) (int, error)
	// Wake makes a ReadBatch in progress, or the next one, return at once. Any goroutine.
	Wake()
	// Close ends ReadBatch and WriteBatch.
	Close() error
}

// Handler receives what arrives. All calls come from the worker, one after the other.
type Handler interface {
	// Receive gets one batch; Data may be changed in place and is invalid after return.
	Receive(now time.Time, batch []Datagram)
	// Tick comes at least every TickEvery.
	Tick(now time.Time)
}

// Class is what a datagram is by its first byte (RFC 7983 §7).
type Class uint8

// Classes of datagrams. RTCP is told from RTP by the second byte (RFC 5761 §4).
const (
	Unknown Class = iota
	STUN
	DTLS
	RTP
	RTCP
)

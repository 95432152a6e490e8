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

// Conn is a batched datagram socket. Socket implements it on Linux, scenario.Conn over pion's vnet; package udptest holds the
// promises that both keep.
type Conn interface {
	// ReadBatch fills ds (the capacity of each Data is at least MaxDatagram; it is cut to what arrived) and returns how many. It may
	// put memory of its own in place of Data, which is the caller's until the next ReadBatch; only this Conn may be given it again.
	// Datagrams longer than MaxDatagram are dropped. It returns 0, nil after wait, or after Wake. net.ErrClosed after Close.
	// One goroutine at a time.
	ReadBatch(ds []Datagram, wait time.Duration) (int, error)
	// WriteBatch sends datagrams in order without blocking; what the kernel refuses is dropped. It returns how many were sent,
	// and the reason of the first refusal (nil if all went). It keeps nothing of ds. net.ErrClosed after Close. Any goroutine.
	WriteBatch(ds []Datagram) (int, error)
	// Wake makes a ReadBatch in progress, or the next one, return at once. Several calls may count as one. Any goroutine.
	Wake()
	// Close ends ReadBatch and WriteBatch. A second Close does nothing. Any goroutine.
	Close() error
}

// Handler receives what arrives. All calls come from the worker, one after the other.
type Handler interface {
	// Receive gets one batch; Data may be changed in place and is invalid after return.
	Receive(now time.Time, batch []Datagram)
	// Tick comes when TickEvery is over since the last one: at the next batch, and without one at once if Urgent, else within RestEvery.
	// Later only if the machine is overloaded.
	Tick(now time.Time)
	// Urgent says whether something waits for the next tick. It is asked before every wait, so it must cost nothing.
	Urgent() bool
}

package udp

import "sync/atomic"

// Stats counts what a Worker did since it was made. Datagrams and bytes are UDP payloads.
type Stats struct {
	Batches       uint64 // ReadBatch calls that brought something
	Received      uint64 // datagrams
	ReceivedBytes uint64
	Sent          uint64 // datagrams, by Flush and WriteTo
	SentBytes     uint64 // asked to be sent, by Flush and WriteTo
	Refused       uint64 // datagrams that the kernel (or Conn) did not take: dropped
	TooLong       uint64 // Commit or WriteTo of more than MaxDatagram: dropped
	Ticks         uint64
	LateTicks     uint64 // came more than TickEvery after it was due: the thread was kept from running
	QueueFull     uint64 // functions refused by Do because MaxQueued were waiting
	ReadErrors    uint64
	Socket        SocketStats
}

// SocketStats counts what the kernel and the Socket dropped, and how the Socket sent.
type SocketStats struct {
	Overflow uint64 // datagrams that the kernel dropped because the receive buffer was full
	TooLong  uint64 // datagrams longer than MaxDatagram, dropped

	Runs        uint64 // sent as one piece for the kernel to cut (UDP_SEGMENT)
	InRuns      uint64 // datagrams in them
	Joined      uint64 // datagrams that came joined to others and were cut here (UDP_GRO)
	RunsRefused uint64 // the device or path takes no such pieces: sent one by one. Its first is worth a line in the log
}

// MuxStats counts what a Mux dropped, by class.
type MuxStats struct {
	Bindings  int             // addresses bound now
	Unknown   uint64          // datagrams of no class
	Unclaimed [classes]uint64 // by Class: from an address that nobody owns, with no fallback
	Received  [classes]uint64 // by Class: handed to an endpoint
}

// counters are the worker's atomic counters: written by the worker (and WriteTo), read by anyone.
type counters struct {
	batches, received, receivedBytes atomic.Uint64
	sent, sentBytes, refused         atomic.Uint64
	tooLong, ticks, lateTicks        atomic.Uint64
	queueFull, readErrors            atomic.Uint64
}

func (c *counters) stats() Stats {
	return Stats{
		Batches:       c.batches.Load(),
		Received:      c.received.Load(),
		ReceivedBytes: c.receivedBytes.Load(),
		Sent:          c.sent.Load(),
		SentBytes:     c.sentBytes.Load(),
		Refused:       c.refused.Load(),
		TooLong:       c.tooLong.Load(),
		Ticks:         c.ticks.Load(),
		LateTicks:     c.lateTicks.Load(),
		QueueFull:     c.queueFull.Load(),
		ReadErrors:    c.readErrors.Load(),
	}
}

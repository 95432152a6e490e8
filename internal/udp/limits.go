package udp

import "time"

// Limits of the package. Each is tested at n and n+1.
const (
	// MaxDatagram is the longest payload that is read or written, in bytes. Browsers send at most 1200, the link 1400; more than
	// 1472 would not pass Ethernet in one piece. Longer ones are dropped and counted.
	MaxDatagram = 1500

	// TickEvery is the least time between two ticks, and the time between them while something waits for one: half the finest timer of the media
	// path (10 ms before a NACK).
	TickEvery = 5 * time.Millisecond

	// RestEvery is the time between two ticks while nothing comes and nothing waits. A node at rest costs what its wake-ups cost, 15 to 30 µs
	// each. It is less than the 10 ms after which the runtime interrupts a goroutine that holds its P; see step.
	RestEvery = 8 * time.Millisecond

	// MaxQueued is how many functions may wait for the worker. At 100,000 a second that is a worker stuck for 0.16 s;
	// Do says false to what comes then, and Stats.QueueFull counts it.
	MaxQueued = 16384

	// MaxBindings is how many addresses a Mux keeps apart: 4 for each of 4096 sessions. Bind says false beyond it.
	MaxBindings = 16384

	// readBatch is how many datagrams the worker takes at once: room for a keyframe of several senders to be forwarded receiver by
	// receiver.
	readBatch = 64

	// writeBatch is how many datagrams are gathered before the worker sends without being asked. What one sendmmsg takes.
	writeBatch = 128

	// flushAt is how many datagrams are gathered before the worker sends at the next change of destination, so that no run is cut in two and
	// what was sealed is still near the processor when the kernel copies it.
	flushAt = 64

	// readMessages is how many messages one recvmmsg takes, each one datagram or several joined. 32 was measured within 2 % of 64.
	readMessages = 32

	// readRoom is the memory of one message: the longest that UDP has, and an odd rest so that messages do not share cache lines' sets.
	readRoom = 1<<16 + 1536

	// sourceTable is how many remote addresses a socket on all addresses remembers ours for, maxOurs how many of ours. Two remotes at one
	// place push each other out: of 1000, one in seventeen shares its place.
	sourceTable = 1 << 14
	maxOurs     = 255

	// sourceKeep is for how many seconds without a datagram a remote is kept at the address of ours where it was heard.
	sourceKeep = 10

	// maxSegments is how many datagrams one run holds: UDP_MAX_SEGMENTS of Linux before 6.9 (128 since).
	maxSegments = 64

	// maxRunBytes is the longest run: what one IPv4 packet could carry (RFC 768: 16 bits of length, less both headers).
	maxRunBytes = 65535 - 20 - 8

	// restRuns is for how many messages no run is tried after a device has refused one: a refusal costs as much as a packet. Routes
	// change, so it is tried again.
	restRuns = 4096

	// slabBytes is the room for gathered datagrams: writeBatch of full size.
	slabBytes = writeBatch * MaxDatagram

	// socketBuffer is the kernel's memory asked for in each direction, in bytes. Without CAP_NET_ADMIN the kernel cuts it to
	// net.core.rmem_max and wmem_max. 4 MiB is 0.5 s of 50 Mbit/s as the kernel counts it (2304 bytes for a packet of 1200).
	socketBuffer = 4 << 20

	// readErrors is how many ReadBatch errors in a row end Serve. Each is followed by a pause of TickEvery.
	readErrors = 100
)

// Package media is the path of packets inside a node: incoming streams with their retransmission ring, and forwarders, one for
// each slot of a receiver. Everything in it is synchronous, driven by one thread (the udp worker), starts no goroutine and takes
// the time as an argument. Start from Stream, Forwarder and Switch. It must not know meetings, sockets or keys.
package media

import "time"

// Kind is sound or picture.
type Kind uint8

// Kinds of streams and slots.
const (
	Audio Kind = iota // Opus, 48 kHz
	Video             // VP8, 90 kHz
)

// Source is where an incoming stream comes from: the session or link that can be asked for resends and keyframes.
type Source interface {
	// RequestResend asks for packets of ssrc again (RFC 4585 §6.2.1).
	RequestResend(now time.Time, ssrc uint32, seqs []uint16)
	// RequestKeyframe sends a picture loss indication (RFC 4585 §6.3.1). Coalescing has been done by the caller.
	RequestKeyframe(now time.Time, ssrc uint32)
}

// Sink is one receiver: a browser, another node, later a recorder. It seals and queues what forwarders give it.
type Sink interface {
	// Send seals and queues one packet. p and what it points to are valid until return.
	Send(now time.Time, p *Out)
}

// Warmer is a Sink that reads, and no more, what its next Send needs; the sum of what it read is of no use to anybody. Send may follow or not.
type Warmer interface {
	Warm() int
}

// Out is one packet as a forwarder sends it, before protection.
type Out struct {
	SSRC     uint32
	Index    uint64 // roll-over counter << 16 | sequence number (RFC 3711 §3.3.1); for RTX of the RTX stream
	Time     uint32 // RTP timestamp, clock-rate ticks
	PT       uint8
	Marker   bool
	Level    uint8 // RFC 6464: 0..127 -dBov, bit 7 voice; NoLevel where there is none
	Kind     Kind
	Mid      string // slot's MID, "" on the link
	Resend   bool   // a resend: RTX for video with RTX, else byte for byte the packet first sent
	Numbered bool   // gets a transport-wide number: video with RTX, and its RTX
	Padding  bool   // Payload is padding to its last byte, which says how much (RFC 3550 §5.1): a probe, on the RTX stream
	Payload  []byte // complete payload, descriptor already rewritten; RTX payloads start with the original number
}

// NoLevel marks a packet without an audio level.
const NoLevel = 0xff

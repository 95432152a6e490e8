// Package peer is one browser: ICE (full agent, controlled), DTLS, SDP answer, slots, RTCP in and out. Start from Host, which
// answers offers with Sessions. A Session's incoming tracks are media.Streams, its receive slots media.Forwarders; both, and
// everything about packets, belong to the udp worker. It must not know meetings.
package peer

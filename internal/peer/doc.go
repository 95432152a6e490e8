// Package peer is one browser: ICE (full agent, controlled), DTLS, SDP answer, slots, RTCP in and out. Start from Host. It must not know meetings.
package peer

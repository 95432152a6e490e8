// Package room is one live meeting on this node: one goroutine, one inbox; it applies events, diffs plans and connects streams to sinks. Start from Room. It must import neither peer nor link.
package room

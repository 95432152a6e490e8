// Package draft is the desk at which readouts are written, negotiated, signed off and sent out: cases in the store, messages between two nodes, the
// clock of the embargo. Start from Desk; package readout has the rules. It must not know links, HTTP, rooms or how the public store is made.
package draft

import "time"

// Limits (docs/security.md).
const (
	// MaxCase bounds what is kept of one readout, bytes: one value of the store.
	MaxCase = 1 << 20
	// MaxCases is how many readouts the other party may begin here with what it proposes; those that are published do not count.
	MaxCases = 64
	// maxPast is how many published revisions a case remembers; the public store has all of them.
	maxPast = 200

	messagesRate  = 10.0 // messages of one party a second; what comes above is dropped: the sender says it again
	messagesBurst = 60.0
)

// Again is how often what the other node has not answered is sent again while the link is up.
const Again = 30 * time.Second

// Look is how often the clocks are looked at while a text waits for its embargo's end.
const Look = time.Second

package wire

// Bounds of messages between a page and its node (docs/security.md, limits), bytes unless said otherwise.
const (
	MaxOffer    = 160 << 10 // Hello and Offer, whole message
	MaxMessage  = 16 << 10  // any other message of a page
	MaxToClient = 256 << 10 // any message of a node
	MaxSDP      = 128 << 10 // one SDP
	MaxSections = 32        // names of one offer
	MaxName     = 16        // one section's name
	MaxToken    = 128       // resume token, invitation code
	MaxDo       = 32        // an act's name
	MaxTarget   = 64        // an act's member
	MaxValue    = 8 << 10   // an act's value: 1,000 code points of text, and what has yet to be cleaned
	MaxN        = 1 << 20   // an act's number
	MaxDepth    = 16
	MaxList     = 1000
)

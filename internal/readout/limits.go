package readout

import "time"

// Bounds of a readout (docs/security.md, limits). Texts are bounded by meeting.Clean: a block's text is a meeting.NoteText.
const (
	MaxBlocks    = 200
	MaxLanguages = 12
	MaxParties   = 8
	MaxSpeakers  = 16  // of one block
	MaxListed    = 200 // in one block
	MaxActs      = 8   // of one block
	MaxTopics    = 16  // of one block
	MaxSources   = 64  // of one block
	MaxBlockID   = 32  // bytes
	MaxNumber    = 64  // signs
	MaxRevision  = 9999
	MaxDocument  = 2 << 20   // bytes of a Document in JSON: drafts are bounded before they are decoded
	MaxContent   = 512 << 10 // bytes of the canonical JSON of one language
	MaxManifest  = 8 << 10   // bytes, signatures included
	MaxFile      = 2 << 20   // bytes of a File
)

// Bounds of decoding.
const (
	maxParty   = 32       // bytes of a party's id, as auth.ValidParty
	maxDepth   = 12       // nesting of a Document
	maxList    = 512      // elements of one list
	maxString  = 64 << 10 // bytes of one text before it is cleaned: meeting.MaxNote signs of at most 16 bytes
	maxFormer  = 64 << 10 // bytes of authentic texts as they were, kept for stale ones
	maxFormers = 500      // of them
	maxDiff    = 3000     // words compared one by one: 9 million steps, some 30 ms
)

// MaxClockApart is how far clocks may be apart before a publication is held (security.md D12).
const MaxClockApart = 2 * time.Second

// Bounds between parties and within a delegation.
const (
	// MaxMessage bounds one message between nodes, bytes: a readout of six languages is about 60 kB with its states. Five of them and a file must fit
	// into one value of the store.
	MaxMessage = 160 << 10
	// MaxRounds is how many proposals of one readout are remembered; the oldest are forgotten.
	MaxRounds = 40
	// LeaseFor is how long a block is an officer's after the last sign of it: an officer at the page prolongs it every 30 s.
	LeaseFor = 2 * time.Minute
)

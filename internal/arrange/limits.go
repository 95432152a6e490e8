package arrange

import "time"

// Limits of arranging (docs/link.md §6, docs/security.md). Another node can make this one keep at most MaxCases × MaxCase bytes.
const (
	// MaxDefinition bounds the definition of one arranged meeting, bytes of canonical JSON: two delegations of 100 people in four languages. It
	// is less than meeting.MaxDefinition, so that the definitions that a case holds fit into one value of the store.
	MaxDefinition = 96 << 10
	// MaxMessage bounds one message between nodes, bytes of JSON: a definition and its envelope.
	MaxMessage = MaxDefinition + 2<<10
	// MaxCase bounds what is kept of one meeting, bytes: draft, and the definitions of at most five revisions.
	MaxCase = 1 << 20
	// MaxRevisions is how many revisions of one meeting are remembered; the oldest are forgotten.
	MaxRevisions = 40
	// MaxCases is how many meetings may be in arrangement with one party at a time; those that are long over do not count.
	MaxCases = 64
	// longOver is how long after its hour and its last word a meeting is over: so much slower can another node fill our store.
	longOver = 7 * 24 * time.Hour
	// MaxReason bounds why a proposal was declined, signs.
	MaxReason = 1000

	maxName     = 200  // bytes of an officer's account name
	maxText     = 4096 // bytes of one string in a message
	maxList     = 512  // elements of one list in a message
	maxDepth    = 8
	maxDuration = 24 * time.Hour // of a calendar entry
	spareLength = time.Hour      // of a calendar entry without planned minutes
)

// Rates of one party, each a token bucket. What comes above is dropped without an answer: the sender says it again.
const (
	proposalsRate  = 0.5 // a second
	proposalsBurst = 30.0
	answersRate    = 20.0
	answersBurst   = 200.0
)

// Again is how often what the other node has not answered is sent again while the link is up.
const Again = 30 * time.Second

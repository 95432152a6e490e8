package readout

import (
	"time"

	"visavis/internal/meeting"
)

// ID names a readout, in the alphabet of meeting.ID. It is part of public addresses, so it says nothing that the text does not say.
type ID string

// Mode says whose text it is.
type Mode string

// The modes.
const (
	Joint       Mode = "joint"       // one text, signed by every party of the meeting
	Coordinated Mode = "coordinated" // one text of each party, published at one time; each signs its own
	Separate    Mode = "separate"    // one party's text, at its own time
)

// Standing is what the text of a language is worth beside the others.
type Standing string

// The standings.
const (
	Authentic Standing = "authentic"
	Official  Standing = "official" // official translation
	Courtesy  Standing = "courtesy" // courtesy translation
)

// Language is one language of a readout.
type Language struct {
	Tag      string   `json:"tag"` // BCP 47, canonical
	Standing Standing `json:"standing"`
}

// Document is a readout as its writers hold it: all languages, with what is not published (states, sources). What is published is Content.
type Document struct {
	ID       ID              `json:"id"`
	Meeting  meeting.ID      `json:"meeting"`
	Mode     Mode            `json:"mode"`
	By       meeting.PartyID `json:"by,omitempty"`     // whose text it is; "" if joint
	Beside   ID              `json:"beside,omitempty"` // the other party's text, if coordinated
	Revision int             `json:"revision"`         // from 1
	Parent   meeting.Hash    `json:"parent"`           // Manifest.Hash of the revision before; zeros: revision 1
	Number   string          `json:"number,omitempty"` // as printed: "2026/9"

	Title     meeting.Text `json:"title"`              // of the meeting
	Parties   []Party      `json:"parties"`            // in the order of the meeting's definition
	Languages []Language   `json:"languages"`          // in the manifest's order; at least one authentic
	Prevails  string       `json:"prevails,omitempty"` // tag of the text that prevails where authentic texts differ; "": none over another
	Link      bool         `json:"link"`               // held by video link; false: in one place
	Release   time.Time    `json:"release"`            // embargo: not public before; the zero time: not set
	Blocks    []Block      `json:"blocks"`

	// Correction says, per language, what a revision above 1 changed; shown above the text.
	Correction meeting.Text `json:"correction,omitempty"`
}

// Party is one side as the text shows it.
type Party struct {
	ID       meeting.PartyID `json:"id"`
	Name     meeting.Text    `json:"name"`
	LongName meeting.Text    `json:"longName,omitempty"`
	City     meeting.Text    `json:"city,omitempty"`   // where its delegation was
	Zone     string          `json:"zone"`             // IANA name
	Start    time.Time       `json:"start"`            // of the meeting, with the offset of Zone at that moment
	End      time.Time       `json:"end"`              // of the meeting, likewise
	Emblem   string          `json:"emblem,omitempty"` // SHA-256 of a PNG in hex
}

// Kind is what a block is.
type Kind string

// The kinds.
const (
	Headline   Kind = "headline"
	Lede       Kind = "lede"
	Statement  Kind = "statement"
	Quote      Kind = "quote"
	Exchange   Kind = "exchange"
	Commit     Kind = "commitment"
	Greeting   Kind = "greeting"
	Attendance Kind = "attendance"
	Media      Kind = "media"
	Plain      Kind = "plain"  // not recognised by the import, kept as it stands
	Notice     Kind = "notice" // under the text: privacy, cookies, contact; never published as part of a readout
)

// Act is what a speaker did: one reporting verb (docs/glossary.md).
type Act string

// The acts.
const (
	Said          Act = "said"
	Noted         Act = "noted"
	Stressed      Act = "stressed"
	Proposed      Act = "proposed"
	Welcomed      Act = "welcomed"
	Commended     Act = "commended"
	Ready         Act = "ready" // expressed readiness
	Concern       Act = "concern"
	Agreed        Act = "agreed"
	Committed     Act = "committed"
	Thanked       Act = "thanked"
	Congratulated Act = "congratulated"
	Conveyed      Act = "conveyed" // greetings
)

// Block is one piece of the text, the unit of negotiation and of editing.
type Block struct {
	ID       string    `json:"id"` // stable over revisions: "b03"; alphabet of meeting.ID, at most 32 bytes
	Kind     Kind      `json:"kind"`
	Speakers []Speaker `json:"speakers,omitempty"` // one for statement, quote and greeting; all who spoke for exchange; who commits for commitment
	Acts     []Act     `json:"acts,omitempty"`
	Topics   []string  `json:"topics,omitempty"`  // agenda items ("item-2") or own words, alphabet of meeting.ID
	Sources  []Source  `json:"sources,omitempty"` // never published

	Commitment *Commitment `json:"commitment,omitempty"`
	Listed     []Speaker   `json:"listed,omitempty"` // attendance: who is named, in order of precedence
	Picture    *Picture    `json:"picture,omitempty"`

	Texts map[string]Cell `json:"texts"` // by language tag; a language that is not here is missing
}

// Speaker is a person as the text names them.
type Speaker struct {
	Member   meeting.MemberID `json:"member,omitempty"` // "": of an imported text
	Party    meeting.PartyID  `json:"party,omitempty"`
	Name     meeting.Text     `json:"name"`
	Office   meeting.Text     `json:"office,omitempty"`   // the one in which they speak here
	AsOf     string           `json:"asOf,omitempty"`     // date of the office, YYYY-MM-DD
	Capacity int              `json:"capacity,omitempty"` // 0 = first office, 1 = second
}

// Source is an entry of the speaking log that a block rests on.
type Source struct {
	Member meeting.MemberID `json:"member"`
	Start  time.Time        `json:"start"`
	End    time.Time        `json:"end"`
	Item   int              `json:"item,omitempty"`
	Open   bool             `json:"open,omitempty"` // press and viewers heard it
}

// Commitment is what somebody undertook, as data: it comes back on the agenda of Next.
type Commitment struct {
	Who  []meeting.PartyID `json:"who"`            // the parties that undertook it
	What meeting.Text      `json:"what,omitempty"` // in short; empty: the block's text says it
	Due  string            `json:"due,omitempty"`  // date, YYYY-MM-DD
	Next string            `json:"next,omitempty"` // date of the next meeting, YYYY-MM-DD
}

// Picture is a picture that the text shows.
type Picture struct {
	SHA256 string       `json:"sha256"` // of a PNG or JPEG, in hex
	Alt    meeting.Text `json:"alt"`
}

// State is how far the text of a block is in one language.
type State string

// The states.
const (
	Missing  State = "missing"
	Draft    State = "draft"
	Stale    State = "stale" // was ready; an authentic text has changed since
	Finished State = "ready"
)

// Cell is the text of a block in one language.
type Cell struct {
	Text    string       `json:"text"`
	State   State        `json:"state"`
	Prefill bool         `json:"prefill,omitempty"` // still as it was filled in from the record: a publication is refused
	Based   meeting.Hash `json:"based"`             // Document.Base when it was last found ready or saved
	// Bracket keeps the texts of the parties that are not agreed: [A: … | B: …]. Text is then "".
	Bracket map[meeting.PartyID]string `json:"bracket,omitempty"`
}

package readout

import (
	"visavis/internal/meeting"
)

// ContentPurpose stands in every Content, so that bytes signed for anything else are never a readout.
const ContentPurpose = "visavis-readout-content/1"

// Content is what the page of one language shows, all of it and nothing else. Its bytes are canonical JSON (RFC 8785) with every text in NFC;
// they are hashed, signed through the Manifest, published as they are and never written anew. Empty fields are left out.
type Content struct {
	Purpose    string          `json:"purpose"` // ContentPurpose
	ID         ID              `json:"id"`
	Meeting    meeting.ID      `json:"meeting"`
	Revision   int             `json:"revision"`
	Number     string          `json:"number,omitempty"`
	Mode       Mode            `json:"mode"`
	By         meeting.PartyID `json:"by,omitempty"`
	Beside     ID              `json:"beside,omitempty"`
	Language   string          `json:"language"`
	Standing   Standing        `json:"standing"`
	Languages  []Language      `json:"languages"`
	Prevails   string          `json:"prevails,omitempty"`
	Release    string          `json:"release,omitempty"` // embargo, RFC 3339 in UTC: not public before
	Link       bool            `json:"link,omitempty"`
	Title      string          `json:"title"` // of the meeting
	Parties    []ContentParty  `json:"parties"`
	Blocks     []ContentBlock  `json:"blocks"`
	Correction string          `json:"correction,omitempty"`
}

// ContentParty is one side in one language.
type ContentParty struct {
	ID       meeting.PartyID `json:"id"`
	Name     string          `json:"name"`
	LongName string          `json:"longName,omitempty"`
	City     string          `json:"city,omitempty"`
	Zone     string          `json:"zone"`
	Start    string          `json:"start"` // RFC 3339 with the local offset
	End      string          `json:"end"`
	Emblem   string          `json:"emblem,omitempty"`
}

// ContentBlock is one block in one language.
type ContentBlock struct {
	ID         string             `json:"id"`
	Kind       Kind               `json:"kind"`
	Speakers   []ContentSpeaker   `json:"speakers,omitempty"`
	Acts       []Act              `json:"acts,omitempty"`
	Topics     []string           `json:"topics,omitempty"`
	Text       string             `json:"text"` // LF between paragraphs
	Commitment *ContentCommitment `json:"commitment,omitempty"`
	Listed     []ContentSpeaker   `json:"listed,omitempty"`
	Picture    *ContentPicture    `json:"picture,omitempty"`
}

// ContentSpeaker is a person in one language.
type ContentSpeaker struct {
	Member   meeting.MemberID `json:"member,omitempty"`
	Party    meeting.PartyID  `json:"party,omitempty"`
	Name     string           `json:"name"`
	Office   string           `json:"office,omitempty"`
	AsOf     string           `json:"asOf,omitempty"`
	Capacity int              `json:"capacity,omitempty"`
}

// ContentCommitment is a commitment in one language.
type ContentCommitment struct {
	Who  []meeting.PartyID `json:"who"`
	What string            `json:"what,omitempty"`
	Due  string            `json:"due,omitempty"`
	Next string            `json:"next,omitempty"`
}

// ContentPicture is a picture with its words in one language.
type ContentPicture struct {
	SHA256 string `json:"sha256"`
	Alt    string `json:"alt"`
}

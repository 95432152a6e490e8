package readout

import "visavis/internal/meeting"

// FilePurpose is the first field of every File.
const FilePurpose = "visavis-readout-file/1"

// File is a readout as it is published, exchanged and verified: JSON, at most MaxFile bytes.
type File struct {
	Purpose  string        `json:"purpose"`  // FilePurpose
	Manifest string        `json:"manifest"` // signed note: text, empty line, one line "— NAME BASE64" for each party
	Keys     []FileKey     `json:"keys"`     // the keys that signed, in the order of the parties. They prove nothing: compare them with the party's own word
	Contents []FileContent `json:"contents"` // in the manifest's order
}

// FileKey is a public readout key as the file states it.
type FileKey struct {
	Party    meeting.PartyID `json:"party"`
	Public   []byte          `json:"public"`   // Ed25519, 32 bytes, base64 in JSON
	Document string          `json:"document"` // SHA-256 in hex of the party document that names the key
}

// FileContent is the text of one language: a string that holds the canonical JSON of its Content, byte by byte.
type FileContent struct {
	Language string `json:"language"`
	Content  string `json:"content"`
}

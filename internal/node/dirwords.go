package node

import (
	"path/filepath"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// What the command line says in its own words, without importing what is below node.
type (
	PartyID   = meeting.PartyID
	MemberID  = meeting.MemberID
	MeetingID = meeting.ID
)

// Uses of a pass.
const (
	Publish = auth.Publish
	Play    = auth.Play
)

// Errors to which the command line adds what to do.
var (
	ErrNoOffer      = auth.ErrNoOffer
	ErrDistrusted   = auth.ErrDistrusted
	ErrPinned       = auth.ErrPinned
	ErrUnknownParty = auth.ErrUnknownParty
)

// Fingerprint of a key, in groups of four hex digits.
func Fingerprint(k []byte) string { return auth.Fingerprint(k) }

// DocumentPath is the file of our party document.
func (d *Dir) DocumentPath() string { return filepath.Join(d.Settings.Keys, documentFile) }

// ReadBounded reads a whole file of at most limit bytes.
func ReadBounded(path string, limit int64) ([]byte, error) { return readBounded(path, limit) }

// WriteNew writes a file that must not exist, for its owner's eyes.
func WriteNew(path string, b []byte) error { return writeNew(path, b, 0o600) }

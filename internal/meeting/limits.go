package meeting

import "time"

// Bounds of a meeting (docs/security.md, limits). Texts are counted in code points after NFC, the rest as said.
const (
	MaxID         = 64 // bytes of an id
	MaxParties    = 8
	MaxMembers    = 400 // of all parties
	MaxDelegation = 200 // of one party
	MaxLanguages  = 12  // used by all texts of one definition
	MaxAgenda     = 100
	MaxMinutes    = 24 * 60   // of an agenda item
	MaxLimit      = 60 * 60   // seconds that a statement may take
	MaxTag        = 16        // bytes of a language tag
	MaxZone       = 64        // bytes of an IANA name
	MaxDefinition = 192 << 10 // bytes of canonical JSON: a page gets it in one message of at most 256 KiB

	MaxName   = 200
	MaxOffice = 300
	MaxTitle  = 300
	MaxNote   = 4000
	MaxMarks  = 4 // combining marks on one base

	MaxEntry      = 2 << 10  // bytes of one entry: ids and times only, 64-byte ids give less than 800
	MaxExchange   = 16 << 10 // bytes of one Exchange in JSON
	MaxPiece      = 64       // entries in one EntryBytes
	MaxPieceBytes = 11 << 10 // bytes of entries in one EntryBytes: base64 makes it 14.7 KiB, below MaxExchange
	MaxCounter    = 1<<53 - 1
	MaxSig        = 64 // bytes: Ed25519
	MaxCode       = 64 // bytes of a refusal's code

	MaxNotice  = 5 << 10 // bytes of one Notice in JSON: 1,000 signs of 4 bytes, and names
	MaxMessage = 1000    // signs of an officer's message to an officer
	MaxStats   = 20      // members in one notice: twenty with 64-byte ids stay below MaxNotice, if they hear few
	MaxHears   = 8       // microphones that one member hears
	MaxPaths   = 8
)

// LateAfter is how far a proposal may lie behind the host's clock before the host marks it as written offline: the
// proposer's word on time is then worth less than the moment of arrival.
const LateAfter = 5 * time.Second

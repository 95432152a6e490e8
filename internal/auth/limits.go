package auth

import "time"

// Limits (docs/security.md §4 and §5).
const (
	MaxDocument     = 16 << 10             // bytes of a signed party document, looked at before anything is parsed
	MaxDocumentLife = 200 * 24 * time.Hour // not-before to not-after
	MaxDocumentLine = 1024                 // bytes of one line
	MaxKeys         = 16                   // keys listed in a document, all purposes
	MaxAddresses    = 8                    // of each kind in a document
	MaxRevoked      = 64                   // revoked keys in a document
	MaxNames        = 12                   // languages of a party's name
	MaxOffer        = MaxDocument + 1024   // bytes of a pairing offer
	OfferLife       = 7 * 24 * time.Hour   // a courier's week
	ExpiryAlarm     = 30 * 24 * time.Hour  // how long before its end a document is complained about
	MaxClockSkew    = 5 * time.Minute      // a document that begins this little in the future is taken

	MaxInvitation = 30 * 24 * time.Hour // longest life of an invitation
	SessionLife   = 24 * time.Hour      // of a session, whatever happens
	SessionIdle   = 12 * time.Hour      // of a session that nobody uses
	touchEvery    = time.Minute         // how exactly the last use is kept: a write a minute and session at most

	codeBytes   = 20 // 160 bit: an invitation's code
	cookieBytes = 32 // 256 bit: a session's cookie
	tokenBytes  = 32 // 256 bit: a pass's bearer token
	secretBytes = 20 // 160 bit: a pairing offer's one-time secret
)

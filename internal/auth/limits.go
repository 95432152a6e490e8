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

	MaxPINFailures = 5                  // wrong PINs of an invitation: then it is locked until a new one is made
	MaxWaiting     = 4                  // sessions of one member that wait at the door; who comes after is refused
	MaxAccounts    = 64                 // officers and technicians of a node
	MaxPasskeys    = 8                  // of one account
	MaxCredential  = 16 << 10           // bytes of a browser's answer with a passkey; 64 KiB attestations are not asked for
	MaxKeyBytes    = 2048               // bytes of a passkey's public key (COSE); RSA 4096 has 530
	MaxKeyID       = 1023               // bytes of a passkey's id (Web Authentication, credential id)
	ChallengeLife  = 60 * time.Second   // of a passkey's challenge
	StepUpLife     = 5 * time.Minute    // how long a passkey that was shown stands for a turned key
	EnrolmentLife  = 7 * 24 * time.Hour // longest life of a code for a passkey

	uncountTime = 5 * time.Second // to write that a PIN was right, after its request has ended

	pinDigits   = 6
	codeBytes   = 20 // 160 bit: an invitation's code
	cookieBytes = 32 // 256 bit: a session's cookie
	tokenBytes  = 32 // 256 bit: a pass's bearer token
	secretBytes = 20 // 160 bit: a pairing offer's one-time secret
)

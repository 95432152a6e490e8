package wire

import "encoding/json"

// Camera is what the node asks of cameras.
type Camera struct {
	Width  int `json:"width"`  // pixels
	Height int `json:"height"` // pixels
	FPS    int `json:"fps"`
}

// CodeRequest is the body of POST /api/invitation and /api/session.
type CodeRequest struct {
	Code string `json:"code"`
	PIN  string `json:"pin,omitempty"` // where the invitation asks for one
}

// Invited answers POST /api/invitation and GET /api/me. To whoever must wait, and to the bearer of a code that has been used, it tells no meeting:
// Meeting.ID is "". Before an invitation to a formal meeting is used, Meeting.Members is the invited alone.
type Invited struct {
	Meeting Meeting  `json:"meeting"`
	You     string   `json:"you"`
	Role    string   `json:"role"` // in the meeting: of the member, "press" or "viewer"
	Camera  Camera   `json:"camera"`
	PIN     bool     `json:"pin"`               // the code alone lets nobody in
	Used    bool     `json:"used"`              // somebody has used the code: whoever presses the button waits at the door
	Waiting string   `json:"waiting"`           // why the bearer of the cookie waits: as in Wait, or ""
	Account *Account `json:"account,omitempty"` // of an account's session; without a meeting in the request Meeting.ID is ""
}

// Account is an officer or a technician of the own party.
type Account struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`     // "officer", "technician"
	Passkeys int    `json:"passkeys"` // how many
	Proven   string `json:"proven"`   // RFC 3339, UTC, ms: until when the passkey that was shown stands for a key; "" it does not
}

// AccountRow is an account in the list that officers see.
type AccountRow struct {
	ID       string `json:"id"`
	Name     string `json:"name"`
	Role     string `json:"role"`     // "officer", "technician"
	Passkeys int    `json:"passkeys"` // how many
	Used     string `json:"used"`     // RFC 3339, UTC: when one of them was last shown; "" never
	Sessions int    `json:"sessions"` // browsers that are signed in
	Own      bool   `json:"own"`      // the reader's own
}

// Accounts answers GET /api/accounts.
type Accounts struct {
	Accounts []AccountRow `json:"accounts"`
}

// AccountRequest is the body of POST /api/accounts, /api/accounts/code, /api/accounts/end and /api/accounts/remove; Name and Role of the first alone.
type AccountRequest struct {
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"`
	Role   string `json:"role,omitempty"`
	Forget bool   `json:"forget,omitempty"` // of code: the account's passkeys are taken out, its sessions end
}

// AccountCode answers POST /api/accounts and /api/accounts/code: for one passkey, once, to be handed over by a way that nobody else reads.
type AccountCode struct {
	URL     string `json:"url"`
	Expires string `json:"expires"` // RFC 3339, UTC
}

// SecurityLog answers GET /api/security: at most 100 entries of the security log, the newest first, and what checking the whole chain found.
type SecurityLog struct {
	Entries []SecurityEntry `json:"entries"`
	First   int             `json:"first"`  // number of the oldest entry that is kept; 0: there is none
	Last    int             `json:"last"`   // of the newest that could be read
	Head    string          `json:"head"`   // hash over all up to it, hex
	Broken  bool            `json:"broken"` // what follows entry Last was changed, or something is missing there
}

// SecurityEntry is one entry: ids and codes, no name and no address.
type SecurityEntry struct {
	N       int    `json:"n"`
	At      string `json:"at"`                // RFC 3339, UTC, ms
	Kind    string `json:"kind"`              // "refused", "alarm", or what was done: "signed.in", "invitation.issued", …
	Code    string `json:"code,omitempty"`    // of refused and alarm
	Meeting string `json:"meeting,omitempty"` // "": of the node
	Person  string `json:"person,omitempty"`  // to whom it was done, or who was refused
	Party   string `json:"party,omitempty"`   // another party
	By      string `json:"by,omitempty"`      // the officer; "": a command on the node, or nobody but the person
	Source  string `json:"source,omitempty"`  // tells sources of one run of the node apart
	Count   int    `json:"count,omitempty"`   // of suppressed: refusals that were not written
}

// Meetings answers GET /api/meetings: those in which the account has a part.
type Meetings struct {
	Meetings []Meeting `json:"meetings"`
}

// Session is one browser that is signed in, as the officer sees it.
type Session struct {
	ID      string `json:"id"`
	Member  string `json:"member"`
	Role    string `json:"role"`
	Name    string `json:"name"`    // of the press: as accredited
	Created string `json:"created"` // RFC 3339, UTC
	Seen    string `json:"seen"`    // RFC 3339, UTC, exact to a minute
	Waiting string `json:"waiting"` // as in Wait, or ""
	Here    bool   `json:"here"`    // has a page in the meeting
	Own     bool   `json:"own"`     // the reader's own
}

// Sessions answers GET /api/sessions?meeting=ID.
type Sessions struct {
	Sessions []Session `json:"sessions"`
}

// EndRequest is the body of POST /api/sessions/end.
type EndRequest struct {
	Meeting string `json:"meeting"`
	ID      string `json:"id"` // of a Session
}

// PasskeyRequest is the body of POST /api/passkey/…: Code of register, where no cookie says who asks; Credential of …/finish, what
// PublicKeyCredential.toJSON() gives.
type PasskeyRequest struct {
	Code       string          `json:"code,omitempty"`
	Credential json.RawMessage `json:"credential,omitempty"`
}

// PasskeyOptions answers POST /api/passkey/…: what PublicKeyCredential.parseCreationOptionsFromJSON, or parseRequestOptionsFromJSON, takes.
type PasskeyOptions struct {
	Options json.RawMessage `json:"options"`
}

// ProbeRequest is the body of POST /api/probe; Code is "" where the cookie says who asks.
type ProbeRequest struct {
	Code  string `json:"code,omitempty"`
	Offer Offer  `json:"offer"`
}

// ProbeReply answers POST /api/probe.
type ProbeReply struct {
	Answer string `json:"answer"`
}

// Failure is the body of every refused HTTP request.
type Failure struct {
	Error Error `json:"error"`
}

package wire

// Key is one that an officer has turned.
type Key struct {
	Action  string `json:"action"` // "start", "open", "record", "publish"
	Party   string `json:"party"`
	By      string `json:"by"`      // member id
	At      string `json:"at"`      // RFC 3339, UTC, ms
	Expires string `json:"expires"` // RFC 3339, UTC, ms
}

// Order is the floor and who waits for it.
type Order struct {
	Mode         string   `json:"mode"`   // "statements", "precedence", "free", "chair"
	Holder       string   `json:"holder"` // member id, or ""
	Since        string   `json:"since"`  // RFC 3339, UTC, ms; "" without a holder
	Acknowledged bool     `json:"acknowledged"`
	Limit        int      `json:"limit"` // s, 0: none
	Hands        []string `json:"hands"`
	Orders       []string `json:"orders"` // points of order
	Item         int      `json:"item"`   // of the agenda, from 1; 0 none yet
	Next         string   `json:"next"`   // who gets the floor next by its mode, "" if that is left open
	Spoken       []Spoken `json:"spoken"` // the last ones, newest last
}

// Spoken is a line of the speaking log.
type Spoken struct {
	Member string `json:"member"`
	Start  string `json:"start"` // RFC 3339, UTC, ms
	End    string `json:"end"`   // "" while it lasts
	Item   int    `json:"item"`
	Open   bool   `json:"open"` // in the open part
}

// Ready is what a member's checks in rehearsal gave.
type Ready struct {
	Member string `json:"member"`
	Mic    bool   `json:"mic"`
	Camera bool   `json:"camera"`
	Sound  bool   `json:"sound"`
	Stated bool   `json:"stated"` // by another party's node
}

// Test is which test signals are on at a member's page; one without any is not listed.
type Test struct {
	Member string `json:"member"`
	Tone   bool   `json:"tone"`
	Card   bool   `json:"card"`
}

// Waiting is somebody at our own door, and each seat of the press.
type Waiting struct {
	ID     string `json:"id"`
	Member string `json:"member"` // "" of the press
	Name   string `json:"name"`   // of the press: as accredited
	Since  string `json:"since"`  // RFC 3339, UTC, ms
	Reason string `json:"reason"` // "device", "excluded"; "press": in its seat
}

// Note is a message, a request or a call for help.
type Note struct {
	ID     int    `json:"id"`
	Kind   string `json:"kind"`   // "message", "request", "help"
	Party  string `json:"party"`  // who states it
	Member string `json:"member"` // "" where it is anonymous
	Text   string `json:"text"`   // of a request: its name
	At     string `json:"at"`     // RFC 3339, UTC, ms, this node's clock
	Own    bool   `json:"own"`    // of this console's own party
}

// Doors is what is known of the press egress: ours by measurement, theirs by their word.
type Doors struct {
	Ours   Door   `json:"ours"`
	Theirs []Door `json:"theirs"`
}

// Door is one node's press egress.
type Door struct {
	Party    string `json:"party"`
	State    string `json:"state"`    // "open", "shut", "suspended"
	At       string `json:"at"`       // RFC 3339, UTC, ms: when it last shut or opened
	LastMs   int    `json:"lastMs"`   // last packet to press, ms after At; negative: before
	After    int    `json:"after"`    // packets to press after LastMs bound, 200 ms after At
	Egresses int    `json:"egresses"` // slots that were cut
	Press    int    `json:"press"`    // seats
}

// Alarm is what officers and technicians must look at.
type Alarm struct {
	Code  string            `json:"code"`
	Since string            `json:"since"` // RFC 3339, UTC, ms
	Args  map[string]string `json:"args"`
}

// AgendaItem is one item.
type AgendaItem struct {
	Title   Text `json:"title"`
	Minutes int  `json:"minutes"` // planned
}

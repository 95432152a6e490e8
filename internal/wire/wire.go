// Package wire has the messages between a browser and its node: Go types, strict size-limited JSON, a version. It writes
// web/src/wire.gen.ts (go generate). Start from FromClient and ToClient. It must not know sockets.
package wire

//go:generate go run ./gen ../../web/src/wire.gen.ts

// Version is the version of the browser protocol. A page of another version is told to reload.
const Version = 1

// FromClient is a message of the page: exactly one field is set. No message says who sent it: the session does.
type FromClient struct {
	Hello   *Hello   `json:"hello,omitempty"`
	Offer   *Offer   `json:"offer,omitempty"`
	Devices *Devices `json:"devices,omitempty"`
	Leave   *Leave   `json:"leave,omitempty"`
	Act     *Act     `json:"act,omitempty"`
	Sense   *Sense   `json:"sense,omitempty"`
	Check   *Check   `json:"check,omitempty"`
}

// Hello is the first message: an offer to join, or a token to resume.
type Hello struct {
	Version int    `json:"version"`
	Offer   *Offer `json:"offer,omitempty"`
	Resume  string `json:"resume,omitempty"` // token of the last Welcome
}

// Offer is the page's SDP. Names has one name per media section: "mic", "cam", "floor0".., "stage0".., "probe".
type Offer struct {
	SDP   string   `json:"sdp"`
	Names []string `json:"names"`
}

// Devices says whether the member's own microphone and camera are switched on.
type Devices struct {
	Mic    bool `json:"mic"`
	Camera bool `json:"camera"`
	Epoch  *int `json:"epoch,omitempty"` // State.Epoch that the page showed: what was meant for another phase opens nothing; nil: not compared
}

// Leave leaves the meeting.
type Leave struct{}

// ToClient is a message to the page: exactly one field is set.
type ToClient struct {
	Welcome *Welcome `json:"welcome,omitempty"`
	Answer  *Answer  `json:"answer,omitempty"`
	State   *State   `json:"state,omitempty"`
	Floor   *Floor   `json:"floor,omitempty"`
	Quality *Quality `json:"quality,omitempty"`
	Layers  *Layers  `json:"layers,omitempty"`
	Error   *Error   `json:"error,omitempty"`
	Bye     *Bye     `json:"bye,omitempty"`
	Done    *Done    `json:"done,omitempty"`
	Wait    *Wait    `json:"wait,omitempty"`
	Signal  *Signal  `json:"signal,omitempty"`
	Levels  *Levels  `json:"levels,omitempty"`
	Stats   *Stats   `json:"stats,omitempty"`
}

// Welcome answers Hello.
type Welcome struct {
	Version int     `json:"version"`
	You     string  `json:"you"`  // member id; "" of press and viewers
	Role    string  `json:"role"` // of the session: a role of the meeting, "press" or "viewer"
	Meeting Meeting `json:"meeting"`
	State   State   `json:"state"`
	Answer  string  `json:"answer"` // SDP; "" after a resume without offer
	Resume  string  `json:"resume"` // token for the next Hello, good for one use
}

// Answer answers Offer.
type Answer struct {
	SDP string `json:"sdp"`
}

// Text is one text in several languages, by BCP 47 tag.
type Text map[string]string

// Meeting is what was agreed before it began.
type Meeting struct {
	ID      string   `json:"id"`
	Title   Text     `json:"title"`
	Start   string   `json:"start"` // RFC 3339, UTC
	Parties []Party  `json:"parties"`
	Members []Member `json:"members"`

	Formal    bool         `json:"formal"`    // has phases, floor and keys
	Mode      string       `json:"mode"`      // of the floor, as arranged
	Begin     string       `json:"begin"`     // "open", "closed": what start leads to
	Chair     string       `json:"chair"`     // member id
	Limit     int          `json:"limit"`     // s for a statement, 0: none
	Languages []string     `json:"languages"` // BCP 47
	Agenda    []AgendaItem `json:"agenda"`
}

// Party is one side.
type Party struct {
	ID       string `json:"id"`
	Name     Text   `json:"name"`
	LongName Text   `json:"longName"`
	City     Text   `json:"city"`
	Zone     string `json:"zone"`   // IANA name
	Emblem   string `json:"emblem"` // SHA-256 in hex of the PNG at /emblem/{sha256}.png, or ""
}

// Member is one person.
type Member struct {
	ID         string `json:"id"`
	Party      string `json:"party"`
	Role       string `json:"role"`
	Name       Text   `json:"name"`
	Office     Text   `json:"office"`
	Second     Text   `json:"second"` // second office, empty: none
	Precedence int    `json:"precedence"`
}

// State is the meeting now, as this member sees it.
type State struct {
	Present []Presence `json:"present"`
	Stage   []string   `json:"stage"` // Stage[i]: member in slot "stage{i}", or ""
	Links   []Link     `json:"links"`
	Alarm   string     `json:"alarm"` // "", "log.withheld", "log.forked": something that officers must look at

	Now       string    `json:"now"`   // RFC 3339, UTC, ms: the node's clock as it wrote this
	Phase     string    `json:"phase"` // of an informal meeting always "closed"
	Since     string    `json:"since"` // of the phase: RFC 3339, UTC, ms; "" before the first change
	Epoch     int       `json:"epoch"` // changes of phase so far
	Head      string    `json:"head"`  // hex: chain hash of the entry with which the phase began; officers
	Recording bool      `json:"recording"`
	Keys      []Key     `json:"keys"` // officers
	Order     Order     `json:"order"`
	Muted     []string  `json:"muted"`           // who speaks with the microphone off: the member itself, and consoles
	Ready     []Ready   `json:"ready"`           // officers, technicians
	Waiting   []Waiting `json:"waiting"`         // officers
	Notes     []Note    `json:"notes"`           // officers; technicians: help
	Doors     *Doors    `json:"doors,omitempty"` // officers, technicians
	Alarms    []Alarm   `json:"alarms"`          // officers, technicians
	Signals   []Test    `json:"signals"`         // technicians: test signals that are on at pages of our people
}

// Presence is a member who is in the meeting.
type Presence struct {
	Member string `json:"member"`
	Mic    bool   `json:"mic"`
	Camera bool   `json:"camera"`
	Far    string `json:"far"` // "", "interrupted": the link to the member's party is cut, "away": own member whose page is not connected

	Capacity int  `json:"capacity"` // 1: speaks in the second office
	MaySpeak bool `json:"maySpeak"` // the rules would admit the member's microphone now
	Admitted bool `json:"admitted"` // technicians: to the meeting's sound
}

// Link is the link to another party.
type Link struct {
	Party string  `json:"party"`
	State string  `json:"state"` // "up", "down", "interrupted"
	RTTMs int     `json:"rttMs"`
	Loss  float64 `json:"loss"` // 0..1
	Code  string  `json:"code"` // "", "definition.differs": why it is down
	Way   string  `json:"way"`  // of the media: "" none, "one", "two" (sound over two addresses at once), "tls" (no datagram gets through)
}

// Floor says who sounds: Slots[i] is the member in slot "floor{i}", or "".
type Floor struct {
	Slots []string `json:"slots"`
}

// Quality is the state of the page's own connection, every 2 s.
type Quality struct {
	RTTMs    int     `json:"rttMs"`
	UpLoss   float64 `json:"upLoss"`   // 0..1
	DownLoss float64 `json:"downLoss"` // 0..1
	Level    string  `json:"level"`    // "good", "fair", "poor"
	Pictures string  `json:"pictures"` // what the path leaves of the others' pictures: "all", "less" (some coarser than sent), "paused" (some not shown)
}

// Layers says which layers of the page's camera somebody watches, by RID: the page sends no others. It comes when that changes; until
// the first one the page sends all.
type Layers struct {
	RIDs []string `json:"rids"`
}

// Error is what a person should read; Code is stable.
type Error struct {
	Code string            `json:"code"`
	Args map[string]string `json:"args"`
}

// Bye ends the connection: "moved", "left", "ended", "shutdown", "excluded".
type Bye struct {
	Code string `json:"code"`
}

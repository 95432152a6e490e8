package wire

// Act is what a member does in the meeting. Who does it is the session's member: Member is whom it is done to.
type Act struct {
	ID     int    `json:"id"` // of the page's choosing, 1.. ; Done carries it back
	Do     string `json:"do"` // an event kind of docs/protocol.md, or one of the Do constants
	Member string `json:"member,omitempty"`
	Value  string `json:"value,omitempty"` // text of a message, a mode, an action, the id of one who waits
	N      int    `json:"n,omitempty"`     // agenda item, office, limit in seconds, 1 for on
}

// What a page does: kinds of events, and what is no event of the shared log.
const (
	DoMessage     = "message"             // Value: text, to the officers of the other parties
	DoRequest     = "request"             // Value: "repeat", "slow", "mic-please"
	DoHelp        = "help"                // "I cannot hear", to the own technicians
	DoAdmit       = "admit"               // Value: the id of one who waits; or Member: excluded before, may come again
	DoExclude     = "exclude"             // Value: the id of one who waits or of a press seat; or Member
	DoRestart     = "restart"             // technician: Member's page begins its media anew
	DoTone        = "tone"                // technician: test tone at Member's page, N 1 on, 0 off
	DoCard        = "card"                // technician: test card at Member's page, N 1 on, 0 off
	DoEndSession  = "session.end"         // Member's session ends, media with it
	DoTurnKey     = "key.turned"          // Value: the action
	DoReturnKey   = "key.returned"        // Value: the action
	DoTechnician  = "technician.admitted" // Member, N 1 admitted to the sound, 0 not
	DoAcknowledge = "floor.acknowledged"
	DoYield       = "floor.yielded"
	DoGive        = "floor.given" // Member, N: limit in seconds, 0 as arranged
	DoTake        = "floor.taken"
	DoMode        = "floor.mode" // Value: the mode
	DoRaiseHand   = "hand.raised"
	DoLowerHand   = "hand.lowered" // Member "" or own: the own hand; an officer: of the own side
	DoRaiseOrder  = "order.raised"
	DoLowerOrder  = "order.lowered"
	DoAgenda      = "agenda.item" // N: from 1
	DoCapacity    = "capacity"    // N: 0 or 1
	DoRehearse    = "phase.rehearsal"
	DoWait        = "phase.waiting"
	DoClose       = "phase.closed"
	DoEnd         = "phase.ended"
	DoSeal        = "phase.sealed"
	DoStopRecord  = "record.stopped"
)

// The actions of keys.
const (
	ActionStart   = "start"
	ActionOpen    = "open"
	ActionRecord  = "record"
	ActionPublish = "publish"
)

// The requests.
const (
	RequestRepeat = "repeat"
	RequestSlow   = "slow"
	RequestMic    = "mic-please"
)

// The kinds of Note.
const (
	NoteMessage = "message"
	NoteRequest = "request"
	NoteHelp    = "help"
)

// The kinds of Signal.
const (
	SignalTone    = "tone"
	SignalCard    = "card"
	SignalRestart = "restart"
)

// Roles of sessions that are no member's.
const (
	RolePress  = "press"  // Welcome.Role of a press page
	RoleViewer = "viewer" // Welcome.Role of a viewer's page
)

// The reasons of Wait and Waiting.
const (
	WaitDevice   = "device"
	WaitExcluded = "excluded"
)

// The states of Door.
const (
	DoorOpen      = "open"
	DoorShut      = "shut"
	DoorSuspended = "suspended" // shut because the link is lost, not by a key
)

// The sounds of Cell.
const (
	CellNone       = "none"   // matrix: the plan does not let it through
	CellSilent     = "silent" // the plan lets it through, the source is closed
	CellOpen       = "open"   // it is let through and open, no sound at present
	CellHeard      = "heard"  // it sounds in a slot of the member
	CellUnexpected = "fault"  // something is forwarded that the plan does not let through
)

// Done answers an Act.
type Done struct {
	ID    int    `json:"id"`
	Error *Error `json:"error,omitempty"`
}

// Sense is what the page's own speech detector says while the microphone is switched off.
type Sense struct {
	Speaking bool `json:"speaking"`
}

// Check is what the page found out about its own devices in rehearsal.
type Check struct {
	Mic    bool `json:"mic"`
	Camera bool `json:"camera"`
	Sound  bool `json:"sound"` // the member says that the test tone was heard
}

// Wait says that the page is not admitted yet; nothing else comes until Welcome or Bye.
type Wait struct {
	Reason string `json:"reason"` // "device", "excluded"
	Since  string `json:"since"`  // RFC 3339, UTC, ms
}

// Signal is what the own technician asks of the page. None opens a microphone.
type Signal struct {
	Kind string `json:"kind"` // "tone", "card", "restart"
	On   bool   `json:"on"`
}

// Levels are the microphones that are open now, at most five times a second; to consoles, and to the holder of the floor.
type Levels struct {
	List []Level `json:"list"`
}

// Level is one microphone's.
type Level struct {
	Member string   `json:"member"`
	DB     float64  `json:"db"`            // dBov, -127..0 (RFC 6464)
	Far    *float64 `json:"far,omitempty"` // as another party's node states to hear it, dBov
	Own    bool     `json:"own"`           // the reader's own microphone
}

// Stats are figures for technicians, once a second.
type Stats struct {
	Members []MemberStats `json:"members"` // own people
	Links   []LinkStats   `json:"links"`
	Matrix  []Row         `json:"matrix"` // own people, and those of others as far as their node states it
}

// MemberStats is how a member's connection does.
type MemberStats struct {
	Member   string  `json:"member"`
	UpKbit   int     `json:"upKbit"`   // kbit/s
	DownKbit int     `json:"downKbit"` // kbit/s
	UpLoss   float64 `json:"upLoss"`   // 0..1
	DownLoss float64 `json:"downLoss"` // 0..1
	JitterMs float64 `json:"jitterMs"` // RFC 3550 §6.4.1, of the microphone
	RTTMs    int     `json:"rttMs"`
	DB       float64 `json:"db"`     // dBov, -127: none
	Stated   bool    `json:"stated"` // by the member's node, not measured here
}

// LinkStats is a link as a technician sees it.
type LinkStats struct {
	Party    string      `json:"party"`
	State    string      `json:"state"` // as Link.State
	OffsetMs int         `json:"offsetMs"`
	Paths    []PathStats `json:"paths"`
}

// PathStats is one path of a link.
type PathStats struct {
	Name  string  `json:"name"`
	State string  `json:"state"` // "up", "lost", "idle": nothing is sent there
	RTTMs int     `json:"rttMs"`
	Loss  float64 `json:"loss"` // 0..1
	// JitterMs is the smoothed difference between one round trip and the next.
	JitterMs float64 `json:"jitterMs"`
	HeardMs  int     `json:"heardMs"` // since the last packet from there, -1: never
	Sound    bool    `json:"sound"`   // sound goes there
	Sight    bool    `json:"sight"`   // pictures go there
}

// Row is what one member gets.
type Row struct {
	Member string `json:"member"`
	Cells  []Cell `json:"cells"`
	Stated bool   `json:"stated"` // by the member's node, not measured here
}

// Cell is one source in a Row.
type Cell struct {
	Source string `json:"source"` // member id
	Sound  string `json:"sound"`  // "none", "silent", "open", "heard", "fault"
	Sight  bool   `json:"sight"`  // its picture is in one of the member's slots
}

package room

import (
	"time"

	"visavis/internal/meeting"
)

// Codes of refusals and alarms that are used in more than one place.
const (
	codeActs      = "act.rate"
	codeBusy      = "room.busy"
	codeApart     = "clock.apart"
	codeKeyLate   = "key.late"
	codeHeld      = "log.held" // in the own log: what was held is held no longer
	codeWithheld  = "log.withheld"
	codeDoorsLate = "doors.late"
	codeUnwritten = "doors.unwritten"
	codeRetired   = "room.retired" // in the own log: the room was closed before its meeting had begun
)

// Bounds and times of one room.
const (
	// inboxSize is how many calls may wait for the room. What does not fit is refused to its caller: a page gets room.busy, a
	// link's message an error, on which the link closes and later catches up. News of links and seats wait for a place instead:
	// they must not be lost. reserved places are kept for them.
	inboxSize = 1024
	reserved  = 128

	graceTime   = 30 * time.Second       // a lost page or a restarted node: so long until the member has left
	statePause  = 50 * time.Millisecond  // wire.State: at most 20 a second to each page
	floorPause  = 100 * time.Millisecond // wire.Floor: at most 10 a second
	figurePause = time.Second            // RTT and loss of links in wire.State
	tickEvery   = 250 * time.Millisecond // graces, heads, alarms: none is sharper than this

	headPause    = 250 * time.Millisecond     // between two heads when attendance changes often
	headEvery    = 10*time.Second - tickEvery // countersigned heads, at least every 10 s
	withheldTime = 5 * time.Second            // a proposal sent and not sequenced for so long is an alarm

	maxInFlight = 64      // proposals sent and not sequenced
	maxPending  = 10_000  // proposals not sequenced, most of them written offline; beyond it events are refused (log.full)
	catchUpTick = 500     // entries that a guest takes over in one tickEvery, 2,000 a second: its disk and its room serve its own people too
	maxLog      = 200_000 // entries of one meeting, about 64 MiB: neither party can fill the other's disk; beyond it events are refused (log.full)
	lowerPlaces = 16      // beyond each of both for what lowers: closing, ending, an end of the record
	replayBatch = 256     // entries read from a log at once

	eventsRate  = 1.0 // events a second by one member of ours; beyond it a switch takes effect later, as it then stands
	eventsBurst = 20.0
	guestRate   = 1.25 // the same as the host counts a guest's members, a little more: beyond it a proposal is refused (devices.rate)
	guestBurst  = 40.0
	rejoinTime  = 5 * time.Second // who comes back so soon keeps the camera's state
	retryPause  = time.Second     // until an event that could not be written is tried again
	saidEvery   = time.Minute     // for lines of the log that others can bring about

	acknowledgeTime = 3 * time.Second        // a floor that is not acknowledged for so long is an alarm
	partedTime      = 2 * time.Second        // a link lost for so long shuts the doors of an open part
	doorsBound      = 200 * time.Millisecond // after it no packet may leave to the press
	doorsLook       = 5 * time.Second        // between two looks at doors that are shut
	levelPause      = 200 * time.Millisecond // wire.Levels: at most five a second
	heardFresh      = time.Second            // what another node hears of ours is good for so long
	statsFresh      = 5 * time.Second        // for so long a node's word on its figures counts
	noticePause     = 200 * time.Millisecond // between two notices of one kind about one member
	noticeRate      = 50.0                   // notices a second of one party; what is more is passed over
	noticeBurst     = 250.0                  // one of each member of a delegation, when a link comes up
	wordsRate       = 1.0                    // officers' messages of one party a second; what is more is passed over
	wordsBurst      = 5.0
	noteBytes       = 24 << 10               // of all notes, as a page is told them
	clockEvery      = 5 * time.Second        // our time to the other nodes
	clockFresh      = 30 * time.Second       // a measure over a shorter way counts for so long
	clockWarn       = 250 * time.Millisecond // clocks so far apart are an alarm
	clockApart      = 2 * time.Second        // and so far: no two-key acts
	stepUpTime      = 5 * time.Minute        // a passkey shown within it turns keys
	alarmTime       = time.Minute            // for alarms about what was once refused
	maxNotes        = 50
	maxPast         = 30  // alarms that were, as consoles are told them
	maxAlarms       = 500 // that one meeting's own log keeps, but the grave ones
	graveAlarms     = 50  // of each code
	maxWaiters      = 64
	maxAudience     = 500
	maxSpoken       = 20 // lines of the speaking log that pages are shown

	defaultStage = 6
	appendTime   = 5 * time.Second // for one entry to reach the disk
)

// places is the bound max for events of kind k.
func places(max int, k meeting.Kind) int {
	if k.Lowers() {
		return max + lowerPlaces
	}
	return max
}

package room

import "time"

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
	maxCatchUp  = 10_000  // entries behind which a guest may be; more is refused: the log is brought over by hand
	maxLog      = 200_000 // entries of one meeting, about 64 MiB: neither party can fill the other's disk; beyond it events are refused (log.full)
	replayBatch = 256     // entries read from a log at once

	devicesRate  = 10.0 // changes of devices a second by one member; more is devices.rate
	devicesBurst = 20.0

	defaultStage = 6
	appendTime   = 5 * time.Second // for one entry to reach the disk
)

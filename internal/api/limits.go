package api

import "time"

// Limits of the package (docs/security.md, limits). Each is tested at n and n+1.
const (
	// MaxHeader bounds the request line and headers of a request, bytes.
	MaxHeader = 16 << 10
	// MaxStreams bounds the requests in progress on one HTTP/2 connection.
	MaxStreams = 100

	headerTime = 5 * time.Second   // for request line and headers
	bodyTime   = 15 * time.Second  // for the whole request
	answerTime = 30 * time.Second  // for the whole answer
	idleTime   = 120 * time.Second // between two requests of one connection

	// MaxConnections bounds the connections of one address at one time; more are closed unread. An address of IPv6 is its /64.
	MaxConnections = 512
	// HandshakesPerSecond bounds new connections of one address, which is as many at once. More are closed unread.
	HandshakesPerSecond = 50
	// MaxAddresses bounds the addresses that are remembered. Beyond it new addresses are refused until old ones are forgotten.
	MaxAddresses = 65536

	// LoginFailures is how many wrong codes one address may try in a minute; then it gets 429, for right codes too.
	LoginFailures = 10
	// NodeFailures is how many wrong codes all addresses together may try in a minute; then each answer comes loginDelay later.
	NodeFailures = 100
	loginDelay   = time.Second

	// MaxProbes bounds probes in progress. One member has one at a time: a new one ends the old.
	MaxProbes  = 64
	probeBurst = 10 // probes of one member at once
	probeEvery = 5  // seconds for one more
	// ProbeTime is how long the connection of a probe lives.
	ProbeTime = 10 * time.Second

	// MaxPlayers and MaxPublishers bound WHEP and WHIP sessions of the node. A pass has one at a time: a new one ends the old.
	MaxPlayers    = 500
	MaxPublishers = 100
	deviceBurst   = 10 // sessions of one pass at once
	deviceEvery   = 3  // seconds for one more
	// MaxFragment bounds the body of a PATCH, bytes; PatchesPerSecond and PatchBurst the PATCHes of one session.
	MaxFragment      = 16 << 10
	PatchesPerSecond = 10
	PatchBurst       = 50
	maxFragmentLines = 400
	maxCandidates    = 100

	// MaxSockets bounds the WebSockets of all people, MaxSessionSockets those of one session: one in use, one that the network has
	// lost and we do not know yet, and two that are being opened.
	MaxSockets        = 1000
	MaxSessionSockets = 4

	// HelloWithin is the time for the first message of a WebSocket.
	HelloWithin = 5 * time.Second
	// MessagesPerSecond and MessageBurst bound the messages of one WebSocket; an offer counts as offerCost.
	MessagesPerSecond = 50
	MessageBurst      = 200
	offerCost         = 10
	// MaxQueue and MaxQueueBytes bound what waits to be written to one WebSocket; a page that is slower is closed.
	MaxQueue      = 512
	MaxQueueBytes = 1 << 20
	// maxEarly bounds what a room says to a page before its welcome is written; a page that gets more is closed.
	maxEarly = 64

	pingEvery = 10 * time.Second
	deadAfter = 25 * time.Second // without a sign of life
	writeTime = 10 * time.Second // for one message
	joinTime  = 10 * time.Second // for the room to take a member
	closeTime = 2 * time.Second  // for the last messages and the closing handshake: a node has to end in 5 s

	// ResumeWithin is how long a seat waits for its page after the WebSocket is lost. A room counts the same (room.Lost).
	ResumeWithin = 30 * time.Second

	qualityEvery = 2 * time.Second
	sweepEvery   = 30 * time.Second // for sessions that end by their age; those that are ended are told at once

	maxEmblem = 256 << 10 // bytes of a PNG
)

// Limits of passkeys, accounts and the door.
const (
	// PasskeyBurst and PasskeysPerSecond bound the challenges of one address. None is remembered, so that they cost nobody else anything.
	PasskeyBurst      = 30
	PasskeysPerSecond = 1
	// enrolmentLife is how long a code that an officer makes on the console holds.
	enrolmentLife = 72 * time.Hour
	// accountTime is for a change of an account that goes on though its browser has hung up.
	accountTime = 10 * time.Second
	// logsPerSecond and logBurst bound how often one officer has the security log read, which is checked from end to end; logPage is how many entries
	// one answer holds.
	logsPerSecond = 0.5
	logBurst      = 10
	logPage       = 100
	// securityPerSource and securitySourceBurst bound the lines about refusals of one network (/24, /48), securityPerSecond and securityBurst those
	// of all strangers, and of all who are known: more are counted and not written.
	securityPerSource   = 0.1
	securitySourceBurst = 20
	securityPerSecond   = 2
	securityBurst       = 200
	// The chained log keeps fewer of them, so that nobody who has no power rotates out what is in it (store.MaxLinks in store.LinkLife): in a day
	// securitySourceDay of one network and securityDay of all strangers, and of all who are known, after the same bursts; ownDay sign-ins and
	// step-ups of one account, as many at once; and how many were not written once in settleEvery.
	securitySourceDay = 20
	securityDay       = 50
	ownDay            = 100
	settleEvery       = time.Hour
	// readsDay bounds the entries that one officer has read the log, as many at once. Without one nothing is read.
	readsDay = 50
	// alarmsDay and alarmsBurst bound the alarms of all meetings, meetingAlarmsDay and meetingAlarmsBurst those of one. Those that say that a log or the
	// doors do not do what they should (room.Grave) have their own, gravesDay and gravesBurst, and of one meeting and code graveDay and graveBurst:
	// whoever can bring the others about takes nothing from these.
	alarmsDay          = 10
	alarmsBurst        = 100
	meetingAlarmsDay   = 8
	meetingAlarmsBurst = 50
	gravesDay          = 1
	gravesBurst        = 100
	graveDay           = 0.5
	graveBurst         = 10
)

package peer

import "time"

// Limits on what a browser, or somebody who pretends to be one, can make a node keep, do or send. Each is tested at n and n+1.
const (
	// MaxOffer bounds an offer, bytes. 20 slots of Chrome with all its codecs are 91 kB.
	MaxOffer = 128 << 10
	// MaxSections bounds the media sections of an offer: microphone, camera, screen and 29 slots.
	MaxSections = 32
	// MaxFloors and MaxStages bound the sections of a player that is no page of ours, sound and pictures.
	MaxFloors = 3
	MaxStages = 6
	// MaxSessions bounds the sessions of a host; 400 members with a second device each and probes fit.
	MaxSessions = 1000

	// MaxHandshakes bounds DTLS handshakes at one time; the library may buffer 2 MB of fragments for each. Others wait their turn.
	MaxHandshakes = 64
	// MaxHandshakePackets bounds DTLS datagrams that a session takes before its handshake is done; one without loss takes 8.
	MaxHandshakePackets = 256
	// MaxHeld bounds DTLS datagrams kept from an address while it is being checked: a ClientHello and its repetitions.
	MaxHeld = 4

	// MaxAddresses bounds the remote addresses of a session, proven or under check.
	MaxAddresses = 4
	// MaxChecks bounds our connectivity checks in flight, of one session.
	MaxChecks = 32
	// STUNPerSecond bounds requests with valid integrity that a session answers, each second.
	STUNPerSecond = 50
	// StrangersPerSecond bounds such requests from addresses that are not proven, each second, and MaxStrangers those addresses, for one
	// generation of credentials: whoever has seen one check can repeat it from any address, and the agent remembers each.
	StrangersPerSecond = 5
	MaxStrangers       = 16
	// StraysPerSecond bounds media from unproven addresses that a host tries to authenticate, each second.
	StraysPerSecond = 2000
	// MaxSharedSSRC bounds the sessions that may use one SSRC and still be found by it when their address changes.
	MaxSharedSSRC = 4

	// MaxSSRC bounds the SSRCs that a session uses in its life.
	MaxSSRC = 12
	// PacketsPerSecond bounds the RTP packets of a session, each second.
	PacketsPerSecond = 2000
	// AudioBytesPerSecond, CameraBytesPerSecond and ScreenBytesPerSecond bound a track, payload bytes each second:
	// 160 kbit/s, 6 Mbit/s and 8 Mbit/s. A second's worth may come at once.
	AudioBytesPerSecond  = 160_000 / 8
	CameraBytesPerSecond = 6_000_000 / 8
	ScreenBytesPerSecond = 8_000_000 / 8
	// RTXBytesPerSecond is what a track may send as RTX above its own rate: browsers probe for bandwidth by RTX padding.
	RTXBytesPerSecond = 50_000

	// MaxRTCP bounds an RTCP datagram, bytes, in both directions; RTCPPerSecond how many are read each second.
	MaxRTCP       = 1200
	RTCPPerSecond = 200
	// MaxNACK bounds the numbers of one datagram's NACKs that are looked at; the resend budget is below that.
	MaxNACK = 512
	// KeyframesPerSecond bounds keyframe requests of one slot that are listened to, each second.
	KeyframesPerSecond = 3
)

const (
	handshakeTime = 10 * time.Second // from the first proven address to SRTP
	consentTime   = 30 * time.Second // without an answered check: the session ends (RFC 7675 §5.1)
	dtlsKeep      = 30 * time.Second // after the handshake, for a client whose copy of our Finished was lost
	agentKeep     = dtlsKeep         // after the browser's first choice of an address, for those that it still tries

	strangersBurst = 16 // that may come at once: a browser with many interfaces tries all of them

	addressRest  = time.Second            // without a check or an answer before an address may give way to another
	checkTime    = 5 * time.Second        // a check not answered by then is forgotten, and its address if unproven
	consentEvery = 2 * time.Second        // after an answer from the current address we ask again, then each second
	consentWait  = 3 * time.Second        // without an answer: an address that is nominated is checked first
	moveWait     = 300 * time.Millisecond // of silence from the current address before media from another is followed
	moveEvery    = 100 * time.Millisecond // between two checks of an address that media moved to

	mediaCut = time.Second            // of silence is an interruption, for a browser that was sending media
	pauseCut = 2 * time.Second        // and pictures to it stop
	idleCut  = 5 * time.Second        // both, for one that only sends reports
	flowing  = 200 * time.Millisecond // without RTP before the silence: it was only sending reports

	replayWindow = 1024 // packets
	dtlsQueue    = 32   // datagrams waiting for the handshake; more are dropped, DTLS sends again
	stunQueue    = 32   // messages waiting for the ICE agent; more are dropped, ICE sends again

	callWait = 20 * time.Millisecond // between two attempts to reach a worker whose queue is full, when a session or its agent ends

	flowTick    = 250 * time.Millisecond // between two looks at a session of which nothing is due, at most
	twccEvery   = 50 * time.Millisecond  // between two transport-wide feedbacks
	probeEvery  = 100 * time.Millisecond // between two looks at the estimate
	reportEvery = time.Second            // between two sender and receiver reports (RFC 3550 §6.2 scaled to a session of two)
	slowTick    = 250 * time.Millisecond
)

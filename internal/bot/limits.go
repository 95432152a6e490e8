package bot

import "time"

// Limits of a bot. What a node sends is hostile input here as well: a bot must not be brought down by a faulty node.
const (
	// maxMessage bytes a node may send in one WebSocket message (the node's own limit outwards, docs/protocol.md).
	maxMessage = 256 << 10
	// maxReply bytes of an HTTP answer that are read.
	maxReply = 64 << 10
	// maxSlots of one kind that a bot offers.
	maxSlots = 12
	// dialWait bounds one try to open the WebSocket or to answer an HTTP request.
	dialWait = 5 * time.Second
	// welcomeWait is how long after hello the welcome may take.
	welcomeWait = 10 * time.Second
	// resumeFor is how long after a lost socket the node keeps the seat (docs/protocol.md): later a bot joins anew.
	resumeFor = 30 * time.Second
	// backoffFirst and backoffMost bound the pause between two tries. 1 s at most: after a restart of the node everyone
	// is to be back within 5 s of its being up.
	backoffFirst = 100 * time.Millisecond
	backoffMost  = time.Second
	// restartAfter without a connected transport the bot restarts ICE; rejoinAfter it gives the session up and joins anew.
	restartAfter = 2 * time.Second
	rejoinAfter  = 8 * time.Second
	// keyframeEvery is the least time between two keyframes made on request, as in browsers (a second request within
	// 300 ms is dropped by the sender).
	keyframeEvery = 300 * time.Millisecond
	// audioFrame is one Opus frame; videoTicks and audioTicks are RTP clock ticks (RFC 3550 §5.1).
	audioFrame = 20 * time.Millisecond
	audioTicks = 960
	videoClock = 90000
	// catchUp is how far behind the player may fall before it leaves frames out instead of sending them in a burst.
	catchUp = 200 * time.Millisecond
	// maxPayload bytes of VP8 in one packet: room for SRTP, extensions and RTX within 1200 (RFC 7741 §4).
	maxPayload = 1100
	// nackWindow sequence numbers behind the newest one a missing packet is asked for again; nackEvery apart, at most
	// nackTries times. 20 ms first: sooner and reordering looks like loss.
	nackWindow = 512
	nackFirst  = 20 * time.Millisecond
	nackEvery  = 50 * time.Millisecond
	nackTries  = 10
	// lostAfter an asked-for packet counts as lost.
	lostAfter = time.Second
)

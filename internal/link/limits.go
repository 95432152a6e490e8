package link

import "time"

// Limits and times of the link: docs/link.md gives the same numbers. What a stranger can reach is tested at n and n+1.
const (
	// Frames on TLS, bytes of their JSON. MaxFrame bounds every type, also those of later versions.
	MaxFrame    = 256 << 10
	MaxHello    = 1 << 10
	MaxExchange = 16 << 10
	MaxStreams  = 64 << 10 // 128 entries of at most 360 bytes
	MaxWants    = 40 << 10
	MaxDocument = 16 << 10 // a party document; its frame is MaxDocumentFrame
	MaxPing     = 64
	MaxBye      = 256

	// MaxDocumentFrame is a document in base64 and its envelope.
	MaxDocumentFrame = MaxDocument/3*4 + 256

	// MaxOffered streams a party may have on the link in each direction: room for 64 members with microphone and camera, or for 32 with three layers of
	// each camera.
	MaxOffered = 128
	// MaxStreamID is the longest stream id, bytes.
	MaxStreamID = 256

	// MaxArrange and MaxReadout bound one message of arranging and of readouts, bytes; they cross in pieces of maxPiece, each in a frame of
	// MaxPieceFrame.
	MaxArrange    = 128 << 10
	MaxReadout    = 192 << 10
	MaxPieceFrame = 16 << 10
	maxPiece      = 12000 // bytes of a message in one frame: base64 makes it 16,000
	maxPieces     = 256   // that wait to be sent: 3 MB; ErrFull beyond

	maxVersions = 8
	maxNames    = 40 // event kinds or features in hello
	maxName     = 32 // bytes of each
)

// Rates, each a token bucket of one party or, before anything is known, of one address (IPv6: /64).
const (
	framesRate      = 100.0 // a second from one party; more closes the control connection
	framesBurst     = 500.0
	ownRate         = 80.0 // frames a second that we send: below what a neighbour allows
	ownBurst        = 400.0
	streamsRate     = 5.0 // lists of streams a second, of the frames above: each may change 128 streams on the worker
	streamsBurst    = 20.0
	ownStreamsRate  = 4.0
	ownStreamsBurst = 15.0
	piecesRate      = 20.0 // frames of arranging and readouts a second, of the frames above
	piecesBurst     = 100.0
	ownPiecesRate   = 15.0
	ownPiecesBurst  = 80.0
	wantsRate       = 20.0 // lists of wants a second, of the frames above: each may start and stop 128 streams on the worker
	wantsBurst      = 60.0
	ownWantsRate    = 16.0
	ownWantsBurst   = 50.0
	admitRate       = 10.0 // connections a second from one address
	admitBurst      = 10.0
	maxAddresses    = 4096 // addresses whose rate is remembered; beyond it all others share one bucket
	maxGreeting     = 64   // handshakes at once

	audioRate  = 160e3 / 8 // bytes a second of one stream's RTP packets, resends included
	videoRate  = 8e6 / 8
	partyRate  = 50e6 / 8
	rateWindow = 1.0 // seconds of the rate that may come at once: a keyframe, a batch after a pause
	rtcpRate   = 400.0
	rtcpBurst  = 200.0
	pliRate    = 4.0 // keyframe requests a second for one stream: a node that waits repeats them each 310 ms
	pliBurst   = 4.0

	maxQueued      = 4096    // frames of Exchange that wait; ErrFull beyond
	maxQueuedBytes = 4 << 20 // the same in bytes
	inboxSize      = 64      // frames and calls that wait for a Conn's goroutine: beyond it TCP pushes back
)

// Times of the control connection.
const (
	handshakeTime = 5 * time.Second // TCP accepted to both hellos read
	pingEvery     = time.Second     // frames of type ping
	deadAfter     = 5 * time.Second // nothing heard: the connection is given up
	byeTime       = 300 * time.Millisecond
	dialFirst     = 200 * time.Millisecond
	dialMost      = 10 * time.Second
	dialPatience  = 300 * time.Millisecond // the party with the larger id waits so long before its first call
	settled       = 5 * time.Second        // a connection older than this was not dialled at the same moment as a new one
	redialAfter   = time.Second            // a dial this old is begun anew when the path returns
	rollAfter     = time.Hour              // of keys
	lateAgain     = 5 * time.Millisecond   // between two attempts to reach a worker whose queue is full
	recheckEvery  = time.Minute            // whether the far node's key still holds
)

// Times and sizes of the media path.
const (
	overlap      = 30 * time.Second // older keys still open and seal resends
	keysDie      = 10 * time.Minute // after the last frame of the control connection that made them
	rollPackets  = 1 << 31
	window       = 8192 // packets of the replay window
	pathPing     = 250 * time.Millisecond
	probePing    = time.Second // to an address that has not answered, or no longer
	pathLost     = 2 * time.Second
	pathStale    = 750 * time.Millisecond  // without a pong: media moves to an address that does answer
	unproven     = 60 * time.Second        // without a pong: the address must prove itself again; sound stops too
	reportEvery  = time.Second             // sender and receiver reports, figures
	feedbackGap  = 10 * time.Millisecond   // between two datagrams of resend requests
	maxRTCP      = 1200                    // bytes of one SRTCP datagram before protection
	maxMedia     = 1440                    // bytes of one RTP packet before protection
	maxListed    = 8                       // addresses of a peer that are tried
	maxObserved  = 4                       // addresses besides, from which authentic packets came
	lossWindow   = 20                      // pings over which loss is counted: 5 s
	lossGap      = 200 * time.Millisecond  // pings that come sooner after another do not count for it
	twinPing     = 100 * time.Millisecond  // to two addresses that are both in use
	twinSlack    = 220 * time.Millisecond  // an answer that is later than a round trip by this: the address is left
	moveAfter    = 10 * time.Second        // pictures stay so long with an address that answers
	moveGain     = 100 * time.Millisecond  // and do not move for less
	blockedAfter = 2 * time.Second         // no datagram was answered: media goes inside TLS
	tunnelIdle   = 30 * time.Second        // without need: the media connection is closed
	boreHelp     = 1500 * time.Millisecond // the side that did not dial control opens a media connection so much later
	boreAgain    = time.Second             // between two attempts
	minMedia     = 12                      // bytes of the shortest packet
	tunnelSound  = 32 << 10                // bytes of sound and RTCP that wait for a media connection
	tunnelVideo  = 128 << 10               // the same of pictures
	tunnelPiece  = 2 << 10                 // of pictures written before it is looked whether there is sound
	tunnelBatch  = 64 << 10                // read at once
	tunnelKernel = 64 << 10                // that the kernel may hold
	lossPings    = 128                     // over which a path's loss is smoothed
	lossCosts    = time.Second             // what losing all would count for when addresses are compared
	lateSwitch   = 0xff00                  // a stream whose number is above moves to new keys after it has wrapped
	maxNackPairs = 64                      // entries of one resend request

	congestionEvery = 50 * time.Millisecond  // between two reports of what came
	congestionGap   = 10 * time.Millisecond  // the same where numbers jump so far that they do not fit in one
	maxReported     = 512                    // packets of one SSRC in a report
	numbersKept     = 1024                   // packets of one stream that reports may speak of: 1 s at the rate of a stream
	lossMost        = 0.2                    // of pictures: more is too much for the way, less is mended
	lossOf          = 100                    // packets that this is told from
	lossFor         = 2 * time.Second        // or half as many, if they take so long
	fullFor         = 100 * time.Millisecond // of arrivals that the rate of a full way is taken from
	probeLook       = 50 * time.Millisecond  // between two looks at the estimate
	probeSpan       = 10 * time.Millisecond  // that a probe takes on a way of twice the estimate
	probeLeast      = 300                    // bytes of a packet of a probe
	probeMost       = 1180
	clockJump       = 10 * time.Second // between two reports: the far node's clock began anew
	awayFor         = time.Second      // without a report although packets go out: the way was cut, not full
	awayLeast       = 20               // that many packets
	resetEvery      = time.Second      // between two, if it begins anew more often
	ipHeaders       = 28               // IPv4 and UDP
	srtcpTrailer    = 20               // tag, E flag and index
)

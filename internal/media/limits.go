package media

import "time"

// Limits on what a source, hostile or not, can make this package keep, do or send. Each is tested at n and n+1.
const (
	// MaxPayload is the largest payload of one packet that is taken, bytes. On the way out up to 3 are added here, and header,
	// extensions and tag by the Sink: a datagram of 1500 bytes holds them. Browsers send packets of 1200.
	MaxPayload = 1400
	// MaxExtensions is the most that header extensions of one packet may take, bytes.
	MaxExtensions = 256

	// VideoRing and AudioRing bound the packets kept for resends. A ring starts small and doubles while packets younger than
	// its time would be overwritten: 1024 packets of 1200 B in a second are 9.8 Mbit/s, above what a member may send.
	VideoRing = 1024
	AudioRing = 128

	// MaxGap is the longest jump of sequence numbers in either direction that is taken for loss or reordering, packets. A
	// longer one is a new start, believed when the second packet of a run confirms it.
	MaxGap = 5000
	// MaxMissing bounds the packets that a stream asks for at one time; of a longer gap only the newest are asked for.
	MaxMissing = 256
	// MaxAttempts bounds the requests for one packet: at 10 % loss each way eight leave 2 in a million.
	MaxAttempts = 8
	// MaxRequest bounds the sequence numbers in one call of Source.RequestResend.
	MaxRequest = 64

	// MaxPending bounds the packets of one stream between two flushes; a batch of the socket is far smaller.
	MaxPending = 256

	// ResendShare and ResendRate bound the resends of one receiver: a quarter of what it was sent and 50 a second besides.
	// ResendBurst is how many may be saved up.
	ResendShare = 0.25
	ResendRate  = 50.0
	ResendBurst = 100.0
	// resentKept is how many resends a slot remembers, so as not to answer two requests for one packet within a round trip; a
	// power of two.
	resentKept = 64
)

const (
	videoRingFor = time.Second            // how long a video packet can be sent again
	audioRingFor = 500 * time.Millisecond // the same for sound, which nobody waits for any longer

	reorderFor     = 5 * time.Millisecond // a gap is not loss before this much time or
	reorderPackets = 3                    // so many packets have passed since

	firstRTT    = 50 * time.Millisecond // until it is known
	leastRepeat = 20 * time.Millisecond // between two requests for one packet
	mostRepeat  = 400 * time.Millisecond

	// keyframeRepeat: browsers silently drop a keyframe request within 300 ms of another.
	keyframeRepeat = 310 * time.Millisecond
	// pleaWait is how long a receiver that was sent the keyframe it asked for has to wait before its next request counts; it
	// doubles up to pleaMost and starts anew after pleaQuiet without requests. A keyframe is paid for by all who see the stream.
	pleaWait  = time.Second
	pleaMost  = 4 * time.Second
	pleaQuiet = 10 * time.Second
	// silence is how long nothing must come before a source, or a receiver, counts as interrupted.
	silence = time.Second
	// idleRepeat replaces keyframeRepeat while a source is silent.
	idleRepeat = time.Second

	// switchFor is how long a slot may go on with its old picture while it waits for the new one's keyframe. Somebody's face must
	// not stay under somebody else's name; a switch takes 0.2 s as a rule, 0.7 s when the first request is lost.
	switchFor = time.Second

	levelFresh = 500 * time.Millisecond // what a level says of a stream from which nothing comes any more

	// clockWindow is how long the smallest clock offset of a source is believed: 50 ppm of skew are 3 ms in it.
	clockWindow = time.Minute
)

// warmAhead is for how many receivers memory is fetched at once: as many as the processor waits for side by side, and no more than its nearest
// memory holds.
const warmAhead = 8

const (
	floorSticky  = 500 * time.Millisecond // a talker keeps a slot through pauses of this length, a louder one waits so long
	activeLevel  = 60                     // -dBov: speech is louder, a quiet room is not
	loudestLevel = 25                     // -dBov: claims above this count as this, so that a false level wins nothing
	floorMargin  = 6                      // dB that a challenger must be louder than a talker
	floorTurn    = 5 * time.Second        // of uninterrupted talk, after which a slot goes to who has waited for one
	floorEvery   = 100 * time.Millisecond // between looks at a floor that no onset of speech has touched
)

const (
	flowFor    = 700 * time.Millisecond // without a packet, and a layer counts as stopped
	settleFor  = 300 * time.Millisecond // of packets before a slot moves to a layer
	meterEvery = 500 * time.Millisecond // between two readings of a stream's rate
	pauseAfter = 5 * time.Second        // without a watcher before the sender is told to pause a layer

	allocateEvery = 100 * time.Millisecond // between two looks at a receiver's slots
	lookEvery     = 50 * time.Millisecond  // between two looks whether that is due
	upgradeAfter  = 500 * time.Millisecond // a layer must have fitted for so long before a slot climbs to it
	upgradeMargin = 1.1                    // and with so much room
)

const (
	sentKept = 1024 // packets that feedback may still speak of: 1 s of 10 Mbit/s, 16 kB for each receiver
	rateKept = 256  // arrivals that the rate is taken from

	delayWindow = 15 * time.Second       // how long the quickest packet is the measure
	queueMost   = 80 * time.Millisecond  // of standing queue
	queueSlack  = 5 * time.Millisecond   // what it must fall by in trendFor to count as draining
	trendFor    = 200 * time.Millisecond // between two looks at the queue
	lossOf      = 50                     // packets that a share of loss is taken from
	lossFor     = 300 * time.Millisecond // or lossLeast, if they take so long
	lossLeast   = 10
	lossMost    = 0.1                    // more is too much
	rateFor     = 500 * time.Millisecond // of arrivals that the rate is taken from
	cutEvery    = 300 * time.Millisecond // between two decreases: the first must show
	calmFor     = time.Second            // without trouble before the estimate rises
	raiseShare  = 0.05                   // a second
	raiseAbove  = 1.25                   // times what comes: higher only if a probe found it

	leastBits = 150_000    // bit/s: one picture of the lowest layer is always tried
	mostBits  = 10_000_000 // above that nobody asks
	stopAfter = 2 * time.Second
	stopFirst = 2 * time.Second
	stopMost  = 16 * time.Second

	probePackets = 12
	probeFirst   = time.Second
	probeMost    = 8 * time.Second
	probeWait    = 2 * time.Second // for the reports of a probe
	probePadding = 255             // bytes: the most that RTP padding holds
)

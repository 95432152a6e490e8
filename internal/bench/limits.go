package bench

import "time"

// Limits of the package: a load tool is bounded in count and in time, and what a server says is bounded before it is read.
const (
	// MaxReceivers is how many receivers one run may open.
	MaxReceivers = 1000

	// MaxTime is the longest time that one run may measure.
	MaxTime = 10 * time.Minute

	// MaxAnswer is the longest answer of a server in bytes.
	MaxAnswer = 256 << 10

	// MaxCandidates is how many addresses of an answer are tried.
	MaxCandidates = 8

	// maxSources is how many streams of one session are reported on.
	maxSources = 8

	// maxMissing is how many holes of one stream are asked for again.
	maxMissing = 256

	// maxReasons is how many different reasons of failed joins a report names.
	maxReasons = 5

	// joinTime is what one join may take: HTTP, ICE and DTLS together.
	joinTime = 20 * time.Second

	// joinsAtOnce is how many receivers join at the same time: handshakes are the dearest thing a server does, and a crowd that comes
	// within a second is another measurement (Load.Crowd).
	joinsAtOnce = 8

	// grace is how long after the end of a window packets of it may still come.
	grace = 500 * time.Millisecond

	// maxLate is how far the publisher may fall behind on a busy machine before it leaves frames out.
	maxLate = 100 * time.Millisecond

	// maxDatagram is the longest packet that is read.
	maxDatagram = 1500
)

// The load: 1.44 Mbit/s of video in bursts of five, as a 30 Hz camera, and Opus at 96 kbit/s.
const (
	burst      = 5
	videoBytes = 1200 // payload of one packet: 5 × 1200 × 8 × 30 = 1.44 Mbit/s
	videoEvery = time.Second / 30
	audioBytes = 240 // 240 × 8 × 50 = 96 kbit/s
	audioEvery = 20 * time.Millisecond
)

package srtp

// Limits of the package. Each is tested at n and n+1.
const (
	// MaxSources is how many synchronisation sources one Opener keeps state for, RTP and RTCP each. A browser session has 12
	// (security: media in, per member), a link 64 streams with their resends. Further ones get ErrLimit, and no memory.
	MaxSources = 256

	// MinWindow and MaxWindow bound the replay window in packets (RFC 3711 §3.3.2 asks for 64 at least).
	MinWindow = 64
	MaxWindow = 1 << 15 // more than half the sequence number space would be ambiguous

	// MaxIndex is the last packet index of a source under one key (RFC 3711 §9.2).
	MaxIndex = 1<<48 - 1

	// rtcpWindow is the replay window of SRTCP in packets: 4 s of the highest rate that is admitted (200/s).
	rtcpWindow = 1024
)

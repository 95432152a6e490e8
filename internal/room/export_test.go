package room

// Limits for tests.
const (
	MaxPending  = maxPending
	MaxInFlight = maxInFlight
	Grace       = graceTime
	Withheld    = withheldTime
	InboxSize   = inboxSize
	Reserved    = reserved
)

package room

// Limits for tests.
const (
	MaxPending  = maxPending
	MaxCatchUp  = maxCatchUp
	MaxInFlight = maxInFlight
	Grace       = graceTime
	Withheld    = withheldTime
	InboxSize   = inboxSize
	Reserved    = reserved
)

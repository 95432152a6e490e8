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

// More of them.
const (
	MaxLog      = maxLog
	LowerPlaces = lowerPlaces
	NoteBytes   = noteBytes
)

// Fill makes r believe that the shared log has n entries.
func Fill(r *Room, n int64) {
	_ = r.ask(func() error { r.led.n = n; return nil })
}

// DoorState is how the doors of r are.
func DoorState(r *Room) (state string) {
	_ = r.ask(func() error { state = r.doors.state; return nil })
	return state
}

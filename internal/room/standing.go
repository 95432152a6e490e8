package room

import (
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// Standing is how a meeting stands as far as the public is concerned.
type Standing struct {
	Phase meeting.Phase
	Open  bool // our doors are open by what they do, not by the phase alone: press and viewers of this node hear and see it
}

// stand tells the node when a meeting's standing has changed.
func (r *Room) stand() {
	now := Standing{r.view.Phase, r.doors.state == wire.DoorOpen}
	if r.c.Stand == nil || now == r.stood {
		return
	}
	r.stood = now
	r.c.Stand(now)
}

package room

import (
	"strings"
	"sync/atomic"

	"visavis/internal/media"
)

// layerNames follow the id of a camera on the link: each layer is a stream of its own there, lowest first. The best has the camera's id.
var layerNames = [media.MaxLayers]string{"/l", "/m", ""}

const best = media.MaxLayers - 1

// camera is a far camera that somebody here is shown. Its lower layers cross the link only while somebody watches them.
type camera struct {
	streams [media.MaxLayers]*media.Stream // nil: not announced
	asked   [media.MaxLayers]bool
	watched atomic.Uint32 // bit i: streams[i]; set by the worker
}

// maxOffers is how many streams a link takes; lower layers are left out where they would keep a microphone from crossing.
const maxOffers = 128

// offerLayers adds the lower layers of cameras of ours, given by id, to what is offered.
func offerLayers(offer map[string]*media.Stream, cams []string) {
	if len(offer)+best*len(cams) > maxOffers {
		return
	}
	for _, id := range cams {
		layers := offer[id].Track().Layers()
		for i, s := range layers[:len(layers)-1] {
			offer[id+layerNames[i]] = s
		}
	}
}

// unwatch lets go of the layers of cameras that are not wanted any more.
func (s *side) unwatch() {
	for id, c := range s.cameras {
		if s.wanted[id] != c.streams[best] {
			for i, name := range layerNames[:best] {
				if c.streams[i] != nil {
					s.l.Want(id+name, false)
				}
			}
			delete(s.cameras, id)
		}
	}
}

// cameraLayers settles which layers of a party's cameras cross the link.
func (r *Room) cameraLayers(s *side) {
	for id, st := range s.wanted {
		if !strings.HasSuffix(id, "/cam") {
			continue
		}
		c := s.cameras[id]
		if c == nil {
			c = &camera{streams: [media.MaxLayers]*media.Stream{best: st}, asked: [media.MaxLayers]bool{best: true}}
			c.watched.Store(1<<media.MaxLayers - 1)
			s.cameras[id] = c
		}
		if c.grow(s.l, id) {
			r.gather(c)
		}
		for i, name := range layerNames {
			if on := c.watched.Load()>>i&1 == 1; c.streams[i] != nil && on != c.asked[i] {
				c.asked[i] = on
				s.l.Want(id+name, on)
			}
		}
	}
}

// grow asks for layers that have been announced since.
func (c *camera) grow(l Link, id string) (grown bool) {
	for i, name := range layerNames[:best] {
		if c.streams[i] == nil {
			c.streams[i] = l.Want(id+name, true)
			c.asked[i] = c.streams[i] != nil
			grown = grown || c.asked[i]
		}
	}
	return grown
}

// gather makes the layers of c one track, and lets the slots that show it take that.
func (r *Room) gather(c *camera) {
	var layers []*media.Stream
	var bits []int
	for i, st := range c.streams {
		if st != nil {
			layers, bits = append(layers, st), append(bits, i)
		}
	}
	t := &r.routes
	for f, st := range t.stage {
		if st == c.streams[best] {
			delete(t.stage, f)
		}
	}
	for _, st := range layers {
		delete(t.prefer, st) // the new track has no rank yet
	}
	c.watched.Store(1<<media.MaxLayers - 1)
	t.worker.Do(func() {
		media.NewTrack(layers...).OnWatch(func(watched uint8) {
			var mask uint32
			for i, bit := range bits {
				mask |= uint32(watched>>i&1) << bit
			}
			c.watched.Store(mask)
			select {
			case r.sound.watched <- struct{}{}:
			default: // the room has not looked yet, and will see this too
			}
		})
	})
}

// uncamera forgets a camera one of whose layers is gone: what is left is put together anew.
func (s *side) uncamera(id string) {
	if at := strings.LastIndex(id, "/cam/"); at >= 0 {
		delete(s.cameras, id[:at+len("/cam")])
	}
}

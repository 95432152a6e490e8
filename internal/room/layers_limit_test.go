package room

import (
	"fmt"
	"testing"

	"visavis/internal/media"
)

// TestLayersLeaveRoomForSound: lower layers are offered only where they keep nothing else from crossing.
func TestLayersLeaveRoomForSound(t *testing.T) {
	sw := media.NewSwitch()
	stream := func(k media.Kind) *media.Stream { return media.NewStream(sw, media.StreamConfig{Kind: k}) }
	for mics, want := range map[int]int{maxOffers - 3: maxOffers, maxOffers - 2: maxOffers - 1} {
		cam := stream(media.Video)
		media.NewTrack(stream(media.Video), stream(media.Video), cam)
		offer := map[string]*media.Stream{"cam": cam}
		for i := range mics {
			offer[fmt.Sprint("mic", i)] = stream(media.Audio)
		}
		if offerLayers(offer, []string{"cam"}); len(offer) != want {
			t.Errorf("%d streams offered with %d microphones, want %d", len(offer), mics, want)
		}
	}
}

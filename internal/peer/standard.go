package peer

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pion/sdp/v3"

	"visavis/internal/media"
)

// Standard reads the offer of a client that knows no names of ours: an encoder that publishes (RFC 9725) or, with play, a player (the WHEP
// draft). Sections are named by kind and order: one "mic" and one "cam" at most of an encoder, "floor0".. and "stage0".. of a player, at most
// MaxFloors and MaxStages. An offer that would be taken in part is refused as a whole (RFC 9725 §4.4.3). Errors are *Error: besides those of
// Host.Open, offer.direction for a section that does not send, or does not receive.
func Standard(text string, play bool) (Offer, error) {
	o := Offer{SDP: text, Play: play, standard: true}
	if len(text) > MaxOffer {
		return o, refused("offer.large")
	}
	if n := strings.Count(text, "\nm="); n > MaxSections {
		return o, refused("offer.sections")
	}
	var d sdp.SessionDescription
	if d.UnmarshalString(text) != nil || len(d.MediaDescriptions) == 0 {
		return o, refused("offer.malformed")
	}
	for _, m := range d.MediaDescriptions {
		name, err := standardName(m, play, o.Names)
		if err != nil {
			return o, err
		}
		o.Names = append(o.Names, name)
	}
	return o, nil
}

// standardName names a section after those that have names.
func standardName(m *sdp.MediaDescription, play bool, before []string) (string, error) {
	var k media.Kind
	switch m.MediaName.Media {
	case "audio":
		k = media.Audio
	case "video":
		k = media.Video
	default:
		return "", refused("offer.sections")
	}
	want := sends
	if play {
		want = receives
	}
	if directionOf(m, play) != want {
		return "", refused("offer.direction")
	}
	switch {
	case !play && k == media.Audio && !slices.Contains(before, "mic"):
		return "mic", nil
	case !play && k == media.Video && !slices.Contains(before, "cam"):
		return "cam", nil
	case !play:
		return "", refused("offer.sections")
	}
	prefix, most := "floor", MaxFloors
	if k == media.Video {
		prefix, most = "stage", MaxStages
	}
	n := 0
	for _, b := range before {
		if strings.HasPrefix(b, prefix) {
			n++
		}
	}
	if n >= most {
		return "", refused("offer.sections")
	}
	return fmt.Sprintf("%s%d", prefix, n), nil
}

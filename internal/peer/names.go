package peer

import (
	"strconv"
	"strings"

	"visavis/internal/media"
)

// direction of a section as the browser sees it.
type direction uint8

const (
	inactive direction = iota
	sends              // the browser sends: a Stream of ours
	receives           // the browser receives: a slot
)

// validName says whether a section of this kind and direction may have this name. The grammar is fixed: what a page calls a section
// comes back in the answer.
//
//	mic                       audio, sent
//	cam, screen               video, sent
//	floorN, channelN          audio, received; N from 0 to 31 without leading zeros
//	stageN, screen            video, received
//	probe                     audio, either: a session that only shows whether UDP passes
func validName(name string, k media.Kind, d direction) bool {
	switch name {
	case "mic":
		return k == media.Audio && d != receives
	case "cam":
		return k == media.Video && d != receives
	case "screen":
		return k == media.Video
	case "probe":
		return k == media.Audio
	}
	prefix, _, ok := cutNumber(name)
	if !ok || d == sends {
		return false
	}
	switch prefix {
	case "floor", "channel":
		return k == media.Audio
	case "stage":
		return k == media.Video
	}
	return false
}

// cutNumber splits "stage3" into "stage" and 3.
func cutNumber(name string) (prefix string, n int, ok bool) {
	prefix = strings.TrimRight(name, "0123456789")
	digits := name[len(prefix):]
	if digits == "" || len(digits) > 2 || len(digits) == 2 && digits[0] == '0' {
		return "", 0, false
	}
	n, err := strconv.Atoi(digits)
	return prefix, n, err == nil && n < MaxSections
}

// syncGroup is the id of the media stream that a slot belongs to: sound and picture of one number are played in step.
func syncGroup(name string) string {
	if _, n, ok := cutNumber(name); ok {
		return "s" + strconv.Itoa(n)
	}
	return "s-" + name
}

package link

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"slices"

	"visavis/internal/meeting"
)

// hello is the first frame of each side. Its fields never change, in no version: what is new is named in features.
type hello struct {
	Versions []int           `json:"versions"` // of the messages, that the sender speaks; 1 is this one
	Party    meeting.PartyID `json:"party"`    // must be the one of the key in TLS
	Instance string          `json:"instance"` // 32 hex digits, drawn at each start of the process: another one has forgotten everything
	Counter  uint64          `json:"counter"`  // of the sender's party document
	Holds    uint64          `json:"holds"`    // counter of the receiver's party document, as the sender has it
	Epoch    uint32          `json:"epoch"`    // proposed: above all that the sender has used with this party
	Tag      uint32          `json:"tag"`      // drawn by the sender; the receiver puts it into SRTCP to the sender
	Kinds    []string        `json:"kinds"`    // event kinds that the sender understands
	Features []string        `json:"features"` // optional features of the sender
}

const (
	version   = 1
	mediaSSRC = 1 << 31 // SSRCs of streams are from here on, tags below
	maxEpoch  = 1 << 31
)

// check refuses a hello that is out of bounds. p is the party of the key that the far node proved.
func (h *hello) check(p meeting.PartyID) error {
	if h.Party != p {
		return refuse("hello.party", nil)
	}
	if len(h.Versions) == 0 || len(h.Versions) > maxVersions || slices.Min(h.Versions) < 1 {
		return refuse("hello.versions", nil)
	}
	if !slices.Contains(h.Versions, version) {
		return refuse("version", nil)
	}
	if b, err := hex.DecodeString(h.Instance); err != nil || len(b) != 16 || hex.EncodeToString(b) != h.Instance {
		return refuse("hello.instance", nil)
	}
	if h.Epoch == 0 || h.Epoch >= maxEpoch || h.Tag == 0 || h.Tag >= mediaSSRC {
		return refuse("hello.numbers", nil)
	}
	if h.Counter >= 1<<53 || h.Holds >= 1<<53 {
		return refuse("hello.numbers", nil)
	}
	for _, l := range [][]string{h.Kinds, h.Features} {
		if len(l) > maxNames || slices.ContainsFunc(l, func(s string) bool { return !validStreamID(s) || len(s) > maxName }) {
			return refuse("hello.names", nil)
		}
	}
	return nil
}

// decodeHello decodes and checks.
func decodeHello(b []byte, p meeting.PartyID) (*hello, error) {
	h := new(hello)
	if err := decode(frameHello, b, h); err != nil {
		return nil, err
	}
	if err := h.check(p); err != nil {
		return nil, err
	}
	return h, nil
}

// noticePrefix stands before the kinds of notices in hello.
const noticePrefix = "notice."

// eventKinds are those of this version, of events and of notices.
func eventKinds() []string {
	var names []string
	for _, k := range meeting.Kinds() {
		names = append(names, string(k))
	}
	for _, k := range meeting.NoticeKinds() {
		names = append(names, noticePrefix+string(k))
	}
	return names
}

// knows reports whether the far node understands all events of x, and its notice.
func (h *hello) knows(x meeting.Exchange) error {
	ok := func(k meeting.Kind) bool { return slices.Contains(h.Kinds, string(k)) }
	if x.Propose != nil && !ok(x.Propose.Event.Kind) {
		return ErrKind
	}
	if x.Notice != nil && !slices.Contains(h.Kinds, noticePrefix+string(x.Notice.Kind)) {
		return ErrKind
	}
	if x.Entry != nil {
		for _, b := range x.Entry.Data {
			e, err := meeting.DecodeEntry(b)
			if err != nil {
				return err
			}
			if !ok(e.Event.Kind) {
				return ErrKind
			}
		}
	}
	return nil
}

// random fills n bytes; crypto/rand does not fail (it ends the process).
func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b)
	return b
}

func newInstance() string { return hex.EncodeToString(random(16)) }

// random31 is 1 … 2³¹-1.
func random31() uint32 {
	for {
		b := random(4)
		v := uint32(b[0]&0x7f)<<24 | uint32(b[1])<<16 | uint32(b[2])<<8 | uint32(b[3])
		if v != 0 {
			return v
		}
	}
}

// jitter is d ± a quarter, so that two nodes that lost each other do not call in step.
func jitter[T ~int64](d T) T {
	r := float64(random31()) / mediaSSRC // 0..1
	return T(float64(d) * (0.75 + 0.5*r))
}

var errHello = errors.New("the far node did not say hello")

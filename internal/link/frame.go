package link

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"visavis/internal/media"
	"visavis/internal/strict"
)

// A frame on TLS, most significant byte first:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|     type      |              length of the JSON               |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                one JSON object, UTF-8 ...                     |
const frameHeader = 4

// frameType says what the JSON is. Types from 128 on belong to features.
type frameType uint8

const (
	frameHello    frameType = 1
	frameExchange frameType = 2
	frameStreams  frameType = 3
	frameWants    frameType = 4
	frameDocument frameType = 5
	framePing     frameType = 6
	frameBye      frameType = 7
	frameArrange  frameType = 128 // of the feature "arrange"
	frameReadout  frameType = 129 // of the feature "readout"
)

// most is the longest JSON of a type; 0: the type is not known.
func (t frameType) most() int {
	switch t {
	case frameHello:
		return MaxHello
	case frameExchange:
		return MaxExchange
	case frameStreams:
		return MaxStreams
	case frameWants:
		return MaxWants
	case frameDocument:
		return MaxDocumentFrame
	case framePing:
		return MaxPing
	case frameBye:
		return MaxBye
	case frameArrange, frameReadout:
		return MaxPieceFrame
	}
	return 0
}

// refusal is why a connection is closed: its code goes into bye, nothing else does.
type refusal struct {
	code string
	err  error
}

func (r *refusal) Error() string {
	if r.err != nil {
		return fmt.Sprintf("link: %s: %v", r.code, r.err)
	}
	return "link: " + r.code
}

func (r *refusal) Unwrap() error { return r.err }

func refuse(code string, err error) error { return &refusal{code, err} }

// readFrame reads one frame. Type and length are looked at before anything is allocated. only is the one type that may come, 0
// for any but hello; may says whether a type of a feature may come, nil: none. What the far node does wrong is a *refusal.
func readFrame(r io.Reader, only frameType, may func(frameType) bool) (frameType, []byte, error) {
	var h [frameHeader]byte
	if _, err := io.ReadFull(r, h[:]); err != nil {
		return 0, nil, err
	}
	v := binary.BigEndian.Uint32(h[:])
	t, n := frameType(v>>24), int(v&0xffffff)
	if only != 0 && t != only && t != frameBye || only == 0 && t == frameHello {
		return t, nil, refuse("frame.order", nil)
	}
	most := t.most()
	if most == 0 || t >= frameArrange && (may == nil || !may(t)) {
		return t, nil, refuse("frame.unknown", nil)
	}
	if n > most {
		return t, nil, refuse("frame.large", nil)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return t, nil, err
	}
	return t, b, nil
}

// appendFrame appends one frame. It panics if b is longer than its type may be: whoever made it has looked before.
func appendFrame(dst []byte, t frameType, b []byte) []byte {
	if len(b) > t.most() {
		panic("link: own frame over its limit")
	}
	dst = binary.BigEndian.AppendUint32(dst, uint32(t)<<24|uint32(len(b)))
	return append(dst, b...)
}

// frameOf is the bytes of v as a frame.
func frameOf(t frameType, v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode frame %d: %w", t, err)
	}
	if len(b) > t.most() {
		return nil, fmt.Errorf("frame %d of %d bytes: %w", t, len(b), ErrLarge)
	}
	return appendFrame(nil, t, b), nil
}

// decode takes the JSON of a frame.
func decode(t frameType, b []byte, v any) error {
	l := strict.Limits{Bytes: t.most(), Depth: 4, List: MaxOffered, String: MaxStreamID}
	if t == frameDocument || t >= frameArrange {
		l.String = MaxDocumentFrame
	}
	if err := strict.Decode(b, v, l); err != nil {
		return refuse("frame.malformed", err)
	}
	return nil
}

// streamsFrame is everything that its sender offers; what it does not name is withdrawn.
type streamsFrame struct {
	Streams []streamEntry `json:"streams"`
}

type streamEntry struct {
	ID   string `json:"id"`
	Kind string `json:"kind"` // "audio" or "video"
	SSRC uint32 `json:"ssrc"`
}

const (
	kindAudio = "audio"
	kindVideo = "video"
)

func kindName(k media.Kind) string {
	if k == media.Video {
		return kindVideo
	}
	return kindAudio
}

// check refuses a list that names something twice, or badly. decode has seen to its length.
func (f *streamsFrame) check() error {
	ids, ssrcs := make(map[string]bool), make(map[uint32]bool)
	for _, s := range f.Streams {
		switch {
		case !validStreamID(s.ID):
			return refuse("streams.id", nil)
		case s.Kind != kindAudio && s.Kind != kindVideo:
			return refuse("streams.kind", nil)
		case s.SSRC < mediaSSRC:
			return refuse("streams.ssrc", nil)
		case ids[s.ID] || ssrcs[s.SSRC]:
			return refuse("streams.twice", nil)
		}
		ids[s.ID], ssrcs[s.SSRC] = true, true
	}
	return nil
}

// wantsFrame is everything that its sender wants to receive.
type wantsFrame struct {
	IDs []string `json:"ids"`
}

func (f *wantsFrame) check() error {
	for _, id := range f.IDs {
		if !validStreamID(id) {
			return refuse("streams.id", nil)
		}
	}
	return nil
}

// validStreamID: printable ASCII without space, 1 to MaxStreamID bytes.
func validStreamID(id string) bool {
	if id == "" || len(id) > MaxStreamID {
		return false
	}
	for i := range len(id) {
		if id[i] <= ' ' || id[i] > '~' {
			return false
		}
	}
	return true
}

type documentFrame struct {
	Document []byte `json:"document"` // base64 in JSON
}

type pingFrame struct {
	N uint32 `json:"n"` // counts from 1
}

type byeFrame struct {
	Code string `json:"code"`
}

// codeOf is what bye says about err.
func codeOf(err error) string {
	var r *refusal
	switch {
	case errors.As(err, &r):
		return r.code
	case errors.Is(err, ErrDropped):
		return "distrust"
	case errors.Is(err, ErrSilent):
		return "silent"
	case errors.Is(err, ErrExpired):
		return "rekey"
	case errors.Is(err, ErrClosed):
		return "closing"
	}
	return "internal"
}

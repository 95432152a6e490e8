package bot

import (
	"bytes"
	"embed"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/pion/webrtc/v4/pkg/media/oggreader"
)

//go:embed clips/*.ivf clips/*.ogg clips/*.levels
var files embed.FS

// Clip is what a bot shows and says, ready to be put into packets: it is played as it was encoded, in a loop.
type Clip struct {
	// Frames are VP8 frames at FPS a second; the first is a keyframe.
	Frames []Frame
	FPS    int
	// Lower are the same pictures smaller, best first, at most two: with them the camera is sent in layers (simulcast, RIDs h, m, l). Frame
	// by frame they are what Frames is, keyframes at the same places.
	Lower [][]Frame
	// Sound are Opus packets of 20 ms.
	Sound []Sound
	// Offset and Period say when Sound is played: once in each Period, Offset after its beginning, silence else. Zero
	// Period: in a loop without a pause.
	Offset, Period time.Duration
}

// Frame is one VP8 frame.
type Frame struct {
	Data []byte
	Key  bool // the decoder can start here (RFC 6386 §9.1)
}

// Sound is one Opus packet of 20 ms with its level (RFC 6464: -dBov, 0 loudest, 127 silence).
type Sound struct {
	Data  []byte
	Level uint8
}

// Silence is an Opus packet of 20 ms of silence (RFC 6716 §3.1: CELT, fullband, mono, one frame).
var silence = [3]byte{0xf8, 0xff, 0xfe}

// speechLevel is the level at and above which a packet counts as voice (RFC 6464 §3, the V bit).
const speechLevel = 50

// Names of the pictures that are built in.
const (
	AvelmarPrincipal  = "avelmar-principal"
	AvelmarDelegate   = "avelmar-delegate"
	TolmeriaPrincipal = "tolmeria-principal"
	TolmeriaDelegate  = "tolmeria-delegate"
)

// Names of the sounds that are built in. "" is silence.
const (
	TarrovenArabic  = "tarroven-ar"
	KosvaneSpanish  = "kosvane-es-en"
	Tone500         = "tone-500"
	Tone1100        = "tone-1100"
	toneLead        = 10  // packets of a tone left out: the encoder's first ones are not yet the steady tone
	tonePackets     = 100 // then so many are kept: whole periods, so the loop has no seam
	maxClipFrames   = 3000
	maxClipPackets  = 6000
	maxFrameBytes   = 256 << 10
	maxPacketsBytes = 1275 // RFC 6716 §3.2.1
)

// Load gives a built-in clip: one of the pictures and one of the sounds, either may be "". It is safe for concurrent use.
func Load(picture, sound string) (*Clip, error) {
	c := &Clip{FPS: 15}
	if picture != "" {
		b, err := files.ReadFile("clips/" + picture + ".ivf")
		if err != nil {
			return nil, fmt.Errorf("picture: %w", err)
		}
		if c.Frames, c.FPS, err = readIVF(b); err != nil {
			return nil, fmt.Errorf("picture %s: %w", picture, err)
		}
	}
	if sound == "" {
		return c, nil
	}
	b, err := files.ReadFile("clips/" + sound + ".ogg")
	if err != nil {
		return nil, fmt.Errorf("sound: %w", err)
	}
	levels, err := files.ReadFile("clips/" + sound + ".levels")
	if err != nil {
		return nil, fmt.Errorf("levels: %w", err)
	}
	if c.Sound, err = readOgg(bytes.NewReader(b), levels); err != nil {
		return nil, fmt.Errorf("sound %s: %w", sound, err)
	}
	if sound == Tone500 || sound == Tone1100 {
		if len(c.Sound) < toneLead+tonePackets {
			return nil, fmt.Errorf("sound %s: %d packets, want %d", sound, len(c.Sound), toneLead+tonePackets)
		}
		c.Sound = c.Sound[toneLead : toneLead+tonePackets]
	}
	return c, nil
}

// Turn gives a copy of c whose sound is played once in each period, offset after its beginning.
func (c *Clip) Turn(offset, period time.Duration) *Clip {
	d := *c
	d.Offset, d.Period = offset, period
	return &d
}

// soundAt is the packet to send at a time since the epoch.
func (c *Clip) soundAt(since time.Duration) Sound {
	still := Sound{Data: silence[:], Level: 127}
	if len(c.Sound) == 0 {
		return still
	}
	i := int(since / audioFrame)
	if c.Period <= 0 {
		return c.Sound[i%len(c.Sound)]
	}
	if i = int((since%c.Period - c.Offset) / audioFrame); since%c.Period < c.Offset || i >= len(c.Sound) {
		return still
	}
	return c.Sound[i]
}

// check says what is wrong with a clip's layers.
func (c *Clip) check() error {
	if c == nil {
		return nil
	}
	if len(c.Lower) >= len(rids) {
		return fmt.Errorf("%d lower layers, at most %d", len(c.Lower), len(rids)-1)
	}
	for _, l := range c.Lower {
		if !slices.EqualFunc(l, c.Frames, func(a, b Frame) bool { return a.Key == b.Key }) {
			return errors.New("a lower layer with other frames or keyframes than the clip")
		}
	}
	return nil
}

// nextKey is the first keyframe at or after frame i, in the loop.
func nextKey(frames []Frame, i int) int {
	for n := range frames {
		if k := (i + n) % len(frames); frames[k].Key {
			return k
		}
	}
	return 0
}

// readIVF splits an IVF file: a header of 32 bytes with the codec at 8 and the time base at 16, then frames, each after its
// length in 4 bytes and its time in 8, all little-endian.
func readIVF(b []byte) ([]Frame, int, error) {
	const head, frameHead = 32, 12
	le := binary.LittleEndian
	if len(b) < head || string(b[:4]) != "DKIF" || le.Uint16(b[6:]) != head || string(b[8:12]) != "VP80" {
		return nil, 0, errors.New("not an IVF file with VP8")
	}
	fps, over := le.Uint32(b[16:]), le.Uint32(b[20:])
	if over != 1 || fps < 1 || fps > 60 {
		return nil, 0, fmt.Errorf("time base %d/%d, want 1 to 60 frames a second", over, fps)
	}
	var out []Frame
	for b = b[head:]; len(b) > 0; {
		if len(b) < frameHead {
			return nil, 0, io.ErrUnexpectedEOF
		}
		n := le.Uint32(b)
		if n == 0 || n > maxFrameBytes || len(out) == maxClipFrames {
			return nil, 0, fmt.Errorf("frame %d of %d bytes", len(out), n)
		}
		if b = b[frameHead:]; uint32(len(b)) < n {
			return nil, 0, io.ErrUnexpectedEOF
		}
		out = append(out, Frame{Data: b[:n:n], Key: b[0]&1 == 0}) // RFC 6386 §9.1: bit 0 clear is a key frame
		b = b[n:]
	}
	if len(out) == 0 || !out[0].Key {
		return nil, 0, errors.New("no keyframe at the beginning")
	}
	return out, int(fps), nil
}

func readOgg(r io.Reader, levels []byte) ([]Sound, error) {
	ogg, err := oggreader.NewWithOptions(r, oggreader.WithDoChecksum(true))
	if err != nil {
		return nil, err
	}
	var out []Sound
	for page := 0; ; page++ {
		b, h, err := ogg.ParseNextPage()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if _, head := h.HeaderType(b); head { // RFC 7845 §5: OpusHead, OpusTags
			continue
		}
		// RFC 6716 §3.1: one packet a page is how our clips are made; a page of several would not start with a
		// one-frame packet of at most 1275 bytes.
		if len(b) == 0 || len(b) > maxPacketsBytes+1 || len(out) == maxClipPackets {
			return nil, fmt.Errorf("page %d of %d bytes", page, len(b))
		}
		s := Sound{Data: slices.Clone(b), Level: 127}
		if len(out) < len(levels) {
			s.Level = min(levels[len(out)], 127)
		}
		out = append(out, s)
	}
	if len(out) == 0 {
		return nil, errors.New("no packet")
	}
	return out, nil
}

package node

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/adler32"
	"hash/crc32"
	"image"
	"image/draw"
	"image/png"
	"io"
)

// Limits of an emblem that comes from outside.
const (
	maxEmblem     = 256 << 10 // bytes of the file
	maxEmblemSide = 512       // pixels: decoded it is 1 MiB at most
	minEmblemSide = 16        // pixels
)

// emblem reads a PNG that anybody may have made and makes another of its pixels, with nothing else of it left: no metadata, no second image
// behind the first, no trick of a decoder. The result goes by its hash into the definition of a meeting, which must be the same on both nodes:
// it is encoded here, byte by byte the same for ever, and not by a library whose compression changes with its version.
func emblem(r io.Reader) ([]byte, error) {
	b, err := io.ReadAll(io.LimitReader(r, maxEmblem+1))
	if err != nil {
		return nil, err
	}
	if len(b) > maxEmblem {
		return nil, fmt.Errorf("it has more than %d bytes", maxEmblem)
	}
	c, err := png.DecodeConfig(bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("it is not a PNG file")
	}
	if c.Width > maxEmblemSide || c.Height > maxEmblemSide || c.Width < minEmblemSide || c.Height < minEmblemSide {
		return nil, fmt.Errorf("it has %d by %d pixels, not %d to %d each way", c.Width, c.Height, minEmblemSide, maxEmblemSide)
	}
	in, err := png.Decode(bytes.NewReader(b))
	if err != nil {
		return nil, errors.New("it is not a whole PNG file")
	}
	out := image.NewNRGBA(image.Rect(0, 0, c.Width, c.Height))
	draw.Draw(out, out.Bounds(), in, in.Bounds().Min, draw.Src)
	return encodePNG(out), nil
}

func hexSHA256(b []byte) string {
	h := sha256.Sum256(b)
	return hex.EncodeToString(h[:])
}

// encodePNG writes 8-bit RGBA (W3C PNG §11): each row minus the one above (filter 2), which leaves zeros wherever an emblem is plain, and the
// zeros in runs.
func encodePNG(m *image.NRGBA) []byte {
	w, h := m.Bounds().Dx(), m.Bounds().Dy()
	raw := make([]byte, 0, h*(1+4*w))
	above := make([]byte, 4*w)
	for y := range h {
		row := m.Pix[y*m.Stride : y*m.Stride+4*w]
		raw = append(raw, 2)
		for i, v := range row {
			raw = append(raw, v-above[i])
		}
		above = row
	}
	out := []byte("\x89PNG\r\n\x1a\n")
	head := binary.BigEndian.AppendUint32(nil, uint32(w))
	head = binary.BigEndian.AppendUint32(head, uint32(h))
	out = appendChunk(out, "IHDR", append(head, 8, 6, 0, 0, 0)) // 8 bit, RGBA
	out = appendChunk(out, "IDAT", deflateRuns(raw))
	return appendChunk(out, "IEND", nil)
}

func appendChunk(out []byte, kind string, data []byte) []byte {
	out = binary.BigEndian.AppendUint32(out, uint32(len(data)))
	start := len(out)
	out = append(append(out, kind...), data...)
	return binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE(out[start:]))
}

// deflateRuns packs bytes in zlib (RFC 1950) with one block of fixed Huffman codes (RFC 1951 §3.2.6), in which only runs of one byte are
// shortened: a length of up to 258 at distance 1.
func deflateRuns(raw []byte) []byte {
	b := bitWriter{out: []byte{0x78, 0x01}}
	b.bits(0b011, 3) // last block, fixed codes
	for i := 0; i < len(raw); {
		b.symbol(int(raw[i]))
		run := 0
		for run < 258 && i+1+run < len(raw) && raw[i+1+run] == raw[i] {
			run++
		}
		i++
		if run >= 3 {
			b.run(run)
			i += run
		}
	}
	b.symbol(256)
	b.bits(0, 7) // to the end of the byte
	return binary.BigEndian.AppendUint32(b.out, adler32.Checksum(raw))
}

// bitWriter fills bytes from their lowest bit (RFC 1951 §3.1.1).
type bitWriter struct {
	out []byte
	acc uint32
	n   uint
}

func (b *bitWriter) bits(v uint32, n uint) {
	b.acc |= v << b.n
	for b.n += n; b.n >= 8; b.n -= 8 {
		b.out = append(b.out, byte(b.acc))
		b.acc >>= 8
	}
}

// code writes a Huffman code, highest bit first.
func (b *bitWriter) code(v uint32, n uint) {
	for i := n; i > 0; i-- {
		b.bits(v>>(i-1)&1, 1)
	}
}

// symbol writes a literal, the end (256) or a length code (257 to 285) in the fixed code.
func (b *bitWriter) symbol(s int) {
	switch v := uint32(s); {
	case s < 144:
		b.code(0x30+v, 8)
	case s < 256:
		b.code(0x190+v-144, 9)
	case s < 280:
		b.code(v-256, 7)
	default:
		b.code(0xc0+v-280, 8)
	}
}

// run writes a length from 3 to 258 at distance 1 (RFC 1951 §3.2.5).
func (b *bitWriter) run(length int) {
	if length == 258 {
		b.symbol(285)
	} else {
		extra, base := uint(0), length-3
		for base>>extra >= 8 {
			extra++
		}
		// Lengths of 3 to 10 have codes of their own; above, four codes for each number of extra bits.
		if base < 8 {
			b.symbol(257 + base)
		} else {
			b.symbol(257 + 4*int(extra) + base>>extra)
			b.bits(uint32(base&(1<<extra-1)), extra)
		}
	}
	b.code(0, 5) // distance 1
}

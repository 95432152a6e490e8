package link

import (
	"slices"
	"time"
)

// The features under which two nodes arrange meetings, and write readouts: frames of a type of their own, in use when both have named it.
const (
	featureArrange = "arrange"
	featureReadout = "readout"
)

// feature is the feature of a frame's type; "" for those that need none.
func (t frameType) feature() string {
	switch t {
	case frameArrange:
		return featureArrange
	case frameReadout:
		return featureReadout
	}
	return ""
}

// longest is the longest message of a type that crosses in pieces, bytes.
func (t frameType) longest() int {
	if t == frameReadout {
		return MaxReadout
	}
	return MaxArrange
}

// messagePiece is one frame of a message: pieces of one type follow each other in order, the last one ends the message. A message is cut so that one of
// 100 KiB does not keep a floor or a key waiting, nor a slow path silent.
type messagePiece struct {
	Data []byte `json:"data"` // base64 in JSON
	Last bool   `json:"last"`
}

// agreed reports whether both nodes have named a feature.
func (s *session) agreed(feature string) bool {
	return slices.Contains(s.far.Features, feature) && slices.Contains(s.c.m.features, feature)
}

// may reports whether a frame of a feature's type may come on s.
func (s *session) may(t frameType) bool { return t.feature() == "" || s.agreed(t.feature()) }

// Arrange sends one message of arranging, at most MaxArrange bytes, behind everything that a meeting has to say. It returns ErrDown without a
// control connection, ErrKind to a node that does not arrange, ErrFull when maxPieces wait, ErrLarge. No error does not mean that it arrived.
func (c *Conn) Arrange(b []byte) error { return c.cut(frameArrange, b) }

// Readout sends one message about a readout, at most MaxReadout bytes, as Arrange does.
func (c *Conn) Readout(b []byte) error { return c.cut(frameReadout, b) }

// cut puts a message among the pieces to be sent: whole, or not at all.
func (c *Conn) cut(t frameType, b []byte) error {
	if len(b) == 0 || len(b) > t.longest() {
		return ErrLarge
	}
	var frames [][]byte
	for piece := range slices.Chunk(b, maxPiece) {
		frames = append(frames, mustFrame(t, messagePiece{piece, false}))
	}
	last := len(frames) - 1
	frames[last] = mustFrame(t, messagePiece{b[last*maxPiece:], true})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.sess == nil:
		return ErrDown
	case !c.sess.agreed(t.feature()):
		return ErrKind
	case len(c.pieces)+len(frames) > maxPieces:
		return ErrFull
	}
	c.pieces = append(c.pieces, frames...)
	c.sess.kick()
	return nil
}

// pieceLocked is the next piece for s to send, nil if there is none or its turn has not come.
func (c *Conn) pieceLocked(s *session) []byte {
	if len(c.pieces) == 0 || !s.pieces.take(time.Now(), 1, ownPiecesRate, ownPiecesBurst) {
		return nil
	}
	f := c.pieces[0]
	c.pieces[0] = nil
	c.pieces = c.pieces[1:]
	return f
}

// piece takes one piece, and with the last one hands the message on. Only the Conn's goroutine calls it.
func (c *Conn) piece(s *session, t frameType, b []byte) error {
	var p messagePiece
	if err := decode(t, b, &p); err != nil {
		return err
	}
	message := &s.messages[t-frameArrange]
	if len(p.Data) == 0 || len(p.Data) > maxPiece || len(*message)+len(p.Data) > t.longest() {
		return refuse("frame.malformed", nil)
	}
	*message = append(*message, p.Data...)
	if !p.Last {
		return nil
	}
	whole := *message
	*message = nil
	if t == frameReadout {
		c.m.c.Readout(c, whole)
		return nil
	}
	c.m.c.Arrange(c, whole)
	return nil
}

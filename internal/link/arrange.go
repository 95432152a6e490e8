package link

import (
	"slices"
	"time"
)

// featureArrange is the feature under which two nodes arrange meetings: frames of type frameArrange, in use when both have named it.
const featureArrange = "arrange"

// arrangePiece is one frame of a message: pieces follow each other in order, the last one ends the message. A message is cut so that one of
// 100 KiB does not keep a floor or a key waiting, nor a slow path silent.
type arrangePiece struct {
	Data []byte `json:"data"` // base64 in JSON
	Last bool   `json:"last"`
}

// agreed reports whether both nodes have named a feature.
func (s *session) agreed(feature string) bool {
	return slices.Contains(s.far.Features, feature) && slices.Contains(s.c.m.features, feature)
}

// may reports whether a frame of a feature's type may come on s.
func (s *session) may(t frameType) bool { return t != frameArrange || s.agreed(featureArrange) }

// Arrange sends one message of arranging, at most MaxArrange bytes, behind everything that a meeting has to say. It returns ErrDown without a
// control connection, ErrKind to a node that does not arrange, ErrFull when maxPieces wait, ErrLarge. No error does not mean that it arrived.
func (c *Conn) Arrange(b []byte) error {
	if len(b) == 0 || len(b) > MaxArrange {
		return ErrLarge
	}
	var frames [][]byte
	for piece := range slices.Chunk(b, maxPiece) {
		frames = append(frames, mustFrame(frameArrange, arrangePiece{piece, false}))
	}
	last := len(frames) - 1
	frames[last] = mustFrame(frameArrange, arrangePiece{b[last*maxPiece:], true})
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.sess == nil:
		return ErrDown
	case !c.sess.agreed(featureArrange):
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

// arranged takes one piece, and with the last one hands the message on. Only the Conn's goroutine calls it.
func (c *Conn) arranged(s *session, b []byte) error {
	var p arrangePiece
	if err := decode(frameArrange, b, &p); err != nil {
		return err
	}
	if len(p.Data) == 0 || len(p.Data) > maxPiece || len(s.message)+len(p.Data) > MaxArrange {
		return refuse("frame.malformed", nil)
	}
	s.message = append(s.message, p.Data...)
	if !p.Last {
		return nil
	}
	whole := s.message
	s.message = nil
	c.m.c.Arrange(c, whole)
	return nil
}

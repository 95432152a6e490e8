package link

import (
	"slices"
	"time"

	"visavis/internal/media"
)

// offer is a stream of ours.
type offer struct {
	id     string
	kind   media.Kind
	ssrc   uint32
	out    *out
	wanted bool
}

// farStream is a stream that the far node offers.
type farStream struct {
	id     string
	kind   media.Kind
	ssrc   uint32
	in     *in
	stream *media.Stream
	wanted bool
}

// Offer offers the stream s under id, or another stream under an id already offered, or (nil) withdraws it. It crosses the link
// once, and only while the far node wants it. An id is 1 to MaxStreamID bytes of printable ASCII; what is offered beyond
// MaxOffered is not, and logged.
func (c *Conn) Offer(id string, s *media.Stream) {
	c.mu.Lock()
	o := c.offers[id]
	if s == nil && o == nil {
		c.mu.Unlock()
		return
	}
	var gone *out
	if o != nil && (s == nil || s.Kind() != o.kind) {
		gone = o.out
		delete(c.offers, id)
		o = nil
	}
	if s != nil && o == nil {
		if !validStreamID(id) || len(c.offers) >= MaxOffered {
			c.mu.Unlock()
			c.m.log.Warn("stream cannot be offered", "party", c.party, "stream", id)
			return
		}
		c.ssrc++
		o = &offer{id: id, kind: s.Kind(), ssrc: c.ssrc | mediaSSRC}
		o.out = newOut(c.p, o.ssrc, o.kind, id)
		c.offers[id] = o
	}
	c.markLocked(dirty{streams: true})
	c.mu.Unlock()
	c.do(func() {
		if gone != nil {
			gone.close(time.Now())
		}
		if s != nil {
			o.out.source(time.Now(), s)
		}
	})
}

// Want asks for the far node's stream id, or no longer. It returns the stream, nil if id is not offered (any more). The stream is
// the same until Streams says that it is gone.
func (c *Conn) Want(id string, want bool) *media.Stream {
	c.mu.Lock()
	f := c.far[id]
	if f == nil {
		c.mu.Unlock()
		return nil
	}
	changed := f.wanted != want
	f.wanted = want
	if changed {
		c.markLocked(dirty{wants: true})
	}
	c.mu.Unlock()
	if changed {
		c.do(func() { f.in.wanted = want })
	}
	return f.stream
}

func (c *Conn) streamsLocked() []byte {
	f := streamsFrame{Streams: []streamEntry{}}
	for _, o := range c.offers {
		f.Streams = append(f.Streams, streamEntry{o.id, kindName(o.kind), o.ssrc})
	}
	slices.SortFunc(f.Streams, func(a, b streamEntry) int { return int(int64(a.SSRC) - int64(b.SSRC)) })
	return mustFrame(frameStreams, f)
}

func (c *Conn) wantsLocked() []byte {
	f := wantsFrame{IDs: []string{}}
	for _, s := range c.far {
		if s.wanted {
			f.IDs = append(f.IDs, s.id)
		}
	}
	slices.Sort(f.IDs)
	return mustFrame(frameWants, f)
}

// forget drops all far streams: their node does not know them any more, or its keys are gone.
func (c *Conn) forget() {
	c.mu.Lock()
	was := c.far
	c.far = make(map[string]*farStream)
	for _, o := range c.offers {
		o.wanted = false
	}
	outs := c.outsLocked()
	c.mu.Unlock()
	c.do(func() {
		for _, o := range outs {
			o.want(time.Now(), false)
		}
	})
	c.withdraw(was)
}

func (c *Conn) outsLocked() (outs []*out) {
	for _, o := range c.offers {
		outs = append(outs, o.out)
	}
	return outs
}

// withdraw closes far streams and says so.
func (c *Conn) withdraw(gone map[string]*farStream) {
	if len(gone) == 0 {
		return
	}
	for _, f := range gone {
		c.m.c.Handler.Streams(c, f.id, f.kind, true)
	}
	c.do(func() {
		for _, f := range gone {
			c.p.remove(time.Now(), f.in)
		}
	})
}

// offered compares what the far node offers with what it offered before.
func (c *Conn) offered(f *streamsFrame) error {
	named := make(map[string]streamEntry)
	for _, e := range f.Streams {
		named[e.ID] = e
	}
	gone := make(map[string]*farStream)
	var fresh []*farStream
	c.mu.Lock()
	for id, s := range c.far {
		if e, ok := named[id]; !ok || e.SSRC != s.ssrc || e.Kind != kindName(s.kind) {
			gone[id] = s
			delete(c.far, id)
		}
	}
	for _, e := range f.Streams {
		if c.far[e.ID] == nil {
			k := media.Audio
			if e.Kind == kindVideo {
				k = media.Video
			}
			fresh = append(fresh, &farStream{id: e.ID, kind: k, ssrc: e.SSRC})
		}
	}
	c.mu.Unlock()
	c.withdraw(gone)
	if len(fresh) == 0 {
		return nil
	}
	if !c.onWorker(func() {
		for _, s := range fresh {
			s.in, s.stream = c.p.add(s.id, s.kind, s.ssrc)
		}
	}) {
		return ErrClosed
	}
	c.mu.Lock()
	for _, s := range fresh {
		c.far[s.id] = s
	}
	c.mu.Unlock()
	for _, s := range fresh {
		c.m.c.Handler.Streams(c, s.id, s.kind, false)
	}
	return nil
}

// wanted notes which of our streams the far node wants. Names that we do not offer (any more) are passed over.
func (c *Conn) wanted(f *wantsFrame) {
	on := make(map[*out]bool)
	c.mu.Lock()
	for id, o := range c.offers {
		if want := slices.Contains(f.IDs, id); want != o.wanted {
			o.wanted = want
			on[o.out] = want
		}
	}
	c.mu.Unlock()
	if len(on) == 0 {
		return
	}
	c.do(func() {
		for o, want := range on {
			o.want(time.Now(), want)
		}
	})
}

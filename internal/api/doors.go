package api

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"sync"

	"visavis/internal/auth"
	"visavis/internal/peer"
	"visavis/internal/room"
)

// device is an encoder that publishes or a player that plays, from its 201 until its DELETE: one WHIP or WHEP session.
type device struct {
	s    *Server
	id   string // of its address: 130 bits
	pass auth.Pass
	room mediaRoom
	rate *limiter[struct{}]

	turn sync.Mutex // held while an ICE restart is at work

	mu         sync.Mutex // guards the fields below
	over       bool
	unwatch    func()
	media      mediaSession
	feed       *room.Feed // of an encoder
	tap        *room.Tap  // of a player
	offer      peer.Offer
	ufrag, pwd string // of the offer
	etag       string // of the ICE session, with its quotes
}

// admit makes a session of an offer and puts it into the meeting. A session that the same pass had before ends: an encoder that was switched off
// need not wait until it is missed.
func (s *Server) admit(ctx context.Context, p auth.Pass, o peer.Offer) (*device, string, error) {
	r := s.room(p.Grant.Meeting)
	if r == nil {
		return nil, "", fail(codeMeeting)
	}
	if !s.placeFor(p) {
		return nil, "", fail(codeDevices)
	}
	if err := s.mayBring(ctx, p); err != nil {
		return nil, "", err
	}
	d := &device{s: s, id: rand.Text(), pass: p, room: r, offer: o, etag: newTag(), rate: newLimiter[struct{}](PatchesPerSecond, PatchBurst)}
	d.ufrag, d.pwd = credentials(o.SDP)
	m, answer, err := s.open(o, peer.Events{Closed: func(string) { d.finish() }})
	if err != nil {
		return nil, "", err
	}
	d.mu.Lock()
	d.media = m
	d.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, joinTime)
	defer cancel()
	old, err := s.keep(d)
	if err != nil {
		d.finish()
		return nil, "", err
	}
	if old != nil {
		old.finish()
	}
	err = d.enter(ctx, m)
	if err == nil {
		err = s.mayBring(ctx, p) // who was excluded meanwhile: see keepOut, which finds what came in before the exclusion was written
	}
	if err != nil {
		d.finish()
		return nil, "", err
	}
	s.log.Info("device connected", "meeting", p.Grant.Meeting, "person", p.Grant.Member, "stream", string(p.Use))
	return d, answer, nil
}

// mayBring refuses the devices of a member who is kept out.
func (s *Server) mayBring(ctx context.Context, p auth.Pass) error {
	if out, err := s.book.Excluded(ctx, p.Grant.Meeting, p.Grant.Member); err != nil || out {
		return errors.Join(err, fail(codeExcluded))
	}
	return nil
}

// keepOut writes the exclusion of the device's member down before the device can come again, and ends the session.
func (d *device) keepOut() {
	d.s.exclude(d.pass.Grant)
	d.finish()
	d.s.expel(d.pass.Grant)
}

// enter tells the room of the device.
func (d *device) enter(ctx context.Context, m mediaSession) error {
	ended := func(code string) { // the room's goroutine must not wait
		if code == "excluded" {
			d.s.spawn(d.keepOut)
			return
		}
		d.s.spawn(d.finish)
	}
	g := d.pass.Grant
	d.mu.Lock()
	if d.pass.Use == auth.Publish {
		d.feed = &room.Feed{Member: g.Member, Media: m, End: ended}
	} else {
		d.tap = &room.Tap{Member: g.Member, Shows: d.pass.Shows, Media: m, End: ended}
	}
	feed, tap := d.feed, d.tap
	d.mu.Unlock()
	var err error
	if feed != nil {
		err = d.room.Publish(ctx, feed)
	} else {
		err = d.room.Watch(ctx, tap)
	}
	d.mu.Lock()
	over := d.over
	d.mu.Unlock()
	if err == nil && over { // ended meanwhile: the room may have heard of the end first
		d.withdraw(feed, tap)
		err = fail(codeDevice)
	}
	return err
}

func (d *device) withdraw(feed *room.Feed, tap *room.Tap) {
	if feed != nil {
		d.room.Unpublish(feed)
	}
	if tap != nil {
		d.room.Unwatch(tap)
	}
}

// placeFor says whether one more device of this use has a place; one that takes the place of its own earlier session always has.
func (s *Server) placeFor(p auth.Pass) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.placeLocked(p)
}

func (s *Server) placeLocked(p auth.Pass) bool {
	if s.deviceOf[p.ID] != nil {
		return true
	}
	n := 0
	for _, d := range s.devices {
		if d.pass.Use == p.Use {
			n++
		}
	}
	if p.Use == auth.Publish {
		return n < MaxPublishers
	}
	return n < MaxPlayers
}

// keep makes d the session of its pass and follows the pass's end. It returns the session that the pass had.
func (s *Server) keep(d *device) (*device, error) {
	unwatch := s.book.Watch(d.pass.ID, d.finish)
	d.mu.Lock()
	d.unwatch = unwatch
	d.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, fail(codeShutdown)
	}
	if !s.placeLocked(d.pass) {
		return nil, fail(codeDevices)
	}
	old := s.deviceOf[d.pass.ID]
	s.devices[d.id], s.deviceOf[d.pass.ID] = d, d
	return old, nil
}

// device finds a session by its address, for the bearer of its own pass alone.
func (s *Server) device(id string, p auth.Pass) *device {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.devices[id]; d != nil && d.pass.ID == p.ID {
		return d
	}
	return nil
}

// finish ends the session, once: media are closed and the room told. It does not wait. Not on the room's goroutine.
func (d *device) finish() {
	d.mu.Lock()
	over, unwatch := d.over, d.unwatch
	media, feed, tap := d.media, d.feed, d.tap
	d.over = true
	d.mu.Unlock()
	if over {
		return
	}
	if unwatch != nil {
		unwatch()
	}
	s := d.s
	s.mu.Lock()
	delete(s.devices, d.id)
	if s.deviceOf[d.pass.ID] == d {
		delete(s.deviceOf, d.pass.ID)
	}
	s.mu.Unlock()
	s.spawn(func() {
		d.withdraw(feed, tap)
		if media != nil {
			_ = media.Close() // it has no way to fail that matters to anyone here
		}
		s.log.Info("device gone", "meeting", d.pass.Grant.Meeting, "person", d.pass.Grant.Member, "stream", string(d.pass.Use))
	})
}

// patch takes a fragment: new credentials are an ICE restart, all else is trickle and changes nothing, because candidates are not used. It
// returns the entity-tag and body of a restart, "" for none. ifMatch is the request's, nil if it has none.
func (d *device) patch(f fragment, ifMatch []string) (etag, body string, err error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	d.mu.Lock()
	offer, tag, over, media := d.offer, d.etag, d.over, d.media
	same := f.ufrag == "" || f.ufrag == d.ufrag && f.pwd == d.pwd
	d.mu.Unlock()
	switch {
	case over:
		return "", "", fail(codeDevice)
	case len(ifMatch) == 0:
		return "", "", fail(codeTagMissing)
	case !matches(ifMatch, tag):
		return "", "", fail(codeTag)
	case same:
		return "", "", nil
	}
	offer.SDP = restarted(offer.SDP, f)
	answer, err := media.Reoffer(offer)
	if errors.Is(err, net.ErrClosed) {
		return "", "", fail(codeDevice)
	}
	if err != nil {
		return "", "", err // the session goes on as it was
	}
	etag = newTag()
	d.mu.Lock()
	d.offer, d.etag, d.ufrag, d.pwd = offer, etag, f.ufrag, f.pwd
	d.mu.Unlock()
	return etag, answerFragment(answer), nil
}

// newTag is a strong entity-tag (RFC 9110 §8.8.3) for an ICE session.
func newTag() string { return `"` + rand.Text()[:16] + `"` }

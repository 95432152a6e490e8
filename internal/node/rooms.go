package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"visavis/internal/link"
	"visavis/internal/media"
	"visavis/internal/meeting"
	"visavis/internal/room"
)

// rooms are the live meetings of this node, by id. A meeting that a command has added while the node runs is found when somebody first
// asks for it: a member with an invitation, or the other node.
type rooms struct {
	open func(meeting.Definition) (*room.Room, error)
	find func(context.Context, meeting.ID) (meeting.Definition, error)
	log  *slog.Logger

	mu     sync.Mutex
	live   map[meeting.ID]*liveRoom
	links  map[meeting.PartyID]*link.Conn            // with control
	far    map[meeting.PartyID]map[string]media.Kind // streams that the other nodes offer; the link bounds their number
	said   map[meeting.PartyID]time.Time
	closed bool
}

func newRooms(log *slog.Logger, find func(context.Context, meeting.ID) (meeting.Definition, error), open func(meeting.Definition) (*room.Room, error)) *rooms {
	return &rooms{open: open, find: find, log: log, live: map[meeting.ID]*liveRoom{}, links: map[meeting.PartyID]*link.Conn{},
		far: map[meeting.PartyID]map[string]media.Kind{}, said: map[meeting.PartyID]time.Time{}}
}

type liveRoom struct {
	*room.Room
	parties map[meeting.PartyID]bool
	digest  meeting.Hash // of its definition
}

// maxRooms bounds what other nodes and invitations can make this node open.
const maxRooms = 200

var errRooms = errors.New("too many rooms")

// get returns the room of a meeting, opening it if need be; nil if there is no such meeting.
func (r *rooms) get(id meeting.ID) *liveRoom {
	r.mu.Lock()
	defer r.mu.Unlock()
	if l := r.live[id]; l != nil || r.closed {
		return l
	}
	l, err := r.openLocked(id)
	if err != nil {
		if !errors.Is(err, errNoMeeting) {
			r.log.Error("meeting cannot be opened", "meeting", id, "err", err)
		}
		return nil
	}
	return l
}

// renew puts a meeting's room in the place of one that was opened under another definition, as long as nothing has happened in that. It
// reports whether the room that lives is that of d, or there is none.
func (r *rooms) renew(d meeting.Definition) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	l := r.live[d.ID]
	if l == nil || l.digest == d.Digest() || r.closed {
		return true
	}
	if !l.Retire() {
		return false
	}
	delete(r.live, d.ID)
	r.log.Info("meeting has another definition now", "meeting", d.ID)
	return true
}

// keep closes the rooms of meetings that are not in force any more, if nothing has happened in them.
func (r *rooms) keep(all map[meeting.ID]bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for id, l := range r.live {
		if !all[id] && !r.closed && l.Retire() { // of one whose log has entries the definition stays
			delete(r.live, id)
			r.log.Info("meeting is not in force any more", "meeting", id)
		}
	}
}

// openLocked calls out of the package with the lock held on purpose: a room must be opened once, and opening replays a log from the disk.
func (r *rooms) openLocked(id meeting.ID) (*liveRoom, error) {
	if len(r.live) >= maxRooms {
		return nil, errRooms
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	d, err := r.find(ctx, id)
	if err != nil {
		return nil, err
	}
	rm, err := r.open(d)
	if err != nil {
		return nil, err
	}
	l := &liveRoom{rm, map[meeting.PartyID]bool{}, d.Digest()}
	for _, p := range d.Parties {
		l.parties[p.ID] = true
		if c := r.links[p.ID]; c != nil {
			rm.LinkUp(c)
		}
		for stream, kind := range r.far[p.ID] {
			if m, _, _ := strings.Cut(stream, "/"); meeting.ID(m) == id {
				rm.Announced(p.ID, stream, kind)
			}
		}
	}
	r.live[id] = l
	return l, nil
}

// of returns the room of a meeting if party p takes part in it.
func (r *rooms) of(id meeting.ID, p meeting.PartyID) *liveRoom {
	if l := r.get(id); l != nil && l.parties[p] {
		return l
	}
	return nil
}

// with calls f for every live room in which p takes part.
func (r *rooms) with(p meeting.PartyID, f func(*liveRoom)) {
	r.mu.Lock()
	var hit []*liveRoom
	for _, l := range r.live {
		if l.parties[p] {
			hit = append(hit, l)
		}
	}
	r.mu.Unlock()
	for _, l := range hit {
		f(l)
	}
}

// close ends all rooms.
func (r *rooms) close() error {
	r.mu.Lock()
	r.closed = true
	all := r.live
	r.live = nil
	r.mu.Unlock()
	var err error
	for _, l := range all {
		err = errors.Join(err, l.Close())
	}
	return err
}

// Up implements link.Handler.
func (r *rooms) Up(c *link.Conn) {
	r.mu.Lock()
	r.links[c.Party()] = c
	r.mu.Unlock()
	r.with(c.Party(), func(l *liveRoom) { l.LinkUp(c) })
}

// Down implements link.Handler.
func (r *rooms) Down(c *link.Conn, err error) {
	r.mu.Lock()
	if r.links[c.Party()] == c {
		delete(r.links, c.Party())
	}
	r.mu.Unlock()
	r.with(c.Party(), func(l *liveRoom) { l.LinkDown(c.Party()) })
}

// Exchange implements link.Handler. A meeting that we do not know, or in which the other party has no seat, is not an error of the
// link: the other side may have loaded its meeting file first. Nothing is answered.
func (r *rooms) Exchange(c *link.Conn, x meeting.Exchange) error {
	l := r.of(x.Meeting(), c.Party())
	if l == nil {
		if r.seldom(c.Party()) {
			r.log.Warn("message for a meeting that is not arranged here", "meeting", x.Meeting(), "party", c.Party())
		}
		return nil
	}
	return l.Exchange(c.Party(), x)
}

// seldom reports whether a party may make us write a line again: once a minute.
func (r *rooms) seldom(p meeting.PartyID) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if time.Since(r.said[p]) < time.Minute {
		return false
	}
	r.said[p] = time.Now()
	return true
}

// Streams implements link.Handler.
func (r *rooms) Streams(c *link.Conn, id string, kind media.Kind, gone bool) {
	r.mu.Lock()
	if r.far[c.Party()] == nil {
		r.far[c.Party()] = map[string]media.Kind{}
	}
	if gone {
		delete(r.far[c.Party()], id)
	} else {
		r.far[c.Party()][id] = kind
	}
	r.mu.Unlock()
	m, _, _ := strings.Cut(id, "/")
	l := r.of(meeting.ID(m), c.Party())
	switch {
	case l == nil:
	case gone:
		l.Withdrawn(c.Party(), id)
	default:
		l.Announced(c.Party(), id, kind)
	}
}

// path tells the rooms how the media path to a party does.
func (r *rooms) path(c *link.Conn, s link.State) {
	st := room.LinkState{Interrupted: !s.Path, RTT: s.RTT, Loss: max(s.LossIn, s.LossOut), Way: way(s)}
	each := make([]room.PathFigures, 0, len(s.Paths))
	for _, p := range s.Paths {
		f := room.PathFigures{Name: p.Addr.String(), Up: p.Alive, RTT: p.RTT, Jitter: p.Jitter, Loss: p.Loss, LastHeard: p.LastHeard, Sound: p.Audio, Sight: p.Video}
		if p.Tunnel {
			f.Name = "tls"
		}
		each = append(each, f)
	}
	slices.SortFunc(each, func(a, b room.PathFigures) int { return cmp.Compare(a.Name, b.Name) })
	r.with(c.Party(), func(l *liveRoom) { l.LinkPath(c.Party(), st, each...) })
}

// way is how the media of a link goes, as wire.Link says it.
func way(s link.State) string {
	n := 0
	for _, p := range s.Paths {
		if p.Audio {
			n++
		}
	}
	switch {
	case !s.Path || n == 0:
		return ""
	case s.Tunnel:
		return "tls"
	case n > 1:
		return "two"
	}
	return "one"
}

// logName names the logs of a meeting in the store.
func logName(id meeting.ID, own bool) string {
	if own {
		return fmt.Sprintf("own/%s", id)
	}
	return fmt.Sprintf("shared/%s", id)
}

package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/meeting"
)

// watchEvery is how often the node looks whether another process (visavis pair, distrust, meeting new) has changed its store: a
// distrusted party is cut off within a second.
const watchEvery = 500 * time.Millisecond

// alarmEvery is how often a document that is about to expire is complained of.
const alarmEvery = 12 * time.Hour

// cleanEvery is how often invitations and sessions that have expired are taken out of the store.
const cleanEvery = time.Hour

// errNoMeeting means that no meeting of this id is arranged here.
var errNoMeeting = errors.New("no such meeting")

// watch looks for what commands in other processes have changed, and for documents that run out.
func (n *Node) watch() {
	t := time.NewTicker(watchEvery)
	defer t.Stop()
	var alarmed, cleaned time.Time
	seen := int64(-1)
	refused := false
	for {
		select {
		case <-n.ctx.Done():
			return
		case now := <-t.C:
			if !refused && n.worker.Stats().Socket.RunsRefused > 0 {
				refused = true
				n.log.Warn("network takes no runs of datagrams for some receivers: forwarding to them costs more")
			}
			if n.rearranged.Swap(false) {
				seen = -1 // our own writes do not change the version
			}
			v, err := n.dir.Store.Version(n.ctx)
			if err == nil && v != seen {
				var later bool
				if later, err = n.refresh(); err == nil && !later {
					seen = v
				}
			}
			// Every time: an expiry changes nothing in the store, and a session that is watched counts as used.
			err = errors.Join(err, n.book.Sweep(n.ctx))
			if now.Sub(cleaned) > cleanEvery {
				cleaned = now
				err = errors.Join(err, n.book.Clean(n.ctx))
			}
			if now.Sub(alarmed) > alarmEvery {
				alarmed = now
				err = errors.Join(err, n.alarm())
			}
			if err != nil && n.ctx.Err() == nil {
				n.log.Error("store cannot be read", "err", err)
			}
		}
	}
}

// refresh takes up what another process has written: parties pinned or distrusted, meetings, sessions ended. later: some of it cannot be
// taken up yet.
func (n *Node) refresh() (later bool, err error) {
	if err := n.loadPins(n.ctx); err != nil {
		return false, err
	}
	return n.openMeetings(n.ctx)
}

// alarm says in the log what a person must do about party documents that run out.
func (n *Node) alarm() error {
	all, err := n.dir.Alarms(n.ctx)
	for _, a := range all {
		n.log.Error(a)
	}
	return err
}

// definition finds a meeting in which our party takes part; errNoMeeting.
func (n *Node) definition(ctx context.Context, id meeting.ID) (meeting.Definition, error) {
	d, err := n.dir.Definition(ctx, id)
	if err != nil {
		return meeting.Definition{}, err
	}
	if !slices.ContainsFunc(d.Parties, func(p meeting.Party) bool { return p.ID == n.s.Party }) {
		return meeting.Definition{}, fmt.Errorf("%w: %s is not a party to %s", errNoMeeting, n.s.Party, id)
	}
	return d, nil
}

// openMeetings opens every meeting that is arranged, so that members who were in it when the node stopped come back to it. One that
// was put in the place of another is opened anew; later: somebody sits in the old one.
func (n *Node) openMeetings(ctx context.Context) (later bool, err error) {
	all, err := n.dir.Definitions(ctx)
	if err != nil {
		return false, fmt.Errorf("read meetings: %w", err)
	}
	held := map[meeting.ID]bool{}
	for _, d := range all {
		held[d.ID] = true
	}
	n.rooms.keep(held)
	for _, d := range all {
		later = !n.rooms.renew(d) || later
		n.rooms.get(d.ID)
	}
	return later, nil
}

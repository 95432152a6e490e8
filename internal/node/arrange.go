package node

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"visavis/internal/api"
	"visavis/internal/arrange"
	"visavis/internal/auth"
	"visavis/internal/link"
	"visavis/internal/meeting"
	"visavis/internal/wire"
)

// openDesk makes the desk at which meetings are arranged, on this node's store and links.
func (n *Node) openDesk() {
	n.desk = arrange.New(arrange.Config{
		Store: n.dir.Store, Self: arrange.Party{ID: n.s.Party, Name: n.dir.Document.Names}, Others: n.pins.parties,
		Send: func(p meeting.PartyID, b []byte) error {
			if c := n.rooms.linkTo(p); c != nil { // not n.links: a link may be up before NewManager has returned
				return c.Arrange(b)
			}
			return link.ErrDown
		},
		Begun:     n.begun,
		Installed: func(meeting.ID) { n.rearranged.Store(true) }, // watch opens its room
		Log:       n.log,
	})
}

// begun says whether a meeting's shared log has entries.
func (n *Node) begun(ctx context.Context, id meeting.ID) (bool, error) {
	last, err := n.dir.Store.Last(ctx, logName(id, false))
	return last > 0, err
}

// parties lists the pinned parties as officers choose among them.
func (p *pins) parties() []arrange.Party {
	p.mu.Lock()
	defer p.mu.Unlock()
	var out []arrange.Party
	for _, id := range slices.Sorted(maps.Keys(p.by)) {
		out = append(out, arrange.Party{ID: id, Name: p.by[id].Document.Names})
	}
	return out
}

// farNodes is told by the links what the other nodes do: rooms and desk.
type farNodes struct {
	*rooms
	n *Node
}

// Up implements link.Handler.
func (f farNodes) Up(c *link.Conn) {
	f.rooms.Up(c)
	if err := f.n.desk.Up(f.n.ctx, c.Party()); err != nil && f.n.ctx.Err() == nil {
		f.n.log.Error("what is being arranged cannot be read", "party", c.Party(), "err", err)
	}
	if err := f.n.drafts.Up(f.n.ctx, c.Party()); err != nil && f.n.ctx.Err() == nil {
		f.n.log.Error("readouts cannot be read", "party", c.Party(), "err", err)
	}
}

// linkTo is the link to a party while it has control, else nil.
func (r *rooms) linkTo(p meeting.PartyID) *link.Conn {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.links[p]
}

// hearArranging takes one message of arranging of another node.
func (n *Node) hearArranging(c *link.Conn, b []byte) {
	if err := n.desk.Hear(n.ctx, c.Party(), b); err != nil && n.ctx.Err() == nil {
		n.log.Error("message of arranging cannot be taken", "party", c.Party(), "err", err)
	}
}

// remind says again what the other nodes have not answered.
func (n *Node) remind() {
	t := time.NewTicker(arrange.Again)
	defer t.Stop()
	for {
		select {
		case <-n.ctx.Done():
			return
		case <-t.C:
			if err := n.desk.Tick(n.ctx); err != nil && n.ctx.Err() == nil {
				n.log.Error("what is being arranged cannot be read", "err", err)
			}
		}
	}
}

// arranging is what the pages for arranging need.
func (n *Node) arranging() *api.Arranging {
	return &api.Arranging{Desk: n.desk, Parties: n.arrangeParties, Invitations: n.dir.invitations, Invite: n.dir.inviteOne}
}

func (n *Node) arrangeParties() (self wire.ArrangeParty, others []wire.ArrangeParty) {
	self = wire.ArrangeParty{ID: string(n.s.Party), Name: wire.Text(n.dir.Document.Names), Up: true}
	for _, p := range n.pins.parties() {
		others = append(others, wire.ArrangeParty{ID: string(p.ID), Name: wire.Text(p.Name), Up: n.links.State(p.ID).Control})
	}
	return self, others
}

// invitations says how the invitations of our members and of the press stand.
func (d *Dir) invitations(ctx context.Context, id meeting.ID) ([]wire.ArrangeInvitation, error) {
	def, err := d.Definition(ctx, id)
	if errors.Is(err, errNoMeeting) {
		return nil, &meeting.Error{Code: "arrange.open"}
	}
	if err != nil {
		return nil, err
	}
	given, err := d.book.Invitations(ctx, id)
	if err != nil {
		return nil, err
	}
	sessions, err := d.book.Sessions(ctx, id)
	if err != nil {
		return nil, err
	}
	// Of a member who was another when they were made: they let nobody in.
	given = slices.DeleteFunc(given, func(i auth.Invitation) bool { return !i.Grant.Holds(def, d.Settings.Party) })
	sessions = slices.DeleteFunc(sessions, func(s auth.Session) bool { return !s.Account && !s.Grant.Holds(def, d.Settings.Party) })
	var out []wire.ArrangeInvitation
	state := func(m meeting.MemberID, role meeting.Role, name string) {
		i := wire.ArrangeInvitation{Member: string(m), Role: string(role), Name: name, State: "none"}
		if slices.ContainsFunc(sessions, func(s auth.Session) bool { return s.Grant.Member == m && !s.Account }) {
			i.State = "used"
		}
		for _, g := range given {
			if g.Grant.Member == m {
				i.State, i.Expires, i.PIN = "open", g.Expires.UTC().Format(time.RFC3339), g.PIN
				if g.Locked {
					i.State = "locked"
				}
			}
		}
		if byAccount(def, role) {
			i.State = "account"
		}
		out = append(out, i)
	}
	for _, m := range def.Members {
		if m.Party == d.Settings.Party {
			state(m.ID, m.Role, "")
		}
	}
	press := map[meeting.MemberID]string{}
	for _, g := range given {
		if g.Grant.Role == meeting.Press {
			press[g.Grant.Member] = g.Grant.Name
		}
	}
	for _, s := range sessions {
		if s.Grant.Role == meeting.Press {
			press[s.Grant.Member] = s.Grant.Name
		}
	}
	for _, m := range slices.Sorted(maps.Keys(press)) {
		state(m, meeting.Press, press[m])
	}
	return out, nil
}

// byAccount says whether people of a role come to a meeting with an account of the node: then there is nothing to invite them with.
func byAccount(def meeting.Definition, r meeting.Role) bool {
	return def.Formal() && (r == meeting.Officer || r == meeting.Technician)
}

// inviteOne makes a new invitation for a member of ours, or for somebody of the press who has been invited before or is named. Earlier ones of
// the same person end, with whoever used them.
func (d *Dir) inviteOne(ctx context.Context, id meeting.ID, who meeting.MemberID, name string) (out wire.ArrangeIssued, err error) {
	def, err := d.Definition(ctx, id)
	if errors.Is(err, errNoMeeting) {
		return out, &meeting.Error{Code: "arrange.open"}
	}
	if err != nil {
		return out, err
	}
	var g auth.Grant
	page, pin := "/join#", false
	m, ok := def.Member(who)
	switch {
	case ok && m.Party == d.Settings.Party && !byAccount(def, m.Role):
		g, pin = memberGrant(def, m), needsPIN(def, m.Role)
	case ok:
		return out, &meeting.Error{Code: "arrange.account"}
	default:
		if g, err = d.pressGrant(ctx, def, who, name); err != nil {
			return out, err
		}
		page = "/press#"
	}
	origin, err := d.origin("")
	if err != nil {
		return out, err
	}
	now := d.now()
	valid := min(def.Start.Add(invitationGrace).Sub(now), auth.MaxInvitation)
	if valid <= 0 {
		return out, &meeting.Error{Code: "arrange.past"}
	}
	if err := d.book.EndMember(ctx, id, g.Member); err != nil {
		return out, err
	}
	code, number, err := d.book.InviteWith(ctx, g, auth.InviteOptions{TTL: valid, PIN: pin})
	if err != nil {
		return out, err
	}
	out = wire.ArrangeIssued{Member: string(g.Member), URL: origin + page + code.Reveal(), Expires: now.Add(valid).UTC().Format(time.RFC3339)}
	if pin {
		out.PIN = number.Reveal()
	}
	return out, nil
}

// pressGrant is what somebody of the press gets: a new place under a name, or again that of who.
func (d *Dir) pressGrant(ctx context.Context, def meeting.Definition, who meeting.MemberID, name string) (auth.Grant, error) {
	g := auth.Grant{Meeting: def.ID, Party: d.Settings.Party, Role: meeting.Press}
	if !def.Formal() {
		return g, &meeting.Error{Code: "meeting.informal"}
	}
	if who == "" {
		clean, err := meeting.Clean(name, meeting.NameText)
		g.Member, g.Name = auth.PressID(), clean
		return g, err
	}
	all, err := d.invitations(ctx, def.ID)
	if err != nil {
		return g, err
	}
	i := slices.IndexFunc(all, func(x wire.ArrangeInvitation) bool { return x.Member == string(who) && x.Role == string(meeting.Press) })
	if i < 0 {
		return g, &meeting.Error{Code: "member.unknown", Args: map[string]string{"member": string(who)}}
	}
	g.Member, g.Name = who, all[i].Name
	return g, nil
}

// Desk is where meetings are arranged.
func (n *Node) Desk() *arrange.Desk { return n.desk }

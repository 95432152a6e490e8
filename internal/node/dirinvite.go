package node

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

// invitationGrace is how long after the meeting's beginning an invitation holds if nobody says otherwise.
const invitationGrace = 24 * time.Hour

// InviteOptions say who is invited.
type InviteOptions struct {
	Meeting meeting.ID
	Members []meeting.MemberID // none: all of our own party
	Host    string             // in the link; "": the first of web.hosts
	Valid   time.Duration      // 0: until a day after the meeting begins, at most 30 days
	Keep    bool               // earlier links of the same members stay good, and who used one stays in
}

// Link is one invitation, to be handed to its member by a way that nobody else reads.
type Link struct {
	Member  meeting.MemberID
	URL     auth.Secret
	PIN     auth.Secret // of principals and interpreters of a formal meeting, to go by another way than the link; else empty
	Expires time.Time
}

// errByAccount means that a member signs in with a passkey.
var errByAccount = errors.New("officers and technicians of a formal meeting sign in with a passkey")

// needsPIN says whether the code of a member's invitation alone lets nobody in.
func needsPIN(def meeting.Definition, r meeting.Role) bool {
	return def.Formal() && (r == meeting.Principal || r == meeting.Interpreter)
}

// invitable are the members among those asked for who come by an invitation; all of our party if none is named.
func invitable(def meeting.Definition, own meeting.PartyID, asked []meeting.MemberID) ([]meeting.Member, error) {
	ids, err := ownMembers(def, own, asked)
	if err != nil {
		return nil, err
	}
	var out []meeting.Member
	for _, id := range ids {
		m, _ := def.Member(id)
		switch {
		case !byAccount(def, m.Role):
			out = append(out, m)
		case len(asked) > 0:
			return nil, fmt.Errorf("%w: %s needs an account of that id (visavis account add), not a link", errByAccount, id)
		}
	}
	return out, nil
}

// InvitePress makes a link for somebody of the press, or more of the audience, who is shown the open part of a formal meeting and nothing else. The
// name, as accredited, is for our own officers; it is in no definition and no log.
func (d *Dir) InvitePress(ctx context.Context, o InviteOptions, name string) (Link, error) {
	g, err := d.guests(ctx, o.Meeting, nil, o.Host, o.Valid)
	if err != nil {
		return Link{}, err
	}
	grant, err := d.pressGrant(ctx, g.meeting, "", name)
	if err != nil {
		return Link{}, fmt.Errorf("invite the press to %s: %w", o.Meeting, err)
	}
	code, err := d.book.Invite(ctx, grant, g.valid)
	if err == nil {
		err = d.note(ctx, "invitation.issued", o.Meeting, grant.Member)
	}
	if err != nil {
		return Link{}, err
	}
	return Link{Member: grant.Member, URL: auth.NewSecret(g.origin + "/press#" + code.Reveal()), Expires: g.expires}, nil
}

// Invite makes a link for each member; of all members, for those who come by one. Only our own party's members are invited here: the others
// get theirs from their own node. Unless Keep, links of the same members are withdrawn and their sessions end: whoever used one is out within
// 1 s, the rightful member or a thief.
func (d *Dir) Invite(ctx context.Context, o InviteOptions) ([]Link, error) {
	g, err := d.guests(ctx, o.Meeting, o.Members, o.Host, o.Valid)
	if err != nil {
		return nil, err
	}
	members, err := invitable(g.meeting, d.Settings.Party, o.Members)
	if err != nil {
		return nil, err
	}
	var out []Link
	for _, m := range members {
		if !o.Keep {
			if err := d.book.EndMember(ctx, o.Meeting, m.ID); err != nil {
				return nil, err
			}
		}
		grant := memberGrant(g.meeting, m)
		code, pin, err := d.book.InviteWith(ctx, grant, auth.InviteOptions{TTL: g.valid, PIN: needsPIN(g.meeting, m.Role)})
		if err == nil {
			err = d.note(ctx, "invitation.issued", o.Meeting, m.ID)
		}
		if err != nil {
			return nil, err
		}
		out = append(out, Link{m.ID, auth.NewSecret(g.origin + "/join#" + code.Reveal()), pin, g.expires})
	}
	return out, nil
}

// PassOptions say who gets tokens for an encoder or a player.
type PassOptions struct {
	Meeting meeting.ID
	Members []meeting.MemberID
	Use     auth.Use
	Shows   meeting.MemberID // of a player: this member alone; "": the stage
	Host    string           // in the address; "": the first of web.hosts
	Valid   time.Duration    // as of InviteOptions
	Count   int              // tokens of each member, 1 to MaxPasses
	Keep    bool             // earlier passes of the same members and use stay good
}

// MaxPasses bounds the tokens that one command makes for a member.
const MaxPasses = 500

// Pass is what an encoder or a player is set up with. Whoever has the token is the device.
type Pass struct {
	Member  meeting.MemberID
	URL     string
	Token   auth.Secret
	Expires time.Time
}

// Passes makes tokens for members of our own party. Earlier ones of the same members and use end, with what they are used for at this moment,
// unless Keep.
func (d *Dir) Passes(ctx context.Context, o PassOptions) ([]Pass, error) {
	g, err := d.guests(ctx, o.Meeting, o.Members, o.Host, o.Valid)
	if err != nil {
		return nil, err
	}
	if o.Count < 1 || o.Count > MaxPasses {
		return nil, fmt.Errorf("%d tokens: 1 to %d are made at a time", o.Count, MaxPasses)
	}
	if _, ok := g.meeting.Member(o.Shows); o.Shows != "" && (!ok || o.Use != auth.Play) {
		return nil, fmt.Errorf("%q cannot be shown: a player shows a member of meeting %s", o.Shows, o.Meeting)
	}
	var out []Pass
	for _, m := range g.members {
		member, _ := g.meeting.Member(m) // guests has found it
		grant := memberGrant(g.meeting, member)
		if err := d.note(ctx, "token.issued", o.Meeting, m); err != nil {
			return nil, err
		}
		if !o.Keep {
			if _, err := d.book.WithdrawPasses(ctx, o.Meeting, m, o.Use); err != nil {
				return nil, err
			}
		}
		for range o.Count {
			p := auth.Pass{Grant: grant, Use: o.Use, Shows: o.Shows}
			token, err := d.book.Issue(ctx, p, g.valid)
			if err != nil {
				return nil, err
			}
			out = append(out, Pass{m, g.origin + "/" + string(o.Use), token, g.expires})
		}
	}
	return out, nil
}

// memberGrant is what lets somebody act as this member, for as long as the meeting knows the member as it does now.
func memberGrant(def meeting.Definition, m meeting.Member) auth.Grant {
	return auth.Grant{Meeting: def.ID, Member: m.ID, Party: m.Party, As: def.Stamp(m)}
}

// guests are members who are to be let in, where, and for how long.
type guests struct {
	meeting meeting.Definition
	members []meeting.MemberID
	origin  string // scheme and host
	valid   time.Duration
	expires time.Time
}

// guests checks what invitations and passes have in common.
func (d *Dir) guests(ctx context.Context, id meeting.ID, asked []meeting.MemberID, host string, valid time.Duration) (g guests, err error) {
	if g.meeting, err = d.Definition(ctx, id); err != nil {
		return g, err
	}
	if g.origin, err = d.origin(host); err != nil {
		return g, err
	}
	if g.members, err = ownMembers(g.meeting, d.Settings.Party, asked); err != nil {
		return g, err
	}
	now := d.now()
	if g.valid, err = validity(g.meeting, now, valid); err != nil {
		return g, err
	}
	g.expires = now.Add(g.valid)
	return g, nil
}

// validity is how long an invitation or a pass holds.
func validity(def meeting.Definition, now time.Time, asked time.Duration) (time.Duration, error) {
	if asked != 0 {
		return asked, nil
	}
	valid := min(def.Start.Add(invitationGrace).Sub(now), auth.MaxInvitation)
	if valid <= 0 {
		return 0, fmt.Errorf("meeting %s began at %s, more than %s ago: say with --valid how long the links shall hold", def.ID, def.Start.Format(time.RFC3339), invitationGrace)
	}
	return valid, nil
}

// origin is where a link leads, without its path: one of the hosts that the node answers for.
func (d *Dir) origin(host string) (string, error) {
	hosts := d.Settings.Web.Hosts
	switch {
	case host == "" && len(hosts) > 0:
		host = hosts[0]
	case !slices.Contains(hosts, host):
		return "", fmt.Errorf("host %q is not one of web.hosts, under which the node answers: %q", host, hosts)
	}
	if d.Settings.Web.TLS == TLSOff {
		return "http://" + host, nil
	}
	return "https://" + host, nil
}

// ownMembers checks that all who are asked for are members of our party; all of them if none is named.
func ownMembers(def meeting.Definition, own meeting.PartyID, asked []meeting.MemberID) ([]meeting.MemberID, error) {
	var ours []meeting.MemberID
	for _, m := range def.Members {
		if m.Party == own {
			ours = append(ours, m.ID)
		}
	}
	if len(asked) == 0 {
		if len(ours) == 0 {
			return nil, errors.New("no member of our party takes part in that meeting")
		}
		return ours, nil
	}
	for _, a := range asked {
		if m, ok := def.Member(a); ok && m.Party != own {
			return nil, fmt.Errorf("%s is a member of %s: that party's node invites its own people", a, m.Party)
		}
		if !slices.Contains(ours, a) {
			return nil, fmt.Errorf("%s is not a member of meeting %s; ours are %s", a, def.ID, ours)
		}
	}
	return asked, nil
}

package main

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"visavis/internal/node"
)

type meetingCmd struct {
	New      meetingNewCmd      `cmd:"" help:"Take a meeting file: both parties take the same one."`
	List     meetingListCmd     `cmd:"" help:"List the meetings that this node knows."`
	Announce meetingAnnounceCmd `cmd:"" help:"Tell the public site of a meeting that is to come."`
}

type meetingNewCmd struct {
	configFlag
	File    string `arg:"" help:"Meeting file (TOML)." type:"existingfile"`
	Replace bool   `help:"Put it in place of another one with the same id, before the meeting."`
}

// Run takes a meeting file.
func (m *meetingNewCmd) Run(c console) error {
	d, err := m.open()
	if err != nil {
		return err
	}
	defer d.Close()
	def, err := d.NewMeeting(c.ctx, m.File, m.Replace)
	if err != nil {
		return err
	}
	c.printf("Meeting %s, %s, %d parties, %d members, host %s.\n", def.ID, minute(def.Start), len(def.Parties), len(def.Members), def.Host)
	c.printf("Digest, the same on both nodes: %s\n", node.Digest(def))
	for _, p := range def.Parties {
		if p.ID == d.Settings.Party {
			continue
		}
		if _, err := d.Peers().Peer(c.ctx, p.ID); errors.Is(err, node.ErrUnknownParty) {
			fmt.Fprintf(c.err, "NOTE: %s is not trusted yet: visavis pair offer %s\n", p.ID, p.ID)
		} else if err != nil {
			return err
		}
	}
	return nil
}

type meetingListCmd struct{ configFlag }

// Run lists meetings.
func (m *meetingListCmd) Run(c console) error {
	d, err := m.open()
	if err != nil {
		return err
	}
	defer d.Close()
	defs, err := d.Definitions(c.ctx)
	if err != nil {
		return err
	}
	for _, def := range defs {
		var parties []string
		for _, p := range def.Parties {
			parties = append(parties, string(p.ID))
		}
		c.printf("%s\t%s\t%s\t%d members\t%s\n", def.ID, minute(def.Start), strings.Join(parties, ", "), len(def.Members), texts(def.Title))
	}
	if len(defs) == 0 {
		c.printf("No meeting yet: visavis meeting new FILE\n")
	}
	return nil
}

type inviteCmd struct {
	configFlag
	Meeting string        `arg:"" help:"Id of the meeting."`
	Member  []string      `arg:"" optional:"" help:"Ids of members of our party."`
	All     bool          `help:"All members of our party."`
	Host    string        `help:"Host in the links, one of web.hosts. Default: the first." placeholder:"HOST"`
	Valid   time.Duration `help:"How long the links hold, at most 720h. Default: until a day after the meeting begins." placeholder:"DURATION"`
	Press   string        `help:"In place of members, somebody of the press, by name as accredited: sees the open part alone." placeholder:"NAME"`
	Keep    bool          `help:"Keep earlier links, or tokens, of these members, and whoever came in by one."`
	Whip    bool          `help:"In place of a link, address and token for an encoder that publishes as the member (RFC 9725)." xor:"device"`
	Whep    bool          `help:"In place of a link, address and token for a player that shows what the member is shown." xor:"device"`
	Show    string        `help:"With --whep: this member alone. Default: the stage." placeholder:"MEMBER"`
	Count   int           `help:"With --whip or --whep: so many tokens for each member, one stream each." default:"1"`
}

// Run prints one link per member.
func (i *inviteCmd) Run(c console) error {
	if i.Press == "" && i.All == (len(i.Member) > 0) || i.Press != "" && (i.All || len(i.Member) > 0 || i.Whip || i.Whep) {
		return errors.New("say either --all or which members, or --press alone")
	}
	d, err := i.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if i.Whip || i.Whep {
		return i.passes(c, d)
	}
	if i.Show != "" || i.Count != 1 {
		return errors.New("--show and --count go with --whip or --whep")
	}
	o := node.InviteOptions{Meeting: node.MeetingID(i.Meeting), Host: i.Host, Valid: i.Valid, Keep: i.Keep}
	for _, m := range i.Member {
		o.Members = append(o.Members, node.MemberID(m))
	}
	if i.Press != "" {
		l, err := d.InvitePress(c.ctx, o, i.Press)
		if err != nil {
			return err
		}
		return give(c, []node.Link{l})
	}
	links, err := d.Invite(c.ctx, o)
	if err != nil {
		return err
	}
	return give(c, links)
}

// give prints links on standard output, and PINs apart from them on standard error: they go by two ways.
func give(c console, links []node.Link) error {
	for _, l := range links {
		c.printf("%s\t%s\n", l.Member, l.URL.Reveal())
	}
	if len(links) == 0 {
		return errors.New("nobody of our party comes to that meeting by a link: officers and technicians sign in (visavis account)")
	}
	for _, l := range links {
		if pin := l.PIN.Reveal(); pin != "" {
			fmt.Fprintf(c.err, "PIN\t%s\t%s\n", l.Member, pin)
		}
	}
	fmt.Fprintf(c.err, "Good until %s, each for one person, once. Hand each to its member by a way that nobody else reads, and a PIN by another way, as by telephone.\n", minute(links[0].Expires))
	return nil
}

// passes prints address and token of one device per line.
func (i *inviteCmd) passes(c console, d *node.Dir) error {
	o := node.PassOptions{Meeting: node.MeetingID(i.Meeting), Use: node.Publish, Shows: node.MemberID(i.Show), Host: i.Host, Valid: i.Valid, Count: i.Count, Keep: i.Keep}
	if i.Whep {
		o.Use = node.Play
	}
	for _, m := range i.Member {
		o.Members = append(o.Members, node.MemberID(m))
	}
	all, err := d.Passes(c.ctx, o)
	if err != nil {
		return err
	}
	for _, p := range all {
		c.printf("%s\t%s\t%s\n", p.Member, p.URL, p.Token.Reveal())
	}
	fmt.Fprintf(c.err, "Good until %s, each for one device at a time. Whoever has a token is that device: hand it over by a way that nobody else reads.\n", minute(all[0].Expires))
	return nil
}

// texts shows a text in one language that the reader of a terminal can most likely read.
func texts[M ~map[string]string](t M) string {
	if s, ok := t["en"]; ok {
		return s
	}
	for _, l := range slices.Sorted(maps.Keys(t)) {
		return t[l]
	}
	return ""
}

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"visavis/internal/node"
)

// maxCarried bounds a file that came from the other party, bytes: an offer or a document.
const maxCarried = 64 << 10

type pairCmd struct {
	Offer   pairOfferCmd   `cmd:"" help:"Step 1, both parties: make a file to be carried to the other party."`
	Compare pairCompareCmd `cmd:"" help:"Step 2, both parties: show the words that the two officers read to each other. Changes nothing."`
	Accept  pairAcceptCmd  `cmd:"" help:"Step 3, both parties: trust the other party, the words being the same."`
	List    pairListCmd    `cmd:"" help:"List the parties that are trusted."`
}

type pairOfferCmd struct {
	configFlag
	Party string `arg:"" help:"Id of the other party."`
	Out   string `help:"File to be written; it must not exist. Default: standard output." type:"path" placeholder:"FILE"`
}

// Run makes an offer.
func (p *pairOfferCmd) Run(c console) error {
	d, err := p.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if p.Out != "" {
		if _, err := os.Lstat(p.Out); err == nil {
			return fmt.Errorf("%s is there already, and nothing is ever overwritten", p.Out)
		}
	}
	o, err := d.OfferPairing(c.ctx, node.PartyID(p.Party))
	if err != nil {
		return err
	}
	if p.Out == "" {
		_, err := c.out.Write(o.Raw)
		return err
	}
	if err := node.WriteNew(p.Out, o.Raw); err != nil {
		return err
	}
	c.printf("Wrote %s, for %s alone, good until %s. Have it carried there, and theirs here; then: visavis pair compare THEIR-FILE\n", base(p.Out), p.Party, minute(o.Expires))
	return nil
}

type pairCompareCmd struct {
	configFlag
	File string `arg:"" help:"Offer of the other party." type:"existingfile"`
}

// Run shows what the officers compare.
func (p *pairCompareCmd) Run(c console) error {
	d, b, err := p.openWith(p.File)
	if err != nil {
		return err
	}
	defer d.Close()
	m, err := d.ComparePairing(c.ctx, b)
	if err != nil {
		return pairHint(err)
	}
	show(c, m)
	return nil
}

func show(c console, m node.Ceremony) {
	c.printf("Offer of %s (%s), document good until %s\n", m.Party, texts(m.Names), minute(m.DocumentEnd))
	c.printf("  root   %s\n", m.Theirs)
	c.printf("  link   %s\n  media  %s\n", strings.Join(m.Link, ", "), strings.Join(m.Media, ", "))
	c.printf("Our root %s\n\n", m.Ours)
	c.printf("Telephone the officer of %s, whose voice you know, at a number that did not come with the file.\n", m.Party)
	c.printf("One reads the first two lines, the other the last two; all sixteen words must be the same on both sides:\n\n")
	for i := 0; i < len(m.Words); i += 4 {
		c.printf("  %d  %s\n", i/4+1, strings.Join(m.Words[i:i+4], "  "))
	}
	c.printf("\nThe offers are good until %s.\n", minute(m.Expires))
}

type pairAcceptCmd struct {
	configFlag
	File       string `arg:"" help:"Offer of the other party." type:"existingfile"`
	WordsMatch bool   `help:"The two officers have compared the words, and they are the same."`
	TrustAgain bool   `help:"Trust a party root that was distrusted before."`
}

// Run pins the other party.
func (p *pairAcceptCmd) Run(c console) error {
	d, b, err := p.openWith(p.File)
	if err != nil {
		return err
	}
	defer d.Close()
	m, err := d.ComparePairing(c.ctx, b)
	if err != nil {
		return pairHint(err)
	}
	if !p.WordsMatch {
		show(c, m)
		c.printf("\nIf, and only if, all the words are the same, type the id of the other party: ")
		line, err := bufio.NewReader(io.LimitReader(c.in, 1024)).ReadString('\n')
		c.printf("\n")
		if strings.TrimSpace(line) != string(m.Party) || err != nil && line == "" {
			return errors.New("not confirmed: nothing was changed. If the words differed, somebody is between you: tell your security officer, and use no part of that file")
		}
	}
	peer, err := d.AcceptPairing(c.ctx, b, p.TrustAgain)
	if err != nil {
		return pairHint(err)
	}
	c.printf("%s is trusted from now on. Root: %s\n", peer.Party, m.Theirs)
	return nil
}

// pairHint says what to do where the error alone does not.
func pairHint(err error) error {
	switch {
	case errors.Is(err, node.ErrNoOffer):
		return fmt.Errorf("%w: first make one (visavis pair offer) and have it carried there; the words come from both files", err)
	case errors.Is(err, node.ErrDistrusted):
		return fmt.Errorf("%w: if that is over, say --trust-again", err)
	case errors.Is(err, node.ErrPinned):
		return fmt.Errorf("%w: to change roots, first visavis distrust", err)
	}
	return err
}

type pairListCmd struct{ configFlag }

// Run lists pinned parties.
func (p *pairListCmd) Run(c console) error {
	d, err := p.open()
	if err != nil {
		return err
	}
	defer d.Close()
	peers, err := d.Peers().List(c.ctx)
	if err != nil {
		return err
	}
	for _, p := range peers {
		c.printf("%s\t%s\tsince %s\tdocument %d until %s\troot %s\n", p.Party, texts(p.Document.Names), minute(p.Pinned), p.Document.Counter, minute(p.Document.NotAfter), node.Fingerprint(p.Root))
	}
	if len(peers) == 0 {
		c.printf("No party is trusted yet: visavis pair offer PARTY\n")
	}
	return nil
}

type distrustCmd struct {
	configFlag
	Party string `arg:"" help:"Id of the party."`
}

// Run takes a party out.
func (p *distrustCmd) Run(c console) error {
	d, err := p.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Distrust(c.ctx, node.PartyID(p.Party)); err != nil {
		return err
	}
	c.printf("%s is trusted no longer. A running node closes its link within a second; whatever came from it lately is to be doubted.\n", p.Party)
	return nil
}

type documentCmd struct {
	Show   documentShowCmd   `cmd:"" help:"Show our party document and what is to be done about it."`
	Renew  documentRenewCmd  `cmd:"" help:"Make our next party document; needs the party root."`
	Accept documentAcceptCmd `cmd:"" help:"Take a newer document of a party that is trusted already."`
}

type documentShowCmd struct{ configFlag }

// Run shows the document and all alarms.
func (p *documentShowCmd) Run(c console) error {
	d, err := p.open()
	if err != nil {
		return err
	}
	defer d.Close()
	doc := d.Document
	c.printf("%s (%s), document %d, from %s until %s\n", doc.Party, texts(doc.Names), doc.Counter, minute(doc.NotBefore), minute(doc.NotAfter))
	c.printf("  root     %s\n", node.Fingerprint(doc.Root))
	for _, k := range doc.Keys {
		c.printf("  %-8s %s until %s\n", k.Purpose, node.Fingerprint(k.Public), minute(k.NotAfter))
	}
	for _, a := range doc.Link {
		c.printf("  link     %s\n", a)
	}
	for _, a := range doc.Media {
		c.printf("  media    %s\n", a)
	}
	for _, r := range doc.Revoked {
		c.printf("  revoked  %s at %s\n", node.Fingerprint(r.Public), minute(r.At))
	}
	alarms, err := d.Alarms(c.ctx)
	if err != nil {
		return err
	}
	for _, a := range alarms {
		fmt.Fprintf(c.err, "ALARM: %s\n", a)
	}
	return nil
}

type documentRenewCmd struct {
	configFlag
	Root    string   `required:"" help:"File of the party root key." type:"existingfile" placeholder:"FILE"`
	Link    []string `help:"New link addresses, host:port. Default: as before." placeholder:"HOST:PORT"`
	Media   []string `help:"New media addresses, ip:port. Default: as before." placeholder:"IP:PORT"`
	Days    int      `help:"For how many days, at most 200." default:"180" placeholder:"N"`
	NewKeys bool     `help:"Make new node and log keys; the earlier ones hold for 30 days more."`
	Stolen  bool     `help:"The node's keys are in wrong hands: make new ones and revoke the earlier ones at once."`
}

// Run renews the document.
func (p *documentRenewCmd) Run(c console) error {
	d, err := p.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if p.Days < 1 || p.Days > 200 {
		return fmt.Errorf("--days is %d; allowed: 1 to 200", p.Days)
	}
	doc, err := d.RenewDocument(node.RenewOptions{
		Root: p.Root, Link: p.Link, Media: p.Media, Life: time.Duration(p.Days) * 24 * time.Hour, NewKeys: p.NewKeys || p.Stolen, Stolen: p.Stolen,
	})
	if err != nil {
		return err
	}
	c.printf("Document %d of %s is good until %s: %s\n", doc.Counter, doc.Party, minute(doc.NotAfter), d.DocumentPath())
	if p.NewKeys || p.Stolen {
		c.printf("It names new keys: first carry it to every other party (there: visavis document accept FILE), then restart the node.\n")
	} else {
		c.printf("Restart the node: it gives it to the other parties over the link. Take the party root away again.\n")
	}
	return nil
}

type documentAcceptCmd struct {
	configFlag
	File string `arg:"" help:"Document of the other party." type:"existingfile"`
}

// Run takes a newer document.
func (p *documentAcceptCmd) Run(c console) error {
	d, b, err := p.openWith(p.File)
	if err != nil {
		return err
	}
	defer d.Close()
	peer, fresh, err := d.AcceptDocument(c.ctx, b)
	switch {
	case err != nil:
		return err
	case fresh:
		c.printf("Took document %d of %s, good until %s.\n", peer.Document.Counter, peer.Party, minute(peer.Document.NotAfter))
	default:
		c.printf("Document %d of %s was known already.\n", peer.Document.Counter, peer.Party)
	}
	return nil
}

// openWith reads a file that came from the other party, and opens the node's directory.
func (f configFlag) openWith(carried string) (*node.Dir, []byte, error) {
	b, err := node.ReadBounded(carried, maxCarried)
	if err != nil {
		return nil, nil, err
	}
	d, err := f.open()
	return d, b, err
}

func minute(t time.Time) string { return t.UTC().Format("2006-01-02 15:04 UTC") }

package main

import (
	"fmt"
	"time"

	"visavis/internal/node"
)

type accountCmd struct {
	Add    accountAddCmd    `cmd:"" help:"Make an account, and a link with which it gets its first passkey."`
	Code   accountCodeCmd   `cmd:"" help:"Make a link with which an account gets another passkey. Earlier links end."`
	List   accountListCmd   `cmd:"" help:"List officers and technicians."`
	Remove accountRemoveCmd `cmd:"" help:"End an account: its passkeys, and within a second its sessions."`
}

type accountAddCmd struct {
	configFlag
	ID    string        `arg:"" help:"Id, the same as that of the member in meetings: lower-case letters, digits and hyphens."`
	Name  string        `arg:"" help:"Name, for the node's own people."`
	Role  string        `help:"officer or technician." default:"officer" enum:"officer,technician" placeholder:"ROLE"`
	Host  string        `help:"Host in the link, one of web.hosts: the passkey holds under this host alone. Default: the first." placeholder:"HOST"`
	Valid time.Duration `help:"How long the link holds, at most 168h." default:"72h" placeholder:"DURATION"`
}

// Run makes an account.
func (a *accountAddCmd) Run(c console) error {
	d, err := a.open()
	if err != nil {
		return err
	}
	defer d.Close()
	role := node.Officer
	if a.Role == "technician" {
		role = node.Technician
	}
	l, err := d.AddAccount(c.ctx, node.MemberID(a.ID), a.Name, role, a.Host, a.Valid)
	if err != nil {
		return err
	}
	return handOver(c, l)
}

// handOver prints a link for a passkey.
func handOver(c console, l node.Link) error {
	c.printf("%s\t%s\n", l.Member, l.URL.Reveal())
	fmt.Fprintf(c.err, "Good until %s, for one passkey, once. Whoever opens it first has the account: hand it over by a way that nobody else reads.\n", minute(l.Expires))
	return nil
}

type accountCodeCmd struct {
	configFlag
	ID     string        `arg:"" help:"Id of the account."`
	Forget bool          `help:"Its passkeys are lost or in wrong hands: take them out, and end its sessions."`
	Host   string        `help:"Host in the link, one of web.hosts. Default: the first." placeholder:"HOST"`
	Valid  time.Duration `help:"How long the link holds, at most 168h." default:"72h" placeholder:"DURATION"`
}

// Run makes a link.
func (a *accountCodeCmd) Run(c console) error {
	d, err := a.open()
	if err != nil {
		return err
	}
	defer d.Close()
	l, err := d.AccountCode(c.ctx, node.MemberID(a.ID), a.Host, a.Valid, a.Forget)
	if err != nil {
		return err
	}
	return handOver(c, l)
}

type accountListCmd struct{ configFlag }

// Run lists accounts: id, role, number of passkeys, last use, name.
func (a *accountListCmd) Run(c console) error {
	d, err := a.open()
	if err != nil {
		return err
	}
	defer d.Close()
	all, err := d.Accounts(c.ctx)
	if err != nil {
		return err
	}
	for _, x := range all {
		used := "never used"
		for _, k := range x.Passkeys {
			if !k.Used.IsZero() {
				used = "last used " + minute(k.Used)
			}
		}
		c.printf("%s\t%s\t%d passkeys\t%s\t%s\n", x.ID, x.Role, len(x.Passkeys), used, x.Name)
	}
	if len(all) == 0 {
		c.printf("No account yet: visavis account add ID NAME\n")
	}
	return nil
}

type accountRemoveCmd struct {
	configFlag
	ID string `arg:"" help:"Id of the account."`
}

// Run ends an account.
func (a *accountRemoveCmd) Run(c console) error {
	d, err := a.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.RemoveAccount(c.ctx, node.MemberID(a.ID)); err != nil {
		return err
	}
	c.printf("%s has no account any more.\n", a.ID)
	return nil
}

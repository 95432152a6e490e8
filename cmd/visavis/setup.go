package main

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"visavis/internal/node"
)

// configFlag is the flag of every command that works on a node's directory.
type configFlag struct {
	Config string `help:"Settings file." default:"visavis.toml" type:"path" env:"VISAVIS_CONFIG" placeholder:"FILE"`
}

func (f configFlag) load() (node.Settings, error) { return node.Load(f.Config) }

// open opens the node's directory for one command.
func (f configFlag) open() (*node.Dir, error) {
	s, err := f.load()
	if err != nil {
		return nil, err
	}
	return node.OpenDir(s, nil)
}

type serveCmd struct {
	configFlag
	Keys              string `help:"Directory of node.key, log.key and party.document, in place of that in the settings (systemd credentials)." type:"path" placeholder:"DIR"`
	InsecureLocalhost bool   `help:"Admit web.tls = \"off\" on a loopback address: browsers are served in clear. For trying out only."`
}

// Run runs the node.
func (s *serveCmd) Run(c console) error {
	set, err := s.load()
	if err != nil {
		return err
	}
	if s.Keys != "" {
		set.Keys = s.Keys
	}
	set.InsecureLocalhost = s.InsecureLocalhost
	return node.Serve(c.ctx, set, c.err)
}

type initCmd struct {
	Dir     string            `arg:"" help:"Directory to be made; it must not exist, or be empty." type:"path"`
	Party   string            `required:"" help:"Id of the party: lower-case letters, digits and hyphens." placeholder:"ID"`
	Name    map[string]string `required:"" help:"Short name of the party in a language, as in en=Avelmar; one flag for each language." placeholder:"LANG=NAME" mapsep:"none"`
	Host    []string          `required:"" help:"Host name under which people open the node, with the port unless it is 443." placeholder:"HOST"`
	Link    []string          `help:"Where the other parties' nodes find this one: host:port, TCP. Default: the first host." placeholder:"HOST:PORT"`
	Media   []string          `help:"Where the other nodes send sound and pictures: ip:port, UDP." placeholder:"IP:PORT"`
	Listen  string            `help:"TCP address to listen on." default:":443" placeholder:"ADDR:PORT"`
	LinkOn  string            `name:"link-listen" help:"TCP address for other nodes, if it is to be another." placeholder:"ADDR:PORT"`
	UDPPort uint16            `name:"udp-port" help:"The UDP port of sound and pictures." default:"4433" placeholder:"PORT"`
	NAT     bool              `help:"The addresses of --media are not the machine's own (one-to-one NAT): browsers are told them too."`
	TLS     string            `help:"Certificate for browsers: acme, files or off." default:"acme" enum:"acme,files,off" placeholder:"KIND"`
	Cert    string            `help:"With --tls=files: the certificate." placeholder:"FILE"`
	Key     string            `help:"With --tls=files: its key." placeholder:"FILE"`
	Email   string            `help:"With --tls=acme: where the authority may write to." placeholder:"ADDRESS"`
	Private bool              `name:"allow-private" help:"The other nodes may be at private or loopback addresses: closed networks and tests."`
	Set     []string          `help:"Any other key of the settings, with its value as TOML writes it, as in media.camera.fps=15 or 'log.level=\"warn\"'; one flag for each." placeholder:"KEY=VALUE" sep:"none"`
	Data    string            `help:"Directory of what the node writes." default:"data" placeholder:"DIR"`
	Officer string            `help:"Id of the first protocol officer, as in meetings. Default: PARTY-officer." placeholder:"ID"`
	Named   string            `name:"officer-name" help:"The officer's name." default:"Protocol officer" placeholder:"NAME"`
	Offline string            `help:"Where the keys that must leave this machine are put, best a USB stick. Default: DIR/offline." type:"path" placeholder:"DIR"`
}

// Run makes the directory and says what to do next.
func (i *initCmd) Run(c console) error {
	s := node.Default()
	s.Party, s.Data = node.PartyID(i.Party), i.Data
	s.Web.Listen, s.Web.Hosts, s.Web.TLS, s.Web.Cert, s.Web.Key, s.Web.ACME.Email = i.Listen, i.Host, i.TLS, i.Cert, i.Key, i.Email
	s.UDP.Port, s.Link.Listen, s.Link.AllowPrivate = i.UDPPort, i.LinkOn, i.Private
	if i.NAT {
		s.UDP.Advertise = i.Media
	}
	if err := s.Set(i.Set); err != nil {
		return err
	}
	link := i.Link
	if len(link) == 0 {
		link = []string{withPort(i.Host[0])}
	}
	made, err := node.Init(node.InitOptions{Dir: i.Dir, Offline: i.Offline, Names: i.Name, Link: link, Media: i.Media, Settings: s}, time.Now())
	if err != nil {
		return err
	}
	d := made.Document
	c.printf("Made the node of %s in %s.\n\nParty root, fingerprint (put it on paper):\n  %s\n\n", d.Party, i.Dir, made.Fingerprint)
	c.printf("NOW: move %s to two storage media that two people keep in two places, and delete it here.\n", made.Offline)
	c.printf("Who has the party root is the party, for all others; without it the document cannot be renewed.\n\n")
	c.printf("The party document is good until %s. Renew it before: visavis document renew --root …\n", d.NotAfter.Format(time.DateOnly))
	if len(d.Media) == 0 {
		c.printf("No --media address was given: the other nodes answer to where our packets come from.\n")
	}
	if err := i.officer(c, made.Settings); err != nil {
		return err
	}
	c.printf("\nNext: read %s, then: visavis serve --config %s\n", made.Settings, made.Settings)
	return nil
}

// officer makes the first officer's account in the new node's data, and prints the one link with which its passkey is made.
func (i *initCmd) officer(c console, settings string) error {
	s, err := node.Load(settings)
	if err != nil {
		return err
	}
	d, err := node.OpenDir(s, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	id := i.Officer
	if id == "" {
		id = i.Party + "-officer"
	}
	l, err := d.AddAccount(c.ctx, node.MemberID(id), i.Named, node.Officer, i.Host[0], 0)
	if err != nil {
		return fmt.Errorf("the directory is made, the first officer is not: %w; mend it and say: visavis account add", err)
	}
	c.printf("\nThe first protocol officer, %s, opens this link once the node serves, and makes a passkey (good until %s, once; again by: visavis account code %s):\n  %s\n",
		l.Member, minute(l.Expires), l.Member, l.URL.Reveal())
	return nil
}

// withPort adds the port of HTTPS to a host that has none.
func withPort(host string) string {
	if _, err := netip.ParseAddrPort(host); err == nil || strings.Contains(host, ":") && !strings.HasSuffix(host, "]") && strings.Count(host, ":") == 1 {
		return host
	}
	return host + ":443"
}

type backupCmd struct {
	configFlag
	Dir string `arg:"" help:"Directory to be made; it must not exist, or be empty." type:"path"`
}

// Run copies the node.
func (b *backupCmd) Run(c console) error {
	d, err := b.open()
	if err != nil {
		return err
	}
	defer d.Close()
	if err := d.Backup(c.ctx, b.Dir); err != nil {
		return err
	}
	c.printf("Copied to %s. Keep it as a key is kept: who has it can act as this node. The offline keys are not in it.\n", b.Dir)
	return nil
}

type restoreCmd struct {
	Dir    string `arg:"" help:"Directory that backup made." type:"existingdir"`
	Config string `required:"" help:"Settings file to be made; keys and data go where it says." type:"path" placeholder:"FILE"`
}

// Run puts a backup in place.
func (r *restoreCmd) Run(c console) error {
	s, err := node.Restore(c.ctx, r.Dir, r.Config)
	if err != nil {
		return err
	}
	c.printf("Restored: settings %s, keys %s, data %s.\nInvitations and sessions are void: make new links with visavis invite.\n", s.Path, s.Keys, s.Data)
	return restoredAccounts(c, s)
}

// restoredAccounts lists who can sign in again: whoever was taken out since the backup can, too.
func restoredAccounts(c console, s node.Settings) error {
	d, err := node.OpenDir(s, nil)
	if err != nil {
		return err
	}
	defer d.Close()
	all, err := d.Accounts(c.ctx)
	if err != nil || len(all) == 0 {
		return err
	}
	c.printf("Accounts and passkeys are as on the day of the backup:\n")
	for _, a := range all {
		c.printf("%s\t%s\t%d passkeys\t%s\n", a.ID, a.Role, len(a.Passkeys), a.Name)
	}
	fmt.Fprintf(c.err, "Accounts and passkeys that were taken out since the backup are back and let their holders in. Before the node starts: visavis account remove ID, or visavis account code ID --forget.\n")
	return nil
}

type versionCmd struct{}

// Run says what was built, and from what.
func (versionCmd) Run(c console) error {
	b, ok := debug.ReadBuildInfo()
	if !ok {
		return fmt.Errorf("this program carries no build information")
	}
	set := map[string]string{}
	for _, s := range b.Settings {
		set[s.Key] = s.Value
	}
	c.printf("visavis %s (%s", b.Main.Version, b.GoVersion)
	if r := set["vcs.revision"]; r != "" {
		c.printf(", revision %s", r)
		if set["vcs.modified"] == "true" {
			c.printf(", modified")
		}
	}
	c.printf(", %s/%s)\n", set["GOOS"], set["GOARCH"])
	return nil
}

// base is the file's name, for messages.
func base(p string) string { return filepath.Base(p) }

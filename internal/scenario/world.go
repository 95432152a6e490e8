package scenario

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/node"
)

// Meeting is the id of the meeting that every World has.
const Meeting meeting.ID = "velune"

// Ports of a World's nodes.
const (
	webPort   = 443
	mediaPort = 4433
)

// Options say what is special about a World. The zero value is two paired nodes over perfect paths.
type Options struct {
	Seed     uint64
	Unpaired bool              // the parties do not trust each other
	Down     []meeting.PartyID // whose node is not started: the test speaks in its place
	Names    Definition        // changes to the meeting's definition
	Third    bool              // calwen takes part, too, with a principal
	Public   bool              // each node has a public store, Party.Settings.Public.Store
}

// Definition is what a test may change in the meeting's definition: texts in English by key, "title", or the id of a party or member; "third": a party more; "formal",
// "open" or "closed": every party has an officer and a technician, and this is what the start leads to; "mode": how the floor goes round; "more": five delegates
// in place of three.
type Definition map[string]string

// World is two parties with a node each, on a Net, with a meeting between them: avelmar hosts, tolmeria is its guest; each has a
// principal and three delegates. In a synctest bubble minutes pass in seconds. It ends with the test.
type World struct {
	T        *testing.T
	Net      *Net
	Avelmar  *Party
	Tolmeria *Party
	Calwen   *Party // nil without Options.Third
	guests   byte   // members' hosts so far
}

// Party is one side of a World.
type Party struct {
	ID       meeting.PartyID
	Host     *Host
	Name     string // the node's host name
	Settings node.Settings
	Node     *node.Node // nil while it is down
	Log      *Log

	w     *World
	roots *x509.CertPool
	net   byte // members' addresses are 45.<net>.1.x
}

// NewWorld makes both nodes' directories, pairs them, loads the meeting and starts the nodes.
func NewWorld(t *testing.T, o Options) *World {
	t.Helper()
	w := &World{T: t, Net: NewNet(t, o.Seed)}
	w.Avelmar = w.party("avelmar", 1)
	w.Tolmeria = w.party("tolmeria", 2)
	all := []*Party{w.Avelmar, w.Tolmeria}
	if o.Third {
		w.Calwen = w.party("calwen", 3)
		all = append(all, w.Calwen)
		o.Names = maps.Clone(o.Names)
		if o.Names == nil {
			o.Names = Definition{}
		}
		o.Names["third"] = "calwen"
	}
	for _, p := range all {
		for _, other := range all {
			if p != other && !o.Unpaired {
				p.pin(other)
			}
		}
	}
	for _, p := range all {
		if err := p.Load(o.Names); err != nil {
			t.Fatalf("meeting at %s: %v", p.ID, err)
		}
	}
	for _, p := range all {
		if o.Public {
			p.Settings.Public.Store = t.TempDir()
		}
		if !slices.Contains(o.Down, p.ID) {
			p.Start()
		}
		t.Cleanup(p.Stop)
	}
	return w
}

// party makes the directory of one node. Addresses are public ones: private ones are refused on the link, as they should be.
func (w *World) party(id meeting.PartyID, n byte) *Party {
	w.T.Helper()
	name := string(id) + ".test"
	p := &Party{ID: id, Name: name, w: w, net: n, Log: &Log{}}
	p.Host = w.Net.Host(w.T, fmt.Sprintf("45.%d.0.1", n), name)
	dir := filepath.Join(w.T.TempDir(), string(id))
	s := node.Default()
	s.Party = id
	s.Web.Hosts = []string{name}
	s.Web.TLS, s.Web.Cert, s.Web.Key = node.TLSFiles, filepath.Join(dir, "web.pem"), filepath.Join(dir, "web.key")
	s.UDP.Listen, s.UDP.Port = p.Host.addr, mediaPort
	s.Data, s.Keys = filepath.Join(dir, "data"), filepath.Join(dir, "keys")
	s.Log.Level = slog.LevelDebug
	if _, err := node.Init(node.InitOptions{
		Dir: dir, Names: meeting.Text{"en": string(id)}, Settings: s,
		Link: []string{netip.AddrPortFrom(p.Host.addr, webPort).String()}, Media: []string{netip.AddrPortFrom(p.Host.addr, mediaPort).String()},
	}, time.Now()); err != nil {
		w.T.Fatalf("directory of %s: %v", id, err)
	}
	p.Settings = s
	p.certificate()
	return p
}

// certificate writes the web certificate that the members' clients know.
func (p *Party) certificate() {
	p.w.T.Helper()
	c := selfSigned(p.w.T, p.Name)
	p.roots = x509.NewCertPool()
	p.roots.AddCert(c.Leaf)
	key, err := x509.MarshalPKCS8PrivateKey(c.PrivateKey)
	if err != nil {
		p.w.T.Fatal(err)
	}
	for file, b := range map[string]*pem.Block{p.Settings.Web.Cert: {Type: "CERTIFICATE", Bytes: c.Certificate[0]}, p.Settings.Web.Key: {Type: "PRIVATE KEY", Bytes: key}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(b), 0o600); err != nil {
			p.w.T.Fatal(err)
		}
	}
}

// ClientTLS is what a member's browser knows.
func (p *Party) ClientTLS() *tls.Config { return &tls.Config{RootCAs: p.roots} }

// With opens the node's directory beside the node, as a command does, for f.
func (p *Party) With(f func(*node.Dir) error) error {
	d, err := node.OpenDir(p.Settings, nil)
	if err != nil {
		return err
	}
	return errors.Join(f(d), d.Close())
}

func (p *Party) must(f func(*node.Dir) error) {
	p.w.T.Helper()
	if err := p.With(f); err != nil {
		p.w.T.Fatalf("%s: %v", p.ID, err)
	}
}

// pin trusts another party, as after a pairing whose words were the same.
func (p *Party) pin(other *Party) {
	p.w.T.Helper()
	doc, err := os.ReadFile(filepath.Join(other.Settings.Keys, "party.document"))
	if err != nil {
		p.w.T.Fatal(err)
	}
	p.must(func(d *node.Dir) error {
		_, err := d.Peers().Pin(context.Background(), doc, time.Now(), false)
		return err
	})
}

// Load puts the meeting into the node's store.
func (p *Party) Load(d Definition) error {
	file := filepath.Join(p.w.T.TempDir(), "meeting.toml")
	if err := os.WriteFile(file, []byte(d.toml()), 0o600); err != nil {
		return err
	}
	return p.With(func(dir *node.Dir) error {
		_, err := dir.NewMeeting(context.Background(), file, false)
		return err
	})
}

// toml writes the meeting as an officer does.
func (d Definition) toml() string {
	text := func(key, standard string) string {
		if v, ok := d[key]; ok {
			standard = v
		}
		return fmt.Sprintf("{ en = %q }", standard)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "id = %q\nhost = \"avelmar\"\nstart = %s\ntitle = %s\n", Meeting, time.Now().UTC().Add(time.Minute).Truncate(time.Second).Format(time.RFC3339), text("title", "On the river"))
	members := []string{"principal", "one", "two", "three"}
	if _, ok := d["more"]; ok {
		members = append(members, "four", "five")
	}
	if begin, ok := d["formal"]; ok {
		fmt.Fprintf(&b, "begin = %q\nmode = %q\n", begin, cmp.Or(d["mode"], "chair"))
		members = append(members, "officer", "technician")
	}
	parties := []string{"avelmar", "tolmeria"}
	if third, ok := d["third"]; ok {
		parties = append(parties, third)
	}
	for _, p := range parties {
		fmt.Fprintf(&b, "\n[[party]]\nid = %q\nzone = \"UTC\"\nname = %s\nlongName = %s\ncity = { en = \"Capital\" }\n", p, text(p, p), text(p, p))
		for i, m := range members {
			role := "delegate"
			if i == 0 || m == "officer" || m == "technician" {
				role = m
			}
			id := p + "-" + m
			fmt.Fprintf(&b, "\n[[party.member]]\nid = %q\nrole = %q\nname = %s\noffice = { en = \"Office of %s\" }\n", id, role, text(id, "Member "+m), m)
		}
	}
	return b.String()
}

// Start starts the node, or starts it again.
func (p *Party) Start() {
	p.w.T.Helper()
	n, err := node.Start(p.Settings, node.Env{UDP: p.Host.OpenUDP, Listen: p.Host.Listen, Dial: p.Host.Dial, Log: slog.New(slog.NewJSONHandler(p.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		p.w.T.Fatalf("start %s: %v", p.ID, err)
	}
	p.Node = n
}

// Stop stops the node, if it runs.
func (p *Party) Stop() {
	p.w.T.Helper()
	if p.Node == nil {
		return
	}
	if err := p.Node.Close(); err != nil {
		p.w.T.Errorf("stop %s: %v", p.ID, err)
	}
	p.Node = nil
}

// Invite makes an invitation and returns its link.
func (p *Party) Invite(m meeting.MemberID) auth.Secret {
	p.w.T.Helper()
	var link auth.Secret
	p.must(func(d *node.Dir) error {
		made, err := d.Invite(context.Background(), node.InviteOptions{Meeting: Meeting, Members: []meeting.MemberID{m}, Keep: true})
		if err == nil {
			link = made[0].URL
		}
		return err
	})
	return link
}

// Log is what a node logged.
type Log struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *Log) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(b)
}

// String is all of it.
func (l *Log) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

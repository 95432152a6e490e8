package auth_test

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
)

var start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// key makes a key pair from a number: tests are the same each time.
func key(n byte) ed25519.PrivateKey {
	return ed25519.NewKeyFromSeed(bytes.Repeat([]byte{n}, ed25519.SeedSize))
}

func pub(n byte) ed25519.PublicKey { return key(n).Public().(ed25519.PublicKey) }

func document(party meeting.PartyID, n byte) auth.Document {
	end := start.Add(180 * 24 * time.Hour)
	return auth.Document{
		Party: party, Names: meeting.Text{"en": "Avelmar", "ar": "أفيلمار"}, Counter: 3, NotBefore: start, NotAfter: end,
		Keys: []auth.Key{
			{Purpose: auth.NodeKey, Public: pub(n + 1), NotBefore: start, NotAfter: end},
			{Purpose: auth.LogKey, Public: pub(n + 2), NotBefore: start, NotAfter: end},
			{Purpose: auth.ReadoutKey, Public: pub(n + 3), NotBefore: start, NotAfter: end},
		},
		Link:    []string{"node.ilverne.example:443", "[2001:db8::1]:443"},
		Media:   []netip.AddrPort{netip.MustParseAddrPort("203.0.113.5:4433")},
		Revoked: []auth.Revocation{{Public: pub(n + 4), At: start}},
	}
}

func sign(t testing.TB, d auth.Document, root byte) []byte {
	t.Helper()
	b, err := auth.Sign(d, key(root))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestDocumentComesBack(t *testing.T) {
	want := document("avelmar", 1)
	b := sign(t, want, 100)
	got, err := auth.VerifyDocument(b, pub(100), 3, start)
	if err != nil {
		t.Fatal(err)
	}
	want.Root = pub(100)
	if fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", want) {
		t.Errorf("got  %+v\nwant %+v", got, want)
	}
	if !bytes.HasPrefix(b, []byte("visavis-party/1\n")) {
		t.Errorf("first line is %q", b[:20])
	}
}

func TestDocumentIsRefused(t *testing.T) {
	b := sign(t, document("avelmar", 1), 100)
	edit := func(old, new string) []byte {
		out := bytes.Replace(b, []byte(old), []byte(new), 1)
		if bytes.Equal(out, b) {
			t.Fatalf("%q is not in the document", old)
		}
		return out
	}
	for _, c := range []struct {
		name string
		b    []byte
		root ed25519.PublicKey
		seen uint64
		now  time.Time
		want error
	}{
		{"as it is", b, pub(100), 3, start, nil},
		{"clock a little behind", b, pub(100), 0, start.Add(-auth.MaxClockSkew), nil},
		{"last second", b, pub(100), 0, start.Add(180*24*time.Hour - 1), nil},
		{"other root", b, pub(101), 3, start, auth.ErrSignature},
		{"older", b, pub(100), 4, start, auth.ErrRollback},
		{"too early", b, pub(100), 3, start.Add(-auth.MaxClockSkew - 1), auth.ErrEarly},
		{"expired", b, pub(100), 3, start.Add(180 * 24 * time.Hour), auth.ErrExpired},
		{"another party", edit("party avelmar", "party avelmat"), pub(100), 3, start, auth.ErrSignature},
		{"another address", edit("203.0.113.5", "203.0.113.6"), pub(100), 3, start, auth.ErrSignature},
		{"higher counter", edit("counter 3", "counter 4"), pub(100), 3, start, auth.ErrSignature},
		{"other magic", edit("visavis-party/1", "visavis-party/2"), pub(100), 3, start, auth.ErrDocument},
		{"counter spelled otherwise", edit("counter 3", "counter 03"), pub(100), 3, start, auth.ErrDocument},
		{"counter 0", edit("counter 3", "counter 0"), pub(100), 0, start, auth.ErrDocument},
		{"counter that JavaScript rounds", edit("counter 3", "counter 9007199254740992"), pub(100), 0, start, auth.ErrDocument},
		{"unknown line", edit("link node", "hint x\nlink node"), pub(100), 3, start, auth.ErrDocument},
		{"line twice", edit("counter 3\n", "counter 3\ncounter 3\n"), pub(100), 3, start, auth.ErrDocument},
		{"order changed", edit("counter 3\nnot-before 2026-11-23T09:00:00Z\n", "not-before 2026-11-23T09:00:00Z\ncounter 3\n"), pub(100), 3, start, auth.ErrDocument},
		{"CRLF", bytes.ReplaceAll(b, []byte("\n"), []byte("\r\n")), pub(100), 3, start, auth.ErrDocument},
		{"trailing line", append(bytes.Clone(b), '\n'), pub(100), 3, start, auth.ErrDocument},
		{"no end of line", b[:len(b)-1], pub(100), 3, start, auth.ErrDocument},
		{"no signature", b[:bytes.LastIndex(b, []byte("signature "))], pub(100), 3, start, auth.ErrDocument},
		{"time with offset", edit("2026-11-23T09:00:00Z", "2026-11-23T10:00:00+01:00"), pub(100), 3, start, auth.ErrDocument},
		{"time with fraction", edit("2026-11-23T09:00:00Z", "2026-11-23T09:00:00.5Z"), pub(100), 3, start, auth.ErrDocument},
		{"other purpose", edit("key node", "key nodes"), pub(100), 3, start, auth.ErrDocument},
		{"bad UTF-8", edit("Avelmar", "Avelma\xff"), pub(100), 3, start, auth.ErrDocument},
		{"IPv4 mapped", edit("203.0.113.5", "::ffff:203.0.113.5"), pub(100), 3, start, auth.ErrDocument},
		{"nothing", nil, pub(100), 0, start, auth.ErrDocument},
		{"too much", bytes.Repeat([]byte("x"), auth.MaxDocument+1), pub(100), 0, start, auth.ErrDocument},
	} {
		if _, err := auth.VerifyDocument(c.b, c.root, c.seen, c.now); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestSignRefusesWhatBreaksARule(t *testing.T) {
	many := func(n int) []auth.Key {
		var ks []auth.Key
		for i := range n {
			ks = append(ks, auth.Key{Purpose: auth.LogKey, Public: pub(byte(10 + i)), NotBefore: start, NotAfter: start.Add(time.Hour)})
		}
		return ks
	}
	links := func(n int) []string { return strings.Fields(strings.Repeat("node.example:443 ", n)) }
	medias := func(n int) (out []netip.AddrPort) {
		for range n {
			out = append(out, netip.MustParseAddrPort("192.0.2.1:1"))
		}
		return out
	}
	revoked := func(n int) (out []auth.Revocation) {
		for i := range n {
			out = append(out, auth.Revocation{Public: pub(byte(120 + i)), At: start})
		}
		return out
	}
	names := func(n int) meeting.Text {
		t := meeting.Text{}
		for i := range n {
			t[fmt.Sprintf("x%d", i)] = "Avelmar"
		}
		return t
	}
	for _, c := range []struct {
		name string
		edit func(*auth.Document)
		ok   bool
	}{
		{"200 days", func(d *auth.Document) { d.NotAfter = d.NotBefore.Add(auth.MaxDocumentLife) }, true},
		{"200 days and a second", func(d *auth.Document) { d.NotAfter = d.NotBefore.Add(auth.MaxDocumentLife + time.Second) }, false},
		{"ends before it begins", func(d *auth.Document) { d.NotAfter = d.NotBefore }, false},
		{"keys at the limit", func(d *auth.Document) { d.Keys = many(auth.MaxKeys) }, true},
		{"a key more", func(d *auth.Document) { d.Keys = many(auth.MaxKeys + 1) }, false},
		{"no key", func(d *auth.Document) { d.Keys = nil }, false},
		{"key twice", func(d *auth.Document) { d.Keys[1].Public = d.Keys[0].Public }, false},
		{"root as node key", func(d *auth.Document) { d.Keys[0].Public = pub(100) }, false},
		{"addresses at the limit", func(d *auth.Document) { d.Link, d.Media = links(auth.MaxAddresses), medias(auth.MaxAddresses) }, true},
		{"a link address more", func(d *auth.Document) { d.Link = links(auth.MaxAddresses + 1) }, false},
		{"a media address more", func(d *auth.Document) { d.Media = medias(auth.MaxAddresses + 1) }, false},
		{"revoked at the limit", func(d *auth.Document) { d.Revoked = revoked(auth.MaxRevoked) }, true},
		{"a revoked key more", func(d *auth.Document) { d.Revoked = revoked(auth.MaxRevoked + 1) }, false},
		{"names at the limit", func(d *auth.Document) { d.Names = names(auth.MaxNames) }, true},
		{"a name more", func(d *auth.Document) { d.Names = names(auth.MaxNames + 1) }, false},
		{"no name", func(d *auth.Document) { d.Names = nil }, false},
		{"name with a line", func(d *auth.Document) { d.Names["en"] = "Avelmar\nlink evil.example:1" }, false},
		{"party in capitals", func(d *auth.Document) { d.Party = "Avelmar" }, false},
		{"party of 33", func(d *auth.Document) { d.Party = meeting.PartyID(strings.Repeat("a", 33)) }, false},
		{"party of 32", func(d *auth.Document) { d.Party = meeting.PartyID(strings.Repeat("a", 32)) }, true},
		{"link with a line", func(d *auth.Document) { d.Link = []string{"a:1\nmedia 1.2.3.4:5"} }, false},
		{"media without port", func(d *auth.Document) { d.Media = []netip.AddrPort{netip.MustParseAddrPort("192.0.2.1:0")} }, false},
	} {
		d := document("avelmar", 1)
		c.edit(&d)
		if _, err := auth.Sign(d, key(100)); (err == nil) != c.ok || err != nil && !errors.Is(err, auth.ErrDocument) {
			t.Errorf("%s: %v, want ok %v", c.name, err, c.ok)
		}
	}
}

func TestLinkAddresses(t *testing.T) {
	for a, want := range map[string]bool{
		"node.ilverne.example:443": true, "192.0.2.1:1": true, "[2001:db8::1]:65535": true, "localhost:8443": true, "a.b.c1:9": true,
		"node.ilverne.example": false, "node:0": false, "node:65536": false, "node:0443": false, "node:+1": false, ":443": false, "Node.example:443": false,
		"[::]:443": false, "0.0.0.0:443": false, "[fe80::1%eth0]:443": false, "-a.example:1": false, "a-.example:1": false, "a..b:1": false, "0x7f.1:80": false,
		"2130706433:80": false, "010.0.0.1:80": false, "node/x:443": false, "user@node:443": false, "nöde:443": false, "[2001:db8::0001]:443": false,
		strings.Repeat("a", 63) + ".b:1": true, strings.Repeat("a", 64) + ".b:1": false, strings.Repeat("a.", 126) + "b:1": true, strings.Repeat("a.", 127) + "b:1": false,
	} {
		if got := auth.ValidLinkAddress(a); got != want {
			t.Errorf("ValidLinkAddress(%q) = %v, want %v", a, got, want)
		}
	}
}

func TestValidKeys(t *testing.T) {
	d := document("avelmar", 1)
	d.Keys = append(d.Keys,
		auth.Key{Purpose: auth.NodeKey, Public: pub(20), NotBefore: start.Add(24 * time.Hour), NotAfter: start.Add(48 * time.Hour)},
		auth.Key{Purpose: auth.NodeKey, Public: pub(21), NotBefore: start, NotAfter: d.NotAfter})
	d.Revoked = append(d.Revoked, auth.Revocation{Public: pub(21), At: start})
	for _, c := range []struct {
		at   time.Duration
		want []ed25519.PublicKey
	}{
		{0, []ed25519.PublicKey{pub(2)}},
		{24 * time.Hour, []ed25519.PublicKey{pub(2), pub(20)}},
		{48 * time.Hour, []ed25519.PublicKey{pub(2)}},
		{180 * 24 * time.Hour, nil}, // the document has ended
		{-time.Hour, nil},
	} {
		if got := d.Valid(auth.NodeKey, start.Add(c.at)); fmt.Sprint(got) != fmt.Sprint(c.want) {
			t.Errorf("after %s: %d keys %x, want %x", c.at, len(got), got, c.want)
		}
	}
}

func TestAlarm(t *testing.T) {
	d := document("avelmar", 1)
	for left, want := range map[time.Duration]string{
		auth.ExpiryAlarm + time.Second: "", auth.ExpiryAlarm: "in 30 days", 36 * time.Hour: "in 1 days", 0: "expired at", -time.Hour: "expired at",
	} {
		got := d.Alarm(d.NotAfter.Add(-left))
		if (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("%s before the end: %q, want %q in it", left, got, want)
		}
	}
}

func FuzzParseDocument(f *testing.F) {
	b := sign(f, document("avelmar", 1), 100)
	f.Add(b)
	f.Add([]byte("visavis-party/1\n"))
	f.Add([]byte("visavis-party/1\n\n"))
	f.Add(bytes.ReplaceAll(b, []byte(" "), []byte("  ")))
	f.Fuzz(func(t *testing.T, b []byte) {
		d, err := auth.ParseDocument(b)
		if err != nil {
			if !errors.Is(err, auth.ErrDocument) && !errors.Is(err, auth.ErrSignature) {
				t.Fatalf("error of another kind: %v", err)
			}
			return
		}
		// Nobody but the holder of its root has made it, and there is no second form of it.
		if d.Root.Equal(pub(100)) {
			if again, err := auth.Sign(d, key(100)); err != nil || !bytes.Equal(again, b) {
				t.Fatalf("a second form was taken: %q", b)
			}
		}
	})
}

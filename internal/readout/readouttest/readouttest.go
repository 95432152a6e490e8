// Package readouttest has a readout of the demo world in six languages, for the tests of whoever reads readouts. Start from Document. It must not
// be used outside tests and measures.
package readouttest

import (
	"bufio"
	"crypto/ed25519"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

//go:embed texts.txt world.json
var files embed.FS

// Tags are the languages of Document in the order of its manifest.
func Tags() []string { return []string{"ar", "es", "en", "fr", "ru", "zh"} }

// person is somebody of the demo world in six languages.
type person struct {
	Name, Office, Office2 meeting.Text
}

type world struct {
	Title   meeting.Text
	Parties map[meeting.PartyID]struct {
		Zone                 string
		Name, LongName, City meeting.Text
	}
	People map[meeting.MemberID]person
}

// Document is the readout of the eighth annual meeting of Avelmar and Tolmeria: revision 1, joint, under embargo until 11 December 2025, 05:00 UTC.
// Every call gives a new one. It panics if the embedded files are broken, which a test of this package shows.
func Document() readout.Document {
	var w world
	decode("world.json", &w)
	d := readout.Document{
		ID: "avelmar-tolmeria-2025", Meeting: "avelmar-tolmeria-2025", Mode: readout.Joint, Revision: 1, Number: "2025/8", Title: w.Title,
		Languages: []readout.Language{{Tag: "ar", Standing: readout.Authentic}, {Tag: "es", Standing: readout.Authentic}, {Tag: "en", Standing: readout.Authentic},
			{Tag: "fr", Standing: readout.Official}, {Tag: "ru", Standing: readout.Official}, {Tag: "zh", Standing: readout.Courtesy}},
		Prevails: "en", Link: true, Release: Release(), Blocks: blocks(w),
	}
	for _, id := range []meeting.PartyID{"avelmar", "tolmeria"} {
		p := w.Parties[id]
		zone := time.FixedZone("", 11*3600) // Lord Howe in summer
		if id == "tolmeria" {
			zone = time.FixedZone("", 10*3600)
		}
		d.Parties = append(d.Parties, readout.Party{ID: id, Name: p.Name, LongName: p.LongName, City: p.City, Zone: p.Zone,
			Start: time.Date(2025, 12, 10, 23, 32, 0, 0, time.UTC).In(zone), End: time.Date(2025, 12, 11, 0, 49, 0, 0, time.UTC).In(zone)})
	}
	fill(d.Blocks)
	for i := range d.Blocks {
		Settle(d, &d.Blocks[i])
	}
	return d
}

// Settle says of every language of a block that it rests on the authentic texts as they are now.
func Settle(d readout.Document, b *readout.Block) {
	for tag, c := range b.Texts {
		c.Based = d.Base(*b, tag)
		b.Texts[tag] = c
	}
}

// Key is the readout key of a party of the demo world: the same at every call, and known to everyone who reads this file.
func Key(p meeting.PartyID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("readout key of " + string(p) + " in tests"))
	return ed25519.NewKeyFromSeed(seed[:])
}

// File is a document signed by the parties that have to, less those that are left out. It panics if the document cannot be signed.
func File(d readout.Document, without ...meeting.PartyID) readout.File {
	f, err := d.Unsigned()
	if err != nil {
		panic(err)
	}
	m, err := readout.ParseManifest(strings.TrimSuffix(f.Manifest, "\n"))
	if err != nil {
		panic(err)
	}
	for _, p := range d.Signers() {
		if slices.Contains(without, p) {
			continue
		}
		s, err := readout.SignManifest(m, p, Key(p))
		if err != nil {
			panic(err)
		}
		l, err := readout.ParseLine(s)
		if err != nil {
			panic(err)
		}
		sum := sha256.Sum256([]byte("party document of " + string(p) + " in tests"))
		if f, err = f.WithLine(l, readout.FileKey{Party: p, Public: Key(p).Public().(ed25519.PublicKey), Document: hex.EncodeToString(sum[:])}); err != nil {
			panic(err)
		}
	}
	return f
}

// Release is Document's embargo.
func Release() time.Time { return time.Date(2025, 12, 11, 5, 0, 0, 0, time.UTC) }

// blocks are the twelve blocks without their texts.
func blocks(w world) []readout.Block {
	says := func(id meeting.MemberID, capacity int) readout.Speaker {
		p := w.People[id]
		party, _, _ := strings.Cut(string(id), "-")
		s := readout.Speaker{Member: id, Party: meeting.PartyID(party), Name: p.Name, Office: p.Office, Capacity: capacity}
		if capacity == 1 {
			s.Office, s.AsOf = p.Office2, "2025-03-01"
		}
		return s
	}
	one := func(id meeting.MemberID, capacity int) []readout.Speaker {
		return []readout.Speaker{says(id, capacity)}
	}
	const t, k = "avelmar-tarroven", "tolmeria-kosvane"
	both := []readout.Speaker{says(t, 0), says(k, 0)}
	return []readout.Block{
		{ID: "b01", Kind: readout.Headline},
		{ID: "b02", Kind: readout.Lede},
		{ID: "b03", Kind: readout.Statement, Speakers: one(t, 0), Acts: []readout.Act{readout.Welcomed, readout.Proposed}, Topics: []string{"river"}},
		{ID: "b04", Kind: readout.Statement, Speakers: one(k, 0), Acts: []readout.Act{readout.Said, readout.Ready}, Topics: []string{"ports"}},
		{ID: "b05", Kind: readout.Statement, Speakers: one(t, 0), Acts: []readout.Act{readout.Stressed, readout.Proposed}, Topics: []string{"students"}},
		{ID: "b06", Kind: readout.Statement, Speakers: one(k, 1), Acts: []readout.Act{readout.Commended}, Topics: []string{"weather"}},
		{ID: "b07", Kind: readout.Exchange, Speakers: both, Acts: []readout.Act{readout.Agreed}, Topics: []string{"weather"}},
		{ID: "b08", Kind: readout.Quote, Speakers: one(t, 0), Acts: []readout.Act{readout.Said}, Topics: []string{"river"}},
		{ID: "b09", Kind: readout.Commit, Speakers: both, Acts: []readout.Act{readout.Committed}, Topics: []string{"river"},
			Commitment: &readout.Commitment{Who: []meeting.PartyID{"avelmar", "tolmeria"}, Due: "2026-03-31", Next: "2026-12-10"}},
		{ID: "b10", Kind: readout.Greeting, Speakers: one(k, 0), Acts: []readout.Act{readout.Congratulated}},
		{ID: "b11", Kind: readout.Greeting, Speakers: one(t, 0), Acts: []readout.Act{readout.Conveyed}},
		{ID: "b12", Kind: readout.Attendance, Listed: []readout.Speaker{says("avelmar-aldesh", 0), says("avelmar-ombrand", 0), says("tolmeria-thorrick", 0), says("tolmeria-soste", 0)}},
	}
}

// fill puts texts.txt into the blocks, each finished.
func fill(blocks []readout.Block) {
	f, err := files.Open("texts.txt")
	if err != nil {
		panic(err) // embedded
	}
	defer f.Close()
	texts := map[string]map[string]readout.Cell{}
	tag := ""
	for s := bufio.NewScanner(f); s.Scan(); {
		id, text, _ := strings.Cut(s.Text(), " ")
		if id == "##" {
			tag = text
			continue
		}
		if texts[id] == nil {
			texts[id] = map[string]readout.Cell{}
		}
		texts[id][tag] = readout.Cell{Text: text, State: readout.Finished}
	}
	for i := range blocks {
		if blocks[i].Texts = texts[blocks[i].ID]; len(blocks[i].Texts) != len(Tags()) {
			panic(fmt.Sprintf("texts.txt: block %s is in %d languages", blocks[i].ID, len(blocks[i].Texts)))
		}
	}
}

func decode(name string, into any) {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // embedded
	}
	if err := json.Unmarshal(b, into); err != nil {
		panic(fmt.Sprintf("%s: %v", name, err))
	}
}

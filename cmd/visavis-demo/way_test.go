package main

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"visavis/internal/bot"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/softkey"
)

// read gives what a public site answers to a GET.
func read(t *testing.T, url string) (int, string) {
	t.Helper()
	d := &demo{addr: netip.MustParseAddr("127.0.0.1")}
	web := &http.Client{Transport: &http.Transport{DialContext: d.dial, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := web.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// testWay goes the rest of the way in the name of the officer who has ended the meeting: the readout is begun from the record, written, proposed, answered by
// the simulated officer of the other side, agreed, signed on both sides, and published on both sites when its embargo is over; a reader verifies it.
func testWay(t *testing.T, r *running, visavis string, officer *bot.Bot, key *softkey.Authenticator) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	d := &demo{addr: netip.MustParseAddr("127.0.0.1"), dir: r.dir, visavis: visavis}
	k := d.newDesk(find(t, "tolmeria-officer"))
	k.origin, k.cookie, k.key = strings.TrimSuffix(strings.Split(r.links["tolmeria-officer"], "/enrol")[0], "/"), officer.Cookie(), key
	for _, party := range parties() {
		await(t, "the site of "+party+" has last year's readout, and nothing of the meeting that has ended", 20*time.Second, func() bool {
			_, page := read(t, r.sites[party]+"/en/")
			return strings.Contains(page, "/en/readout/avelmar-tolmeria-2025") && !strings.Contains(page, "Ninth Annual Meeting")
		})
	}
	const id = readout.ID(meetingID)
	p, err := k.do(ctx, "", map[string]any{"id": id, "meeting": meetingID, "mode": "joint", "number": "2026/9", "prevails": "en",
		"languages": []readout.Language{{Tag: "ar", Standing: readout.Authentic}, {Tag: "en", Standing: readout.Authentic}}}, 0)
	if err != nil {
		t.Fatal(err)
	}
	doc := p.Manuscript.Document
	if _, ok := person(doc, "avelmar"); !ok {
		t.Fatal("the record names nobody of avelmar")
	}
	for range 2 {
		for _, b := range doc.Blocks {
			for _, l := range doc.Languages {
				if doc, err = doc.SetText(b.ID, l.Tag, "Text of "+b.ID+" in "+l.Tag+".", true); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	path := "/" + string(id)
	if p, err = k.do(ctx, path+"/document", map[string]any{"document": doc}, p.Manuscript.Version); err == nil {
		_, err = k.do(ctx, path+"/propose", p.read(), p.Manuscript.Version)
	}
	if err != nil {
		t.Fatal(err)
	}
	if p, err = k.reaches(ctx, id, "countered", at(readout.StageCountered)); err != nil {
		t.Fatal(err)
	}
	release := p.Theirs.Release
	if _, ok := p.Theirs.Block("thanks-avelmar"); !ok || release.IsZero() {
		t.Errorf("their answer has no thanks, or no embargo: %v", release)
	}
	if _, err = k.do(ctx, path+"/accept", map[string]any{"proposal": p.Head}, 0); err != nil {
		t.Fatal(err)
	}
	if p, err = k.reaches(ctx, id, "agreed", at(readout.StageAgreed)); err != nil {
		t.Fatal(err)
	}
	if p.Life.Lines["avelmar"] != "" {
		t.Error("the simulated officer has signed before the person")
	}
	if _, err = k.sign(ctx, p); err != nil {
		t.Fatal(err)
	}
	if _, err = k.reaches(ctx, id, "scheduled", at(readout.StageScheduled)); err != nil {
		t.Fatal(err)
	}
	if code, _ := read(t, r.sites["avelmar"]+"/en/readout/"+meetingID); time.Now().Before(release) && code != http.StatusNotFound {
		t.Errorf("before the embargo's end the site answers %d", code)
	}
	if _, err = k.reaches(ctx, id, "published", at(readout.StagePublished)); err != nil {
		t.Fatal(err)
	}
	if time.Now().Before(release) {
		t.Errorf("published before %v", release)
	}
	r.verified(t, visavis, string(id))
}

// testLate signs when the embargo is over already: both sides hold the text until their officers let it go, the simulated one by itself. The person has
// never sat down in the meeting: it signs in and writes, and the simulated officer of its own side leaves that alone.
func testLate(t *testing.T, visavis string) {
	r := start(t, visavis, "avelmar-officer,tolmeria-officer", false)
	defer func() { _ = r.end() }()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	d := &demo{addr: netip.MustParseAddr("127.0.0.1"), dir: r.dir, visavis: visavis, formal: true, passkeys: map[string]*softkey.Authenticator{"avelmar-officer": softkey.New()}}
	s := find(t, "avelmar-officer")
	s.own = r.links[s.key]
	k := d.newDesk(s)
	k.origin = strings.Split(s.own, "/enrol")[0]
	doc := lastYears(t)
	doc.ID, doc.Number = "avelmar-tolmeria-late", "2026/0"
	doc.Release = time.Now().UTC().Add(8 * time.Second).Round(time.Second)
	path := "/" + string(doc.ID)
	p, err := k.do(ctx, "", map[string]any{"document": doc}, 0)
	if err == nil {
		_, err = k.do(ctx, path+"/propose", p.read(), p.Manuscript.Version)
	}
	if err == nil {
		p, err = k.reaches(ctx, doc.ID, "countered", at(readout.StageCountered))
	}
	if err != nil {
		t.Fatal(err)
	}
	if !p.Theirs.Release.Equal(doc.Release) {
		t.Errorf("the simulated officer has changed the embargo %v to %v", doc.Release, p.Theirs.Release)
	}
	const wouldHave = untilAnswer + 3*readEvery // a simulated officer would have answered by then
	await(t, "the embargo is over", 40*time.Second, func() bool { return time.Now().After(doc.Release.Add(wouldHave)) })
	if p, err = k.paper(ctx, doc.ID); err != nil || p.Life.Stage != readout.StageCountered {
		t.Fatalf("stage %s, %v: the simulated officer of our own side has answered", p.Life.Stage, err)
	}
	if _, err = k.do(ctx, path+"/accept", map[string]any{"proposal": p.Head}, 0); err == nil {
		p, err = k.reaches(ctx, doc.ID, "agreed", at(readout.StageAgreed))
	}
	if err == nil {
		_, err = k.sign(ctx, p)
	}
	if err == nil {
		p, err = k.reaches(ctx, doc.ID, "held", func(p *paper) bool { return p.Life.Held == readout.HeldLate })
	}
	if err != nil {
		t.Fatal(err)
	}
	url := "/en/readout/" + string(doc.ID)
	await(t, "the other side lets it go", 40*time.Second, func() bool { code, _ := read(t, r.sites["tolmeria"]+url); return code == http.StatusOK })
	if code, _ := read(t, r.sites["avelmar"]+url); code != http.StatusNotFound {
		t.Errorf("our site has published what is held: %d", code)
	}
	if _, err = k.proven(ctx, doc.ID, "confirm", p.Life.Hash); err == nil {
		_, err = k.reaches(ctx, doc.ID, "published", at(readout.StagePublished))
	}
	if err != nil {
		t.Fatal(err)
	}
	await(t, "it is on our site", 20*time.Second, func() bool { code, _ := read(t, r.sites["avelmar"]+url); return code == http.StatusOK })
}

// verified has the file of a published readout, as each site gives it out, checked by the command with both parties' documents; the same with one sign
// changed must not pass.
func (r *running) verified(t *testing.T, visavis, id string) {
	t.Helper()
	for _, party := range parties() {
		var file string
		await(t, "public at "+party, 20*time.Second, func() bool {
			code, body := read(t, r.sites[party]+"/file/"+id+"/1.json")
			file = body
			return code == http.StatusOK
		})
		check := func(b string) (string, error) {
			name := filepath.Join(t.TempDir(), "readout.json")
			if err := os.WriteFile(name, []byte(b), 0o600); err != nil {
				t.Fatal(err)
			}
			var out bytes.Buffer
			c := exec.Command(visavis, "verify", "readout", name, "--keys", r.sign["avelmar"]["document"], "--keys", r.sign["tolmeria"]["document"])
			c.Stdout, c.Stderr = &out, &out
			err := c.Run()
			return out.String(), err
		}
		if out, err := check(file); err != nil || !strings.Contains(out, "every signature") {
			t.Errorf("%s: verify: %v\n%s", party, err, out)
		}
		if _, err := check(strings.Replace(file, "Text of b01", "Text of b02", 1)); err == nil {
			t.Errorf("%s: control: a changed text passes", party)
		}
	}
}

// TestCounterpart: what the simulated officer does with a readout, and what it leaves to others.
func TestCounterpart(t *testing.T) {
	hash := meeting.Hash{1}
	theirs := lastYears(t)
	mine := readout.Round{Party: "tolmeria", State: readout.RoundCountered}
	first := readout.Round{Party: "avelmar", State: readout.RoundCountered}
	agreed := readout.Round{Party: "tolmeria", State: readout.RoundAgreed}
	round := func(by meeting.PartyID, s readout.RoundState) readout.Round {
		return readout.Round{ID: hash, Party: by, State: s}
	}
	x := func(s readout.Stage, rounds ...readout.Round) *paper {
		return &paper{Self: "tolmeria", Other: "avelmar", Head: hash, Theirs: &theirs, Rounds: rounds, Life: readout.Life{Stage: s, Hash: hash}}
	}
	lines := func(p *paper, held string, by ...meeting.PartyID) *paper {
		p.Life.Held, p.Life.Lines = held, map[meeting.PartyID]string{}
		for _, b := range by {
			p.Life.Lines[b] = "line"
		}
		return p
	}
	for name, c := range map[string]struct {
		p    *paper
		want dealing
	}{
		"nothing proposed":          {x(readout.StagePrivate), dealNone},
		"our own proposal":          {x(readout.StageProposed, round("tolmeria", readout.RoundOpen)), dealNone},
		"a first proposal":          {x(readout.StageProposed, round("avelmar", readout.RoundOpen)), dealCounter},
		"an answer to ours":         {x(readout.StageCountered, first, mine, round("avelmar", readout.RoundOpen)), dealAccept},
		"one accepted already":      {x(readout.StageCountered, first, mine, round("avelmar", readout.RoundAccepted)), dealNone},
		"agreed, nobody has signed": {x(readout.StageAgreed, first, agreed), dealNone},
		"agreed, they have signed":  {lines(x(readout.StageAgreed, first, agreed), "", "avelmar"), dealSign},
		"agreed, we have signed":    {lines(x(readout.StageAgreed, first, agreed), "", "tolmeria", "avelmar"), dealNone},
		"scheduled":                 {lines(x(readout.StageScheduled, first, agreed), "", "tolmeria", "avelmar"), dealNone},
		"held":                      {lines(x(readout.StageScheduled, first, agreed), readout.HeldLate, "tolmeria", "avelmar"), dealConfirm},
		"published":                 {x(readout.StagePublished, first, agreed), dealNone},
		"begun here: an answer":     {x(readout.StageCountered, mine, round("avelmar", readout.RoundOpen)), dealNone},
		"begun here: to be signed":  {lines(x(readout.StageAgreed, mine, agreed), "", "avelmar"), dealNone},
		"begun here: held":          {lines(x(readout.StageScheduled, mine, agreed), readout.HeldLate, "tolmeria", "avelmar"), dealNone},
		"a correction of theirs":    {x(readout.StageProposed, mine, agreed, round("avelmar", readout.RoundOpen)), dealAccept},
		"a correction of ours":      {x(readout.StageCountered, first, agreed, mine, round("avelmar", readout.RoundOpen)), dealNone},
	} {
		if got, _, _ := c.p.next(); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
	doc, ok := greeted(theirs, "tolmeria")
	if b, has := doc.Block("thanks-tolmeria"); !ok || !has || len(b.Texts) != 6 || len(doc.Open()) != 0 {
		t.Errorf("thanks: %v, %d languages, open %v", ok, len(b.Texts), doc.Open())
	}
	if _, again := greeted(doc, "tolmeria"); again {
		t.Error("it thanks twice")
	}
	if got, _, _ := (&paper{Self: "tolmeria", Other: "avelmar", Head: hash, Theirs: &doc, Rounds: []readout.Round{round("avelmar", readout.RoundOpen)},
		Life: readout.Life{Stage: readout.StageProposed}}).next(); got != dealAccept {
		t.Errorf("a text with its thanks: %q, want it accepted", got)
	}
}

func lastYears(t *testing.T) readout.Document {
	t.Helper()
	b, err := world.ReadFile("world/last-year.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readout.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestWorldIsTheSame: what the demo has of the world beside its meeting is what everybody else has.
func TestWorldIsTheSame(t *testing.T) {
	ours, err := world.ReadFile("world/last-year.json")
	if err != nil {
		t.Fatal(err)
	}
	theirs, err := os.ReadFile("../../internal/readout/testdata/avelmar-tolmeria-2025.json")
	if err != nil || !bytes.Equal(ours, theirs) {
		t.Errorf("last year's readout differs from the sample of internal/readout: %v", err)
	}
	formal, err := world.ReadFile("world/formal.toml")
	if err != nil || !strings.Contains(string(formal), "\nstart = "+meetingStart.Format(time.RFC3339)+" ") {
		t.Errorf("the meeting does not begin at %v: %v", meetingStart, err)
	}
}

// TestPersonWritesItself: once a person has been officer of a side, its readouts are the person's; the other side's stay with the simulated officer.
func TestPersonWritesItself(t *testing.T) {
	p := &delegations{persons: map[string]string{}, pens: map[string]bool{}}
	p.seated(find(t, "avelmar-principal"), true)
	p.drafts(find(t, "avelmar-technician"))
	if p.personWrites("avelmar") {
		t.Error("a principal or a technician takes the readouts")
	}
	p.seated(find(t, "avelmar-officer"), true)
	p.seated(find(t, "avelmar-officer"), false)
	p.drafts(find(t, "tolmeria-press"))
	if !p.personWrites("avelmar") || p.personWrites("tolmeria") {
		t.Error("avelmar's are the person's, tolmeria's are not")
	}
}

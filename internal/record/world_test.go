package record_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"testing"
	"testing/fstest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/record"
)

var start = time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC)

func text(s string) meeting.Text { return meeting.Text{"en": s} }

// annual is a formal meeting of two delegations, each with a protocol officer.
func annual() meeting.Definition {
	member := func(id string, party meeting.PartyID, role meeting.Role, n int, name string) meeting.Member {
		return meeting.Member{ID: meeting.MemberID(id), Party: party, Role: role, Precedence: n, Name: text(name), Office: text("Minister of " + name)}
	}
	d := meeting.Definition{ID: "avelmar-tolmeria-2026", Host: "avelmar", Start: start, Mode: meeting.Statements, Languages: []string{"ar", "en"}, Title: text("Ninth Annual Meeting"),
		Parties: []meeting.Party{{ID: "avelmar", Name: text("Avelmar"), City: text("Ilverne"), Zone: "Australia/Lord_Howe"}, {ID: "tolmeria", Name: text("Tolmeria"), City: text("Lanneth"), Zone: "Australia/Brisbane"}},
		Agenda:  []meeting.Item{{Title: text("Navigation"), Minutes: 25}, {Title: text("Ports"), Minutes: 20}},
		Members: []meeting.Member{
			member("avelmar-tarroven", "avelmar", meeting.Principal, 1, "Maelin Tarroven"), member("avelmar-aldesh", "avelmar", meeting.Delegate, 2, "=Corvan Aldesh"),
			member("avelmar-vost", "avelmar", meeting.Officer, 3, "Lirien Vost"), member("tolmeria-kosvane", "tolmeria", meeting.Principal, 1, "Edran Kosvane"),
			member("tolmeria-quintar", "tolmeria", meeting.Officer, 2, "Lothen Quintar"),
		}}
	d.Members[3].Second = text("Chair of the Conference")
	return d
}

// writer makes a shared log.
type writer struct {
	t        testing.TB
	s        meeting.State
	n        int64
	hash     meeting.Hash
	counters map[meeting.PartyID]uint64
	now      time.Time
	entries  [][]byte
}

func newWriter(t testing.TB, d meeting.Definition) *writer {
	t.Helper()
	if err := d.Check(); err != nil {
		t.Fatal(err)
	}
	return &writer{t: t, s: meeting.Begin(d), counters: map[meeting.PartyID]uint64{}, now: start}
}

// add lets d pass and writes e as the party of its member or actor.
func (w *writer) add(after time.Duration, e meeting.Event) {
	w.t.Helper()
	w.at(after, 0, e)
}

// at does the same for an event that happened late before the host got it.
func (w *writer) at(after, late time.Duration, e meeting.Event) {
	w.t.Helper()
	w.now = w.now.Add(after)
	who := e.Member
	if e.Actor != "" {
		who = e.Actor
	}
	m, _ := w.s.Definition.Member(who)
	w.counters[m.Party]++
	p := meeting.Proposal{Meeting: w.s.Definition.ID, Party: m.Party, Counter: w.counters[m.Party], At: w.now.Add(-late), Offline: late > 0, Event: e}
	entry := meeting.Sequence(p, w.n, w.hash, w.now)
	next, err := meeting.ApplyEntry(w.s, entry)
	if err != nil {
		w.t.Fatalf("%+v: %v", e, err)
	}
	b := meeting.EncodeEntry(entry)
	w.s, w.n, w.hash = next, w.n+1, meeting.Chain(w.hash, b)
	w.entries = append(w.entries, b)
}

func (w *writer) keys(a meeting.Action) {
	w.t.Helper()
	for _, m := range []meeting.MemberID{"avelmar-vost", "tolmeria-quintar"} {
		head := w.s.Head
		w.add(time.Second, meeting.Event{Kind: meeting.KeyTurned, Member: m, Action: a, Epoch: w.s.Epoch, Head: &head})
	}
}

// whole is a meeting from rehearsal to its end: 10 s for the first floor, 20 s for the second, in the second office.
func whole(t testing.TB) *writer {
	w := newWriter(t, annual())
	for _, m := range w.s.Definition.Members {
		w.add(time.Second, meeting.Event{Kind: meeting.MemberJoined, Member: m.ID})
	}
	w.add(time.Second, meeting.Event{Kind: meeting.PhaseRehearsal, Member: "avelmar-vost"})
	w.add(time.Second, meeting.Event{Kind: meeting.PhaseWaiting, Member: "avelmar-vost"})
	w.keys(meeting.Start)
	w.add(time.Minute, meeting.Event{Kind: meeting.AgendaItem, Member: "avelmar-vost", N: 1})
	for i, m := range []meeting.MemberID{"avelmar-tarroven", "tolmeria-kosvane"} {
		if i == 1 {
			w.add(time.Second, meeting.Event{Kind: meeting.CapacitySet, Member: m, N: 1})
		}
		w.add(time.Second, meeting.Event{Kind: meeting.FloorGiven, Member: m, Actor: "avelmar-vost"})
		w.add(time.Second, meeting.Event{Kind: meeting.FloorAcknowledged, Member: m, Language: "ar"})
		w.add(time.Duration(i+1)*10*time.Second, meeting.Event{Kind: meeting.FloorYielded, Member: m})
	}
	w.add(time.Second, meeting.Event{Kind: meeting.MemberLeft, Member: "avelmar-aldesh"})
	w.at(30*time.Second, 20*time.Second, meeting.Event{Kind: meeting.MemberJoined, Member: "avelmar-aldesh"})
	w.add(time.Minute, meeting.Event{Kind: meeting.PhaseEnded, Member: "avelmar-vost"})
	w.add(time.Second, meeting.Event{Kind: meeting.MemberLeft, Member: "tolmeria-kosvane"})
	return w
}

// key is a party's log key, the same in every run.
func key(p string) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("log key of " + p))
	return ed25519.NewKeyFromSeed(seed[:])
}

func public(p string) ed25519.PublicKey { return key(p).Public().(ed25519.PublicKey) }

func bothKeys() record.Keys {
	return record.Keys{"avelmar": {public("avelmar")}, "tolmeria": {public("tolmeria")}}
}

func (w *writer) head(p string, n int64) meeting.Head {
	w.t.Helper()
	r, err := record.New(w.s.Definition, w.entries[:n])
	if err != nil {
		w.t.Fatal(err)
	}
	h := meeting.Head{Meeting: w.s.Definition.ID, N: n, Hash: r.Hash, Party: meeting.PartyID(p)}
	h.Sig = ed25519.Sign(key(p), h.SignedBytes())
	return h
}

func (w *writer) source() record.Source {
	return record.Source{Definition: w.s.Definition, Party: "avelmar", Entries: w.entries, Now: start,
		Heads: []meeting.Head{w.head("avelmar", w.n), w.head("tolmeria", 3), w.head("tolmeria", w.n)}, Documents: map[meeting.PartyID][]byte{"avelmar": []byte("{}")}}
}

func mapFS(t testing.TB, s record.Source) fstest.MapFS {
	t.Helper()
	files, err := record.Files(s)
	if err != nil {
		t.Fatal(err)
	}
	out := fstest.MapFS{}
	for _, f := range files {
		out[f.Name] = &fstest.MapFile{Data: f.Data}
	}
	return out
}

// reindex writes size and hash of changed files into the index: what somebody does who changes a record and knows its form.
func reindex(t testing.TB, m fstest.MapFS, change func(*record.Index)) {
	t.Helper()
	var x record.Index
	if err := json.Unmarshal(m[record.IndexFile].Data, &x); err != nil {
		t.Fatal(err)
	}
	for i := range x.Files {
		f, ok := m[x.Files[i].Name]
		if !ok {
			continue
		}
		sum := sha256.Sum256(f.Data)
		x.Files[i].Bytes, x.Files[i].SHA256 = int64(len(f.Data)), hex.EncodeToString(sum[:])
	}
	if change != nil {
		change(&x)
	}
	b, err := json.Marshal(x)
	if err != nil {
		t.Fatal(err)
	}
	m[record.IndexFile] = &fstest.MapFile{Data: b}
}

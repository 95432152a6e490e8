package meeting_test

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
)

func proposal() meeting.Proposal {
	return meeting.Proposal{Meeting: "avelmar-tolmeria-2026", Party: "tolmeria", Counter: 7, At: start.Add(1500 * time.Millisecond),
		Event: meeting.Event{Kind: meeting.MemberDevices, Member: "tolmeria-kosvane", Mic: yes(), Camera: no()}}
}

// TestEntryGolden pins the bytes that both nodes hash.
func TestEntryGolden(t *testing.T) {
	e := meeting.Sequence(proposal(), 0, meeting.Hash{}, start.Add(1520*time.Millisecond+300*time.Microsecond))
	b := meeting.EncodeEntry(e)
	const want = `{"meeting":"avelmar-tolmeria-2026","n":1,"prev":"0000000000000000000000000000000000000000000000000000000000000000",` +
		`"party":"tolmeria","counter":7,"at":"2026-12-09T23:30:01.500Z","sequenced":"2026-12-09T23:30:01.520Z","offline":false,` +
		`"event":{"kind":"member.devices","member":"tolmeria-kosvane","mic":true,"camera":false}}`
	if string(b) != want {
		t.Errorf("entry\n%s\nwant\n%s", b, want)
	}
	h := meeting.Chain(meeting.Hash{}, b)
	if got, want := h.String(), "105e15af422552446a8f2e74b6cf435e5a763cea9e7e2689501e8791cb5d4b0f"; got != want {
		t.Errorf("chain = %s, want %s", got, want)
	}
	got, err := meeting.DecodeEntry(b)
	if err != nil || !bytes.Equal(meeting.EncodeEntry(got), b) {
		t.Errorf("decode: %+v, %v", got, err)
	}
	head := meeting.Head{Meeting: e.Meeting, N: 1, Hash: h, Party: "avelmar", Sig: []byte("not signed")}
	if got, want := string(head.SignedBytes()), "visavis-log-head/1\navelmar-tolmeria-2026\n1\n"+h.String()+"\navelmar\n"; got != want {
		t.Errorf("signed bytes %q, want %q", got, want)
	}
	if meeting.Chain(h, b) == h || meeting.Chain(meeting.Hash{1}, b) == h {
		t.Error("the chain does not depend on what was before")
	}
}

// everyShape gives one event of each kind with all fields that it may have, and its JSON.
func everyShape() map[string]meeting.Event {
	out := map[string]meeting.Event{
		`{"kind":"member.devices","member":"a","mic":true,"camera":false,"epoch":2}`: {Kind: meeting.MemberDevices, Mic: yes(), Camera: no(), Epoch: 2},
		`{"kind":"key.turned","member":"a","action":"start","epoch":3,"head":"0100000000000000000000000000000000000000000000000000000000000000"}`: {
			Kind: meeting.KeyTurned, Action: meeting.Start, Epoch: 3, Head: &meeting.Hash{1}},
		`{"kind":"key.returned","member":"a","action":"open"}`:                  {Kind: meeting.KeyReturned, Action: meeting.Open},
		`{"kind":"floor.mode","member":"a","mode":"statements"}`:                {Kind: meeting.FloorModeSet, Mode: meeting.Statements},
		`{"kind":"floor.given","member":"a","actor":"b","limit":90}`:            {Kind: meeting.FloorGiven, Actor: "b", Limit: 90},
		`{"kind":"floor.acknowledged","member":"a","language":"ar"}`:            {Kind: meeting.FloorAcknowledged, Language: "ar"},
		`{"kind":"floor.taken","member":"a","actor":"b"}`:                       {Kind: meeting.FloorTaken, Actor: "b"},
		`{"kind":"hand.lowered","member":"a","actor":"b"}`:                      {Kind: meeting.HandLowered, Actor: "b"},
		`{"kind":"order.lowered","member":"a","actor":"b"}`:                     {Kind: meeting.OrderLowered, Actor: "b"},
		`{"kind":"agenda.item","member":"a","n":2}`:                             {Kind: meeting.AgendaItem, N: 2},
		`{"kind":"capacity","member":"a","actor":"b","n":1}`:                    {Kind: meeting.CapacitySet, Actor: "b", N: 1},
		`{"kind":"technician.admitted","member":"a","actor":"b","admit":false}`: {Kind: meeting.TechnicianAdmitted, Actor: "b", Admit: no()},
	}
	for _, k := range meeting.Kinds() {
		plain := true
		for _, e := range out {
			plain = plain && e.Kind != k
		}
		if plain {
			out[`{"kind":"`+string(k)+`","member":"a"}`] = meeting.Event{Kind: k}
		}
	}
	for s, e := range out {
		e.Member = "a"
		out[s] = e
	}
	return out
}

// TestEventShapes pins the bytes of every kind of event and refuses each with a field more or a needed one less.
func TestEventShapes(t *testing.T) {
	foreign := map[string]string{"actor": `"b"`, "mic": "true", "camera": "true", "action": `"start"`, "epoch": "1", "mode": `"free"`, "limit": "1", "n": "1",
		"admit": "true", "language": `"en"`, "head": `"0100000000000000000000000000000000000000000000000000000000000000"`}
	optional := map[meeting.Kind]string{meeting.MemberDevices: "mic camera epoch", meeting.FloorGiven: "limit", meeting.FloorAcknowledged: "language",
		meeting.HandLowered: "actor", meeting.OrderLowered: "actor", meeting.AgendaItem: "n", meeting.CapacitySet: "actor n"}
	wrap := func(event string) []byte {
		p := proposal()
		p.Event = meeting.Event{Kind: meeting.MemberLeft, Member: "a"}
		b := string(meeting.EncodeEntry(meeting.Sequence(p, 1, meeting.Hash{}, start)))
		return []byte(strings.Replace(b, `{"kind":"member.left","member":"a"}`, event, 1))
	}
	if len(everyShape()) != len(meeting.Kinds()) {
		t.Errorf("%d shapes, %d kinds", len(everyShape()), len(meeting.Kinds()))
	}
	for text, want := range everyShape() {
		got, err := meeting.DecodeEntry(wrap(text))
		if err != nil || !got.Event.Equal(want) {
			t.Errorf("%s: %+v, %v", text, got.Event, err)
		}
		var fields map[string]json.RawMessage
		if err := json.Unmarshal([]byte(text), &fields); err != nil {
			t.Fatal(err)
		}
		for field, value := range foreign {
			if _, has := fields[field]; !has {
				if _, err := meeting.DecodeEntry(wrap(strings.TrimSuffix(text, "}") + `,"` + field + `":` + value + "}")); err == nil {
					t.Errorf("%s with %s was taken", want.Kind, field)
				}
				continue
			}
			less := strings.Replace(text, `,"`+field+`":`+string(fields[field]), "", 1)
			_, err := meeting.DecodeEntry(wrap(less))
			if may := strings.Contains(optional[want.Kind], field); (err == nil) != may {
				t.Errorf("%s without %s: %v", want.Kind, field, err)
			}
		}
	}
	for _, e := range []meeting.Event{{Kind: meeting.AgendaItem, N: meeting.MaxAgenda + 1}, {Kind: meeting.AgendaItem, N: -1}, {Kind: meeting.CapacitySet, N: 2},
		{Kind: meeting.FloorModeSet, Mode: "anarchy"}, {Kind: meeting.KeyReturned, Action: "stream"}, {Kind: meeting.FloorAcknowledged, Language: "EN"}} {
		e.Member = "a"
		p := proposal()
		if p.Event = e; p.Check() == nil {
			t.Errorf("%+v was taken", e)
		}
	}
}

// TestEqual: events differ as soon as one field does.
func TestEqual(t *testing.T) {
	full := meeting.Event{Kind: "k", Member: "a", Actor: "b", Mic: yes(), Camera: yes(), Action: meeting.Start, Epoch: 1, Head: &meeting.Hash{1}, Mode: "m",
		Limit: 1, N: 1, Admit: yes(), Language: "en"}
	v := reflect.ValueOf(full)
	same := full
	same.Mic, same.Head = yes(), &meeting.Hash{1}
	if !full.Equal(same) {
		t.Error("control: equal events differ")
	}
	for i := range v.NumField() {
		other := full
		reflect.ValueOf(&other).Elem().Field(i).SetZero()
		if full.Equal(other) || other.Equal(full) {
			t.Errorf("%s does not count", v.Type().Field(i).Name)
		}
	}
	other := full
	if other.Head = (&meeting.Hash{2}); full.Equal(other) {
		t.Error("another head does not count")
	}
}

func TestDecodeEntryRefuses(t *testing.T) {
	good := string(meeting.EncodeEntry(meeting.Sequence(proposal(), 4, meeting.Hash{1}, start.Add(2*time.Second))))
	if _, err := meeting.DecodeEntry([]byte(good)); err != nil {
		t.Fatalf("control: %v", err)
	}
	for _, c := range []struct{ what, old, new, want string }{
		{"white space", `,"n"`, `, "n"`, "log.canonical"},
		{"order", `"party":"tolmeria","counter":7`, `"counter":7,"party":"tolmeria"`, "log.canonical"},
		{"escape", `tolmeria-kosvane`, `tolmeria\u002dkosvane`, "log.canonical"},
		{"missing mark", `"offline":false,`, ``, "log.canonical"},
		{"time without thousandths", `01.500Z`, `01Z`, "log.time"},
		{"time with a zone", `01.500Z`, `01.500+00:00`, "log.time"},
		{"finer time", `01.500Z`, `01.5001Z`, "log.time"},
		{"old time", `"at":"2026`, `"at":"1926`, "log.time"},
		{"hash in capitals", `0100`, `0A00`, "json.type"},
		{"short hash", `"0100`, `"00`, "json.type"},
		{"number 0", `"n":5`, `"n":0`, "log.number"},
		{"negative number", `"n":5`, `"n":-1`, "log.number"},
		{"counter 0", `"counter":7`, `"counter":0`, "log.counter"},
		{"number beyond 2^53", `"counter":7`, `"counter":9007199254740992`, "json.type at counter"},
		{"a sender in the event", `"kind"`, `"party":"avelmar","kind"`, "json.unknown at event"},
		{"two kinds", `"kind"`, `"kind":"member.left","kind"`, "json.duplicate at event"},
		{"KIND", `"kind"`, `"KIND"`, "json.case at event"},
		{"unknown kind", `member.devices`, `phase.open`, "event.unknown"},
		{"trailing", `}}`, `}} `, "log.canonical"},
		{"two entries", `}}`, `}}{}`, "json.trailing"},
		{"party with a line feed", `"party":"tolmeria"`, `"party":"tol\nmeria"`, "party.id"},
	} {
		b := strings.Replace(good, c.old, c.new, 1)
		if b == good {
			t.Fatalf("%s: nothing replaced", c.what)
		}
		_, err := meeting.DecodeEntry([]byte(b))
		if got := codeOf(err); got != c.want {
			t.Errorf("%s: %q, want %q", c.what, got, c.want)
		}
	}
	pad := func(n int) []byte { return append([]byte(good), bytes.Repeat([]byte(" "), n-len(good))...) }
	if _, err := meeting.DecodeEntry(pad(meeting.MaxEntry)); codeOf(err) != "log.canonical" {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := meeting.DecodeEntry(pad(meeting.MaxEntry + 1)); codeOf(err) != "json.size" {
		t.Errorf("beyond the limit: %v", err)
	}
}

// TestLateIsOffline: who writes about the past, with or without saying so, gets both times into the log and the mark.
func TestLateIsOffline(t *testing.T) {
	for _, c := range []struct {
		said  bool
		after time.Duration
		want  bool
	}{
		{false, 0, false}, {false, meeting.LateAfter, false}, {false, meeting.LateAfter + time.Millisecond, true}, {true, 0, true},
		{false, -time.Hour, false},
	} {
		p := proposal()
		p.Offline = c.said
		e := meeting.Sequence(p, 1, meeting.Hash{}, p.At.Add(c.after))
		if e.Offline != c.want || !e.At.Equal(p.At) || !e.Sequenced.Equal(p.At.Add(c.after)) {
			t.Errorf("said %v, %v late: %+v, want offline %v and both times", c.said, c.after, e, c.want)
		}
		if !e.Answers(p) {
			t.Errorf("said %v, %v late: the entry does not answer its proposal", c.said, c.after)
		}
	}
}

// TestAnswers: a host may not change a word of a proposal.
func TestAnswers(t *testing.T) {
	p := proposal()
	p.Offline = true
	for what, change := range map[string]func(*meeting.Entry){
		"":        func(*meeting.Entry) {},
		"counter": func(e *meeting.Entry) { e.Counter++ },
		"time":    func(e *meeting.Entry) { e.At = e.At.Add(time.Millisecond) },
		"offline": func(e *meeting.Entry) { e.Offline = false },
		"member":  func(e *meeting.Entry) { e.Event.Member = "tolmeria-soste" },
		"device":  func(e *meeting.Entry) { e.Event.Mic = no() },
		"fewer":   func(e *meeting.Entry) { e.Event.Mic = nil },
		"meeting": func(e *meeting.Entry) { e.Meeting = "velune-three-2026" },
		"party":   func(e *meeting.Entry) { e.Party = "avelmar" },
		"kind":    func(e *meeting.Entry) { e.Event.Kind = meeting.MemberLeft },
	} {
		e := meeting.Sequence(p, 1, meeting.Hash{}, start)
		change(&e)
		if got, want := e.Answers(p), what == ""; got != want {
			t.Errorf("%q changed: Answers = %v, want %v", what, got, want)
		}
	}
}

func TestStatedNeverBecomesObserved(t *testing.T) {
	e := meeting.Sequence(proposal(), 1, meeting.Hash{}, start)
	for viewer, want := range map[meeting.PartyID]meeting.Basis{"tolmeria": meeting.Observed, "avelmar": meeting.Stated, "calwen": meeting.Stated, "": meeting.Stated} {
		if got := e.Basis(viewer); got != want {
			t.Errorf("basis for %q = %s, want %s", viewer, got, want)
		}
	}
}

func TestReplay(t *testing.T) {
	s := meeting.Begin(annual())
	p := proposal()
	p.Event = meeting.Event{Kind: meeting.MemberJoined, Member: "tolmeria-soste"}
	e := meeting.Sequence(p, 0, meeting.Hash{}, start)
	got, err := meeting.Replay(s, []meeting.Entry{e})
	if err != nil || len(got.Present) != 1 || len(s.Present) != 0 {
		t.Errorf("replay: %v, %v", got.Present, err)
	}
	_, err = meeting.Replay(s, []meeting.Entry{e, e})
	wantCode(t, "joined twice", err, "member.present")
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add(meeting.EncodeEntry(meeting.Sequence(proposal(), 0, meeting.Hash{}, start)))
	p := proposal()
	p.Event = meeting.Event{Kind: meeting.MemberLeft, Member: "tolmeria-kosvane"}
	p.Offline = true
	f.Add(meeting.EncodeEntry(meeting.Sequence(p, 41, meeting.Hash{3}, start.Add(time.Hour))))
	f.Add([]byte(`{"n":1}`))
	for _, e := range everyShape() {
		p.Event = e
		f.Add(meeting.EncodeEntry(meeting.Sequence(p, 41, meeting.Hash{3}, start.Add(time.Hour))))
	}
	summit := meeting.Begin(summit())
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := meeting.DecodeEntry(b)
		if err != nil {
			return
		}
		if again := meeting.EncodeEntry(e); !bytes.Equal(again, b) {
			t.Fatalf("%s was taken as %s: two forms of one entry", b, again)
		}
		_, _ = meeting.Apply(meeting.Begin(annual()), e.Party, e.At, e.Event)
		if s, err := meeting.ApplyEntry(summit, e); err == nil && s.Phase == meeting.Opened {
			t.Fatalf("%s opened the doors", b)
		}
	})
}

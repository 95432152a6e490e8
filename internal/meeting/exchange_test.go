package meeting_test

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"visavis/internal/meeting"
)

func exchanges() map[string]meeting.Exchange {
	p := proposal()
	return map[string]meeting.Exchange{
		`{"join":{"meeting":"avelmar-tolmeria-2026","digest":"0100000000000000000000000000000000000000000000000000000000000000","have":12,"ask":true}}`: {
			Join: &meeting.JoinLog{Meeting: p.Meeting, Digest: meeting.Hash{1}, Have: 12, Ask: true}},
		`{"propose":{"meeting":"avelmar-tolmeria-2026","party":"tolmeria","counter":7,"at":"2026-12-09T23:30:01.5Z","offline":false,"event":{"kind":"member.devices","member":"tolmeria-kosvane","mic":true,"camera":false}}}`: {
			Propose: &p},
		`{"entry":{"meeting":"avelmar-tolmeria-2026","n":5,"last":9,"data":["e30=","eyI="]}}`: {
			Entry: &meeting.EntryBytes{Meeting: p.Meeting, N: 5, Last: 9, Data: [][]byte{[]byte("{}"), []byte(`{"`)}}},
		`{"head":{"meeting":"avelmar-tolmeria-2026","n":5,"hash":"0200000000000000000000000000000000000000000000000000000000000000","party":"avelmar","sig":"AQI="}}`: {
			Head: &meeting.Head{Meeting: p.Meeting, N: 5, Hash: meeting.Hash{2}, Party: "avelmar", Sig: []byte{1, 2}}},
		`{"refuse":{"meeting":"avelmar-tolmeria-2026","counter":7,"code":"member.absent"}}`: {
			Refuse: &meeting.Refusal{Meeting: p.Meeting, Counter: 7, Code: "member.absent"}},
	}
}

func TestExchangeGolden(t *testing.T) {
	for want, x := range exchanges() {
		got, err := meeting.EncodeExchange(x)
		if err != nil || string(got) != want {
			t.Errorf("encode: %s, %v\nwant %s", got, err, want)
		}
		back, err := meeting.DecodeExchange([]byte(want))
		if err != nil || !reflect.DeepEqual(back, x) {
			t.Errorf("decode %s: %+v, %v", want, back, err)
		}
		if back.Meeting() != "avelmar-tolmeria-2026" {
			t.Errorf("%s is about %q", want, back.Meeting())
		}
	}
}

func TestExchangeRefuses(t *testing.T) {
	long := strings.Repeat("A", 4*(meeting.MaxPieceBytes/3+1))
	many := strings.TrimSuffix(strings.Repeat(`"e30=",`, meeting.MaxPiece), ",")
	for in, want := range map[string]string{
		`{}`:                          "exchange.one",
		`{"head":null,"refuse":null}`: "exchange.one",
		`{"join":{"meeting":"m","digest":"` + strings.Repeat("0", 64) + `","have":0},"refuse":{"meeting":"m","counter":1,"code":"a"}}`: "exchange.one",
		`{"join":{"meeting":"M","digest":"` + strings.Repeat("0", 64) + `","have":0}}`:                                                 "meeting.id",
		`{"join":{"meeting":"m","digest":"` + strings.Repeat("0", 64) + `","have":-1}}`:                                                "log.number",
		`{"join":{"meeting":"m","digest":"00","have":0}}`:                                                                              "json.type",
		`{"entry":{"meeting":"m","n":1,"last":1,"data":[]}}`:                                                                           "log.number",
		`{"entry":{"meeting":"m","n":1,"last":0,"data":["e30="]}}`:                                                                     "log.number",
		`{"entry":{"meeting":"m","n":1,"last":64,"data":[` + many + `]}}`:                                                              "",
		`{"entry":{"meeting":"m","n":1,"last":65,"data":[` + many + `,"e30="]}}`:                                                       "json.list at entry.data",
		`{"entry":{"meeting":"m","n":1,"last":1,"data":["` + long + `"]}}`:                                                             "log.size",
		`{"refuse":{"meeting":"m","counter":0,"code":"a"}}`:                                                                            "exchange.malformed",
		`{"refuse":{"meeting":"m","counter":1,"code":"a b"}}`:                                                                          "exchange.malformed",
		`{"refuse":{"meeting":"m","counter":1,"code":"` + strings.Repeat("a", 65) + `"}}`:                                              "exchange.malformed",
		`{"head":{"meeting":"m","n":1,"hash":"` + strings.Repeat("0", 64) + `","party":"p","sig":""}}`:                                 "log.signature",
		`{"from":"avelmar","refuse":{"meeting":"m","counter":1,"code":"a"}}`:                                                           "json.unknown",
		`{"Refuse":{"meeting":"m","counter":1,"code":"a"}}`:                                                                            "json.case",
	} {
		_, err := meeting.DecodeExchange([]byte(in))
		if got := codeOf(err); got != want {
			t.Errorf("%.120s: %q, want %q", in, got, want)
		}
	}
	b, _ := meeting.EncodeExchange(meeting.Exchange{Refuse: &meeting.Refusal{Meeting: "m", Counter: 1, Code: "a"}})
	pad := func(n int) []byte { return append(bytes.Clone(b), bytes.Repeat([]byte(" "), n-len(b))...) }
	if _, err := meeting.DecodeExchange(pad(meeting.MaxExchange)); err != nil {
		t.Errorf("at the limit: %v", err)
	}
	if _, err := meeting.DecodeExchange(pad(meeting.MaxExchange + 1)); codeOf(err) != "json.size" {
		t.Errorf("beyond the limit: %v", err)
	}
}

// TestPieceFits: the largest piece that a host makes is an exchange that a guest takes.
func TestPieceFits(t *testing.T) {
	var data [][]byte
	for range meeting.MaxPiece {
		data = append(data, bytes.Repeat([]byte("x"), meeting.MaxPieceBytes/meeting.MaxPiece))
	}
	b, err := meeting.EncodeExchange(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: meeting.ID(strings.Repeat("m", meeting.MaxID)), N: 1 << 50, Last: 1 << 52, Data: data}})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := meeting.DecodeExchange(b); err != nil {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

func FuzzDecodeExchange(f *testing.F) {
	for in := range exchanges() {
		f.Add([]byte(in))
	}
	for in := range notices() {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		x, err := meeting.DecodeExchange(b)
		if err != nil {
			return
		}
		again, err := meeting.EncodeExchange(x)
		if err != nil {
			t.Fatalf("%s was taken and cannot be sent: %v", b, err)
		}
		if _, err := meeting.DecodeExchange(again); err != nil && len(b) < meeting.MaxExchange/2 {
			t.Fatalf("%s: %v", again, err)
		}
	})
}

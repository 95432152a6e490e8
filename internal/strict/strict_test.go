package strict_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"visavis/internal/strict"
)

type offer struct {
	SDP   string   `json:"sdp"`
	Names []string `json:"names,omitempty"`
}

type base struct {
	ID string `json:"id"`
}

type hello struct {
	base
	Role   string            `json:"role"`
	N      int               `json:"n,omitempty"`
	F      float64           `json:"f"`
	B      bool              `json:"b"`
	Offer  *offer            `json:"offer,omitempty"`
	List   []offer           `json:"list"`
	Map    map[string]offer  `json:"map"`
	Text   map[string]string `json:"text"`
	Any    any               `json:"any"`
	When   time.Time         `json:"when"`
	Raw    []byte            `json:"raw"`
	Pair   [2]int            `json:"pair"`
	Bare   int
	Hidden int `json:"-"`
}

// traps are inputs that another reader would take, or read as something else.
var traps = []struct{ in, want string }{
	{`{"role":"press"}`, ""},
	{`{"role":"press","ROLE":"principal"}`, "json.case at "},
	{`{"ROLE":"principal"}`, "json.case"},
	{`{"roLe":"principal"}`, "json.case"},
	{`{"role":"press","role":"principal"}`, "json.duplicate"},
	{`{"role":"press","\u0072ole":"principal"}`, "json.duplicate"},
	{`{"\u0072ole":"press"}`, ""},
	{`{"offer":{"sdp":"a","SDP":"b"}}`, "json.case at offer"},
	{`{"list":[{},{"sdp":"a","Names":[]}]}`, "json.case at list[1]"},
	{`{"map":{"x":{"sdp":"a","sdp":"b"}}}`, "json.duplicate at map.*"},
	{`{"text":{"en":"a","en":"b"}}`, "json.duplicate at text"},
	{`{"text":{"en":"a","EN":"b"}}`, ""},
	{`{"any":{"a":1,"a":2}}`, "json.duplicate at any"},
	{`{"from":"avelmar"}`, "json.unknown"},
	{`{"Hidden":1}`, "json.unknown"},
	{`{"Bare":1}`, ""},
	{`{"bare":1}`, "json.case"},
	{`{"id":"x"}`, ""},
	{`{"base":{"id":"x"}}`, "json.unknown"},
	{`{"ſdp":1}`, "json.unknown"},
	{`{"offer":{"ſdp":"x"}}`, "json.case at offer"},
	{`{} {}`, "json.trailing"},
	{`{}{"role":"principal"}`, "json.trailing"},
	{"{}\n", ""},
	{`{}]`, "json.trailing"},
	{``, "json.syntax"},
	{`{`, "json.syntax"},
	{`{"role"`, "json.syntax"},
	{`{"role":"press",}`, "json.syntax"},
	{`{"list":[{},]}`, "json.syntax"},
	{`{role:"press"}`, "json.syntax"},
	{`{'role':"press"}`, "json.syntax"},
	{`{"role":"a` + "\n" + `b"}`, "json.syntax"},
	{`{"role":"\x"}`, "json.syntax"},
	{`{"role":"\u12g4"}`, "json.syntax"},
	{`{"role":"\u+123"}`, "json.syntax"},
	{`{"b":tru}`, "json.syntax"},
	{`{"n":01}`, "json.syntax"},
	{`{"n":+1}`, "json.syntax"},
	{`{"n":.5}`, "json.syntax"},
	{`{"n":NaN}`, "json.syntax"},
	{`{"f":1.}`, "json.syntax"},
	{`{"f":1e}`, "json.syntax"},
	{`/*x*/{}`, "json.syntax"},
	{"\ufeff{}", "json.syntax"},
	{"{\"role\":\"\xff\"}", "json.utf8"},
	{"{\"role\":\"\xc0\xaf\"}", "json.utf8"},
	{`{"role":"\ud800"}`, "json.utf8"},
	{`{"role":"\udc00\ud800"}`, "json.utf8"},
	{`{"role":"\ud83d\ude00"}`, ""},
	{`{"\ud800":"x"}`, "json.utf8"},
	{`{"role":1}`, "json.type at role"},
	{`{"role":null}`, "json.type at role"},
	{`{"offer":null,"list":null,"map":null,"any":null}`, ""},
	{`{"n":null}`, "json.type"},
	{`{"n":1.0}`, "json.type"},
	{`{"n":1e2}`, "json.type"},
	{`{"n":"1"}`, "json.type"},
	{`{"n":true}`, "json.type"},
	{`{"b":1}`, "json.type"},
	{`{"n":9007199254740991}`, ""},
	{`{"n":9007199254740992}`, "json.type"},
	{`{"n":-9007199254740992}`, "json.type"},
	{`{"f":1.5e3}`, ""},
	{`{"offer":[]}`, "json.type at offer"},
	{`{"list":{}}`, "json.type at list"},
	{`{"list":[1]}`, "json.type at list[0]"},
	{`{"pair":[1]}`, "json.type at pair"},
	{`{"pair":[1,2,3]}`, "json.type at pair"},
	{`{"pair":[1,2]}`, ""},
	{`{"when":"2026-12-09T23:30:00Z"}`, ""},
	{`{"when":"soon"}`, "json.type"},
	{`{"when":null}`, "json.type at when"},
	{`{"raw":"AAE="}`, ""},
	{`{"raw":[1,2]}`, "json.type at raw"},
	{`{"raw":"%"}`, "json.type"},
	{`[]`, "json.type"},
	{`"x"`, "json.type"},
}

func TestTraps(t *testing.T) {
	for _, c := range traps {
		var v hello
		err := strict.Decode([]byte(c.in), &v, strict.Limits{})
		got := ""
		if err != nil {
			got = err.Error()
		}
		if c.want == "" && got != "" || c.want != "" && !strings.HasPrefix(got+" at ", c.want) {
			t.Errorf("Decode(%s) = %q, want %q", c.in, got, c.want)
		}
	}
	// control: the standard decoder takes the first trap, as the other role
	var v hello
	if err := json.Unmarshal([]byte(`{"role":"press","ROLE":"principal"}`), &v); err != nil || v.Role != "principal" {
		t.Errorf("control: encoding/json gives role %q, err %v; the trap is none any more", v.Role, err)
	}
}

func TestLimits(t *testing.T) {
	l := strict.Limits{Bytes: 100, Depth: 4, List: 5, String: 6}
	for _, c := range []struct {
		what, code string
		n          int
		in         func(n int) string
	}{
		{"bytes", "json.size", 100, func(n int) string { return `{}` + strings.Repeat(" ", n-2) }},
		{"depth", "json.depth", 4, func(n int) string {
			return `{"any":` + strings.Repeat("[", n-1) + strings.Repeat("]", n-1) + `}`
		}},
		{"list", "json.list", 5, func(n int) string { return `{"any":[` + strings.TrimSuffix(strings.Repeat("1,", n), ",") + `]}` }},
		{"members", "json.list", 5, func(n int) string {
			var m []string
			for i := range n {
				m = append(m, fmt.Sprintf(`"%d":1`, i))
			}
			return `{"any":{` + strings.Join(m, ",") + `}}`
		}},
		{"string", "json.string", 6, func(n int) string { return `{"role":"` + strings.Repeat("a", n) + `"}` }},
		{"escaped string", "json.string", 6, func(n int) string { return `{"role":"` + strings.Repeat(`\u0061`, n) + `"}` }},
		{"wide string", "json.string", 6, func(n int) string { return `{"role":"` + strings.Repeat("a", n-2) + `é"}` }},
		{"key", "json.string", 6, func(n int) string { return `{"any":{"` + strings.Repeat("k", n) + `":1}}` }},
	} {
		var v hello
		if err := strict.Decode([]byte(c.in(c.n)), &v, l); err != nil {
			t.Errorf("%s at the limit: %v, want none", c.what, err)
		}
		var se *strict.Error
		if err := strict.Decode([]byte(c.in(c.n+1)), &v, l); !errors.As(err, &se) || se.Code != c.code {
			t.Errorf("%s beyond the limit: %v, want %s", c.what, err, c.code)
		}
	}
	if err := strict.Decode([]byte(`"`+strings.Repeat("a", strict.DefaultBytes-2)+`"`), new(string), strict.Limits{}); err != nil {
		t.Errorf("default size: %v", err)
	}
	if err := strict.Decode([]byte(strings.Repeat("[", strict.DefaultDepth)+strings.Repeat("]", strict.DefaultDepth)), new(any), strict.Limits{}); err != nil {
		t.Errorf("default depth: %v", err)
	}
}

// FuzzStrictJSON: what passes is valid JSON that encoding/json reads the same way, and that a reader which keeps the first of two
// keys, minds the case or stops after one value reads the same way too.
func FuzzStrictJSON(f *testing.F) {
	for _, c := range traps {
		f.Add([]byte(c.in))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var v hello
		err := strict.Decode(b, &v, strict.Limits{Bytes: 4096})
		var se *strict.Error
		if err != nil {
			if !errors.As(err, &se) {
				t.Fatalf("error %v is no *strict.Error", err)
			}
			return
		}
		if !json.Valid(b) {
			t.Fatalf("took %q, which is no JSON", b)
		}
		again, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("marshal: %v", err)
		}
		var w hello
		if err := strict.Decode(again, &w, strict.Limits{Bytes: 64 << 10}); err != nil {
			t.Fatalf("own output %s: %v", again, err)
		}
		if !reflect.DeepEqual(v, w) {
			t.Fatalf("%+v came back as %+v", v, w)
		}
		var loose map[string]json.RawMessage
		if err := json.Unmarshal(b, &loose); err == nil && loose["role"] != nil {
			var role string
			if json.Unmarshal(loose["role"], &role); role != v.Role {
				t.Fatalf("role %q, by exact key %q", v.Role, role)
			}
		}
	})
}

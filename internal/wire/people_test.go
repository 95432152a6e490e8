package wire_test

import (
	"encoding/json"
	"strings"
	"testing"

	"visavis/internal/wire"
)

// TestPeopleBounds: each bound at n and n+1.
func TestPeopleBounds(t *testing.T) {
	long := func(n int) string { return strings.Repeat("a", n) }
	for _, c := range []struct {
		name string
		b    string
		ok   bool
	}{
		{"code", `{"code":"` + long(wire.MaxToken) + `"}`, true}, {"code too long", `{"code":"` + long(wire.MaxToken+1) + `"}`, false},
		{"body", `{"credential":{"a":"` + long(wire.MaxPasskey-23) + `"}}`, true}, {"body too long", `{"credential":{"a":"` + long(wire.MaxPasskey-22) + `"}}`, false},
		{"unknown", `{"role":"officer"}`, false}, {"other case", `{"Code":"a"}`, false}, {"twice", `{"code":"a","code":"b"}`, false},
		{"twice inside", `{"credential":{"id":"a","id":"b"}}`, false}, {"half a surrogate", `{"credential":{"id":"\ud800"}}`, false},
	} {
		if _, err := wire.DecodePasskey([]byte(c.b)); (err == nil) != c.ok {
			t.Errorf("passkey, %s: %v, want ok %v", c.name, err, c.ok)
		}
	}
	for b, ok := range map[string]bool{
		`{"id":"` + long(128) + `"}`: true, `{"id":"` + long(129) + `"}`: false, `{"id":""}`: false, `{"id":"a","party":"b"}`: false,
	} {
		if _, err := wire.DecodeAccount([]byte(b)); (err == nil) != ok {
			t.Errorf("account of %d bytes: %v, want ok %v", len(b), err, ok)
		}
	}
	for b, ok := range map[string]bool{
		`{"meeting":"m","id":"s"}`: true, `{"meeting":"m"}`: false, `{"id":"s"}`: false, `{"meeting":"m","id":"` + long(129) + `"}`: false,
	} {
		if _, err := wire.DecodeEnd([]byte(b)); (err == nil) != ok {
			t.Errorf("end of %d bytes: %v, want ok %v", len(b), err, ok)
		}
	}
}

// FuzzPeople: what is taken is JSON within its bounds, whatever came.
func FuzzPeople(f *testing.F) {
	f.Add([]byte(`{"code":"abc","credential":{"id":"AA","rawId":"AA","type":"public-key","response":{"clientDataJSON":"AA"}}}`))
	f.Add([]byte(`{"id":"avelmar-vost","name":"Lirien Vost","role":"officer"}`))
	f.Add([]byte(`{"meeting":"m","id":"s"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if q, err := wire.DecodePasskey(b); err == nil {
			if len(b) > wire.MaxPasskey || len(q.Code) > wire.MaxToken || q.Credential != nil && !json.Valid(q.Credential) {
				t.Errorf("took %q as %+v", b, q)
			}
		}
		if q, err := wire.DecodeAccount(b); err == nil && (q.ID == "" || len(b) > wire.MaxMessage) {
			t.Errorf("took %q as %+v", b, q)
		}
		if q, err := wire.DecodeEnd(b); err == nil && (q.ID == "" || q.Meeting == "" || len(b) > wire.MaxMessage) {
			t.Errorf("took %q as %+v", b, q)
		}
	})
}

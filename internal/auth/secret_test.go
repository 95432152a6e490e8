package auth_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"visavis/internal/auth"
)

func TestSecretIsNeverPrinted(t *testing.T) {
	const text = "abcdefghijklmnop"
	s := auth.NewSecret(text)
	type hidden struct{ inner auth.Secret } // unexported: fmt does not ask its methods
	type open struct{ Inner auth.Secret }
	var out bytes.Buffer
	for _, format := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%T %v"} {
		for _, v := range []any{s, &s, hidden{s}, open{s}, []auth.Secret{s}, map[string]auth.Secret{"k": s}, struct{ e error }{fmt.Errorf("wrap %v", s)}} {
			fmt.Fprintf(&out, format+"\n", v)
		}
	}
	for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
		slog.New(h).Info("message", "secret", s, "in", open{s}, "deep", hidden{s})
	}
	for _, v := range []any{s, open{s}, []auth.Secret{s}} {
		b, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(b)
	}
	hex := fmt.Sprintf("%x", text)
	for _, bad := range []string{text, hex, strings.ToUpper(hex), "97 98 99"} {
		if i := strings.Index(out.String(), bad); i >= 0 {
			t.Errorf("printed as %q: …%s…", bad, out.String()[max(0, i-40):i+len(bad)])
		}
	}
	if !strings.Contains(out.String(), "•") {
		t.Error("nothing was printed at all")
	}
	if got := s.Reveal(); got != text { // the control
		t.Errorf("Reveal = %q, want %q", got, text)
	}
}

func TestSecretEqual(t *testing.T) {
	a, b, c := auth.NewSecret("a"), auth.NewSecret("a"), auth.NewSecret("b")
	if !a.Equal(b) || a.Equal(c) || a.Equal(auth.Secret{}) || !(auth.Secret{}).Equal(auth.NewSecret("")) {
		t.Error("Equal compares something else than the text")
	}
}

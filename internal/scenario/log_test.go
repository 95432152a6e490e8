package scenario

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/auth"
)

// TestLogsHoldNoSecret runs a meeting with a cut, a restart, a wrong code, a leaving and the finest log level, and looks into all logs
// for what must never be there: codes, cookies, tokens, passwords, keys, names, titles. The control: members are there by their ids.
func TestLogsHoldNoSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{Seed: 2, Names: Definition{"title": "Quiet talks", "avelmar-one": "Nomen Nescio", "tolmeria-one": "Jane Roe"}})
		q, c := w.Avelmar.joinCaptured("avelmar-principal")
		far := w.Tolmeria.Join("tolmeria-one", nil)
		w.connected(q, far)
		secrets := map[string]string{"title": "Quiet talks", "name": "Nomen Nescio", "far name": "Jane Roe", "office": "Office of"}

		unused, used := w.Avelmar.Invite("avelmar-two").Reveal(), w.Avelmar.Invite("avelmar-one").Reveal()
		secrets["unused code"], secrets["used code"] = code(unused), code(used)
		g := w.Avelmar.guest()
		secrets["wrong code"] = strings.Repeat("Q", len(code(used)))
		g.enter("#" + secrets["wrong code"])
		g.enter(used)
		_, secrets["cookie"], _ = strings.Cut(g.cookie, "=")
		ws, _ := g.socket()
		say(t, ws, g.hello())
		_, b, err := ws.Read(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Welcome struct{ Resume, Answer string }
		}
		if err := json.Unmarshal(b, &m); err != nil || m.Welcome.Resume == "" {
			t.Fatalf("no welcome: %v, %.100s", err, b)
		}
		secrets["resume token"] = m.Welcome.Resume
		secrets["ICE password"] = string(c.password(t))
		say(t, ws, `{"nonsense":"Nomen Nescio"}`)
		for _, p := range []*Party{w.Avelmar, w.Tolmeria} {
			for _, f := range []string{"keys/node.key", "keys/log.key"} {
				b, err := os.ReadFile(filepath.Join(filepath.Dir(p.Settings.Keys), f))
				if err != nil {
					t.Fatal(err)
				}
				secrets[string(p.ID)+" "+f] = strings.Split(string(b), "\n")[1]
			}
		}
		w.Net.Cut(w.Avelmar.Host, w.Tolmeria.Host, true)
		time.Sleep(8 * time.Second)
		w.Net.Cut(w.Avelmar.Host, w.Tolmeria.Host, false)
		time.Sleep(5 * time.Second)
		w.Avelmar.Stop()
		w.Avelmar.Start()
		time.Sleep(5 * time.Second)
		far.Bot.Leave()
		time.Sleep(2 * time.Second)
		for _, p := range []*Party{w.Avelmar, w.Tolmeria} {
			for what, s := range secrets {
				if s == "" {
					t.Errorf("no %s to look for", what)
				} else if strings.Contains(p.Log.String(), s) {
					t.Errorf("the log of %s has the %s", p.ID, what)
				}
			}
			p.logged(`"person":"tolmeria-one"`)
			for line := range strings.Lines(p.Log.String()) {
				if !json.Valid([]byte(line)) {
					t.Errorf("a line of the log of %s is not one JSON value: %.200s", p.ID, line)
				}
			}
		}
		if s := auth.NewSecret("x"); strings.Contains(s.String(), "x") {
			t.Error("a secret prints itself")
		}
	})
}

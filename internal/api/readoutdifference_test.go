package api

import (
	"encoding/json"
	"strings"
	"testing"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// TestDifferenceByWords: texts in, words out, in order; what is too much is refused.
func TestDifferenceByWords(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		pair := `{"before":"The Lanhe side committed to recognise them.","after":"The Lanhe side would consider them."}`
		a := vost.readout("/difference", `{"pairs":[`+pair+`,{"before":"والتزم باسم لانخه","after":"وقال إن لانخه"},{"before":"same","after":"same"}]}`)
		var d differences
		if err := json.Unmarshal([]byte(a.body), &d); err != nil || a.status != 200 || len(d.Differences) != 3 {
			t.Fatalf("%d %s", a.status, a.body)
		}
		for i, want := range []string{"=The Lanhe side |-committed to recognise|+would consider|= them.", "-والتزم باسم|+وقال إن|= لانخه", "=same"} {
			var got []string
			for _, c := range d.Differences[i] {
				got = append(got, map[readout.Op]string{readout.Keep: "=", readout.Remove: "-", readout.Insert: "+"}[c.Op]+c.Text)
			}
			if s := strings.Join(got, "|"); s != want {
				t.Errorf("%s, want %s", s, want)
			}
		}
		for name, body := range map[string]string{
			"13 pairs":   `{"pairs":[` + strings.Repeat(pair+",", 12) + pair + `]}`,
			"a long one": `{"pairs":[{"before":"` + strings.Repeat("a", 65<<10) + `","after":""}]}`,
			"no pairs":   `{"pairs":7}`,
		} {
			if a := vost.readout("/difference", body); a.status < 400 || a.status >= 500 {
				t.Errorf("%s = %d %.100s", name, a.status, a.body)
			}
		}
	})
}

package auth

import (
	"strings"
	"testing"
)

// TestWordsAreUnambiguous: what is read over a bad line can be told apart.
func TestWordsAreUnambiguous(t *testing.T) {
	even, odd := strings.Fields(evenWords), strings.Fields(oddWords)
	if len(even) != 256 || len(odd) != 256 {
		t.Fatalf("%d and %d words, want 256 each", len(even), len(odd))
	}
	all := append(even, odd...)
	for i, w := range all {
		if len(w) < 3 || len(w) > 9 || strings.Trim(w, "abcdefghijklmnopqrstuvwxyz") != "" {
			t.Errorf("%q is not a short plain word", w)
		}
		for _, v := range all[:i] {
			if oneEdit(v, w) {
				t.Errorf("%q and %q are at most one letter apart", v, w)
			}
		}
	}
	if !oneEdit("boat", "goat") || !oneEdit("boat", "boats") || !oneEdit("boats", "boat") || !oneEdit("boat", "boat") || oneEdit("boat", "coast") {
		t.Error("oneEdit itself is wrong") // the control
	}
}

// oneEdit reports whether a becomes b by changing, adding or taking out at most one letter.
func oneEdit(a, b string) bool {
	if len(a) > len(b) {
		a, b = b, a
	}
	if len(b)-len(a) > 1 {
		return false
	}
	i := 0
	for i < len(a) && a[i] == b[i] {
		i++
	}
	if len(a) == len(b) {
		return i == len(a) || a[i+1:] == b[i+1:]
	}
	return a[i:] == b[i+1:]
}

// TestWordsTakeTurns: places are heard, so that a word left out is noticed.
func TestWordsTakeTurns(t *testing.T) {
	ws := Words(Offer{Raw: []byte("a")}, Offer{Raw: []byte("b")})
	if len(ws) != wordCount || wordCount*8 < 128 {
		t.Fatalf("%d words", len(ws))
	}
	for i, w := range ws {
		list := evenWords
		if i%2 == 1 {
			list = oddWords
		}
		if !strings.Contains("\n"+strings.ReplaceAll(list, " ", "\n")+"\n", "\n"+w+"\n") {
			t.Errorf("word %d, %q, is not of its list", i, w)
		}
	}
	// Written down once, so that another implementation can be checked and no change goes unseen.
	const want = "zone emerald stamp holiday scale planet oak daylight crust pillow reef mustard snail buffalo coach midnight"
	if got := strings.Join(ws, " "); got != want {
		t.Errorf("words = %s, want %s", got, want)
	}
	if back := Words(Offer{Raw: []byte("b")}, Offer{Raw: []byte("a")}); strings.Join(back, " ") != strings.Join(ws, " ") {
		t.Errorf("the other side reads %v", back)
	}
}

package auth

import (
	"crypto/ed25519"
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// wordsMagic begins what the words are computed from.
const wordsMagic = "visavis-pair-words/1"

// wordCount is 16 words of 8 bits: 128 bits. A man in the middle knows both true offers before he must settle on his false ones, and so looks
// for any two false offers that give both sides the same words: a birthday search of 2^64 trials in 128 bits. Eight words, which look like 64
// bits, would fall to 2^32.
const wordCount = 16

// wordWork is how often each trial is hashed (PBKDF2, RFC 8018 §5.2): 2^18 makes the search one of 2^82. It costs an officer 0.1 s.
const wordWork = 1 << 18

// Words are what two officers read to each other: the same on both sides if, and only if, both have the same two offers in hand, byte by byte.
// Everything is in them: roots, documents, secrets, ends. The words stand for the bytes of PBKDF2-HMAC-SHA-256 over SHA-256 of the one offer and
// of the other (the smaller text first), salt wordsMagic.
func Words(a, b Offer) []string {
	if string(a.Raw) > string(b.Raw) {
		a, b = b, a
	}
	ha, hb := sha256.Sum256(a.Raw), sha256.Sum256(b.Raw)
	sum, err := pbkdf2.Key(sha256.New, string(ha[:])+string(hb[:]), []byte(wordsMagic), wordWork, wordCount)
	if err != nil {
		panic(err) // only for lengths that FIPS 140 mode refuses: ours are constants
	}
	lists := [2][]string{strings.Fields(evenWords), strings.Fields(oddWords)}
	out := make([]string, wordCount)
	for i := range out {
		out[i] = lists[i%2][sum[i]]
	}
	return out
}

// Fingerprint of a root or another key, for letters and screens: SHA-256 in groups of four hex digits.
func Fingerprint(k ed25519.PublicKey) string {
	h := sha256.Sum256(k)
	s := hex.EncodeToString(h[:])
	var groups []string
	for ; s != ""; s = s[4:] {
		groups = append(groups, s[:4])
	}
	return strings.Join(groups, " ")
}

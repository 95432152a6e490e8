package readout_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"testing"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// sample is the readout of the eighth annual meeting of Avelmar and Tolmeria: joint, six languages, twelve blocks, everything ready.
func sample(t testing.TB) readout.Document {
	t.Helper()
	b, err := os.ReadFile("testdata/avelmar-tolmeria-2025.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readout.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// key is the readout key of a party in tests: made of its name.
func key(p meeting.PartyID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("readout key of " + p))
	return ed25519.NewKeyFromSeed(seed[:])
}

func fileKey(p meeting.PartyID) readout.FileKey {
	doc := sha256.Sum256([]byte("document of " + p))
	return readout.FileKey{Party: p, Public: key(p).Public().(ed25519.PublicKey), Document: hex.EncodeToString(doc[:])}
}

func keys(parties ...meeting.PartyID) readout.Keys {
	out := readout.Keys{}
	for _, p := range parties {
		out[p] = []readout.Key{{Public: fileKey(p).Public, Document: fileKey(p).Document}}
	}
	return out
}

// manifest reads the manifest of a file without looking at its lines.
func manifest(t testing.TB, d readout.Document) readout.Manifest {
	t.Helper()
	f, err := d.Unsigned()
	if err != nil {
		t.Fatal(err)
	}
	m, err := readout.ParseManifest(f.Manifest[:len(f.Manifest)-1])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func line(t testing.TB, m readout.Manifest, p meeting.PartyID, k ed25519.PrivateKey) readout.Line {
	t.Helper()
	s, err := readout.SignManifest(m, p, k)
	if err != nil {
		t.Fatal(err)
	}
	l, err := readout.ParseLine(s)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// signed is the file of d with the lines of parties.
func signed(t testing.TB, d readout.Document, parties ...meeting.PartyID) readout.File {
	t.Helper()
	f, err := d.Unsigned()
	if err != nil {
		t.Fatal(err)
	}
	m := manifest(t, d)
	for _, p := range parties {
		if f, err = f.WithLine(line(t, m, p, key(p)), fileKey(p)); err != nil {
			t.Fatal(err)
		}
	}
	return f
}

// code is the code of an error that a person may read.
func code(err error) string {
	if e, ok := err.(*meeting.Error); ok {
		return e.Code
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

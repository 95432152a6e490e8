package node

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// What the commands around readouts speak of.
type (
	ReadoutFile    = readout.File
	ReadoutContent = readout.Content
	ReadoutBlock   = readout.ContentBlock
	ReadoutPerson  = readout.ContentSpeaker
	ReadoutReport  = readout.Report
)

// MaxReadoutFile bounds a readout's file, bytes.
const MaxReadoutFile = readout.MaxFile

// ReadMarked is s with its invisible signs written out.
func ReadMarked(s string) string { return readout.Marked(s) }

// ReadoutKeys are the readout keys that party documents name, whoever brought the documents: their roots are for a person to compare.
func ReadoutKeys(documents [][]byte) (readout.Keys, []auth.Document, error) {
	keys := readout.Keys{}
	var docs []auth.Document
	for _, b := range documents {
		d, err := auth.ParseDocument(b)
		if err != nil {
			return nil, nil, err
		}
		if _, twice := keys[d.Party]; twice {
			return nil, nil, fmt.Errorf("two documents of %s: give the one that you trust", d.Party)
		}
		docs = append(docs, d)
		sum := sha256.Sum256(b)
		keys[d.Party] = []readout.Key{}
		for _, k := range d.Keys {
			if k.Purpose != auth.ReadoutKey {
				continue
			}
			revoked := false
			for _, r := range d.Revoked {
				revoked = revoked || r.Public.Equal(k.Public)
			}
			keys[d.Party] = append(keys[d.Party], readout.Key{Public: k.Public, Document: hex.EncodeToString(sum[:]), Revoked: revoked})
		}
	}
	return keys, docs, nil
}

// VerifyReadout checks a readout's file: against the documents of parties, or with none against the keys that it brings itself. The error is a
// *readout.Unfit, whose findings are in the report too, or says why the file or a document cannot be read.
func VerifyReadout(file []byte, documents [][]byte) (ReadoutReport, []auth.Document, error) {
	f, err := readout.ParseFile(file)
	if err != nil {
		return ReadoutReport{}, nil, err
	}
	if len(documents) == 0 {
		r, err := readout.Verify(f, nil)
		return r, nil, err
	}
	keys, docs, err := ReadoutKeys(documents)
	if err != nil {
		return ReadoutReport{}, nil, err
	}
	r, err := readout.Verify(f, keys)
	return r, docs, err
}

// ToSign is a readout that waits for a line, as its signer has to see it: made from the bytes that are signed.
type ToSign struct {
	File     ReadoutFile
	Contents []ReadoutContent
	Manifest readout.Manifest
	Party    meeting.PartyID
	Signed   bool // the file has a line of the party already

	document []byte
	doc      auth.Document
}

// OpenToSign reads a file and the document of the party that is to sign it. Nothing is taken from the file but what its own hashes bear out.
func OpenToSign(file, document []byte) (*ToSign, error) {
	f, err := readout.ParseFile(file)
	if err != nil {
		return nil, err
	}
	doc, err := auth.ParseDocument(document)
	if err != nil {
		return nil, err
	}
	t := &ToSign{File: f, Party: doc.Party, document: document, doc: doc}
	r, err := readout.Verify(f, nil)
	var unfit *readout.Unfit
	if err != nil && !errors.As(err, &unfit) {
		return nil, err
	}
	for _, e := range r.Findings { // lines that are missing are why we are here; nothing else may be wrong
		if e.Code != "readout.signature.missing" {
			return nil, err
		}
	}
	if t.Manifest, err = f.ManifestOf(); err != nil {
		return nil, err
	}
	for _, l := range t.Manifest.Languages {
		c, ok := f.Content(l.Tag)
		if !ok {
			return nil, fmt.Errorf("the text in %s cannot be read", l.Tag)
		}
		t.Contents = append(t.Contents, c)
	}
	for _, s := range r.Signatures {
		t.Signed = t.Signed || s.Party == doc.Party && s.Fits
	}
	return t, nil
}

// Sign puts the party's line under the file with the key that lies at path, which the party's document must name for readouts at that moment.
func (t *ToSign) Sign(path string, now time.Time) ([]byte, error) {
	key, err := readKey(path)
	if err != nil {
		return nil, err
	}
	named := false
	for _, k := range t.doc.Valid(auth.ReadoutKey, now) {
		named = named || k.Equal(public(key))
	}
	if !named {
		return nil, fmt.Errorf("%s is not a readout key that the document of %s names now", path, t.Party)
	}
	s, err := readout.SignManifest(t.Manifest, t.Party, key)
	if err != nil {
		return nil, err
	}
	line, err := readout.ParseLine(s)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(t.document)
	f, err := t.File.WithLine(line, readout.FileKey{Party: t.Party, Public: public(key), Document: hex.EncodeToString(sum[:])})
	if err != nil {
		return nil, err
	}
	return f.Encode()
}

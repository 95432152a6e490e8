package record

import (
	"bytes"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"
	"strings"

	"visavis/internal/meeting"
	"visavis/internal/strict"
)

// Keys are the log keys of each party. A key counts whenever it was valid: when an entry was written is in the log.
type Keys map[meeting.PartyID][]ed25519.PublicKey

// Finding is one thing that does not fit. Code is stable.
type Finding struct {
	Code string
	Args map[string]string
}

// Report is what Verify found.
type Report struct {
	Index    Index
	Record   *Record           // nil: the log does not stand
	Parties  []Countersigned   // in the definition's order
	Files    int               // that are as the index says
	Findings []Finding         // empty: everything fits
	seen     map[string]bool   // files that were looked at
	data     map[string][]byte // small files, read once
}

// Countersigned says how far a party has signed the log.
type Countersigned struct {
	Party meeting.PartyID
	N     int64 // entry; 0 = nothing that fits
	Key   ed25519.PublicKey
}

func (r *Report) find(code string, pairs ...string) {
	f := Finding{code, map[string]string{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		f.Args[pairs[i]] = pairs[i+1]
	}
	r.Findings = append(r.Findings, f)
}

// Verify holds an export against itself and against keys, and says exactly what does not fit: files against the index, the chain and the rules of the log, heads against log and keys, attendance and
// speaking log against what the log gives. The error is only for what cannot be read at all. It may be called concurrently.
func Verify(fsys fs.FS, keys Keys) (*Report, error) {
	r := &Report{seen: map[string]bool{IndexFile: true}, data: map[string][]byte{}}
	b, err := read(fsys, IndexFile, MaxIndex)
	if err != nil {
		return nil, fmt.Errorf("this is no record: %w", err)
	}
	if err := strict.Decode(b, &r.Index, strict.Limits{Bytes: MaxIndex, Depth: 4, List: MaxFiles, String: 256}); err != nil {
		return nil, fmt.Errorf("read %s: %w", IndexFile, err)
	}
	if r.Index.Purpose != purpose {
		return nil, fmt.Errorf("%s is not of this version: purpose %q", IndexFile, r.Index.Purpose)
	}
	if len(r.Index.Tracks) > 0 {
		r.find("record.tracks")
	}
	r.files(fsys)
	r.extra(fsys)
	r.log()
	if r.Record != nil {
		r.heads(keys)
		r.derived()
	}
	return r, nil
}

// read takes at most max bytes of a file.
func read(fsys fs.FS, name string, max int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err != nil || !st.Mode().IsRegular() {
		return nil, errors.Join(err, fmt.Errorf("%s is no regular file", name))
	}
	b, err := io.ReadAll(io.LimitReader(f, max+1))
	if err == nil && int64(len(b)) > max {
		err = fmt.Errorf("%s has more than %d bytes", name, max)
	}
	return b, err
}

// known says how large a file of an export may be; 0: no export has it.
func known(name string) int64 {
	switch name {
	case DefinitionFile:
		return meeting.MaxDefinition * 2
	case LogFile, OwnFile:
		return MaxLog
	case HeadsFile:
		return MaxIndex
	case AttendanceFile, AttendanceCSV, SpeakingFile, SpeakingCSV:
		return MaxDerived
	}
	if p, ok := strings.CutPrefix(name, documents); ok && strings.HasSuffix(p, ".json") && !strings.ContainsAny(p, "/\\") {
		return maxLine
	}
	return 0
}

// files reads what the index names and holds it against size and hash.
func (r *Report) files(fsys fs.FS) {
	for _, f := range r.Index.Files {
		limit := known(f.Name)
		if limit == 0 || r.seen[f.Name] {
			r.find("record.file.unknown", "file", f.Name)
			continue
		}
		r.seen[f.Name] = true
		b, err := read(fsys, f.Name, limit)
		if errors.Is(err, fs.ErrNotExist) {
			r.find("record.file.missing", "file", f.Name)
			continue
		}
		if err != nil {
			r.find("record.file.unreadable", "file", f.Name, "why", err.Error())
			continue
		}
		if sum := sha256.Sum256(b); int64(len(b)) != f.Bytes || hex.EncodeToString(sum[:]) != f.SHA256 {
			r.find("record.file.changed", "file", f.Name)
		} else {
			r.Files++
		}
		r.data[f.Name] = b
	}
	for _, name := range []string{DefinitionFile, LogFile, HeadsFile, AttendanceFile, AttendanceCSV, SpeakingFile, SpeakingCSV} {
		if !r.seen[name] {
			r.find("record.file.missing", "file", name)
		}
	}
	if r.seen[OwnFile] != r.Index.Own {
		r.find("record.own")
	}
}

// extra says what is there and not in the index.
func (r *Report) extra(fsys fs.FS) {
	n := 0
	err := fs.WalkDir(fsys, ".", func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		if n++; n > 4*MaxFiles {
			return fs.SkipAll
		}
		if !r.seen[p] {
			r.find("record.file.extra", "file", p)
		}
		return nil
	})
	if err != nil {
		r.find("record.file.unreadable", "file", ".", "why", err.Error())
	}
}

// log checks definition and chain.
func (r *Report) log() {
	def, ok := r.data[DefinitionFile]
	log, ok2 := r.data[LogFile]
	if !ok || !ok2 {
		return // said already
	}
	d, err := meeting.ParseDefinition(bytes.TrimSuffix(def, []byte("\n")))
	if err != nil {
		r.find("record.definition", "why", err.Error())
		return
	}
	digest := d.Digest()
	if hex.EncodeToString(digest[:]) != r.Index.Digest || d.ID != r.Index.Meeting {
		r.find("record.definition.other")
	}
	var entries [][]byte
	if len(log) > 0 {
		if !bytes.HasSuffix(log, []byte("\n")) {
			r.find("record.log.cut")
		}
		entries = bytes.Split(bytes.TrimSuffix(log, []byte("\n")), []byte("\n"))
	}
	rec, err := New(d, entries)
	var bad *EntryError
	switch {
	case errors.As(err, &bad):
		r.find("record.log.entry", "n", strconv.FormatInt(bad.N, 10), "why", bad.Err.Error())
		return
	case err != nil:
		r.find("record.definition", "why", err.Error())
		return
	}
	r.Record = rec
	if rec.N != r.Index.Entries || rec.Hash != r.Index.Head {
		r.find("record.log.head", "n", strconv.FormatInt(rec.N, 10))
	}
}

// heads holds the countersignatures against log and keys.
func (r *Report) heads(keys Keys) {
	best := map[meeting.PartyID]Countersigned{}
	var hs []meeting.Head
	if b, ok := r.data[HeadsFile]; ok {
		if err := strict.Decode(b, &hs, strict.Limits{Bytes: MaxIndex, Depth: 3, List: MaxHeads, String: 256}); err != nil {
			r.find("record.heads", "why", err.Error())
		}
	}
	for _, h := range hs {
		at := []string{"party", string(h.Party), "n", strconv.FormatInt(h.N, 10)}
		hash, in := r.Record.At(h.N)
		_, party := r.Record.Definition.Party(h.Party)
		i := slices.IndexFunc(keys[h.Party], func(k ed25519.PublicKey) bool {
			return len(k) == ed25519.PublicKeySize && ed25519.Verify(k, h.SignedBytes(), h.Sig)
		})
		switch {
		case h.Check() != nil || h.Meeting != r.Record.Definition.ID || !party:
			r.find("record.head.foreign", at...)
		case len(keys[h.Party]) == 0:
			r.find("record.head.nokey", at...)
		case i < 0:
			r.find("record.head.signature", at...)
		case !in || hash != h.Hash:
			r.find("record.head.other", at...)
		case h.N > best[h.Party].N:
			best[h.Party] = Countersigned{h.Party, h.N, keys[h.Party][i]}
		}
	}
	for _, p := range r.Record.Definition.Parties {
		c := best[p.ID]
		c.Party = p.ID
		r.Parties = append(r.Parties, c)
		if c.N == 0 && r.Record.N > 0 {
			r.find("record.head.missing", "party", string(p.ID))
		}
	}
}

// derived holds attendance and speaking log against what the log gives.
func (r *Report) derived() {
	for name, want := range map[string][]byte{AttendanceFile: encode(r.Record.attended()), AttendanceCSV: r.Record.attendanceCSV(), SpeakingFile: encode(r.Record.spoken()), SpeakingCSV: r.Record.speakingCSV()} {
		if got, ok := r.data[name]; ok && !bytes.Equal(got, want) {
			r.find("record.derived", "file", name)
		}
	}
	slices.SortStableFunc(r.Findings, func(a, b Finding) int {
		if a.Code == b.Code {
			return strings.Compare(a.Args["file"], b.Args["file"])
		}
		return 0
	})
}

// ReadDocument reads a party document of an export, bounded.
func ReadDocument(fsys fs.FS, name string) ([]byte, error) { return read(fsys, name, maxLine) }

package node

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/ed25519"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/record"
	"visavis/internal/room"
)

// RecordReport is what VerifyRecord found.
type RecordReport = record.Report

// recordBatch is how many entries are read from a log at once.
const recordBatch = 1000

// Record reads the shared log of a meeting as it is now.
func (d *Dir) Record(ctx context.Context, id meeting.ID) (*record.Record, error) {
	def, err := d.Definition(ctx, id)
	if err != nil {
		return nil, err
	}
	entries, err := d.logEntries(ctx, logName(id, false))
	if err != nil {
		return nil, err
	}
	return record.New(def, entries)
}

func (d *Dir) logEntries(ctx context.Context, name string) ([][]byte, error) {
	var out [][]byte
	size := 0
	for {
		es, err := d.Store.Entries(ctx, name, int64(len(out))+1, recordBatch)
		if err != nil {
			return nil, fmt.Errorf("read log %s: %w", name, err)
		}
		if len(es) == 0 {
			return out, nil
		}
		for _, e := range es {
			if size += len(e.Data) + 1; size > record.MaxLog {
				return nil, fmt.Errorf("log %s has more than %d bytes", name, record.MaxLog)
			}
			out = append(out, e.Data)
		}
	}
}

// RecordFiles makes the files of an export: the shared log, our signature under it, the other parties' latest ones, attendance and speaking log. The own log is
// among them only if own says so. It needs our log key.
func (d *Dir) RecordFiles(ctx context.Context, of string, own bool) ([]record.File, error) {
	id := meeting.ID(of)
	def, err := d.Definition(ctx, id)
	if err != nil {
		return nil, err
	}
	s := record.Source{Definition: def, Party: d.Settings.Party, Documents: map[meeting.PartyID][]byte{d.Settings.Party: d.signed}, Now: d.now()}
	if s.Entries, err = d.logEntries(ctx, logName(id, false)); err != nil {
		return nil, err
	}
	if len(s.Entries) == 0 {
		return nil, fmt.Errorf("meeting %s has no record yet: nobody has come", id)
	}
	ownLog, err := d.logEntries(ctx, logName(id, true))
	if err != nil {
		return nil, err
	}
	if s.Heads, err = headsOf(ownLog); err != nil {
		return nil, err
	}
	if own {
		s.Own = ownLog
	}
	r, err := record.New(def, s.Entries)
	if err != nil {
		return nil, err
	}
	h, err := d.signHead(r)
	if err != nil {
		return nil, err
	}
	s.Heads = append(s.Heads, h)
	for _, p := range def.Parties {
		peer, err := d.peers.Peer(ctx, p.ID)
		if err == nil {
			s.Documents[p.ID] = peer.Raw
		} else if p.ID != d.Settings.Party && !errors.Is(err, auth.ErrUnknownParty) {
			return nil, err
		}
	}
	return record.Files(s)
}

// headsOf gives the heads of others that the own log keeps.
func headsOf(own [][]byte) ([]meeting.Head, error) {
	var out []meeting.Head
	for i, b := range own {
		var r room.Record
		if err := json.Unmarshal(b, &r); err != nil {
			return nil, fmt.Errorf("own log entry %d: %w", i+1, err)
		}
		if r.Head != nil {
			out = append(out, *r.Head)
		}
	}
	return out, nil
}

func (d *Dir) signHead(r *record.Record) (meeting.Head, error) {
	key := d.LogKey
	if key == nil {
		var err error
		if key, err = d.key(logKeyFile, auth.LogKey); err != nil {
			return meeting.Head{}, fmt.Errorf("sign the record: %w", err)
		}
	}
	h := meeting.Head{Meeting: r.Definition.ID, N: r.N, Hash: r.Hash, Party: d.Settings.Party}
	h.Sig = ed25519.Sign(key, h.SignedBytes())
	return h, nil
}

// WriteRecord writes an export to a path that must not exist: an archive if it ends with .zip, else a directory. What could not be written whole is taken away again.
func WriteRecord(files []record.File, path string) (err error) {
	if _, err := os.Lstat(path); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already", path)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.RemoveAll(path))
		}
	}()
	if strings.HasSuffix(path, ".zip") {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
		if err != nil {
			return err
		}
		w := bufio.NewWriter(f)
		return errors.Join(record.Zip(w, files), w.Flush(), f.Sync(), f.Close())
	}
	for _, f := range files {
		p := filepath.Join(path, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(p), 0o700); err != nil {
			return err
		}
		if err := os.WriteFile(p, f.Data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

// VerifyRecord checks an export, a directory or an archive, against the documents of parties; with none against those that the export itself has, which proves only that it fits itself.
// The documents that were used come with the report.
func VerifyRecord(path string, given [][]byte) (*RecordReport, []auth.Document, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, nil, err
	}
	var fsys fs.FS = os.DirFS(path)
	if !st.IsDir() {
		z, err := zip.OpenReader(path)
		if err != nil {
			return nil, nil, fmt.Errorf("%s is neither a directory nor an archive: %w", path, err)
		}
		defer z.Close()
		fsys = z
	}
	if len(given) == 0 {
		if given, err = ownDocuments(fsys); err != nil {
			return nil, nil, err
		}
	}
	keys, docs, err := logKeys(given)
	if err != nil {
		return nil, nil, err
	}
	r, err := record.Verify(fsys, keys)
	return r, docs, err
}

// ownDocuments reads the party documents in an export.
func ownDocuments(fsys fs.FS) ([][]byte, error) {
	names, err := fs.Glob(fsys, "documents/*.json")
	if err != nil {
		return nil, err
	}
	var out [][]byte
	for _, n := range names[:min(len(names), meeting.MaxParties)] {
		b, err := record.ReadDocument(fsys, n)
		if err != nil {
			return nil, err
		}
		out = append(out, b)
	}
	return out, nil
}

// logKeys are the log keys that documents name and have not taken back.
func logKeys(documents [][]byte) (record.Keys, []auth.Document, error) {
	keys := record.Keys{}
	var docs []auth.Document
	for _, b := range documents {
		doc, err := auth.ParseDocument(b)
		if err != nil {
			return nil, nil, err
		}
		if _, twice := keys[doc.Party]; twice {
			return nil, nil, fmt.Errorf("two documents of %s: give the one that you trust", doc.Party)
		}
		docs = append(docs, doc)
		keys[doc.Party] = []ed25519.PublicKey{}
		for _, k := range doc.Keys {
			revoked := false
			for _, r := range doc.Revoked {
				revoked = revoked || r.Public.Equal(k.Public)
			}
			if k.Purpose == auth.LogKey && !revoked {
				keys[doc.Party] = append(keys[doc.Party], k.Public)
			}
		}
	}
	return keys, docs, nil
}

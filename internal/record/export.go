package record

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"time"

	"visavis/internal/meeting"
)

// Names of the files of an export.
const (
	IndexFile      = "record.json"
	DefinitionFile = "definition.json"
	LogFile        = "shared.jsonl" // the exact bytes of each entry, one a line
	HeadsFile      = "heads.json"
	AttendanceFile = "attendance.json"
	AttendanceCSV  = "attendance.csv"
	SpeakingFile   = "speaking.json"
	SpeakingCSV    = "speaking.csv"
	OwnFile        = "own.jsonl"
	documents      = "documents/" // PARTY.json: the party document that names the key of its heads
	purpose        = "visavis-record/1"
)

// Index is record.json: what an export holds.
type Index struct {
	Purpose string       `json:"purpose"` // "visavis-record/1"
	Meeting meeting.ID   `json:"meeting"`
	Party   string       `json:"party"` // whose record it is
	Made    string       `json:"made"`  // RFC 3339, by the exporting machine's clock
	Entries int64        `json:"entries"`
	Head    meeting.Hash `json:"head"`   // chain hash of the last entry
	Digest  string       `json:"digest"` // of the definition, as the nodes compared it
	Own     bool         `json:"own"`    // the own log is there too
	Files   []IndexFileT `json:"files"`
	Tracks  []string     `json:"tracks"` // sound and picture: none in this version
}

// IndexFileT is one file of the export.
type IndexFileT struct {
	Name   string `json:"name"`
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
}

// Source is what an export is made of.
type Source struct {
	Definition meeting.Definition
	Party      meeting.PartyID
	Entries    [][]byte
	Heads      []meeting.Head             // of every party, our own among them
	Documents  map[meeting.PartyID][]byte // as signed
	Own        [][]byte                   // nil: the own log does not leave
	Now        time.Time
}

// File is one file of an export.
type File struct {
	Name string
	Data []byte
}

// Files makes the files of an export, the index first. It refuses a log that does not stand and a head that is not of it: an export that would not verify is not made.
func Files(s Source) ([]File, error) {
	r, err := New(s.Definition, s.Entries)
	if err != nil {
		return nil, err
	}
	heads := Latest(s.Heads)
	for _, h := range heads {
		if at, ok := r.At(h.N); !ok || at != h.Hash {
			return nil, fmt.Errorf("the head of %s at entry %d is of another log", h.Party, h.N)
		}
	}
	def, err := json.Marshal(s.Definition)
	if err != nil {
		return nil, err
	}
	files := []File{{DefinitionFile, append(def, '\n')}, {LogFile, lines(s.Entries)}, {HeadsFile, encode(heads)},
		{AttendanceFile, encode(r.attended())}, {AttendanceCSV, r.attendanceCSV()}, {SpeakingFile, encode(r.spoken())}, {SpeakingCSV, r.speakingCSV()}}
	for _, p := range s.Definition.Parties {
		if b, ok := s.Documents[p.ID]; ok {
			files = append(files, File{documents + string(p.ID) + ".json", b})
		}
	}
	if s.Own != nil {
		files = append(files, File{OwnFile, lines(s.Own)})
	}
	digest := s.Definition.Digest()
	x := Index{Purpose: purpose, Meeting: s.Definition.ID, Party: string(s.Party), Made: s.Now.UTC().Format(time.RFC3339), Entries: r.N, Head: r.Hash,
		Digest: hex.EncodeToString(digest[:]), Own: s.Own != nil, Tracks: []string{}}
	for _, f := range files {
		sum := sha256.Sum256(f.Data)
		x.Files = append(x.Files, IndexFileT{f.Name, int64(len(f.Data)), hex.EncodeToString(sum[:])})
	}
	return append([]File{{IndexFile, encode(x)}}, files...), nil
}

func lines(bs [][]byte) []byte {
	var out bytes.Buffer
	for _, b := range bs {
		out.Write(b)
		out.WriteByte('\n')
	}
	return out.Bytes()
}

// Zip writes the files as one archive. The same files give the same bytes.
func Zip(w io.Writer, files []File) error {
	z := zip.NewWriter(w)
	for _, f := range files {
		to, err := z.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Deflate})
		if err != nil {
			return err
		}
		if _, err := to.Write(f.Data); err != nil {
			return err
		}
	}
	return z.Close()
}

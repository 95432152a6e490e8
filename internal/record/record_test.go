package record_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/record"
)

// TestRecordOfAMeeting: when it began and ended, who was there from when to when, who spoke how long in which capacity.
func TestRecordOfAMeeting(t *testing.T) {
	w := whole(t)
	r, err := record.New(w.s.Definition, w.entries)
	if err != nil {
		t.Fatal(err)
	}
	if r.Start.IsZero() || r.End.Sub(r.Start) != 60*time.Second+(1+1+10+1+1+1+20)*time.Second+31*time.Second+time.Minute || r.Phase != meeting.Ended {
		t.Errorf("from %v to %v (%v), phase %s", r.Start, r.End, r.End.Sub(r.Start), r.Phase)
	}
	who := map[meeting.MemberID]record.Attended{}
	for _, a := range r.Attendance {
		who[a.Member] = a
	}
	if a := who["avelmar-aldesh"]; len(a.Intervals) != 2 || !a.Listed || a.Intervals[0].To.IsZero() || !a.Intervals[1].Offline ||
		a.Intervals[1].From.Sub(a.Intervals[1].FromSaid) != 20*time.Second || !a.Intervals[1].To.IsZero() {
		t.Errorf("attendance of the delegate who went and came back during a cut: %+v", a)
	}
	if a := who["tolmeria-kosvane"]; len(a.Intervals) != 1 || a.Intervals[0].To.IsZero() {
		t.Errorf("attendance of the principal who left: %+v", a)
	}
	if who["avelmar-vost"].Listed {
		t.Error("a protocol officer is listed")
	}
	var floors []time.Duration
	for _, s := range r.Spoken {
		if s.Floor && s.Language == "ar" || s.Floor && s.Capacity == 1 {
			floors = append(floors, s.End.Sub(s.Start))
		}
	}
	if !slices.Equal(floors, []time.Duration{11 * time.Second, 21 * time.Second}) {
		t.Errorf("floors %v", floors)
	}
}

// TestLogThatDoesNotStand: an entry that is missing, twice, moved or of another meeting is named by its number.
func TestLogThatDoesNotStand(t *testing.T) {
	w := whole(t)
	for _, c := range []struct {
		what string
		es   [][]byte
		n    int64
	}{
		{"missing", slices.Delete(slices.Clone(w.entries), 4, 5), 5},
		{"twice", slices.Insert(slices.Clone(w.entries), 4, w.entries[3]), 5},
		{"first missing", w.entries[1:], 1},
		{"changed", append(slices.Clone(w.entries[:6]), bytes.Replace(w.entries[6], []byte("avelmar-vost"), []byte("avelmar-vast"), 1)), 7},
	} {
		_, err := record.New(w.s.Definition, c.es)
		e, ok := err.(*record.EntryError)
		if !ok || e.N != c.n {
			t.Errorf("%s: %v, want entry %d", c.what, err, c.n)
		}
	}
	other := annual()
	other.ID = "another"
	if _, err := record.New(other, w.entries); err == nil {
		t.Error("another meeting's log was taken")
	}
}

func codes(r *record.Report) []string {
	var out []string
	for _, f := range r.Findings {
		s := f.Code
		for _, k := range []string{"file", "party", "n"} {
			if f.Args[k] != "" {
				s += " " + f.Args[k]
			}
		}
		out = append(out, s)
	}
	return out
}

// TestExportVerifies: what is exported fits, with each party's word up to the last entry; the own log is not in it.
func TestExportVerifies(t *testing.T) {
	w := whole(t)
	m := mapFS(t, w.source())
	r, err := record.Verify(m, bothKeys())
	if err != nil || len(r.Findings) > 0 {
		t.Fatalf("%v, %v", err, codes(r))
	}
	for _, p := range r.Parties {
		if p.N != w.n {
			t.Errorf("%s has countersigned up to %d of %d", p.Party, p.N, w.n)
		}
	}
	if r.Files != 8 || m[record.OwnFile] != nil {
		t.Errorf("%d files, own log %v", r.Files, m[record.OwnFile] != nil)
	}
	s := w.source()
	s.Own = [][]byte{[]byte(`{"stuck":true}`)}
	m = mapFS(t, s)
	if r, err := record.Verify(m, bothKeys()); err != nil || len(r.Findings) > 0 || !r.Index.Own || m[record.OwnFile] == nil {
		t.Errorf("with the own log: %v, %v", err, codes(r))
	}
	files, err := record.Files(s)
	if err != nil {
		t.Fatal(err)
	}
	var a, b bytes.Buffer
	if err := record.Zip(&a, files); err != nil {
		t.Fatal(err)
	}
	if err := record.Zip(&b, files); err != nil || !bytes.Equal(a.Bytes(), b.Bytes()) {
		t.Errorf("two archives of the same files differ: %v", err)
	}
	z, err := zip.NewReader(bytes.NewReader(a.Bytes()), int64(a.Len()))
	if err != nil {
		t.Fatal(err)
	}
	if r, err := record.Verify(z, bothKeys()); err != nil || len(r.Findings) > 0 {
		t.Errorf("the archive: %v, %v", err, codes(r))
	}
}

// TestVerifySaysWhatDoesNotFit: each change is named, exactly and nothing else.
func TestVerifySaysWhatDoesNotFit(t *testing.T) {
	w := whole(t)
	swap := func(m fstest.MapFS, file, old, new string) {
		was := m[file].Data
		now := bytes.Replace(was, []byte(old), []byte(new), 1)
		if bytes.Equal(was, now) {
			t.Fatalf("%s has no %q", file, old)
		}
		m[file] = &fstest.MapFile{Data: now}
	}
	for _, c := range []struct {
		what string
		do   func(fstest.MapFS)
		want string
	}{
		{"nothing", func(fstest.MapFS) {}, ""},
		{"a name in the attendance", func(m fstest.MapFS) { swap(m, record.AttendanceFile, "Maelin", "Marlin") }, "record.file.changed attendance.json; record.derived attendance.json"},
		{"the same, index mended", func(m fstest.MapFS) { swap(m, record.AttendanceFile, "Maelin", "Marlin"); reindex(t, m, nil) }, "record.derived attendance.json"},
		{"a line of the speaking log", func(m fstest.MapFS) { swap(m, record.SpeakingCSV, "11.000", "12.000"); reindex(t, m, nil) }, "record.derived speaking.csv"},
		{"the last entry cut off, index mended", func(m fstest.MapFS) {
			b := m[record.LogFile].Data
			m[record.LogFile] = &fstest.MapFile{Data: b[:bytes.LastIndexByte(b[:len(b)-1], '\n')+1]}
			reindex(t, m, nil)
		}, "record.log.head 20; record.head.other avelmar 21; record.head.other tolmeria 21; record.head.missing avelmar; record.head.missing tolmeria; record.derived attendance.csv; record.derived attendance.json"},
		{"an entry's member, index mended", func(m fstest.MapFS) {
			swap(m, record.LogFile, `"kind":"member.left","member":"avelmar-aldesh"`, `"kind":"member.left","member":"avelmar-tarroven"`)
			reindex(t, m, nil)
		}, "record.log.entry 19"},
		{"a file away", func(m fstest.MapFS) { delete(m, record.HeadsFile) }, "record.file.missing heads.json; record.head.missing avelmar; record.head.missing tolmeria"},
		{"a file more", func(m fstest.MapFS) { m["notes.txt"] = &fstest.MapFile{Data: []byte("x")} }, "record.file.extra notes.txt"},
		{"the definition", func(m fstest.MapFS) { swap(m, record.DefinitionFile, "Navigation", "Navigatiom"); reindex(t, m, nil) }, "record.definition.other"},
		{"one signature", func(m fstest.MapFS) {
			var hs []meeting.Head
			if err := json.Unmarshal(m[record.HeadsFile].Data, &hs); err != nil {
				t.Fatal(err)
			}
			hs[1].Sig[5] ^= 1
			b, _ := json.Marshal(hs)
			m[record.HeadsFile] = &fstest.MapFile{Data: b}
			reindex(t, m, nil)
		}, "record.head.signature tolmeria 21; record.head.missing tolmeria"},
		{"own log said and not there", func(m fstest.MapFS) { reindex(t, m, func(x *record.Index) { x.Own = true }) }, "record.own"},
		{"a file with another name", func(m fstest.MapFS) {
			reindex(t, m, func(x *record.Index) { x.Files[0].Name = "../definition.json" })
		}, "record.file.unknown ../definition.json; record.file.missing definition.json; record.file.extra definition.json"},
		{"tracks", func(m fstest.MapFS) { reindex(t, m, func(x *record.Index) { x.Tracks = []string{"a.ogg"} }) }, "record.tracks"},
	} {
		m := mapFS(t, w.source())
		c.do(m)
		r, err := record.Verify(m, bothKeys())
		if err != nil {
			t.Errorf("%s: %v", c.what, err)
			continue
		}
		if got := strings.Join(codes(r), "; "); got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", c.what, got, c.want)
		}
	}
}

// TestKeys: without a party's key its word is worth nothing, and another party's key is not its own.
func TestKeys(t *testing.T) {
	m := mapFS(t, whole(t).source())
	for _, c := range []struct {
		keys record.Keys
		want string
	}{
		{record.Keys{"avelmar": {public("avelmar")}}, "record.head.nokey tolmeria 21; record.head.missing tolmeria"},
		{record.Keys{"avelmar": {public("avelmar")}, "tolmeria": {public("avelmar")}}, "record.head.signature tolmeria 21; record.head.missing tolmeria"},
		{record.Keys{"avelmar": {public("other"), public("avelmar")}, "tolmeria": {public("tolmeria"), nil}}, ""},
	} {
		r, err := record.Verify(m, c.keys)
		if got := strings.Join(codes(r), "; "); err != nil || got != c.want {
			t.Errorf("%v: got %s, want %s", err, got, c.want)
		}
	}
}

// TestSingleByte: whatever byte of an export is changed, something does not fit any more.
func TestSingleByte(t *testing.T) {
	m := mapFS(t, whole(t).source())
	n := 0
	for name, f := range m {
		for i := 0; i < len(f.Data); i += 1 + n%13 {
			n++
			changed := bytes.Clone(f.Data)
			changed[i] ^= 1 << (n % 7)
			c := fstest.MapFS{}
			for k, v := range m {
				c[k] = v
			}
			c[name] = &fstest.MapFile{Data: changed}
			r, err := record.Verify(c, bothKeys())
			if err == nil && len(r.Findings) == 0 && !harmless(f.Data, changed, name) {
				t.Fatalf("%s: byte %d changed from %q to %q, and nothing was noticed", name, i, f.Data[i], changed[i])
			}
		}
	}
	if n < 1000 {
		t.Errorf("%d changes only", n)
	}
}

// harmless: when and by whom an export was made is the exporter's word alone, signed by nobody; so is white space of the index.
func harmless(was, now []byte, name string) bool {
	if name != record.IndexFile {
		return false
	}
	var a, b record.Index
	if json.Unmarshal(was, &a) != nil || json.Unmarshal(now, &b) != nil {
		return false
	}
	a.Made, a.Party = b.Made, b.Party
	x, _ := json.Marshal(a)
	y, _ := json.Marshal(b)
	return bytes.Equal(x, y)
}

// TestExportRefuses: an export that would not verify is not made.
func TestExportRefuses(t *testing.T) {
	s := whole(t).source()
	s.Heads[0].Hash[0] ^= 1
	if _, err := record.Files(s); err == nil {
		t.Error("a head of another log was exported")
	}
	s = whole(t).source()
	s.Entries = s.Entries[1:]
	if _, err := record.Files(s); err == nil {
		t.Error("a log without its beginning was exported")
	}
}

// TestTablesAreInert: a name that a spreadsheet would compute is text.
func TestTablesAreInert(t *testing.T) {
	m := mapFS(t, whole(t).source())
	if s := string(m[record.AttendanceCSV].Data); strings.Contains(s, ",=Corvan") || !strings.Contains(s, ",'=Corvan Aldesh,") {
		t.Errorf("attendance.csv:\n%s", s)
	}
}

// FuzzVerify: hostile files end in findings or an error, never in a panic, and never fit unless they are the original.
func FuzzVerify(f *testing.F) {
	w := whole(f)
	files, err := record.Files(w.source())
	if err != nil {
		f.Fatal(err)
	}
	for i, x := range files {
		f.Add(i, x.Data)
	}
	f.Fuzz(func(t *testing.T, i int, b []byte) {
		m := fstest.MapFS{}
		for k, x := range files {
			m[x.Name] = &fstest.MapFile{Data: x.Data}
			if k == i {
				m[x.Name] = &fstest.MapFile{Data: b}
			}
		}
		r, err := record.Verify(m, bothKeys())
		if err == nil && len(r.Findings) == 0 && i > 0 && i < len(files) && !bytes.Equal(b, files[i].Data) {
			t.Fatalf("%s was changed and fits", files[i].Name)
		}
	})
}

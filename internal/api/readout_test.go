package api

import (
	"context"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/link"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/store/storetest"
)

func readoutKey(p meeting.PartyID) ed25519.PrivateKey {
	seed := sha256.Sum256([]byte("readout key of " + p))
	return ed25519.NewKeyFromSeed(seed[:])
}

func readoutFileKey(p meeting.PartyID) readout.FileKey {
	doc := sha256.Sum256([]byte("document of " + p))
	return readout.FileKey{Party: p, Public: readoutKey(p).Public().(ed25519.PublicKey), Document: hex.EncodeToString(doc[:])}
}

// drafting is a desk of avelmar's for readouts, beside one other party whose node is never reached.
func (r *rig) drafting() *Readouts {
	k := readoutFileKey("avelmar")
	return &Readouts{
		Desk: draft.New(draft.Config{Store: r.store, Self: "avelmar", Others: func() []meeting.PartyID { return []meeting.PartyID{"tolmeria"} },
			Send:  func(meeting.PartyID, []byte) error { return link.ErrDown },
			Keys:  func() readout.Keys { return readout.Keys{"avelmar": {{Public: k.Public, Document: k.Document}}} },
			Clock: func(meeting.PartyID) readout.Clock { return readout.Clock{Wall: time.Now()} }}),
		Prefill: func(_ context.Context, id meeting.ID, p readout.Plan) (readout.Document, error) {
			if id != "ninth" {
				return readout.Document{}, fail(codeMeeting)
			}
			return sampleReadout(r.t, p.ID), nil
		},
		Record: func(_ context.Context, id meeting.ID) (MeetingRecord, error) {
			return MeetingRecord{Spoken: []RecordSpoken{{Member: meeting.MemberID(id)}}}, nil
		},
	}
}

// sampleReadout is one of avelmar's own, so that one officer and one key are enough.
func sampleReadout(t *testing.T, id readout.ID) readout.Document {
	t.Helper()
	b, err := os.ReadFile("../readout/testdata/avelmar-tolmeria-2025.json")
	if err != nil {
		t.Fatal(err)
	}
	d, err := readout.ParseDocument(b)
	if err != nil {
		t.Fatal(err)
	}
	d.ID, d.Mode, d.By = id, readout.Separate, "avelmar"
	return d
}

func (p *person) readout(path, body string, change ...func(*http.Request)) answer {
	p.t.Helper()
	return p.ask(p.client, "POST", "/api/readouts"+path, body, append(change, withCookie(p.cookie))...)
}

func matching(v int64) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set("If-Match", fmt.Sprintf("%q", fmt.Sprint(v))) }
}

// readAll is the body that says which blocks of v have been read.
func readAll(t *testing.T, v readoutView) string {
	t.Helper()
	b, err := json.Marshal(map[string]any{"versions": v.Manuscript.Versions})
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func viewIn(t *testing.T, a answer) (v readoutView) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil || a.status != 200 {
		t.Fatalf("%d %.300s: %v", a.status, a.body, err)
	}
	return v
}

// TestReadoutIsForOfficers: every route, by everybody who is no officer of this node.
func TestReadoutIsForOfficers(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		officer, technician := r.account("vost", meeting.Officer), r.account("ormeran", meeting.Technician)
		viewIn(t, officer.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		code, _ := r.inviteFormal("aldesh", false)
		cookie, _ := r.enterFormal(code, "")
		delegate, stranger := &person{rig: r, cookie: cookie}, &person{rig: r}
		n := 0
		for _, row := range r.s.readoutRoutes() {
			method, path, _ := strings.Cut(row.pattern, " ")
			n++
			path = strings.NewReplacer("{readout}", "r-1").Replace(path)
			for who, p := range map[string]*person{"nobody": stranger, "a delegate": delegate, "a technician": technician} {
				var a answer
				if method == "GET" {
					a = p.get(path)
				} else {
					a = p.ask(p.client, method, path, `{"block":"b03","hash":"`+strings.Repeat("0", 64)+`","credential":{}}`, matching(1), withCookie(p.cookie))
				}
				if a.status != 401 && a.status != 403 || strings.Contains(a.body, "Velune") {
					t.Errorf("%s %s by %s = %d %.200s", method, path, who, a.status, a.body)
				}
			}
		}
		if n < 21 {
			t.Errorf("only %d routes were tried", n)
		}
		if a := officer.get("/api/readouts"); a.status != 200 || !strings.Contains(a.body, `"id":"r-1"`) {
			t.Errorf("control: the officer's list = %d %s", a.status, a.body)
		}
	})
}

// TestReadoutSaveNeedsWhatWasRead: a save says in If-Match what the officer has read; of two at once the later one is told.
func TestReadoutSaveNeedsWhatWasRead(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, kell := r.account("vost", meeting.Officer), r.account("kell", meeting.Officer)
		viewIn(t, vost.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		const text = `{"block":"b03","language":"en","text":"Another text.","ready":true}`
		if a := vost.readout("/r-1/text", text); a.status != 428 {
			t.Errorf("without If-Match = %d %s", a.status, a.body)
		}
		v := viewIn(t, vost.readout("/r-1/text", text, matching(1)))
		if v.Manuscript.Versions["b03"] != 2 || v.Manuscript.Document.Blocks[2].Texts["en"].Text != "Another text." {
			t.Errorf("version %d", v.Manuscript.Versions["b03"])
		}
		if a := kell.readout("/r-1/text", text, matching(1)); a.status != 412 || a.code() != "readout.changed" {
			t.Errorf("what is over = %d %s", a.status, a.body)
		}
		viewIn(t, vost.readout("/r-1/lease", `{"block":"b03"}`))
		if a := kell.readout("/r-1/text", text, matching(2)); a.status != 409 || a.code() != "readout.leased" || !strings.Contains(a.body, "Name of vost") {
			t.Errorf("while another has it = %d %s", a.status, a.body)
		}
		viewIn(t, vost.readout("/r-1/release", `{"block":"b03"}`))
		viewIn(t, kell.readout("/r-1/text", text, matching(2)))
		for body, want := range map[string]string{
			`{"block":"b03","language":"en","text":"` + strings.Repeat("a", 1<<20) + `"}`: "request.large",
			`{"block":"b03","language":"en","text":"a\u202eb"}`:                           "text.invisible",
			`{"block":"b99","language":"en","text":"a"}`:                                  "readout.gone",
			`{"block":"b03","BLOCK":"b04"}`:                                               "json.case",
		} {
			if a := vost.readout("/r-1/text", body, matching(3)); a.code() != want {
				t.Errorf("%.50s = %d %s, want %s", body, a.status, a.body, want)
			}
		}
		v = viewIn(t, vost.readout("/r-1/release", `{"block":"b03"}`)) // what was refused has left no trace
		if b, _ := v.Manuscript.Document.Block("b03"); v.Manuscript.Versions["b03"] != 3 || b.Texts["en"].Text != "Another text." {
			t.Errorf("after refusals: version %d, %.40q", v.Manuscript.Versions["b03"], b.Texts["en"].Text)
		}
		if a := vost.get("/api/readouts/r-2"); a.status != 404 {
			t.Errorf("one that is not there = %d", a.status)
		}
	})
}

// TestSignOffOverTheHash goes from the draft to our line: the passkey is over the hash that the page shows, for this officer and this text.
func TestSignOffOverTheHash(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, kell := r.account("vost", meeting.Officer), r.account("kell", meeting.Officer)
		v := viewIn(t, vost.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		v = viewIn(t, vost.readout("/r-1/settle", readAll(t, v), matching(v.Manuscript.Version)))
		hash := v.Life.Hash.String()
		other := strings.Repeat("1", 64)
		challenge := func(p *person, h string) string {
			a := p.readout("/r-1/passkey", `{"hash":"`+h+`"}`)
			var o struct{ Options json.RawMessage }
			if err := json.Unmarshal([]byte(a.body), &o); err != nil || a.status != 200 {
				t.Fatalf("passkey = %d %s", a.status, a.body)
			}
			shown, err := p.key.Get(ownOrigin, o.Options)
			if err != nil {
				t.Fatal(err)
			}
			return string(shown)
		}
		ask := func(p *person, h, credential string) answer {
			return p.readout("/r-1/signoff", `{"hash":"`+h+`","credential":`+credential+`}`)
		}
		if a := ask(vost, hash, challenge(vost, other)); a.status != 401 {
			t.Errorf("a passkey over another text = %d %s", a.status, a.body)
		}
		if a := ask(kell, hash, challenge(vost, hash)); a.status != 401 {
			t.Errorf("another officer's passkey = %d %s", a.status, a.body)
		}
		if a := ask(vost, other, challenge(vost, other)); a.code() != "readout.hash" {
			t.Errorf("a text that is not the agreed one = %d %s", a.status, a.body)
		}
		if a := vost.readout("/r-1/signoff", `{"hash":"`+hash+`"}`); a.code() != codePasskeyNone {
			t.Errorf("no passkey = %d %s", a.status, a.body)
		}
		file := vost.get("/api/readouts/r-1/file")
		f, err := readout.ParseFile([]byte(file.body))
		if err != nil {
			t.Fatal(err)
		}
		m, err := f.ManifestOf()
		if err != nil || m.Hash().String() != hash {
			t.Fatalf("the file is of %s, the page shows %s", m.Hash(), hash)
		}
		s, err := readout.SignManifest(m, "avelmar", readoutKey("avelmar"))
		if err != nil {
			t.Fatal(err)
		}
		l, _ := readout.ParseLine(s)
		if f, err = f.WithLine(l, readoutFileKey("avelmar")); err != nil {
			t.Fatal(err)
		}
		line, err := f.Encode()
		if err != nil {
			t.Fatal(err)
		}
		if a := vost.readout("/r-1/sign", string(line)); a.code() != "readout.proof" {
			t.Errorf("our line before the sign-off = %d %s", a.status, a.body)
		}
		shown := challenge(vost, hash)
		if v = viewIn(t, ask(vost, hash, shown)); v.Life.SignedBy != "Name of vost" {
			t.Errorf("signed off by %q", v.Life.SignedBy)
		}
		if a := ask(vost, hash, shown); a.status != 401 {
			t.Errorf("the same passkey answer again = %d %s", a.status, a.body)
		}
		if v = viewIn(t, vost.readout("/r-1/sign", string(line))); v.Life.Stage != readout.StageScheduled {
			t.Errorf("stage %s", v.Life.Stage)
		}
		if l := r.log.String(); !strings.Contains(l, `"kind":"readout.signedoff"`) || !strings.Contains(l, `"by":"vost"`) {
			t.Errorf("the log does not say who signed off: %s", l)
		}
	})
}

// TestReadoutActsSayWhatWasRead: what concerns the text as a whole, or puts another's block in the place of ours, names the versions of the blocks that were
// read; of what a colleague has saved since, the officer is told first.
func TestReadoutActsSayWhatWasRead(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost, kell := r.account("vost", meeting.Officer), r.account("kell", meeting.Officer)
		v := viewIn(t, vost.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		read, version := readAll(t, v), v.Manuscript.Version
		for _, act := range []string{"take", "bracket", "unbracket", "propose", "settle"} {
			if a := vost.readout("/r-1/"+act, read); a.status != 428 {
				t.Errorf("%s without If-Match = %d %s", act, a.status, a.body)
			}
			if a := vost.readout("/r-1/"+act, `{"block":"b03"}`, matching(version)); a.status != 428 {
				t.Errorf("%s without the blocks that were read = %d %s", act, a.status, a.body)
			}
		}
		viewIn(t, kell.readout("/r-1/text", `{"block":"b03","language":"en","text":"Saved meanwhile.","ready":true}`, matching(1)))
		for _, act := range []string{"propose", "settle"} {
			if a := vost.readout("/r-1/"+act, read, matching(version)); a.status != 412 || a.code() != "readout.changed" {
				t.Errorf("%s of what was not read = %d %s", act, a.status, a.body)
			}
		}
		again := readAll(t, viewIn(t, vost.get("/api/readouts/r-1")))
		if a := vost.readout("/r-1/settle", again, matching(version)); a.status == 412 || a.status == 428 {
			t.Errorf("control: read anew = %d %s", a.status, a.body)
		}
	})
}

// TestReadoutOnAFullDisk: an officer who saves, or begins, is told that our store cannot be written, and what was there is there. With room it goes through.
func TestReadoutOnAFullDisk(t *testing.T) {
	storetest.Watch()
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		const text = `{"block":"b03","language":"en","text":"Another text, which is longer.","ready":true}`
		was := viewIn(t, vost.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		storetest.Fill(t, r.store)
		for path, body := range map[string]string{"/r-1/text": text, "": `{"id":"r-2","meeting":"ninth","mode":"separate"}`} {
			if a := vost.readout(path, body, matching(1)); a.status != http.StatusInsufficientStorage || a.code() != "readout.store" {
				t.Errorf("%q on a full disk = %d %s", path, a.status, a.body)
			}
		}
		if a := vost.get("/api/readouts/r-2"); a.status != 404 {
			t.Errorf("what was not begun = %d", a.status)
		}
		storetest.Free(t, r.store)
		v := viewIn(t, vost.readout("/r-1/text", text, matching(1)))
		if v.Version != was.Version+1 || v.Manuscript.Versions["b03"] != 2 {
			t.Errorf("with room: version %d after %d", v.Version, was.Version)
		}
	})
}

// TestReadoutRecordIsTheMeetings: the record beside the text is that of the readout's meeting; who may see it is in TestReadoutIsForOfficers.
func TestReadoutRecordIsTheMeetings(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		v := viewIn(t, vost.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		var got MeetingRecord
		a := vost.get("/api/readouts/r-1/record")
		if err := json.Unmarshal([]byte(a.body), &got); err != nil || a.status != 200 || len(got.Spoken) != 1 || got.Spoken[0].Member != meeting.MemberID(v.Manuscript.Document.Meeting) {
			t.Errorf("the record = %d %s", a.status, a.body)
		}
		if a := vost.get("/api/readouts/r-2/record"); a.status != 404 || a.code() != "readout.none" {
			t.Errorf("of no readout = %d %s", a.status, a.body)
		}
	})
}

// TestStaleTextSaysWhatHasChanged: the answer has the difference of the authentic text by words, and not the text as it was.
func TestStaleTextSaysWhatHasChanged(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		vost := r.account("vost", meeting.Officer)
		v := viewIn(t, vost.readout("", `{"id":"r-1","meeting":"ninth","mode":"separate"}`))
		was := v.Manuscript.Document.Blocks[2].Texts["ar"].Text
		body, err := json.Marshal(map[string]any{"block": "b03", "language": "ar", "text": was + " ثم", "ready": true})
		if err != nil {
			t.Fatal(err)
		}
		a := vost.readout("/r-1/text", string(body), matching(1))
		v = viewIn(t, a)
		i := slices.IndexFunc(v.Stale, func(s staleText) bool { return s.Block == "b03" && s.Language == "en" && s.Of == "ar" })
		if i < 0 || v.Manuscript.Document.Blocks[2].Texts["en"].State != readout.Stale {
			t.Fatalf("nothing is said of the English: %v", v.Stale)
		}
		last := v.Stale[i].Changes[len(v.Stale[i].Changes)-1]
		if last.Op != readout.Insert || strings.TrimSpace(last.Text) != "ثم" {
			t.Errorf("changed: %v", v.Stale[i].Changes)
		}
		if strings.Contains(a.body, `"former"`) {
			t.Error("the text as it was is sent as well")
		}
	})
}

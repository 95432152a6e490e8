package scenario

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"visavis/internal/draft"
	"visavis/internal/node"
	"visavis/internal/readout"
)

const communique readout.ID = "commission-9"

// publishes gives p's node a public store.
func (p *Party) publishes(dir string) {
	p.w.T.Helper()
	p.Stop()
	p.Settings.Public.Store = dir
	p.Start()
}

func (p *Party) readout(c *draft.Case, err error) *draft.Case {
	p.w.T.Helper()
	if err != nil {
		p.w.T.Fatalf("%s: %v", p.ID, err)
	}
	return c
}

// reaches waits until the readout has come to a stage at p's node.
func (p *Party) reaches(want readout.Stage) *draft.Case {
	p.w.T.Helper()
	var got readout.Life
	for end := time.Now().Add(2 * time.Minute); time.Now().Before(end); time.Sleep(500 * time.Millisecond) {
		if c, err := p.Node.Drafts().Case(p.w.T.Context(), communique); err == nil {
			if got = c.Life; got.Stage == want {
				return c
			}
		}
	}
	p.w.T.Fatalf("at %s: stage %s (held %q), want %s", p.ID, got.Stage, got.Held, want)
	return nil
}

// signs does on p's side what an officer and the holder of the offline key do. What the passkey proves is tested with the routes.
func (p *Party) signs() {
	p.w.T.Helper()
	ctx, desk := p.w.T.Context(), p.Node.Drafts()
	hash := p.reaches(readout.StageAgreed).Life.Hash
	o := draft.Officer{Name: "officer of " + string(p.ID), Proven: hash}
	p.readout(desk.SignOff(ctx, communique, hash, o))
	file, err := desk.Unsigned(ctx, communique)
	if err != nil {
		p.w.T.Fatal(err)
	}
	document, err := os.ReadFile(filepath.Join(p.Settings.Keys, "party.document"))
	if err != nil {
		p.w.T.Fatal(err)
	}
	sign, err := node.OpenToSign(file, document)
	if err != nil {
		p.w.T.Fatal(err)
	}
	signed, err := sign.Sign(filepath.Join(filepath.Dir(p.Settings.Keys), "offline", "readout.key"), time.Now())
	if err != nil {
		p.w.T.Fatal(err)
	}
	p.readout(desk.Sign(ctx, communique, signed, o))
}

func publicFile(dir string) []byte {
	b, err := os.ReadFile(filepath.Join(dir, "readouts", string(communique), "1.json"))
	if err != nil {
		return nil
	}
	return b
}

// TestReadoutFromTwoNodesToTwoSites: two running nodes come to one text over their link, which is cut between the two signatures while one node is
// restarted; both have the same bytes in their public stores when the embargo ends, and nothing before. A reader checks them with the documents.
func TestReadoutFromTwoNodesToTwoSites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWorld(t, Options{})
		a, b := w.Avelmar, w.Tolmeria
		ours, theirs := t.TempDir(), t.TempDir()
		a.publishes(ours)
		b.publishes(theirs)
		time.Sleep(5 * time.Second)

		raw, err := os.ReadFile("../readout/testdata/avelmar-tolmeria-2025.json")
		if err != nil {
			t.Fatal(err)
		}
		d, err := readout.ParseDocument(raw)
		if err != nil {
			t.Fatal(err)
		}
		release := time.Now().UTC().Add(150 * time.Second).Truncate(time.Second)
		d.ID, d.Release = communique, release
		begun, err := a.Node.Drafts().Begin(t.Context(), d)
		a.readout(begun, err)
		a.readout(a.Node.Drafts().Propose(t.Context(), communique, draft.Read{Version: begun.Manuscript.Version, Blocks: begun.Manuscript.Versions}, draft.Officer{Name: "officer of avelmar"}))
		c := b.reaches(readout.StageProposed)
		b.readout(b.Node.Drafts().Accept(t.Context(), communique, c.Talk.Head, draft.Officer{Name: "officer of tolmeria"}))
		a.reaches(readout.StageAgreed)
		b.reaches(readout.StageAgreed)

		w.Net.Cut(a.Host, b.Host, true)
		time.Sleep(10 * time.Second)
		a.signs()
		b.signs()
		time.Sleep(draft.Again + 5*time.Second) // it is said again at least once
		if s := a.reaches(readout.StageAgreed); len(s.Life.Lines) != 1 {
			t.Fatal("control: a line crossed a cut link")
		}
		b.Stop()
		b.Start()
		w.Net.Cut(a.Host, b.Host, false)
		a.reaches(readout.StageScheduled)
		b.reaches(readout.StageScheduled)

		time.Sleep(time.Until(release) - 2*time.Second)
		if publicFile(ours) != nil || publicFile(theirs) != nil {
			t.Fatal("public before the embargo's end")
		}
		a.reaches(readout.StagePublished)
		b.reaches(readout.StagePublished)
		x, y := publicFile(ours), publicFile(theirs)
		if x == nil || !bytes.Equal(x, y) {
			t.Fatalf("%d and %d bytes are public", len(x), len(y))
		}
		var documents [][]byte
		for _, p := range []*Party{a, b} {
			document, err := os.ReadFile(filepath.Join(p.Settings.Keys, "party.document"))
			if err != nil {
				t.Fatal(err)
			}
			documents = append(documents, document)
		}
		if r, _, err := node.VerifyReadout(x, documents); err != nil || !r.Against {
			t.Errorf("verify: %v", err)
		}
		if _, _, err := node.VerifyReadout(bytes.Replace(x, []byte("120 to 160"), []byte("120 to 161"), 1), documents); err == nil {
			t.Error("control: a changed figure was taken")
		}
	})
}

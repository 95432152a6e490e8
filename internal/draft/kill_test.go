package draft_test

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/draft"
	"visavis/internal/meeting"
	"visavis/internal/readout"
	"visavis/internal/store"
)

// officesIn are two offices on what dir holds, with databases and public stores on the disk.
func officesIn(t *testing.T, dir string) (a, b *office) {
	t.Helper()
	a, b = offices(t)
	for _, o := range []*office{a, b} {
		s, err := store.Open(filepath.Join(dir, string(o.id)))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		if err := s.Claim(); err != nil {
			t.Fatal(err)
		}
		o.dir = filepath.Join(dir, string(o.id)+".public")
		if err := os.MkdirAll(o.dir, 0o755); err != nil {
			t.Fatal(err)
		}
		o.store = s
		o.start()
	}
	return a, b
}

// wayStep is one step from nothing to the public, as an officer or a clock takes it.
type wayStep struct {
	name   string
	public bool // what may be public during it
	do     func(a, b *office)
}

func way(t *testing.T) []wayStep {
	out := []wayStep{}
	for _, s := range fullSteps(t) {
		out = append(out, wayStep{name: s.name, do: func(a, b *office) {
			if err := s.do(s.who(a, b)); err != nil {
				a.t.Fatalf("%s: %v", s.name, err)
			}
		}}, wayStep{name: s.name + ", heard", do: settle})
	}
	return append(out,
		wayStep{name: "an hour later", do: func(a, b *office) { a.w.since = time.Hour; a.look(); b.look() }},
		wayStep{name: "publish", public: true, do: func(a, _ *office) { a.w.since = embargo; a.look() }},
		wayStep{name: "publish there", public: true, do: func(_, b *office) { b.look() }},
		wayStep{name: "nothing more", public: true, do: func(_, _ *office) { select {} }}) // until it is killed
}

// walk goes the way and says before and after each step which versions of the readout are on the two disks.
func walk(t *testing.T, dir string) {
	a, b := officesIn(t, dir)
	for i, s := range way(t) {
		fmt.Println("during", i)
		s.do(a, b)
		fmt.Println("after", i, version(a), version(b))
	}
}

// version is that of the readout on o's disk, 0 if there is none.
func version(o *office) int64 {
	c, err := o.desk.Case(ctx, o.text)
	if errors.Is(err, draft.ErrNone) {
		return 0
	}
	if err != nil {
		o.t.Fatal(err)
	}
	return c.Version
}

// TestKill9AtEveryStep kills a process with both nodes in it, without warning, in each step from the first draft to the second publication, as it begins. What was said
// to be done is on the disks; nothing is public before the gate; from what is there, officers and clocks get to the end, where each site has the text once, signed by both.
func TestKill9AtEveryStep(t *testing.T) {
	if dir := os.Getenv("DRAFT_TEST_WAY"); dir != "" {
		walk(t, dir)
		return
	}
	if testing.Short() {
		t.Skip("processes of their own, which share nothing: not in the short run, which is the race detector's")
	}
	for i, s := range way(t) {
		t.Run(s.name, func(t *testing.T) {
			dir := t.TempDir()
			va, vb := killAt(t, dir, "during "+strconv.Itoa(i))
			a, b := officesIn(t, dir)
			if ga, gb := version(a), version(b); ga < va || gb < vb {
				t.Errorf("versions %d and %d, but %d and %d were told to be on the disks", ga, gb, va, vb)
			}
			if public := a.public("1") != nil || b.public("1") != nil; public && !s.public {
				t.Fatal("public before the gate")
			}
			resume(t, a, b)
		})
	}
}

// killAt runs the way in dir until it says what begins with at, kills it, and gives the versions that it said last.
func killAt(t *testing.T, dir, at string) (a, b int64) {
	t.Helper()
	cmd := exec.Command(os.Args[0], "-test.run=^TestKill9AtEveryStep$")
	cmd.Env = append(os.Environ(), "DRAFT_TEST_WAY="+dir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	killed := false
	for lines := bufio.NewScanner(out); lines.Scan(); {
		l := lines.Text()
		if f := strings.Fields(l); len(f) == 4 && f[0] == "after" {
			a, _ = strconv.ParseInt(f[2], 10, 64)
			b, _ = strconv.ParseInt(f[3], 10, 64)
		}
		if !killed && l == at {
			if err := cmd.Process.Kill(); err != nil { // SIGKILL
				t.Fatal(err)
			}
			killed = true
		}
	}
	if err := cmd.Wait(); err == nil || !killed {
		t.Fatalf("the child ended by itself: %v", err)
	}
	return a, b
}

// resume goes on from whatever is on the disks, as officers would who see the state, to both sites.
func resume(t *testing.T, a, b *office) {
	t.Helper()
	if version(a) == 0 {
		a.must(a.desk.Begin(ctx, sample(t)))
	}
	if c := a.get(); c.Life.Stage == readout.StagePrivate {
		a.must(a.desk.Propose(ctx, text, a.read(), draft.Officer{Name: "vost"}))
	}
	settle(a, b)
	if c := b.get(); c.Life.Stage == readout.StageProposed && c.Talk.Open() != nil {
		_, err := b.desk.Accept(ctx, text, c.Talk.Head, draft.Officer{Name: "quintar"})
		if err != nil && code(err) != "readout.accepted" {
			t.Fatal(err)
		}
	}
	settle(a, b)
	for _, o := range []*office{a, b} {
		if c := o.get(); c.Life.Stage == readout.StageAgreed && c.Life.Lines[o.id] == "" {
			o.sign()
		}
		settle(a, b)
	}
	a.w.since = embargo
	for _, o := range []*office{a, b} {
		o.look()
		o.stage(readout.StagePublished)
		if c := o.get(); len(c.Past) != 1 || c.Life.Hash == (meeting.Hash{}) {
			t.Errorf("%s: %d past", o.id, len(c.Past))
		}
	}
	x, y := a.public("1"), b.public("1")
	f, err := readout.ParseFile(x)
	if err != nil || !bytes.Equal(x, y) {
		t.Fatalf("%d bytes and %d bytes are public: %v", len(x), len(y), err)
	}
	if _, err := readout.Verify(f, keys()); err != nil {
		t.Error(err)
	}
}

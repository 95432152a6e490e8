package visavis_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestFuzzTellsTheEndOfTheTimeFromAFind: make fuzz goes on after a run that only came to its end (the control), and fails after one that has found
// something, whether go says so, was still making the input smaller, or wrote it without a word.
func TestFuzzTellsTheEndOfTheTimeFromAFind(t *testing.T) {
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash")
	}
	script, err := os.ReadFile("test/fuzz.sh")
	if err != nil {
		t.Fatal(err)
	}
	const (
		up       = "--- FAIL: FuzzIt (1.00s)\n    context deadline exceeded\nFAIL\nexit status 1\n"
		nothing  = "fuzz: elapsed: 1s, execs: 100 (100/sec), new interesting: 0 (total: 1)\n"
		smaller  = "fuzz: minimizing 34-byte failing input file\n"
		interest = "fuzz: minimizing 34-byte interesting input\n"
		found    = "--- FAIL: FuzzIt (1.00s)\n    --- FAIL: FuzzIt (0.00s)\n        it_test.go:1: no\n    Failing input written to testdata/fuzz/FuzzIt/1\nFAIL\n"
	)
	for _, x := range []struct {
		name, says, writes string
		fails              bool
	}{
		{"control: the end of the time", nothing + up, "", false},
		{"control: with something of interest made smaller", interest + up, "", false},
		{"a find", nothing + found, "new", true},
		{"a find that was being made smaller", smaller + up, "", true},
		{"a find that is only written", nothing + up, "new", true},
		{"a find in the place of an old one", nothing + up, "old", true},
	} {
		dir := t.TempDir()
		inputs := filepath.Join(dir, "internal", "it", "testdata", "fuzz", "FuzzIt")
		for _, d := range []string{filepath.Join(dir, "test"), filepath.Join(dir, "bin"), inputs} {
			if err := os.MkdirAll(d, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		write := "true"
		if x.writes != "" {
			write = "echo find >" + filepath.Join(inputs, x.writes)
		}
		command := "#!/bin/sh\ncase \"$*\" in\nlist*) echo it ;;\n*-list*) echo FuzzIt ;;\n*) cat \"$SAYS\"; " + write + "; exit 1 ;;\nesac\n"
		for name, text := range map[string]string{"test/fuzz.sh": string(script), "bin/go": command, "says": x.says} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o700); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(filepath.Join(inputs, "old"), []byte("seed\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		run := exec.CommandContext(t.Context(), bash, filepath.Join(dir, "test", "fuzz.sh"))
		run.Env = append(os.Environ(), "PATH="+filepath.Join(dir, "bin")+string(os.PathListSeparator)+os.Getenv("PATH"), "SAYS="+filepath.Join(dir, "says"))
		if out, err := run.CombinedOutput(); (err != nil) != x.fails {
			t.Errorf("%s: %v\n%s", x.name, err, out)
		}
	}
}

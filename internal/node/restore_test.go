package node

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"visavis/internal/auth"
)

// TestRestoreIsKilled: the process dies at each step of a restore. Either there is no node, and the same command puts it in place, or there is the whole
// one; in none an invitation of the backup lives. The control: the process lives.
func TestRestoreIsKilled(t *testing.T) {
	ctx := t.Context()
	d := made(t, "avelmar")
	if _, err := d.NewMeeting(ctx, write(t, filepath.Join(t.TempDir(), "m.toml"), goodMeeting), false); err != nil {
		t.Fatal(err)
	}
	links, err := d.Invite(ctx, InviteOptions{Meeting: "review", Valid: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	_, code, _ := strings.Cut(links[0].URL.Reveal(), "#")
	backup := filepath.Join(t.TempDir(), "backup")
	if err := d.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	var steps []string
	if _, err := restore(ctx, backup, filepath.Join(t.TempDir(), "other", "visavis.toml"), func(s string) error { steps = append(steps, s); return nil }); err != nil {
		t.Fatal(err)
	}
	if want := []string{"nothing", "begun", "directories", "keys", "data", "void", "renamed", "done"}; !slices.Equal(steps, want) {
		t.Fatalf("steps %v, want %v", steps, want)
	}
	for _, last := range append(steps, "") {
		t.Run("killed at "+last, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), "other", "visavis.toml")
			type killed struct{}
			func() {
				defer func() {
					if r := recover(); r != nil && r != (killed{}) {
						panic(r)
					}
				}()
				if _, err := restore(ctx, backup, config, func(s string) error {
					if s == last {
						panic(killed{}) // nothing more of it runs
					}
					return nil
				}); err != nil {
					t.Fatal(err)
				}
			}()
			there := last == "renamed" || last == "done" || last == ""
			if _, err := os.Stat(config); (err == nil) != there {
				t.Fatalf("settings: %v", err)
			}
			s, err := Load(config)
			if !there {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("a node without settings: %v", err)
				}
				if s, err = Restore(ctx, backup, config); err != nil {
					t.Fatalf("again: %v", err)
				}
			} else if err != nil {
				t.Fatal(err)
			}
			n, err := openNodeDir(ctx, s)
			if err != nil {
				t.Fatal(err)
			}
			defer n.Close()
			if _, err := n.Definition(ctx, "review"); err != nil {
				t.Errorf("the meeting is not there: %v", err)
			}
			if _, err := n.Book().Look(ctx, auth.NewSecret(code)); !errors.Is(err, auth.ErrInvitation) {
				t.Errorf("an invitation of the backup lives: %v", err)
			}
			if left, _ := filepath.Glob(config + ".*"); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
		})
	}
}

// TestRestoreFails: what is done fails at each step. Before the settings file has its name everything is taken out, and the same command puts the node in
// place; after that nothing is, not by a restore to the same name after the file was moved away either. The control: TestRestoreIsKilled, where
// none fails.
func TestRestoreFails(t *testing.T) {
	ctx := t.Context()
	d := made(t, "avelmar")
	backup := filepath.Join(t.TempDir(), "backup")
	if err := d.Backup(ctx, backup); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("no room on the disk")
	for _, step := range []string{"nothing", "begun", "directories", "keys", "data", "void", "renamed", "done"} {
		t.Run(step, func(t *testing.T) {
			config := filepath.Join(t.TempDir(), "other", "visavis.toml")
			if _, err := restore(ctx, backup, config, func(s string) error {
				if s == step {
					return failed
				}
				return nil
			}); !errors.Is(err, failed) {
				t.Fatal(err)
			}
			if left, _ := filepath.Glob(config + ".*"); len(left) > 0 {
				t.Errorf("left over: %v", left)
			}
			s, err := Load(config)
			if step != "renamed" && step != "done" {
				if !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("a node without all that belongs to it: %v", err)
				}
				if s, err = Restore(ctx, backup, config); err != nil {
					t.Fatalf("again: %v", err)
				}
			}
			whole := func() {
				t.Helper()
				n, err := openNodeDir(ctx, s)
				if err != nil {
					t.Fatal(err)
				}
				if err := n.Close(); err != nil {
					t.Error(err)
				}
			}
			whole()
			if err := os.Rename(config, config+"-away"); err != nil {
				t.Fatal(err)
			}
			if _, err := Restore(ctx, backup, config); err == nil {
				t.Error("restored over the data of a node")
			}
			if err := os.Rename(config+"-away", config); err != nil {
				t.Fatal(err)
			}
			whole()
		})
	}
}

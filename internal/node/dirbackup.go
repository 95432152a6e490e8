package node

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"visavis/internal/auth"
	"visavis/internal/store"
)

const (
	backupKeys = "keys"
	backupData = "data"
	dataFile   = "visavis.db"
)

// Backup copies all that a node needs to be set up again into a new directory, while the node runs: settings, keys, party document, store. What
// is offline is not in it. The copy holds secrets: who has it can act as this node.
func (d *Dir) Backup(ctx context.Context, to string) error {
	if err := mustBeEmpty(to); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	for _, dir := range []string{to, filepath.Join(to, backupKeys), filepath.Join(to, backupData)} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return fmt.Errorf("backup: %w", err)
		}
	}
	if err := copyFile(d.Settings.Path, filepath.Join(to, settingsFile), maxSettings); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := copyKeys(d.Settings.Keys, filepath.Join(to, backupKeys)); err != nil {
		return fmt.Errorf("backup: %w", err)
	}
	if err := d.note(ctx, "backup", "", ""); err != nil { // it is in the copy, too
		return fmt.Errorf("backup: %w", err)
	}
	return d.Store.Backup(ctx, filepath.Join(to, backupData, dataFile))
}

// Restore puts a backup in place for the settings file at config, which must not exist; keys and data go to where those settings say, which
// must be empty. Invitations and sessions are not restored: some in the backup may have been used or ended since, and would come alive again.
//
// The settings file comes last: before it is there no node starts, and what is in the other places is taken out by the next Restore, however this one
// ended. With it, everything is there, and void.
func Restore(ctx context.Context, from, config string) (Settings, error) {
	return restore(ctx, from, config, func(string) error { return nil })
}

// restoring is the name of the settings file until all else is in place.
func restoring(config string) string { return config + ".restoring" }

// restore is Restore; at tells tests how far it has come, and lets them fail it there.
func restore(ctx context.Context, from, config string, at func(step string) error) (Settings, error) {
	b, err := readBounded(filepath.Join(from, settingsFile), maxSettings)
	if err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	if _, err := os.Lstat(config); err == nil {
		return Settings{}, fmt.Errorf("restore: %s: %w, and nothing is ever overwritten", config, fs.ErrExist)
	}
	if err := os.MkdirAll(filepath.Dir(config), 0o755); err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	if err := clearRestore(config); err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	s, err := mayRestore(from, config, b)
	if err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	if err := at("nothing"); err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	// From here on the two directories are ours to empty.
	if err := replaceFile(restoring(config), b, 0o644); err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	err = restoreInto(ctx, from, s, at)
	if err == nil {
		err = nameRestored(config)
	}
	if err != nil { // so that the same command can be given again
		return Settings{}, errors.Join(fmt.Errorf("restore: %w", err), clearRestore(config))
	}
	// The node is there: whatever fails now, nothing of it is taken out.
	if err = at("renamed"); err == nil {
		err = syncDir(filepath.Dir(config))
	}
	if err == nil {
		err = at("done")
	}
	if err != nil {
		return Settings{}, fmt.Errorf("restore: the node is in place, but it is not sure to outlive a power cut now: %w", err)
	}
	return Load(config)
}

// mayRestore says where a backup's settings put things, if these places are empty. It leaves nothing behind.
func mayRestore(from, config string, settings []byte) (s Settings, err error) {
	look := config + ".look"
	if err := errors.Join(os.RemoveAll(look), writeNew(look, settings, 0o644)); err != nil {
		return s, err
	}
	s, err = Load(look)
	if err = errors.Join(err, os.Remove(look)); err != nil {
		return s, err
	}
	// store.Open would make one that is not there.
	if _, err := os.Stat(filepath.Join(from, backupData, dataFile)); err != nil {
		return s, err
	}
	for _, dir := range []string{s.Keys, s.Data} {
		if err := mustBeEmpty(dir); err != nil {
			return s, err
		}
	}
	return s, nil
}

// clearRestore takes out what a Restore that did not end has left.
func clearRestore(config string) error {
	s, err := Load(restoring(config))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(empty(s.Keys), empty(s.Data), os.Remove(restoring(config)))
}

// nameRestored gives the settings file its name: from now on the node is there. It is one step: a second name that is left behind would let a later
// Restore empty the directories of a node that lives.
func nameRestored(config string) error {
	if _, err := os.Lstat(config); !errors.Is(err, fs.ErrNotExist) {
		return errors.Join(err, fmt.Errorf("%s: %w, and nothing is ever overwritten", config, fs.ErrExist))
	}
	return os.Rename(restoring(config), config)
}

// syncDir brings the names in a directory to the disk.
func syncDir(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// restoreInto fills the directories of s.
func restoreInto(ctx context.Context, from string, s Settings, at func(step string) error) error {
	if err := at("begun"); err != nil {
		return err
	}
	for _, dir := range []string{s.Keys, s.Data} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := at("directories"); err != nil {
		return err
	}
	if err := copyKeys(filepath.Join(from, backupKeys), s.Keys); err != nil {
		return err
	}
	if err := at("keys"); err != nil {
		return err
	}
	// The copy is opened where it lies and copied by SQLite itself, which finds damage.
	old, err := store.Open(filepath.Join(from, backupData))
	if err != nil {
		return err
	}
	err = old.Backup(ctx, filepath.Join(s.Data, dataFile))
	if err = errors.Join(err, old.Close()); err != nil {
		return err
	}
	if err := at("data"); err != nil {
		return err
	}
	st, err := store.Open(s.Data)
	if err != nil {
		return err
	}
	book := auth.NewBook(st, nil)
	err = errors.Join(book.Void(ctx), book.Note(ctx, auth.SecurityEvent{Kind: "restored"}), st.Close())
	if err != nil {
		return err
	}
	return at("void")
}

// empty takes out what is in a directory.
func empty(dir string) error {
	es, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	for _, e := range es {
		err = errors.Join(err, os.RemoveAll(filepath.Join(dir, e.Name())))
	}
	return err
}

func copyKeys(from, to string) error {
	for _, name := range []string{nodeKeyFile, logKeyFile, documentFile, recordPubFile} {
		if err := copyFile(filepath.Join(from, name), filepath.Join(to, name), auth.MaxDocument); err != nil {
			return err
		}
	}
	return nil
}

func copyFile(from, to string, limit int64) error {
	b, err := readBounded(from, limit)
	if err != nil {
		return err
	}
	return writeNew(to, b, 0o600)
}

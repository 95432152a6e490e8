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
func Restore(ctx context.Context, from, config string) (Settings, error) {
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
	if err := writeNew(config, b, 0o644); err != nil {
		return Settings{}, fmt.Errorf("restore: %w", err)
	}
	s, err := Load(config)
	if err == nil {
		err = restoreInto(ctx, from, s)
	}
	if err != nil { // so that the same command can be given again
		return Settings{}, errors.Join(fmt.Errorf("restore: %w", err), os.Remove(config))
	}
	return s, nil
}

// restoreInto fills the directories of s. After an error they are as empty as they were before.
func restoreInto(ctx context.Context, from string, s Settings) (err error) {
	// store.Open would make one that is not there.
	if _, err := os.Stat(filepath.Join(from, backupData, dataFile)); err != nil {
		return err
	}
	for _, dir := range []string{s.Keys, s.Data} {
		if err := mustBeEmpty(dir); err != nil {
			return err
		}
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, empty(s.Keys), empty(s.Data))
		}
	}()
	for _, dir := range []string{s.Keys, s.Data} {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	if err := copyKeys(filepath.Join(from, backupKeys), s.Keys); err != nil {
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
	st, err := store.Open(s.Data)
	if err != nil {
		return err
	}
	return errors.Join(auth.NewBook(st, nil).Void(ctx), st.Close())
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

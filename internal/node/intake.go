package node

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"visavis/internal/intake"
	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// MaxImport bounds a text that is imported, bytes.
const MaxImport = intake.MaxText

// ImportOptions is what the importing party says about an old text.
type ImportOptions struct {
	Language string // "": the text says it
	ID       string // of the readout
	Meeting  string
	Party    string // whose text it is
	Zone     string // IANA name
}

// Imported is an old text as it was understood.
type Imported struct {
	Found intake.Text      `json:"found"`
	Draft readout.Document `json:"draft"`
	Notes []string         `json:"notes,omitempty"` // what the draft could not take over as it stands
}

// ImportReadout finds the blocks of an existing text and makes a draft of them.
func ImportReadout(original []byte, o ImportOptions) (Imported, error) {
	found, err := intake.Read(original, intake.Options{Language: o.Language})
	if err != nil {
		return Imported{}, err
	}
	party := readout.Party{ID: meeting.PartyID(o.Party), Name: meeting.Text{found.Language: o.Party}, Zone: o.Zone}
	d, notes, err := intake.Draft(found, intake.Plan{ID: readout.ID(o.ID), Meeting: meeting.ID(o.Meeting), Party: party})
	if err != nil {
		return Imported{}, fmt.Errorf("make a draft: %w", err)
	}
	return Imported{Found: found, Draft: d, Notes: notes}, nil
}

// Keep writes an import into a directory that must not exist: the original byte by byte, what was found, and the draft.
func (i Imported) Keep(dir, name string, original []byte) error {
	if _, err := os.Lstat(dir); !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("%s is there already", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	draft, err := pretty(i.Draft)
	if err != nil {
		return err
	}
	found, err := pretty(i.Found)
	if err != nil {
		return err
	}
	ext := filepath.Ext(name)
	for file, b := range map[string][]byte{"original" + ext: original, "found.json": found, "draft.json": draft} {
		if err := os.WriteFile(filepath.Join(dir, file), b, 0o600); err != nil {
			return err
		}
	}
	back, err := os.ReadFile(filepath.Join(dir, "original"+ext))
	if err == nil && !bytes.Equal(back, original) {
		err = errors.New("the original does not read back as it was written")
	}
	return err
}

func pretty(v any) ([]byte, error) {
	b, err := json.MarshalIndent(v, "", "  ")
	return append(b, '\n'), err
}

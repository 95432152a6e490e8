package meeting

import (
	"maps"
	"slices"
	"time"
)

// Definition is what the parties agreed before the meeting: who may come, in which role. Both nodes hold the same one (Digest).
type Definition struct {
	ID      ID        `json:"id"`
	Title   Text      `json:"title"`
	Host    PartyID   `json:"host"` // sequences the shared log
	Start   time.Time `json:"start"`
	Parties []Party   `json:"parties"`
	Members []Member  `json:"members"`
}

// Party is one side of a meeting.
type Party struct {
	ID       PartyID `json:"id"`
	Name     Text    `json:"name"`     // short: "Avelmar"
	LongName Text    `json:"longName"` // "Republic of Avelmar"
	City     Text    `json:"city"`
	Zone     string  `json:"zone"`   // IANA name; whether it can be loaded is checked by node
	Emblem   string  `json:"emblem"` // SHA-256 of a PNG blob in hex, or ""
}

// Member is one person of one party's delegation.
type Member struct {
	ID         MemberID `json:"id"`
	Party      PartyID  `json:"party"`
	Role       Role     `json:"role"`
	Name       Text     `json:"name"`
	Office     Text     `json:"office"`
	Precedence int      `json:"precedence"` // 1 = first in the own delegation
}

// Check returns an *Error for the first rule of a definition that d breaks, nil if there is none.
func (d Definition) Check() error { return nil }

// Digest is SHA-256 over the purpose line "visavis-definition/1" and the canonical JSON of d, which must have passed Check.
func (d Definition) Digest() [32]byte { return [32]byte{} }

// Member returns the member of that id.
func (d Definition) Member(id MemberID) (Member, bool) {
	for _, m := range d.Members {
		if m.ID == id {
			return m, true
		}
	}
	return Member{}, false
}

// Party returns the party of that id.
func (d Definition) Party(id PartyID) (Party, bool) {
	for _, p := range d.Parties {
		if p.ID == id {
			return p, true
		}
	}
	return Party{}, false
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }

// ParseDefinition decodes strict JSON (≤ MaxDefinition bytes), brings every text through Clean and runs Check.
// It returns a *strict.Error or an *Error.
func ParseDefinition(b []byte) (Definition, error) { return Definition{}, nil }

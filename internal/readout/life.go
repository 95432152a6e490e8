package readout

import (
	"maps"
	"slices"
	"time"

	"visavis/internal/meeting"
)

// Stage is where a revision of a readout stands.
type Stage string

// The stages.
const (
	StagePrivate   Stage = "private"   // being written by its own party
	StageProposed  Stage = "proposed"  // one party's proposal waits for the other's word
	StageCountered Stage = "countered" // the answer was another proposal, which waits
	StageAgreed    Stage = "agreed"    // all parties hold the same text; it waits for signatures
	StageScheduled Stage = "scheduled" // signed by all, waits for the embargo's end
	StagePublished Stage = "published"
	StageCorrected Stage = "corrected" // a later revision is published
	StageWithdrawn Stage = "withdrawn" // stays visible under a notice
)

// Life is one revision on its way, on one party's node. Its methods are the rules: nothing is published unsigned, early, or by one party for two.
// A Life is a value; a method that returns an error leaves it as it was.
type Life struct {
	Stage    Stage                      `json:"stage"`
	Mode     Mode                       `json:"mode"`
	Self     meeting.PartyID            `json:"self"`
	Signers  []meeting.PartyID          `json:"signers"`
	Proposer meeting.PartyID            `json:"proposer,omitempty"` // of the proposal that waits
	Hash     meeting.Hash               `json:"hash"`               // of the agreed manifest; zeros before
	Release  time.Time                  `json:"release"`            // embargo of the agreed text; the zero time: none
	Lines    map[meeting.PartyID]string `json:"lines,omitempty"`    // under Hash, each verified
	SignedBy string                     `json:"signedBy,omitempty"` // our officer who signed off Hash
	Beside   bool                       `json:"beside,omitempty"`   // coordinated: the other party has said that its text is signed for the same time
	Held     string                     `json:"held,omitempty"`     // why publication waits for an officer: a code; "" = it does not
	Trusted  bool                       `json:"trusted,omitempty"`  // an officer has said that our clock is right, after Held
	Seen     time.Time                  `json:"seen"`               // wall clock when last looked at while scheduled
	Until    time.Time                  `json:"until"`              // when Stage was entered

	wall time.Time     // both clocks when this process began to look, or an officer confirmed: steps of 1.9 s add up
	mono time.Duration // of that moment
	set  bool          // there are any
	// alone says that this process found the text scheduled when it began, and that neither another clock nor an officer has confirmed the time since.
	alone bool
}

// Actor is who does something: an officer of our own party, or another party by the word of its node, which the link has proven.
type Actor struct {
	Party   meeting.PartyID
	Officer bool         // a protocol officer; false for everybody else
	Proven  meeting.Hash // what the officer's passkey has signed off within the last 5 minutes; zeros: nothing
}

// NewLife is a revision that is being written.
func NewLife(d Document, self meeting.PartyID, now time.Time) Life {
	return Life{Stage: StagePrivate, Mode: d.Mode, Self: self, Signers: d.Signers(), Until: now.UTC()}
}

func (l Life) in(stages ...Stage) error {
	if !slices.Contains(stages, l.Stage) {
		return fail("readout.stage", "stage", string(l.Stage))
	}
	return nil
}

func (l Life) to(s Stage, now time.Time) Life {
	l.Stage, l.Until = s, now.UTC()
	return l
}

// own refuses everybody but an officer of our own party.
func (l Life) own(a Actor) error {
	if a.Party != l.Self || !a.Officer {
		return fail("readout.officer")
	}
	return nil
}

// Change takes a text that all had agreed on back into writing: what was signed is void. Nothing that is published is changed: that is a correction.
func (l Life) Change(a Actor, now time.Time) (Life, error) {
	if err := l.in(StagePrivate, StageProposed, StageCountered, StageAgreed, StageScheduled); err != nil {
		return l, err
	}
	if a.Party != l.Self && !slices.Contains(l.Signers, a.Party) {
		return l, fail("readout.party")
	}
	if l.Stage == StageAgreed || l.Stage == StageScheduled {
		if a.Party == l.Self && !a.Officer {
			return l, fail("readout.officer")
		}
		l.Hash, l.Release, l.Lines, l.SignedBy, l.Held, l.Trusted, l.Beside, l.set, l.alone = meeting.Hash{}, time.Time{}, nil, "", "", false, false, false, false
		l.Proposer = ""
		l = l.to(StagePrivate, now)
	}
	return l, nil
}

// Propose notes a proposal: ours by an officer, or theirs. An answer by the other party is a counter-proposal.
func (l Life) Propose(a Actor, now time.Time) (Life, error) {
	if err := l.in(StagePrivate, StageProposed, StageCountered); err != nil {
		return l, err
	}
	switch {
	case l.Mode != Joint:
		return l, fail("readout.mode")
	case !slices.Contains(l.Signers, a.Party):
		return l, fail("readout.party")
	case a.Party == l.Self && !a.Officer:
		return l, fail("readout.officer")
	}
	next := StageProposed
	if l.Proposer != "" && l.Proposer != a.Party || l.Stage == StageCountered {
		next = StageCountered
	}
	l.Proposer = a.Party
	return l.to(next, now), nil
}

// Agree notes that all parties hold f, or for a text of one party that its officer holds it for finished. f is unsigned.
func (l Life) Agree(a Actor, f File, now time.Time) (Life, error) {
	if err := l.in(StagePrivate, StageProposed, StageCountered); err != nil {
		return l, err
	}
	if l.Mode == Joint && l.Stage == StagePrivate {
		return l, fail("readout.stage", "stage", string(l.Stage))
	}
	if l.Mode == Joint && a.Party == l.Proposer { // nobody agrees with himself
		return l, fail("readout.party")
	}
	if a.Party == l.Self && !a.Officer {
		return l, fail("readout.officer")
	}
	if l.Mode != Joint && a.Party != l.Self {
		return l, fail("readout.party")
	}
	m, c, err := f.head()
	if err != nil {
		return l, err
	}
	l.Hash, l.Release = m.Hash(), time.Time{}
	if c.Release != "" {
		if l.Release, err = moment(c.Release); err != nil {
			return l, err
		}
	}
	l.Lines, l.SignedBy, l.Held, l.Trusted, l.set, l.Seen = map[meeting.PartyID]string{}, "", "", false, false, time.Time{}
	return l.to(StageAgreed, now), nil
}

// head is the manifest of f and its first content.
func (f File) head() (Manifest, Content, error) {
	m, err := f.ManifestOf()
	if err != nil {
		return m, Content{}, err
	}
	if len(f.Contents) == 0 {
		return m, Content{}, fail("readout.file")
	}
	c, err := ParseContent([]byte(f.Contents[0].Content))
	return m, c, err
}

// SignOff notes that our officer by has read the text of hash and has said yes with a passkey over it: only then our line may be made or taken in.
func (l Life) SignOff(a Actor, hash meeting.Hash, by string) (Life, error) {
	if err := l.in(StageAgreed); err != nil {
		return l, err
	}
	if err := l.own(a); err != nil {
		return l, err
	}
	switch {
	case hash != l.Hash: // another has been agreed on while the officer read
		return l, fail("readout.hash")
	case a.Proven != hash:
		return l, fail("readout.proof")
	}
	l.SignedBy = by
	return l, nil
}

// Sign takes a line under the agreed manifest, ours or another party's. With the last one the text is scheduled; if its embargo is over by then it is
// held: what is not signed in time is not published by itself. The same line twice changes nothing.
func (l Life) Sign(a Actor, m Manifest, line Line, keys Keys, now Clock) (Life, error) {
	if err := l.in(StageAgreed, StageScheduled); err != nil {
		return l, err
	}
	switch {
	case m.Hash() != l.Hash:
		return l, fail("readout.hash")
	case !slices.Contains(l.Signers, line.Party):
		return l, fail("readout.signer", "party", string(line.Party))
	case line.Party != a.Party: // a party brings its own line and no other's
		return l, fail("readout.party")
	case line.Party == l.Self && l.SignedBy == "":
		return l, fail("readout.proof")
	case !slices.ContainsFunc(keys[line.Party], func(k Key) bool { return !k.Revoked && line.Fits(m, k.Public) }):
		return l, fail("readout.signature", "party", string(line.Party))
	}
	if _, there := l.Lines[line.Party]; there {
		return l, nil
	}
	l.Lines = maps.Clone(l.Lines)
	if l.Lines == nil {
		l.Lines = map[meeting.PartyID]string{}
	}
	l.Lines[line.Party] = line.String()
	if !l.signed() {
		return l, nil
	}
	l = l.to(StageScheduled, now.Wall)
	l.anchor(now)
	if !l.Release.IsZero() && !now.Wall.Before(l.Release) {
		l.Held = HeldLate
	}
	return l, nil
}

func (l Life) signed() bool {
	for _, p := range l.Signers {
		if l.Lines[p] == "" {
			return false
		}
	}
	return len(l.Signers) > 0 && (l.Mode != Joint || len(l.Signers) > 1)
}

// BesideRecalled notes that the other party has taken its coordinated text back into writing.
func (l Life) BesideRecalled() Life {
	l.Beside = false
	return l
}

// BesideSigned notes the other party's word that its coordinated text is signed, for the embargo release.
func (l Life) BesideSigned(a Actor, release time.Time) (Life, error) {
	switch {
	case l.Mode != Coordinated:
		return l, fail("readout.mode")
	case a.Party == l.Self:
		return l, fail("readout.party")
	case l.Stage != StageAgreed && l.Stage != StageScheduled:
		return l, fail("readout.stage", "stage", string(l.Stage))
	case !release.Equal(l.Release):
		return l, fail("readout.release")
	}
	l.Beside = true
	return l, nil
}

// Publish is the last gate: f is what goes out, held against the keys of the parties once more. Who calls it has looked (Look) and writes f to the
// public store before keeping the Life that it returns; done again after a crash it gives the same. It returns an *Unfit or a *meeting.Error.
func (l Life) Publish(f File, keys Keys, now Clock) (Life, error) {
	if err := l.in(StageScheduled); err != nil {
		return l, err
	}
	r, err := Verify(f, keys)
	switch {
	case keys == nil:
		return l, fail("readout.unsigned")
	case err != nil:
		return l, err
	case r.Hash != l.Hash || !l.signed():
		return l, fail("readout.unsigned")
	case l.Mode == Coordinated && !l.Beside && r.Revision == 1: // both are public or due since; a correction is that party's own
		return l, fail("readout.beside")
	}
	l, due := l.Look(now)
	switch {
	case l.Held != "":
		return l, fail("readout.held", "code", l.Held)
	case !due:
		return l, fail("readout.early")
	}
	return l.to(StagePublished, now.Wall), nil
}

// Supersede notes that the next revision is published: next is its manifest, signed by the same parties.
func (l Life) Supersede(next Manifest, now time.Time) (Life, error) {
	if err := l.in(StagePublished, StageCorrected); err != nil {
		return l, err
	}
	if next.Parent != l.Hash {
		return l, fail("readout.parent")
	}
	return l.to(StageCorrected, now), nil
}

// Withdraw is one party's word that it stands by the text no longer; one key suffices, as for everything that takes back. The text stays visible
// under the notice, which names the party.
func (l Life) Withdraw(a Actor, hash meeting.Hash, now time.Time) (Life, error) {
	if err := l.in(StagePublished, StageCorrected); err != nil {
		return l, err
	}
	switch {
	case hash != l.Hash:
		return l, fail("readout.hash")
	case !slices.Contains(l.Signers, a.Party):
		return l, fail("readout.party")
	case a.Party == l.Self && !a.Officer:
		return l, fail("readout.officer")
	case a.Party == l.Self && a.Proven != hash:
		return l, fail("readout.proof")
	}
	return l.to(StageWithdrawn, now), nil
}

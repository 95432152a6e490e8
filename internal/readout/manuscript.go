package readout

import (
	"slices"
	"time"
)

// Manuscript is a document that several officers of one delegation write at once: each block has a version that rises with every change, and a lease.
type Manuscript struct {
	Document Document         `json:"document"`
	Version  int64            `json:"version"`           // of everything but the blocks: languages, parties, order
	Versions map[string]int64 `json:"versions"`          // by block of the document
	Highest  int64            `json:"highest,omitempty"` // version of a block that is gone: one that comes begins above it, so that no version is of two texts
	Leases   map[string]Lease `json:"leases"`            // by block
	Former   []Former         `json:"former,omitempty"`
}

// Former is an authentic text as it was when a text that rests on it was last finished: what a stale text has to be held against.
type Former struct {
	Block    string `json:"block"`
	Language string `json:"language"` // of the stale text
	Of       string `json:"of"`       // the authentic language
	Text     string `json:"text"`
}

// Lease says who is writing a block.
type Lease struct {
	By    string    `json:"by"`
	Until time.Time `json:"until"`
}

// NewManuscript is d, unchanged by anybody yet.
func NewManuscript(d Document) Manuscript {
	w := Manuscript{Document: d.Settled(), Version: 1, Versions: map[string]int64{}, Leases: map[string]Lease{}}
	for _, b := range d.Blocks {
		w.Versions[b.ID] = 1
	}
	return w
}

// Clone is a copy that shares nothing with w.
func (w Manuscript) Clone() Manuscript {
	w.Document = w.Document.Clone()
	v, l := map[string]int64{}, map[string]Lease{}
	for k, n := range w.Versions {
		v[k] = n
	}
	for k, x := range w.Leases {
		l[k] = x
	}
	w.Versions, w.Leases, w.Former = v, l, slices.Clone(w.Former)
	return w
}

// write puts d in the place of the document, and keeps what stale texts rested on: at most maxFormer bytes and maxFormers of them, the oldest go first.
func (w Manuscript) write(d Document) Manuscript {
	was := w.Document
	w = w.Clone()
	w.Document = d
	w.Former = slices.DeleteFunc(w.Former, func(f Former) bool {
		b, ok := d.Block(f.Block)
		return !ok || d.State(b, f.Language) != Stale || b.Texts[f.Of].Text == f.Text
	})
	for id, v := range w.Versions {
		if d.index(id) < 0 {
			w.Highest = max(w.Highest, v)
			delete(w.Versions, id)
		}
	}
	for _, b := range d.Blocks {
		if _, ok := w.Versions[b.ID]; !ok {
			w.Versions[b.ID] = w.Highest
		}
	}
	for _, b := range d.Blocks {
		old, ok := was.Block(b.ID)
		for _, l := range d.Languages {
			if ok && d.State(b, l.Tag) == Stale && was.State(old, l.Tag) != Missing {
				w.former(old, b, l.Tag)
			}
		}
	}
	for n := w.formerBytes(); n > maxFormer || len(w.Former) > maxFormers; n = w.formerBytes() {
		w.Former = w.Former[1:]
	}
	return w
}

// former notes which authentic texts have changed under a stale text, unless an earlier change has been noted: that is what it rested on.
func (w *Manuscript) former(old, b Block, tag string) {
	for _, l := range w.Document.Languages {
		text := old.Texts[l.Tag].Text
		if l.Standing != Authentic || l.Tag == tag || text == "" || text == b.Texts[l.Tag].Text {
			continue
		}
		if !slices.ContainsFunc(w.Former, func(f Former) bool { return f.Block == b.ID && f.Language == tag && f.Of == l.Tag }) {
			w.Former = append(w.Former, Former{b.ID, tag, l.Tag, text})
		}
	}
}

func (w Manuscript) formerBytes() (n int) {
	for _, f := range w.Former {
		n += len(f.Text)
	}
	return n
}

// Lease gives a block to an officer for LeaseFor; again by the same officer it is prolonged. It returns readout.leased while another has it.
func (w Manuscript) Lease(block, by string, now time.Time) (Manuscript, error) {
	if w.Document.index(block) < 0 {
		return w, fail("readout.gone", "block", block)
	}
	if l, ok := w.Leases[block]; ok && l.By != by && now.Before(l.Until) {
		return w, fail("readout.leased", "block", block, "by", l.By)
	}
	w = w.Clone()
	w.Leases[block] = Lease{by, now.UTC().Add(LeaseFor)}
	return w, nil
}

// Release ends a lease of an officer; another's it leaves alone.
func (w Manuscript) Release(block, by string) Manuscript {
	if l, ok := w.Leases[block]; !ok || l.By != by {
		return w
	}
	w = w.Clone()
	delete(w.Leases, block)
	return w
}

// may is the If-Match of a save: version is that of the block which the officer by has read.
func (w Manuscript) may(block, by string, version int64, now time.Time) error {
	if w.Document.index(block) < 0 {
		return fail("readout.gone", "block", block)
	}
	if version != w.Versions[block] {
		return fail("readout.changed", "block", block)
	}
	if l, ok := w.Leases[block]; ok && l.By != by && now.Before(l.Until) {
		return fail("readout.leased", "block", block, "by", l.By)
	}
	return nil
}

// SaveText writes one text. It returns readout.changed if the block is another than the officer has read, readout.leased while another officer has
// it, readout.gone, or what the gate refuses; the draft is then as it was.
func (w Manuscript) SaveText(block, tag, text string, ready bool, by string, version int64, now time.Time) (Manuscript, error) {
	if err := w.may(block, by, version, now); err != nil {
		return w, err
	}
	d, err := w.Document.SetText(block, tag, text, ready)
	if err != nil {
		return w, err
	}
	w = w.write(d)
	w.Versions[block]++
	return w, nil
}

// SaveBlock puts a whole block in the place of the one with its id, texts and all. Errors as of SaveText.
func (w Manuscript) SaveBlock(b Block, by string, version int64, now time.Time) (Manuscript, error) {
	if err := w.may(b.ID, by, version, now); err != nil {
		return w, err
	}
	d := w.Document.Clone()
	d.Blocks[d.index(b.ID)] = b.Clone()
	d, err := d.Clean()
	if err != nil {
		return w, err
	}
	d = d.Settled()
	if err := d.Check(); err != nil {
		return w, err
	}
	w = w.write(d)
	w.Versions[b.ID]++
	return w, nil
}

// Replace puts another document in the place of all of it: a proposal that was taken, a new order, other languages. version is that of the draft.
// Blocks that differ get a new version, and every lease ends on blocks that are gone.
func (w Manuscript) Replace(d Document, version int64) (Manuscript, error) {
	if version != w.Version {
		return w, fail("readout.changed")
	}
	d, err := d.Clean()
	if err != nil {
		return w, err
	}
	d = d.Settled()
	if err := d.Check(); err != nil {
		return w, err
	}
	was := w.Document
	w = w.write(d)
	w.Version++
	for _, b := range d.Blocks {
		if o, ok := was.Block(b.ID); !ok || !sameJSON(o, b) {
			w.Versions[b.ID]++
		}
	}
	for id := range w.Leases {
		if d.index(id) < 0 {
			delete(w.Leases, id)
		}
	}
	return w, nil
}

// Read looks whether the manuscript is still the one that an officer has read: version is its own, read those of its blocks. Else readout.changed.
func (w Manuscript) Read(version int64, read map[string]int64) error {
	if version != w.Version {
		return fail("readout.changed")
	}
	for _, b := range w.Document.Blocks {
		if read[b.ID] != w.Versions[b.ID] {
			return fail("readout.changed", "block", b.ID)
		}
	}
	return nil
}

// MayReplace looks whether an officer may put d in the place of the document: readout.changed if a block is another than in read, by version (nil: that
// is not asked), readout.leased if in d a block is another, or gone, that another officer is writing now.
func (w Manuscript) MayReplace(d Document, read map[string]int64, by string, now time.Time) error {
	for _, b := range w.Document.Blocks {
		if read != nil && read[b.ID] != w.Versions[b.ID] {
			return fail("readout.changed", "block", b.ID)
		}
	}
	d, err := d.Clean()
	if err != nil {
		return err
	}
	d = d.Settled()
	for _, b := range w.Document.Blocks {
		l, ok := w.Leases[b.ID]
		if !ok || l.By == by || !now.Before(l.Until) {
			continue
		}
		if other, has := d.Block(b.ID); !has || !sameJSON(other, b) {
			return fail("readout.leased", "block", b.ID, "by", l.By)
		}
	}
	return nil
}

// MayTake looks whether an officer may put another text in the place of one block, and of no other: as for a save. A block that is not there yet may come.
func (w Manuscript) MayTake(block string, read map[string]int64, by string, now time.Time) error {
	if w.Document.index(block) < 0 {
		return nil
	}
	return w.may(block, by, read[block], now)
}

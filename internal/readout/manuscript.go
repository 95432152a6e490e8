package readout

import (
	"time"
)

// Manuscript is a document that several officers of one delegation write at once: each block has a version that rises with every change, and a lease.
type Manuscript struct {
	Document Document         `json:"document"`
	Version  int64            `json:"version"`  // of everything but the blocks: languages, parties, order
	Versions map[string]int64 `json:"versions"` // by block
	Leases   map[string]Lease `json:"leases"`   // by block
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
	w.Versions, w.Leases = v, l
	return w
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
	w = w.Clone()
	w.Document = d
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
	w = w.Clone()
	w.Document = d
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
	w = w.Clone()
	w.Document = d
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

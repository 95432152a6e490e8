// Package intake recognises what an existing readout says: a plain text or Markdown of a party's archive becomes blocks with their kinds, speakers
// and attendance, by rules that stand in one table for each language (tables/). It knows formulas, not names: names come from the text itself or from
// the meeting that the caller gives. Nothing is dropped: the ranges of front matter and blocks together hold every byte of the original that is not
// blank, and what no rule knows stays a plain block. Start from Read. It does no I/O, has no clock, starts no goroutine and must not know the store,
// links or HTTP.
package intake

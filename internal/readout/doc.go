// Package readout is the text that remains of a meeting: a Document in several languages, the bytes of it that are signed (Content, Manifest),
// the File that is published and verified, and the rules of its life (Status, Negotiation). It does no I/O, has no clock and starts no goroutine:
// now is an argument. It must not know records, links, HTTP or the public site. Start from Document.
package readout

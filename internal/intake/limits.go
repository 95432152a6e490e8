package intake

// Bounds of an import (docs/import.md).
const (
	MaxText       = 128 << 10 // bytes of a file
	MaxParagraphs = 2000
	MaxPeople     = 400  // names taken from one text
	MaxFront      = 64   // fields of front matter
	MaxField      = 4096 // bytes of one field
	maxPhrase     = 16   // words of an office, as it stands in a text
	maxName       = 4    // words of a name
	maxLost       = 64   // marks in one paragraph that open a quotation and never close it; behind them no quotation is looked for
	maxAgain      = 2000 // Chinese names without a dot that are looked for a second time
	maxReach      = 25   // words between a verb and who it is said of
)

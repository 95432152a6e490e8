package record

// Bounds of an export that is verified (docs/security.md, limits).
const (
	MaxEntries = 200_000 // as a room's log
	MaxLog     = 64 << 20
	MaxIndex   = 64 << 10
	MaxHeads   = 64
	MaxFiles   = 64
	MaxDerived = 64 << 20 // bytes of attendance or speaking log, as CSV or JSON
	maxLine    = 256 << 10
)

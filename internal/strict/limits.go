package strict

// What one value may be unless its caller says otherwise.
const (
	DefaultBytes  = 16 << 10
	DefaultDepth  = 16
	DefaultList   = 1000
	DefaultString = 16 << 10

	// MaxInteger is the largest integer taken, either sign: beyond it JavaScript rounds (RFC 8259 §6).
	MaxInteger = 1<<53 - 1

	// maxFields is how deep embedded structs of a Go type are followed: types are ours, this only ends a loop of our own making.
	maxFields = 8
)

func (l Limits) filled() Limits {
	if l.Bytes == 0 {
		l.Bytes = DefaultBytes
	}
	if l.Depth == 0 {
		l.Depth = DefaultDepth
	}
	if l.List == 0 {
		l.List = DefaultList
	}
	if l.String == 0 {
		l.String = DefaultString
	}
	return l
}

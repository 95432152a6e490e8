// Package strict decodes JSON that a stranger wrote: exact-case keys, no duplicates, no unknown field, one value, valid UTF-8, bounded.
// Start from Decode. It must not know what the values mean.
package strict

import "errors"

// Limits bounds one value. A field that is 0 takes the default of the package (limits.go).
type Limits struct {
	Bytes  int // whole input, bytes
	Depth  int // nesting of objects and arrays
	List   int // elements of one array, members of one object
	String int // one string or key once unescaped, bytes
}

// Error says why an input was refused. Code is stable: json.size, json.syntax, json.duplicate, json.unknown, json.case,
// json.trailing, json.utf8, json.depth, json.list, json.string, json.type.
type Error struct {
	Code string
	Path string // where, as in "hello.offer.names[3]"; names of the type only, nothing of the input
}

// Error implements error.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Code
	}
	return e.Code + " at " + e.Path
}

// Decode decodes b, one JSON value, into v, a pointer that is not nil. It returns an *Error for everything that b may do wrong;
// v is then unspecified. It may be called concurrently.
func Decode(b []byte, v any, l Limits) error {
	return errors.New("not yet")
}

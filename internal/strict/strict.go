// Package strict decodes JSON that a stranger wrote: exact-case keys, no duplicates, no unknown field, one value, valid UTF-8, bounded.
// Start from Decode. It must not know what the values mean.
//
// encoding/json alone, even with DisallowUnknownFields, takes the last of "role" and "ROLE", ignores what follows the first
// value and turns bad UTF-8 into U+FFFD. A JavaScript reader of the same bytes would see something else: so the bytes are checked
// token by token against the Go type before encoding/json sees them.
package strict

import (
	"encoding/json"
	"reflect"
	"unicode/utf8"
)

// Limits bounds one value. A field that is 0 takes the default of the package (limits.go).
type Limits struct {
	Bytes  int // whole input, bytes
	Depth  int // nesting of objects and arrays
	List   int // elements of one array, members of one object
	String int // one string or key once unescaped, bytes
}

// Codes of Error.
const (
	CodeSize      = "json.size"      // longer than Limits.Bytes
	CodeSyntax    = "json.syntax"    // not JSON (RFC 8259)
	CodeDuplicate = "json.duplicate" // the same key twice in one object
	CodeUnknown   = "json.unknown"   // a key that the type does not have
	CodeCase      = "json.case"      // a key of the type in other letters: "ROLE" for "role"
	CodeTrailing  = "json.trailing"  // more than one value
	CodeUTF8      = "json.utf8"      // invalid UTF-8, or half of a surrogate pair
	CodeDepth     = "json.depth"
	CodeList      = "json.list"
	CodeString    = "json.string"
	CodeType      = "json.type" // a value of another type, or an integer above MaxInteger
)

// Error says why an input was refused.
type Error struct {
	Code string // one of the codes above
	Path string // where, as in "hello.offer.names[3]": names of the Go type and indices only, nothing else of the input
}

// Error implements error.
func (e *Error) Error() string {
	if e.Path == "" {
		return e.Code
	}
	return e.Code + " at " + e.Path
}

// Decode decodes b, one JSON value, into v, a pointer that is not nil. It returns an *Error for everything that b may do wrong;
// v is then unspecified. null is taken by pointers, slices, maps and interfaces only. It may be called concurrently.
func Decode(b []byte, v any, l Limits) error {
	l = l.filled()
	if len(b) > l.Bytes {
		return &Error{Code: CodeSize}
	}
	if !utf8.Valid(b) {
		return &Error{Code: CodeUTF8}
	}
	s := scanner{b: b, l: l}
	s.space()
	if err := s.value(reflect.TypeOf(v).Elem(), 0); err != nil {
		return err
	}
	s.space()
	if s.i != len(b) {
		return &Error{Code: CodeTrailing}
	}
	if err := json.Unmarshal(b, v); err != nil {
		return &Error{Code: CodeType}
	}
	return nil
}

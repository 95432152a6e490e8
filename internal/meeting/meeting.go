// Package meeting is the meeting as a value: Definition, State, Event, Apply and Plan. It does no I/O, has no clock and starts no
// goroutine. Who may hear, see, speak or write is decided here, by NewPlan, and nowhere else. Start from State.
package meeting

import "strings"

// ID names a meeting: lower-case ASCII letters, digits and hyphens, at most MaxID bytes.
type ID string

// PartyID names a party, in the alphabet of ID.
type PartyID string

// MemberID names a member within a meeting, in the alphabet of ID.
type MemberID string

// Text is one text in several languages: BCP 47 tag → text that went through Clean.
type Text map[string]string

// Error is what a person may read: Code is stable and translated in the client, Args fill its text. Args hold identifiers and
// numbers only, never what a stranger wrote.
type Error struct {
	Code string
	Args map[string]string
}

// Error implements error: the code and its arguments in order of their names.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Code)
	for _, k := range sortedKeys(e.Args) {
		b.WriteString(" " + k + "=" + e.Args[k])
	}
	return b.String()
}

// fail makes an *Error from pairs of name and value.
func fail(code string, pairs ...string) *Error {
	e := &Error{Code: code}
	for i := 0; i+1 < len(pairs); i += 2 {
		if e.Args == nil {
			e.Args = map[string]string{}
		}
		e.Args[pairs[i]] = pairs[i+1]
	}
	return e
}

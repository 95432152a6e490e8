// Package meeting is the meeting as a value: Definition, State, Event, Apply and Plan. It does no I/O, has no clock and starts no
// goroutine. Who may hear, see, speak or write is decided here, by NewPlan, and nowhere else. Start from State.
package meeting

package meeting

import "strconv"

// Kind is what happened. Unknown kinds are refused.
type Kind string

// The kinds of this version. Who may cause which, and when, is decided by Apply; docs/meeting.md shows it in tables.
const (
	MemberJoined  Kind = "member.joined"
	MemberLeft    Kind = "member.left"
	MemberDevices Kind = "member.devices" // mic, camera

	PhaseRehearsal Kind = "phase.rehearsal" // Member: the officer
	PhaseWaiting   Kind = "phase.waiting"   // Member: the officer
	PhaseClosed    Kind = "phase.closed"    // Member: the officer; one key
	PhaseEnded     Kind = "phase.ended"     // Member: the officer; one key
	PhaseSealed    Kind = "phase.sealed"    // Member: the officer

	KeyTurned     Kind = "key.turned"     // Member: the officer; action, epoch, head
	KeyReturned   Kind = "key.returned"   // Member: the officer; action
	RecordStopped Kind = "record.stopped" // Member: the officer; one key

	FloorModeSet      Kind = "floor.mode"         // Member: the officer; mode
	FloorGiven        Kind = "floor.given"        // Member: who gets the floor; actor: the officer; limit
	FloorAcknowledged Kind = "floor.acknowledged" // Member: the holder; language
	FloorYielded      Kind = "floor.yielded"      // Member: the holder
	FloorTaken        Kind = "floor.taken"        // Member: the holder; actor: the officer
	HandRaised        Kind = "hand.raised"
	HandLowered       Kind = "hand.lowered" // actor: the officer, or none
	OrderRaised       Kind = "order.raised" // a point of order
	OrderLowered      Kind = "order.lowered"
	AgendaItem        Kind = "agenda.item" // Member: the officer; n, from 1; none = no item

	CapacitySet        Kind = "capacity"            // n: 0 = first office, 1 = second; actor: the officer, or none
	TechnicianAdmitted Kind = "technician.admitted" // Member: the technician; actor: the officer; admit
)

// Kinds lists the kinds of this version, as nodes name them to each other in hello.
func Kinds() []Kind {
	return []Kind{MemberJoined, MemberLeft, MemberDevices, PhaseRehearsal, PhaseWaiting, PhaseClosed, PhaseEnded, PhaseSealed,
		KeyTurned, KeyReturned, RecordStopped, FloorModeSet, FloorGiven, FloorAcknowledged, FloorYielded, FloorTaken,
		HandRaised, HandLowered, OrderRaised, OrderLowered, AgendaItem, CapacitySet, TechnicianAdmitted}
}

// May reports whether role may cause events of kind k, in some phase: by its own act or, with another, as the officer who acts on
// another member. What is not in the table is denied.
func (k Kind) May(role Role, another bool) bool {
	if !role.Known() {
		return false
	}
	switch k {
	case MemberJoined, MemberLeft, MemberDevices: // devices: each has its own right
		return !another
	case PhaseRehearsal, PhaseWaiting, PhaseClosed, PhaseEnded, PhaseSealed, RecordStopped:
		return !another && role.May(Lower)
	case KeyTurned, KeyReturned:
		return !another && role.May(TurnKey)
	case FloorModeSet, AgendaItem:
		return !another && role.May(GiveFloor)
	case FloorGiven, FloorTaken:
		return another && role.May(GiveFloor)
	case FloorAcknowledged, FloorYielded:
		return !another && role.May(Yield)
	case HandRaised, OrderRaised:
		return !another && role.May(Hand)
	case HandLowered, OrderLowered:
		return !another && role.May(Hand) || another && role.May(GiveFloor)
	case CapacitySet:
		return !another || role.May(GiveFloor)
	case TechnicianAdmitted:
		return another && role.May(Admit)
	}
	return false
}

// Lowers reports whether k ends what others hear, see or keep: such an event finds a place where the log is full.
func (k Kind) Lowers() bool { return k.in(PhaseClosed, PhaseEnded, RecordStopped) }

// Action is what needs one key of every party.
type Action string

// The actions.
const (
	Start   Action = "start"   // waiting → what the definition begins with
	Open    Action = "open"    // closed → open
	Record  Action = "record"  // State.Recording
	Publish Action = "publish" // State.Published
)

// Known reports whether this version knows the action.
func (a Action) Known() bool { return a == Start || a == Open || a == Record || a == Publish }

// Event is one thing that happened in a meeting, as a party states it. It says nothing about who sent it.
type Event struct {
	Kind     Kind     `json:"kind"`
	Member   MemberID `json:"member"`
	Actor    MemberID `json:"actor,omitempty"`    // the officer who did it; "" = the member itself
	Mic      *bool    `json:"mic,omitempty"`      // member.devices only; nil = unchanged
	Camera   *bool    `json:"camera,omitempty"`   // member.devices only; nil = unchanged
	Action   Action   `json:"action,omitempty"`   // key.turned, key.returned
	Epoch    int64    `json:"epoch,omitempty"`    // key.turned, member.devices: State.Epoch that was seen
	Head     *Hash    `json:"head,omitempty"`     // key.turned: State.Head that the officer saw
	Mode     Mode     `json:"mode,omitempty"`     // floor.mode
	Limit    int      `json:"limit,omitempty"`    // floor.given: seconds; 0 = as the definition says
	N        int      `json:"n,omitempty"`        // agenda.item, capacity
	Admit    *bool    `json:"admit,omitempty"`    // technician.admitted
	Language string   `json:"language,omitempty"` // floor.acknowledged: what the holder speaks, "" = not said
}

// fields that an event may have besides kind and member.
type fields uint16

const (
	hasActor fields = 1 << iota
	hasMic
	hasCamera
	hasAction
	hasEpoch
	hasHead
	hasMode
	hasLimit
	hasN
	hasAdmit
	hasLanguage
)

// shape says which fields an event of a kind must and may have.
func (k Kind) shape() (must, may fields, ok bool) {
	switch k {
	case MemberJoined, MemberLeft, PhaseRehearsal, PhaseWaiting, PhaseClosed, PhaseEnded, PhaseSealed, RecordStopped, FloorYielded,
		HandRaised, OrderRaised:
		return 0, 0, true
	case MemberDevices: // one of the two
		return 0, hasMic | hasCamera | hasEpoch, true
	case KeyTurned:
		return hasAction | hasEpoch | hasHead, 0, true
	case KeyReturned:
		return hasAction, 0, true
	case FloorModeSet:
		return hasMode, 0, true
	case FloorGiven:
		return hasActor, hasLimit, true
	case FloorAcknowledged:
		return 0, hasLanguage, true
	case FloorTaken:
		return hasActor, 0, true
	case HandLowered, OrderLowered:
		return 0, hasActor, true
	case AgendaItem:
		return 0, hasN, true
	case CapacitySet:
		return 0, hasActor | hasN, true
	case TechnicianAdmitted:
		return hasActor | hasAdmit, 0, true
	}
	return 0, 0, false
}

// fields of e that are set.
func (e Event) fields() fields {
	var f fields
	for i, set := range []bool{e.Actor != "", e.Mic != nil, e.Camera != nil, e.Action != "", e.Epoch != 0, e.Head != nil, e.Mode != "",
		e.Limit != 0, e.N != 0, e.Admit != nil, e.Language != ""} {
		if set {
			f |= 1 << i
		}
	}
	return f
}

// check looks at what can be judged without a state.
func (e Event) check() error {
	if !validID(string(e.Member)) || e.Actor != "" && !validID(string(e.Actor)) {
		return fail("member.id")
	}
	must, may, ok := e.Kind.shape()
	if !ok {
		return fail("event.unknown")
	}
	switch got := e.fields(); {
	case got&must != must, got&^(must|may) != 0:
		return fail("event.malformed")
	case e.Kind == MemberDevices && got&(hasMic|hasCamera) == 0:
		return fail("event.malformed")
	case e.Action != "" && !e.Action.Known(), e.Mode != "" && !e.Mode.Known():
		return fail("event.malformed")
	case e.Epoch < 0, e.Epoch > MaxCounter, e.N < 0, e.N > MaxAgenda, e.Kind == CapacitySet && e.N > 1:
		return fail("event.malformed")
	case e.Limit < 0, e.Limit > MaxLimit:
		return fail("floor.limit", "max", strconv.Itoa(MaxLimit))
	case e.Language != "" && !validTag(e.Language):
		return fail("text.language")
	}
	return nil
}

// Equal reports whether two events say the same.
func (e Event) Equal(f Event) bool {
	same := func(a, b *bool) bool { return (a == nil) == (b == nil) && (a == nil || *a == *b) }
	if !same(e.Mic, f.Mic) || !same(e.Camera, f.Camera) || !same(e.Admit, f.Admit) {
		return false
	}
	if (e.Head == nil) != (f.Head == nil) || e.Head != nil && *e.Head != *f.Head {
		return false
	}
	e.Mic, e.Camera, e.Admit, e.Head, f.Mic, f.Camera, f.Admit, f.Head = nil, nil, nil, nil, nil, nil, nil, nil
	return e == f
}

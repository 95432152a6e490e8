package meeting

// Role is what a member is in a meeting. A role that is not listed here has no right at all and is refused by Check.
type Role string

// The roles of this version.
const (
	Principal Role = "principal" // head of a delegation; at most one per party
	Delegate  Role = "delegate"
)

// Right is one thing that a role may do.
type Right uint8

// The rights.
const (
	Hear  Right = iota // hears the admitted open microphones
	See                // sees principals and delegates
	Speak              // may open the own microphone to the meeting
	Show               // may show the own camera to the meeting
	rights
)

// Known reports whether this version knows the role.
func (r Role) Known() bool { return r == Principal || r == Delegate }

// May is the table of roles and rights: what is not in it is denied.
func (r Role) May(x Right) bool {
	switch r {
	//                     hear        see         speak        show
	case Principal:
		return x == Hear || x == See || x == Speak || x == Show
	case Delegate:
		return x == Hear || x == See || x == Speak || x == Show
	}
	return false
}

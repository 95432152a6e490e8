package meeting

// Role is what a member is in a meeting. A role that is not listed here has no right at all and is refused by Check.
type Role string

// The roles of this version.
const (
	Principal Role = "principal"
	Delegate  Role = "delegate"
)

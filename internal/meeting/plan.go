package meeting

// Plan is the one decision about who hears and sees whom.
type Plan struct {
	Views map[MemberID]View // of every member who is present
	Mics  []MemberID        // admitted open microphones, in the order of the definition
}

// View is what one present member gets.
type View struct {
	Hear  []MemberID // admitted open microphones, never the viewer's own
	Stage []MemberID // [0] own party's principal, [1].. the other parties' principals, then delegates by precedence; "" = none; never the viewer
}

// NewPlan decides for s.
func NewPlan(s State) Plan { return Plan{} }

// Wanted returns the streams of other parties that the present members of party hear or, in their first stage slots, see.
// Each is named once, in the order of the definition.
func (p Plan) Wanted(party PartyID, s State, stage int) (mics, cams []MemberID) { return nil, nil }

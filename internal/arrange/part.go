package arrange

import (
	"bytes"
	"cmp"
	"slices"

	"visavis/internal/meeting"
)

// membersOf are the members of one party, in the definition's order.
func membersOf(d meeting.Definition, p meeting.PartyID) []meeting.Member {
	var out []meeting.Member
	for _, m := range d.Members {
		if m.Party == p {
			out = append(out, m)
		}
	}
	return out
}

// samePart reports whether two definitions say the same of one party: its entry and its delegation.
func samePart(a, b meeting.Definition, p meeting.PartyID) bool {
	pa, _ := a.Party(p)
	pb, _ := b.Party(p)
	return bytes.Equal(canonical(pa), canonical(pb)) && bytes.Equal(canonical(membersOf(order(a), p)), canonical(membersOf(order(b), p)))
}

// canonical is JSON to compare by: an empty text and none are the same.
func canonical(v any) []byte {
	b, err := marshal(v)
	if err != nil {
		return nil
	}
	return bytes.ReplaceAll(b, []byte(":null"), []byte(":{}"))
}

// withPart is d with what from says of one party. Neither is changed.
func withPart(d, from meeting.Definition, p meeting.PartyID) meeting.Definition {
	d.Parties = slices.Clone(d.Parties)
	if own, ok := from.Party(p); ok {
		if i := slices.IndexFunc(d.Parties, func(x meeting.Party) bool { return x.ID == p }); i >= 0 {
			d.Parties[i] = own
		} else {
			d.Parties = append(d.Parties, own)
		}
	}
	members := slices.DeleteFunc(slices.Clone(d.Members), func(m meeting.Member) bool { return m.Party == p })
	d.Members = append(members, membersOf(from, p)...)
	return order(d)
}

// order is d with its members in the one order that arranging keeps: party by party, by precedence, so that the digest depends on nothing else.
func order(d meeting.Definition) meeting.Definition {
	at := map[meeting.PartyID]int{}
	for i, p := range d.Parties {
		at[p.ID] = i
	}
	d.Members = slices.Clone(d.Members)
	slices.SortStableFunc(d.Members, func(a, b meeting.Member) int {
		return cmp.Or(cmp.Compare(at[a.Party], at[b.Party]), cmp.Compare(a.Precedence, b.Precedence))
	})
	return d
}

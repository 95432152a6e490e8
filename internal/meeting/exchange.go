package meeting

import "visavis/internal/strict"

// Exchange is one message between the rooms of two nodes. Exactly one field is set. Who sent it is known by the key of the link
// that brought it; a party named inside is compared with that.
type Exchange struct {
	Join    *JoinLog    `json:"join,omitempty"`
	Propose *Proposal   `json:"propose,omitempty"`
	Entry   *EntryBytes `json:"entry,omitempty"`
	Head    *Head       `json:"head,omitempty"`
	Refuse  *Refusal    `json:"refuse,omitempty"`
	Notice  *Notice     `json:"notice,omitempty"`
}

// JoinLog says how far the sender's copy of the shared log goes. A guest asks with it for what follows Have.
type JoinLog struct {
	Meeting ID    `json:"meeting"`
	Digest  Hash  `json:"digest"` // of the sender's Definition
	Have    int64 `json:"have"`   // number of its last entry; 0 = none
	Ask     bool  `json:"ask"`    // the sender wants a JoinLog back: its room or the link has just come up
	// Stopped is the code of an Error for which the sender follows this log no longer, "" while it does.
	Stopped string `json:"stopped,omitempty"`
}

// EntryBytes is a piece of the shared log: the exact bytes of entries N, N+1, …; at most MaxPiece of them and MaxPieceBytes.
type EntryBytes struct {
	Meeting ID       `json:"meeting"`
	N       int64    `json:"n"`
	Last    int64    `json:"last"` // number of the host's last entry: a guest that has less asks on with JoinLog
	Data    [][]byte `json:"data"`
}

// Refusal is the host's answer to a proposal that it will not sequence.
type Refusal struct {
	Meeting ID     `json:"meeting"`
	Counter uint64 `json:"counter"`
	Code    string `json:"code"` // of an Error
}

// Meeting is the meeting that x is about, "" if x is empty.
func (x Exchange) Meeting() ID {
	switch {
	case x.Join != nil:
		return x.Join.Meeting
	case x.Propose != nil:
		return x.Propose.Meeting
	case x.Entry != nil:
		return x.Entry.Meeting
	case x.Head != nil:
		return x.Head.Meeting
	case x.Refuse != nil:
		return x.Refuse.Meeting
	case x.Notice != nil:
		return x.Notice.Meeting
	}
	return ""
}

// Check looks at the shape of x: exactly one field, each within its limits. It returns an *Error.
func (x Exchange) Check() error {
	n := 0
	for _, set := range []bool{x.Join != nil, x.Propose != nil, x.Entry != nil, x.Head != nil, x.Refuse != nil, x.Notice != nil} {
		if set {
			n++
		}
	}
	if n != 1 {
		return fail("exchange.one")
	}
	if !validID(string(x.Meeting())) {
		return fail("meeting.id")
	}
	switch {
	case x.Join != nil && x.Join.Have < 0:
		return fail("log.number")
	case x.Join != nil && x.Join.Stopped != "" && !validCode(x.Join.Stopped):
		return fail("exchange.malformed")
	case x.Propose != nil:
		return x.Propose.Check()
	case x.Entry != nil:
		return x.Entry.check()
	case x.Head != nil:
		return x.Head.Check()
	case x.Notice != nil:
		return x.Notice.check()
	case x.Refuse != nil:
		if x.Refuse.Counter == 0 || !validCode(x.Refuse.Code) {
			return fail("exchange.malformed")
		}
	}
	return nil
}

func (e EntryBytes) check() error {
	if e.N < 1 || len(e.Data) == 0 || len(e.Data) > MaxPiece || e.Last < e.N+int64(len(e.Data))-1 {
		return fail("log.number")
	}
	size := 0
	for _, b := range e.Data {
		size += len(b)
	}
	if size > MaxPieceBytes {
		return fail("log.size")
	}
	return nil
}

// validCode takes what our codes are made of: "member.foreign".
func validCode(s string) bool {
	for _, c := range []byte(s) {
		if (c < 'a' || c > 'z') && c != '.' {
			return false
		}
	}
	return s != "" && len(s) <= MaxCode
}

// EncodeExchange gives strict JSON of x, at most MaxExchange bytes. It returns an *Error if x is not well formed.
func EncodeExchange(x Exchange) ([]byte, error) {
	if err := x.Check(); err != nil {
		return nil, err
	}
	return marshal(x), nil
}

// DecodeExchange decodes at most MaxExchange bytes. It returns a *strict.Error or an *Error.
func DecodeExchange(b []byte) (Exchange, error) {
	var x Exchange
	if err := strict.Decode(b, &x, strict.Limits{Bytes: MaxExchange, Depth: 5, List: MaxPiece}); err != nil {
		return Exchange{}, err
	}
	if err := x.Check(); err != nil {
		return Exchange{}, err
	}
	return x, nil
}

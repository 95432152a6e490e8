package meeting

// Exchange is one message between the rooms of two nodes. Exactly one field is set.
type Exchange struct {
	Join    *JoinLog    `json:"join,omitempty"`
	Propose *Proposal   `json:"propose,omitempty"`
	Entry   *EntryBytes `json:"entry,omitempty"`
	Head    *Head       `json:"head,omitempty"`
	Refuse  *Refusal    `json:"refuse,omitempty"`
}

// JoinLog says how far the sender's copy of the shared log goes. A guest asks with it for what follows Have.
type JoinLog struct {
	Meeting ID    `json:"meeting"`
	Digest  Hash  `json:"digest"` // of the sender's Definition
	Have    int64 `json:"have"`   // number of its last entry; 0 = none
}

// EntryBytes is a piece of the shared log: the exact bytes of entries N, N+1, …; at most MaxPiece of them.
type EntryBytes struct {
	Meeting ID       `json:"meeting"`
	N       int64    `json:"n"`
	Data    [][]byte `json:"data"`
}

// Refusal is the host's answer to a proposal that it will not sequence.
type Refusal struct {
	Meeting ID     `json:"meeting"`
	Counter uint64 `json:"counter"`
	Code    string `json:"code"`
}

// Meeting is the meeting that x is about, "" if x is empty.
func (x Exchange) Meeting() ID { return "" }

// EncodeExchange gives strict JSON of x. It fails if not exactly one field is set.
func EncodeExchange(x Exchange) ([]byte, error) { return nil, nil }

// DecodeExchange decodes at most MaxExchange bytes. It returns a *strict.Error or an *Error.
func DecodeExchange(b []byte) (Exchange, error) { return Exchange{}, nil }

package wire

import (
	"encoding/json"

	"visavis/internal/strict"
)

// Bounds of what officers and passkeys send over HTTP, bytes.
const (
	MaxPasskey = 24 << 10 // body of POST /api/passkey/…: an answer with an attestation by the key itself has 2 KiB
	maxID      = 128      // an account, a meeting, a session
)

// DecodePasskey decodes the body of POST /api/passkey/…, at most MaxPasskey bytes. Errors as DecodeFromClient. What is in Credential has been
// looked at as JSON and no further.
func DecodePasskey(b []byte) (PasskeyRequest, error) {
	var r struct {
		Code       string         `json:"code,omitempty"`
		Credential map[string]any `json:"credential,omitempty"`
	}
	if err := strict.Decode(b, &r, strict.Limits{Bytes: MaxPasskey, Depth: MaxDepth, List: MaxList, String: MaxPasskey}); err != nil {
		return PasskeyRequest{}, err
	}
	if len(r.Code) > MaxToken {
		return PasskeyRequest{}, fail("message.token")
	}
	out := PasskeyRequest{Code: r.Code}
	if r.Credential != nil {
		c, err := json.Marshal(r.Credential)
		if err != nil {
			return PasskeyRequest{}, &strict.Error{Code: strict.CodeSyntax}
		}
		out.Credential = c
	}
	return out, nil
}

// DecodeAccount decodes the body of POST /api/accounts and below (code, end, remove), at most MaxMessage bytes. Errors as DecodeFromClient.
func DecodeAccount(b []byte) (AccountRequest, error) {
	var r AccountRequest
	if err := strict.Decode(b, &r, strict.Limits{Bytes: MaxMessage}); err != nil {
		return AccountRequest{}, err
	}
	if r.ID == "" || len(r.ID) > maxID || len(r.Role) > maxID {
		return AccountRequest{}, fail("message.account")
	}
	return r, nil
}

// DecodeEnd decodes the body of POST /api/sessions/end, at most MaxMessage bytes. Errors as DecodeFromClient.
func DecodeEnd(b []byte) (EndRequest, error) {
	var r EndRequest
	if err := strict.Decode(b, &r, strict.Limits{Bytes: MaxMessage}); err != nil {
		return EndRequest{}, err
	}
	if r.Meeting == "" || r.ID == "" || len(r.Meeting) > maxID || len(r.ID) > maxID {
		return EndRequest{}, fail("message.end")
	}
	return r, nil
}

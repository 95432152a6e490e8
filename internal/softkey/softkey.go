// Package softkey is an authenticator in software, with ES256 keys: the passkey of tests and of simulated officers. Start from New; Create and Get
// are what navigator.credentials.create and .get are to a page. It keeps its keys in memory and asks nobody before it signs, so that it is never
// part of a node. It must not know the node.
package softkey

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
)

// Flags of authenticator data (Web Authentication Level 3, §6.1).
const (
	userPresent  = 1 << 0
	userVerified = 1 << 2
	attested     = 1 << 6
)

// Authenticator holds passkeys and is the browser around them. Methods may be called concurrently; fields are set before.
type Authenticator struct {
	Unverified bool // does not ask who its user is
	Counts     bool // has a signature counter

	mu   sync.Mutex
	keys []*Key
}

// Key is one passkey.
type Key struct {
	ID      []byte
	RPID    string
	Handle  []byte // of the account
	Count   uint32 // of signatures so far
	private *ecdsa.PrivateKey
}

// New makes an authenticator without keys.
func New() *Authenticator { return &Authenticator{} }

// Keys are the passkeys so far; a test may change one, as nobody else does.
func (a *Authenticator) Keys() []*Key {
	a.mu.Lock()
	defer a.mu.Unlock()
	return append([]*Key(nil), a.keys...)
}

// Clone copies an authenticator with its keys and counters as they are.
func (a *Authenticator) Clone() *Authenticator {
	a.mu.Lock()
	defer a.mu.Unlock()
	c := &Authenticator{Unverified: a.Unverified, Counts: a.Counts}
	for _, k := range a.keys {
		copied := *k
		c.keys = append(c.keys, &copied)
	}
	return c
}

type entity struct {
	ID string `json:"id"`
}

// options are what a node asks for: PublicKeyCredentialCreationOptionsJSON and PublicKeyCredentialRequestOptionsJSON, as far as they are of use.
type options struct {
	Challenge string   `json:"challenge"`
	RP        entity   `json:"rp"`
	User      entity   `json:"user"`
	RPID      string   `json:"rpId"`
	Allow     []entity `json:"allowCredentials"`
	Exclude   []entity `json:"excludeCredentials"`
}

var b64 = base64.RawURLEncoding

// Create makes a passkey for the options, at a page of origin, and returns RegistrationResponseJSON.
func (a *Authenticator) Create(origin string, optionsJSON []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(optionsJSON, &o); err != nil {
		return nil, fmt.Errorf("read options: %w", err)
	}
	handle, err := b64.DecodeString(o.User.ID)
	if err != nil {
		return nil, fmt.Errorf("read user handle: %w", err)
	}
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	k := &Key{ID: make([]byte, 32), RPID: o.RP.ID, Handle: handle, private: private}
	if _, err := rand.Read(k.ID); err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, old := range a.keys {
		for _, e := range o.Exclude {
			if e.ID == b64.EncodeToString(old.ID) {
				return nil, errors.New("InvalidStateError: a passkey of the account is here already")
			}
		}
	}
	a.keys = append(a.keys, k)
	cose, err := k.public()
	if err != nil {
		return nil, err
	}
	data := a.data(k, attested)
	data = append(data, make([]byte, 16)...) // AAGUID: none
	data = binary.BigEndian.AppendUint16(data, uint16(len(k.ID)))
	data = append(append(data, k.ID...), cose...)
	object := append([]byte{0xa3}, text("fmt")...) // a map of three
	object = append(append(object, text("none")...), text("attStmt")...)
	object = append(append(object, 0xa0), text("authData")...)
	object = append(object, bytesOf(data)...)
	return json.Marshal(map[string]any{
		"id": b64.EncodeToString(k.ID), "rawId": b64.EncodeToString(k.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": b64.EncodeToString(clientData("webauthn.create", o.Challenge, origin)), "attestationObject": b64.EncodeToString(object),
			"authenticatorData": b64.EncodeToString(data), "transports": []string{"internal"},
		},
	})
}

// Get shows a passkey for the options, at a page of origin, and returns AuthenticationResponseJSON.
func (a *Authenticator) Get(origin string, optionsJSON []byte) ([]byte, error) {
	var o options
	if err := json.Unmarshal(optionsJSON, &o); err != nil {
		return nil, fmt.Errorf("read options: %w", err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	k := a.find(o)
	if k == nil {
		return nil, errors.New("NotAllowedError: no passkey for this site")
	}
	if a.Counts {
		k.Count++
	}
	data, client := a.data(k, 0), clientData("webauthn.get", o.Challenge, origin)
	hash := sha256.Sum256(client)
	signed := sha256.Sum256(append(append([]byte(nil), data...), hash[:]...))
	sig, err := ecdsa.SignASN1(rand.Reader, k.private, signed[:])
	if err != nil {
		return nil, err
	}
	return json.Marshal(map[string]any{
		"id": b64.EncodeToString(k.ID), "rawId": b64.EncodeToString(k.ID), "type": "public-key", "authenticatorAttachment": "platform",
		"clientExtensionResults": map[string]any{},
		"response": map[string]any{
			"clientDataJSON": b64.EncodeToString(client), "authenticatorData": b64.EncodeToString(data), "signature": b64.EncodeToString(sig),
			"userHandle": b64.EncodeToString(k.Handle),
		},
	})
}

// find is the newest key for the options.
func (a *Authenticator) find(o options) *Key {
	for i := len(a.keys) - 1; i >= 0; i-- {
		k := a.keys[i]
		allowed := len(o.Allow) == 0
		for _, e := range o.Allow {
			allowed = allowed || e.ID == b64.EncodeToString(k.ID)
		}
		if k.RPID == o.RPID && allowed {
			return k
		}
	}
	return nil
}

// data is authenticator data up to what is optional (§6.1): hash of the relying party, flags, counter.
func (a *Authenticator) data(k *Key, flags byte) []byte {
	if flags |= userPresent; !a.Unverified {
		flags |= userVerified
	}
	rp := sha256.Sum256([]byte(k.RPID))
	return binary.BigEndian.AppendUint32(append(rp[:], flags), k.Count)
}

func clientData(kind, challenge, origin string) []byte {
	b, err := json.Marshal(map[string]any{"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": false})
	if err != nil {
		panic(err) // strings only
	}
	return b
}

// public is the key as COSE_Key (RFC 9053 §7.1.1): {1: 2, 3: -7, -1: 1, -2: x, -3: y}.
func (k *Key) public() ([]byte, error) {
	point, err := k.private.PublicKey.Bytes() // 4 ‖ x ‖ y
	if err != nil {
		return nil, err
	}
	out := []byte{0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21}
	out = append(append(out, bytesOf(point[1:33])...), 0x22)
	return append(out, bytesOf(point[33:])...), nil
}

// text and bytesOf are strings of CBOR (RFC 8949 §3.1), up to 65,535 bytes.
func text(s string) []byte { return append(head(0x60, len(s)), s...) }

func bytesOf(b []byte) []byte { return append(head(0x40, len(b)), b...) }

func head(major byte, n int) []byte {
	switch {
	case n < 24:
		return []byte{major | byte(n)}
	case n < 256:
		return []byte{major | 24, byte(n)}
	}
	return []byte{major | 25, byte(n >> 8), byte(n)}
}

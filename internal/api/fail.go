package api

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/http"

	"visavis/internal/auth"
	"visavis/internal/meeting"
	"visavis/internal/peer"
	"visavis/internal/room"
	"visavis/internal/strict"
	"visavis/internal/wire"
)

// Codes of errors that have their origin here; docs/protocol.md lists them all.
const (
	codeInvitation = "invitation.unknown" // used, expired, forged or never given: not said which
	codeSession    = "session.unknown"
	codeLimit      = "login.limit"
	codeProbes     = "probe.limit"
	codeRoute      = "route.unknown"
	codeHost       = "host.unknown"
	codeOrigin     = "origin.refused"
	codeType       = "request.type"
	codeLarge      = "request.large"
	codeCut        = "request.cut"
	codeShutdown   = "node.shutdown"
	codeSockets    = "socket.limit"
	codeMeeting    = "meeting.unknown"
	codeVersion    = "version.unsupported"
	codeHelloFirst = "hello.first"
	codeHelloTwice = "hello.twice"
	codeHelloLate  = "hello.late"
	codeBinary     = "message.binary"
	codeFlood      = "message.flood"
	codeResume     = "resume.gone"
	codeMedia      = "media.gone"
	codeInternal   = "internal"

	// Of people.
	codePIN          = "pin.wrong"
	codeLocked       = "pin.locked"
	codeFull         = "door.full"
	codeWaiting      = "door.waiting"
	codeExcluded     = "door.excluded"
	codeSeat         = "seat.gone"
	codeRole         = "member.role"
	codeAccount      = "account.needed"
	codeAccountNone  = "account.unknown"
	codeAccountBad   = "account.malformed"
	codeAccountHave  = "account.exists"
	codeAccountFull  = "account.limit"
	codeLast         = "account.last"
	codeForget       = "account.forget" // another's passkeys stay only if no code is made
	codeOther        = "session.other"
	codeEnrolment    = "enrolment.unknown" // used, expired, forged or never given: not said which
	codePasskey      = "passkey.refused"   // unknown, of another site, badly signed: not said which
	codePasskeyNone  = "passkey.missing"
	codePasskeyOver  = "passkey.expired"
	codePasskeyTwo   = "passkey.cloned"
	codePasskeyHave  = "passkey.exists"
	codePasskeyFull  = "passkey.limit"
	codePasskeyLimit = "passkey.rate"
	codePasskeyHost  = "passkey.host"
	codeStepUp       = "stepup.needed"

	// Of WHIP and WHEP.
	codeToken      = "token.unknown" // none, ended, expired, forged or never given: not said which
	codeUse        = "token.use"
	codeDevice     = "device.unknown"
	codeDevices    = "device.limit"
	codeMethod     = "request.method"
	codeAccept     = "request.accept"
	codeFragment   = "fragment.malformed"
	codeTag        = "tag.other"
	codeTagMissing = "tag.missing"

	// Of readouts; those of the text itself come from package readout.
	codeReadout     = "message.readout"
	codeReadoutNone = "readout.none"
)

func fail(code string) error { return &meeting.Error{Code: code} }

// explain makes of err what a person may read, and counts it. What has no stable code becomes "internal" with an id that is also in the
// log.
func (s *Server) explain(err error) wire.Error {
	e := s.word(err)
	s.counts.refuse(e.Code)
	return e
}

func (s *Server) word(err error) wire.Error {
	var (
		m *meeting.Error
		p *peer.Error
		j *strict.Error
	)
	switch {
	case errors.As(err, &m):
		return wire.Error{Code: m.Code, Args: m.Args}
	case errors.As(err, &p):
		return wire.Error{Code: p.Code}
	case errors.As(err, &j):
		return wire.Error{Code: j.Code, Args: map[string]string{"at": j.Path}}
	case errors.Is(err, auth.ErrInvitation):
		return wire.Error{Code: codeInvitation}
	case errors.Is(err, auth.ErrPass):
		return wire.Error{Code: codeToken}
	case errors.Is(err, auth.ErrSession):
		return wire.Error{Code: codeSession}
	case errors.Is(err, room.ErrClosed), errors.Is(err, net.ErrClosed): // the room or the media side stops before we do
		return wire.Error{Code: codeShutdown}
	}
	if code := peopleCode(err); code != "" {
		return wire.Error{Code: code}
	}
	id := rand.Text()[:10]
	s.log.Error("request failed", "err", fmt.Errorf("%s: %w", id, err))
	return wire.Error{Code: codeInternal, Args: map[string]string{"id": id}}
}

// peopleCode is the code of what auth says of accounts, passkeys and the door; "" of other errors.
func peopleCode(err error) string {
	for _, c := range []struct {
		is   error
		code string
	}{
		{auth.ErrPIN, codePIN}, {auth.ErrLocked, codeLocked}, {auth.ErrFull, codeFull}, {auth.ErrStepUp, codeStepUp}, {auth.ErrEnrolment, codeEnrolment},
		{auth.ErrCloned, codePasskeyTwo}, {auth.ErrChallenge, codePasskeyOver}, {auth.ErrHost, codePasskeyHost}, {auth.ErrPasskeyFull, codePasskeyFull},
		{auth.ErrPasskeyAnother, codePasskeyHave}, {auth.ErrPasskey, codePasskey}, {auth.ErrAccount, codeAccountNone}, {auth.ErrAccountHave, codeAccountHave},
		{auth.ErrAccountFull, codeAccountFull}, {auth.ErrAccountID, codeAccountBad}, {auth.ErrAccountRole, codeAccountBad},
	} {
		if errors.Is(err, c.is) {
			return c.code
		}
	}
	return ""
}

// status is the HTTP status of a code.
func status(code string) int {
	switch code {
	case codeInvitation, codeRoute, codeMeeting, codeDevice, codeEnrolment, codeAccountNone, codeOther, codeReadoutNone:
		return http.StatusNotFound
	case codeSession, codeToken, codePIN, codePasskey, codePasskeyOver:
		return http.StatusUnauthorized
	case codeLimit, codeProbes, codeSockets, codeDevices, codePasskeyLimit, codeFull:
		return http.StatusTooManyRequests
	case codeHost:
		return http.StatusMisdirectedRequest
	case codeOrigin, codeUse, codeLocked, codeWaiting, codeExcluded, codeRole, codeAccount, codeStepUp, codePasskeyTwo, codePasskeyHost:
		return http.StatusForbidden
	case "readout.leased", "readout.stage", "readout.superseded", "readout.hash", "readout.taken":
		return http.StatusConflict
	case codeAccountHave, codeAccountFull, codeLast, codeForget, codePasskeyHave, codePasskeyFull:
		return http.StatusConflict
	case codeType:
		return http.StatusUnsupportedMediaType
	case codeLarge, strict.CodeSize, "offer.large":
		return http.StatusRequestEntityTooLarge
	case codeShutdown, "offer.full":
		return http.StatusServiceUnavailable
	case "readout.store", "readout.store.withdrawn":
		return http.StatusInsufficientStorage
	case codeMethod:
		return http.StatusMethodNotAllowed
	case codeAccept:
		return http.StatusNotAcceptable
	case codeTag, "readout.changed": // If-Match
		return http.StatusPreconditionFailed
	case codeTagMissing:
		return http.StatusPreconditionRequired
	case codeInternal:
		return http.StatusInternalServerError
	}
	return http.StatusBadRequest
}

// refuse answers a request with an error.
func (s *Server) refuse(w http.ResponseWriter, err error) { s.refuseAs(w, err, status) }

// refuseAs is refuse with another idea of what status a code has.
func (s *Server) refuseAs(w http.ResponseWriter, err error, status func(code string) int) {
	e := s.explain(err)
	code := status(e.Code)
	if e.Code == codeToken {
		w.Header().Set("WWW-Authenticate", `Bearer realm="visavis"`) // RFC 6750 §3
	}
	if code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable {
		w.Header().Set("Retry-After", "6") // one failure of ten a minute is forgiven by then
	}
	s.reply(w, code, wire.Failure{Error: e})
}

// reply answers with JSON.
func (s *Server) reply(w http.ResponseWriter, code int, v any) {
	b, err := wire.Encode(v)
	if err != nil {
		s.log.Error("answer could not be encoded", "err", err)
		code, b = http.StatusInternalServerError, []byte(`{"error":{"code":"`+codeInternal+`","args":{}}}`)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(code)
	_, _ = w.Write(b) // who has hung up needs no answer
}

package api

import (
	"os"
	"strings"
	"testing"
)

// Every code that has its origin here is in docs/protocol.md, and so is every route.
func TestProtocolPageIsComplete(t *testing.T) {
	b, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, code := range []string{
		codeInvitation, codeSession, codeLimit, codeProbes, codeRoute, codeHost, codeOrigin, codeType, codeLarge, codeCut, codeShutdown, codeSockets,
		codeMeeting, codeVersion, codeHelloFirst, codeHelloTwice, codeHelloLate, codeBinary, codeFlood, codeResume, codeMedia, codeInternal,
		codePIN, codeLocked, codeFull, codeWaiting, codeExcluded, codeSeat, codeRole, codeAccount, codeAccountNone, codeAccountBad, codeAccountHave, codeAccountFull, codeLast, codeForget, codeOther,
		codeEnrolment, codePasskey, codePasskeyNone, codePasskeyOver, codePasskeyTwo, codePasskeyHave, codePasskeyFull, codePasskeyLimit, codePasskeyHost, codeStepUp,
		codeToken, codeUse, codeDevice, codeDevices, codeMethod, codeAccept, codeFragment, codeTag, codeTagMissing, codeReadout, codeReadoutNone,
	} {
		if !strings.Contains(page, "`"+code+"`") {
			t.Errorf("docs/protocol.md does not have the code %s", code)
		}
	}
	for _, r := range (&Server{arranging: &Arranging{}, readouts: &Readouts{}}).table() {
		method, path, _ := strings.Cut(r.pattern, " ")
		path = strings.NewReplacer("{name...}", "…", "/{name}", "/{sha256}.png").Replace(path)
		if !strings.Contains(page, "`"+method+" "+path+"`") {
			t.Errorf("docs/protocol.md does not have %s %s", method, path)
		}
	}
}

package wire_test

import (
	"os"
	"reflect"
	"strings"
	"testing"

	"visavis/internal/wire"
)

// TestProtocolPage: docs/protocol.md names every message and every field of one.
func TestProtocolPage(t *testing.T) {
	b, err := os.ReadFile("../../docs/protocol.md")
	if err != nil {
		t.Fatal(err)
	}
	page := string(b)
	for _, v := range []any{wire.FromClient{}, wire.ToClient{}, wire.Hello{}, wire.Offer{}, wire.Devices{}, wire.Welcome{}, wire.State{}, wire.Presence{}, wire.Link{},
		wire.Floor{}, wire.Quality{}, wire.Error{}, wire.Bye{}, wire.Camera{}, wire.CodeRequest{}, wire.Invited{}, wire.Account{}, wire.Accounts{}, wire.AccountRequest{}, wire.AccountCode{}, wire.Meetings{}, wire.Session{}, wire.Sessions{}, wire.EndRequest{}, wire.PasskeyRequest{}, wire.PasskeyOptions{}, wire.ProbeRequest{}, wire.ProbeReply{}, wire.Failure{},
		wire.Act{}, wire.Done{}, wire.Sense{}, wire.Check{}, wire.Wait{}, wire.Signal{}, wire.Levels{}, wire.Level{}, wire.Stats{}, wire.MemberStats{}, wire.LinkStats{}, wire.PathStats{}, wire.Row{},
		wire.Cell{}, wire.Key{}, wire.Order{}, wire.Spoken{}, wire.Ready{}, wire.Test{}, wire.Waiting{}, wire.Note{}, wire.Doors{}, wire.Door{}, wire.Alarm{}} {
		typ := reflect.TypeOf(v)
		for i := range typ.NumField() {
			key, _, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
			if !strings.Contains(page, "`"+key+"`") && !strings.Contains(page, `"`+key+`"`) {
				t.Errorf("docs/protocol.md does not name %q of %s", key, typ.Name())
			}
		}
	}
}

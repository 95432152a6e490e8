package wire_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"reflect"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/strict"
	"visavis/internal/wire"
)

var update = flag.Bool("update", false, "rewrite goldens")

func codeOf(err error) string {
	var se *strict.Error
	var me *meeting.Error
	switch {
	case errors.As(err, &se):
		return se.Code
	case errors.As(err, &me):
		return me.Code
	case err != nil:
		return err.Error()
	}
	return ""
}

func fromClient() []wire.FromClient {
	offer := &wire.Offer{SDP: "v=0\r\no=- 1 2 IN IP4 127.0.0.1\r\n", Names: []string{"mic", "cam", "floor0", "floor1", "floor2", "stage0", "stage5"}}
	return []wire.FromClient{
		{Hello: &wire.Hello{Version: wire.Version, Offer: offer}},
		{Hello: &wire.Hello{Version: wire.Version, Resume: "token"}},
		{Offer: offer},
		{Devices: &wire.Devices{Mic: true, Epoch: new(3)}},
		{Leave: &wire.Leave{}},
		{Act: &wire.Act{ID: 1, Do: wire.DoGive, Member: "tolmeria-kosvane", N: 180}},
		{Act: &wire.Act{ID: 2, Do: wire.DoMessage, Value: "Two minutes, please."}},
		{Act: &wire.Act{ID: 3, Do: wire.DoClose}},
		{Sense: &wire.Sense{Speaking: true}},
		{Check: &wire.Check{Mic: true, Camera: true}},
	}
}

func definition() meeting.Definition {
	return meeting.Definition{ID: "annual", Host: "avelmar", Start: time.Date(2026, 12, 10, 10, 30, 0, 0, time.FixedZone("", 11*3600)),
		Title: meeting.Text{"en": "Ninth <Annual> Meeting & more", "ar": "الاجتماع السنوي التاسع"},
		Parties: []meeting.Party{{ID: "avelmar", Name: meeting.Text{"en": "Avelmar"}, Zone: "Australia/Lord_Howe", Emblem: strings.Repeat("0a", 32)},
			{ID: "tolmeria", Name: meeting.Text{"en": "Tolmeria"}, City: meeting.Text{"en": "Lanneth"}, Zone: "Australia/Brisbane"}},
		Members: []meeting.Member{{ID: "avelmar-tarroven", Party: "avelmar", Role: meeting.Principal, Precedence: 1, Name: meeting.Text{"ar": "مايلين تاروفن"}},
			{ID: "tolmeria-kosvane", Party: "tolmeria", Role: meeting.Principal, Precedence: 1, Name: meeting.Text{"en": "Edran Kosvane"}, Office: meeting.Text{"en": "Prime Minister"}}}}
}

func toClient() []wire.ToClient {
	state := wire.State{Present: []wire.Presence{{Member: "avelmar-tarroven", Mic: true, Camera: true}, {Member: "tolmeria-kosvane", Far: "interrupted"}},
		Stage: []string{"", "tolmeria-kosvane"}, Links: []wire.Link{{Party: "tolmeria", State: "interrupted", RTTMs: 41, Loss: 0.052, Way: "two"}}, Alarm: "log.withheld"}
	far := -27.0
	live := wire.State{Present: state.Present, Stage: state.Stage, Links: state.Links, Now: "2026-12-10T10:51:00.125Z", Phase: "open", Since: "2026-12-10T10:30:00.250Z", Epoch: 3,
		Head: strings.Repeat("0a", 32), Recording: true,
		Keys: []wire.Key{{Action: wire.ActionOpen, Party: "avelmar", By: "avelmar-brune", At: "2026-12-10T10:40:00.000Z", Expires: "2026-12-10T10:41:00.000Z"}},
		Order: wire.Order{Mode: "statements", Holder: "avelmar-tarroven", Since: "2026-12-10T10:30:10.000Z", Acknowledged: true, Limit: 180, Hands: []string{"tolmeria-kosvane"},
			Item: 1, Spoken: []wire.Spoken{{Member: "avelmar-tarroven", Start: "2026-12-10T10:30:11.000Z", Item: 1, Open: true}}},
		Muted: []string{"tolmeria-kosvane"}, Ready: []wire.Ready{{Member: "tolmeria-kosvane", Mic: true, Camera: true, Sound: true, Stated: true}},
		Signals: []wire.Test{{Member: "avelmar-tarroven", Tone: true}},
		Waiting: []wire.Waiting{{ID: "7", Name: "Halvern Post", Since: "2026-12-10T10:20:00.000Z", Reason: wire.WaitDevice}},
		Notes:   []wire.Note{{ID: 1, Kind: wire.NoteMessage, Party: "tolmeria", Member: "tolmeria-sorrel", Text: "Two minutes, please.", At: "2026-12-10T10:31:00.000Z"}},
		Doors: &wire.Doors{Ours: wire.Door{Party: "avelmar", State: wire.DoorShut, At: "2026-12-10T10:50:00.000Z", LastMs: -12, Egresses: 9, Press: 3},
			Theirs: []wire.Door{{Party: "tolmeria", State: wire.DoorShut, At: "2026-12-10T10:50:00.020Z", LastMs: 4, Egresses: 3, Press: 1}}},
		Alarms: []wire.Alarm{{Code: "floor.unacknowledged", Since: "2026-12-10T10:31:03.000Z", Args: map[string]string{"member": "tolmeria-kosvane"}}, {Code: "log.withheld", Since: "2026-12-10T10:31:03.000Z"}},
		Past:   []wire.PastAlarm{{Code: "link.lost", Since: "2026-12-10T10:30:03.000Z", Until: "2026-12-10T10:30:09.250Z", Args: map[string]string{"party": "tolmeria"}}, {Code: "doors.unwritten", Since: "2026-12-10T10:29:00.000Z", Until: "2026-12-10T10:29:00.100Z"}}}
	return []wire.ToClient{
		{Welcome: &wire.Welcome{Version: wire.Version, You: "avelmar-tarroven", Meeting: wire.NewMeeting(definition()), State: state, Answer: "v=0\r\n", Resume: "again"}},
		{Answer: &wire.Answer{SDP: "v=0\r\n"}},
		{State: &state},
		{State: &wire.State{}},
		{Floor: &wire.Floor{Slots: []string{"tolmeria-kosvane", "", ""}}},
		{Floor: &wire.Floor{}},
		{Quality: &wire.Quality{RTTMs: 12, UpLoss: 0.01, DownLoss: 0.002, Level: "good", Pictures: "all"}},
		{Error: &wire.Error{Code: "offer.full", Args: map[string]string{"max": "64"}}},
		{Error: &wire.Error{Code: "internal"}},
		{Layers: &wire.Layers{RIDs: []string{"h", "l"}}},
		{Layers: &wire.Layers{}},
		{Bye: &wire.Bye{Code: "moved"}},
		{State: &live},
		{Done: &wire.Done{ID: 7}},
		{Done: &wire.Done{ID: 8, Error: &wire.Error{Code: "member.role"}}},
		{Wait: &wire.Wait{Reason: wire.WaitDevice, Since: "2026-12-10T10:31:00.000Z"}},
		{Signal: &wire.Signal{Kind: wire.SignalTone, On: true}},
		{Levels: &wire.Levels{List: []wire.Level{{Member: "avelmar-tarroven", DB: -23, Far: &far, Own: true}, {Member: "tolmeria-kosvane", DB: -31.5}}}},
		{Levels: &wire.Levels{}},
		{Stats: &wire.Stats{Members: []wire.MemberStats{{Member: "avelmar-tarroven", UpKbit: 1800, DownKbit: 2400, UpLoss: 0.01, JitterMs: 3.5, RTTMs: 12, DB: -23}},
			Links:  []wire.LinkStats{{Party: "tolmeria", State: "up", OffsetMs: -12, Paths: []wire.PathStats{{Name: "1", State: "up", RTTMs: 41, Loss: 0.002, JitterMs: 1.5, HeardMs: 40, Sound: true, Sight: true}}}},
			Matrix: []wire.Row{{Member: "avelmar-tarroven", Cells: []wire.Cell{{Source: "tolmeria-kosvane", Sound: wire.CellHeard, Sight: true}}}}}},
		{Stats: &wire.Stats{}},
	}
}

// TestGolden pins every message to the byte, one a line, and reads it back.
func TestGolden(t *testing.T) {
	var out bytes.Buffer
	for _, m := range fromClient() {
		b, err := wire.EncodeFromClient(m)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(b, '\n'))
		if back, err := wire.DecodeFromClient(b); err != nil || !reflect.DeepEqual(back, m) {
			t.Errorf("%s came back as %+v, %v", b, back, err)
		}
	}
	for _, m := range toClient() {
		b, err := wire.EncodeToClient(m)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(b, []byte("null")) {
			t.Errorf("%s has a null", b)
		}
		out.Write(append(b, '\n'))
		back, err := wire.DecodeToClient(b)
		if err != nil {
			t.Errorf("%s: %v", b, err)
		}
		if again, _ := wire.EncodeToClient(back); !bytes.Equal(again, b) {
			t.Errorf("%s came back as %s", b, again)
		}
	}
	const file = "testdata/messages.golden"
	if *update {
		if err := os.WriteFile(file, out.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || !bytes.Equal(want, out.Bytes()) {
		t.Errorf("messages\n%s\nwant (%v)\n%s", out.Bytes(), err, want)
	}
}

// TestParserDifferential: JavaScript reads every golden message as Go does.
func TestParserDifferential(t *testing.T) {
	node, err := exec.LookPath("node")
	if err != nil {
		t.Skip("no JavaScript engine (node) on this machine: SKIPPED")
	}
	in, err := os.ReadFile("testdata/messages.golden")
	if err != nil {
		t.Fatal(err)
	}
	const script = `const s=require("fs").readFileSync(0,"utf8").trimEnd().split("\n");
const sort=v=>Array.isArray(v)?v.map(sort):v&&typeof v==="object"?Object.fromEntries(Object.keys(v).sort().map(k=>[k,sort(v[k])])):v;
for(const l of s)console.log(JSON.stringify(sort(JSON.parse(l))))`
	cmd := exec.Command(node, "-e", script)
	cmd.Stdin = bytes.NewReader(in)
	got, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimSpace(string(in)), "\n")
	js := strings.Split(strings.TrimSpace(string(got)), "\n")
	if len(js) != len(lines) {
		t.Fatalf("%d lines, want %d", len(js), len(lines))
	}
	for i, l := range lines {
		var v, w any
		if err := errors.Join(json.Unmarshal([]byte(l), &v), json.Unmarshal([]byte(js[i]), &w)); err != nil || !reflect.DeepEqual(v, w) {
			t.Errorf("Go reads %s, JavaScript %s (%v)", l, js[i], err)
		}
	}
}

func TestDecodeRefuses(t *testing.T) {
	for in, want := range map[string]string{
		`{"devices":{"mic":true,"camera":false}}`: "",
		`{}`: "message.one",
		`{"leave":{},"devices":{"mic":true,"camera":true}}`: "message.one",
		`{"leave":null}`:                       "message.one",
		`[]`:                                   "json.type",
		`{"leave":{}}{"leave":{}}`:             "json.trailing",
		`{"LEAVE":{}}`:                         "json.case",
		`{"leave":{},"leave":{}}`:              "json.duplicate",
		`{"devices":{"mic":1,"camera":false}}`: "json.type",
		`{"devices":{"mic":true,"camera":false,"member":"x"}}`:                           "json.unknown",
		`{"hello":{"version":1}}`:                                                        "message.hello",
		`{"hello":{"version":1,"resume":"` + strings.Repeat("a", 128) + `"}}`:            "",
		`{"hello":{"version":1,"resume":"` + strings.Repeat("a", 129) + `"}}`:            "message.token",
		`{"hello":{"version":1,"role":"press","ROLE":"principal"}}`:                      "json.unknown",
		`{"act":{"id":1,"do":"floor.given","member":"a","actor":"b"}}`:                   "json.unknown",
		`{"act":{"id":0,"do":"help"}}`:                                                   "message.act",
		`{"act":{"id":1,"do":"Help"}}`:                                                   "message.act",
		`{"act":{"id":1,"do":""}}`:                                                       "message.act",
		`{"act":{"id":1,"do":"help","n":-1}}`:                                            "message.act",
		`{"act":{"id":1,"do":"help","n":1048576}}`:                                       "",
		`{"act":{"id":1,"do":"help","n":1048577}}`:                                       "message.act",
		`{"act":{"id":1,"do":"help","member":"` + strings.Repeat("a", 64) + `"}}`:        "",
		`{"act":{"id":1,"do":"help","member":"` + strings.Repeat("a", 65) + `"}}`:        "message.act",
		`{"act":{"id":1,"do":"message","value":"` + strings.Repeat("a", 8<<10) + `"}}`:   "",
		`{"act":{"id":1,"do":"message","value":"` + strings.Repeat("a", 8<<10+1) + `"}}`: "message.act",
		`{"offer":{"sdp":"","names":["mic","mic"]}}`:                                     "offer.sections",
		`{"offer":{"sdp":"","names":["screen"]}}`:                                        "offer.sections",
		`{"offer":{"sdp":"","names":["stage01"]}}`:                                       "offer.sections",
		`{"offer":{"sdp":"","names":["stage+1"]}}`:                                       "offer.sections",
		`{"offer":{"sdp":"","names":["stage256"]}}`:                                      "offer.sections",
		`{"offer":{"sdp":"","names":["stage255","probe","floor0"]}}`:                     "",
	} {
		_, err := wire.DecodeFromClient([]byte(in))
		if got := codeOf(err); got != want {
			t.Errorf("%.100s: %q, want %q", in, got, want)
		}
	}
	for in, want := range map[string]string{`{"bye":{"code":"left"}}`: "", `{"bye":{"code":"left"},"answer":{"sdp":""}}`: "message.one", `{"state":{"present":[],"from":"x"}}`: "json.unknown"} {
		if _, err := wire.DecodeToClient([]byte(in)); codeOf(err) != want {
			t.Errorf("%s: %v, want %q", in, err, want)
		}
	}
}

func TestLimits(t *testing.T) {
	pad := func(s string, n int) []byte { return []byte(s + strings.Repeat(" ", n-len(s))) }
	sections := func(n int) string {
		var names []string
		for i := range n {
			names = append(names, `"stage`+string(rune('0'+i/10))+string(rune('0'+i%10))+`"`)
		}
		return strings.ReplaceAll(`{"offer":{"sdp":"","names":[`+strings.Join(names, ",")+`]}}`, `"stage0`, `"stage`)
	}
	sdp := func(n int) []byte { return []byte(`{"offer":{"sdp":"` + strings.Repeat("a", n) + `","names":[]}}`) }
	from := func(b []byte) error { _, err := wire.DecodeFromClient(b); return err }
	for _, c := range []struct {
		what, code string
		at, beyond []byte
		decode     func([]byte) error
	}{
		{"message", "json.size", pad(`{"leave":{}}`, wire.MaxMessage), pad(`{"leave":{}}`, wire.MaxMessage+1), from},
		{"offer", "json.size", pad(`{"offer":{"sdp":"","names":[]}}`, wire.MaxOffer), pad(`{"offer":{"sdp":"","names":[]}}`, wire.MaxOffer+1), from},
		{"SDP", "json.string", sdp(wire.MaxSDP), sdp(wire.MaxSDP + 1), from},
		{"sections", "offer.sections", []byte(sections(wire.MaxSections)), []byte(sections(wire.MaxSections + 1)), from},
		{"code", "message.token", []byte(`{"code":"` + strings.Repeat("a", wire.MaxToken) + `"}`), []byte(`{"code":"` + strings.Repeat("a", wire.MaxToken+1) + `"}`),
			func(b []byte) error { _, err := wire.DecodeCode(b); return err }},
		{"body", "json.size", pad(`{"code":"a"}`, wire.MaxMessage), pad(`{"code":"a"}`, wire.MaxMessage+1),
			func(b []byte) error { _, err := wire.DecodeCode(b); return err }},
		{"probe", "json.size", pad(`{"offer":{"sdp":"","names":["probe"]}}`, wire.MaxOffer), pad(`{"offer":{"sdp":"","names":["probe"]}}`, wire.MaxOffer+1),
			func(b []byte) error { _, err := wire.DecodeProbe(b); return err }},
		{"to the page", "json.size", pad(`{"bye":{"code":"left"}}`, wire.MaxToClient), pad(`{"bye":{"code":"left"}}`, wire.MaxToClient+1),
			func(b []byte) error { _, err := wire.DecodeToClient(b); return err }},
	} {
		if err := c.decode(c.at); err != nil {
			t.Errorf("%s at the limit: %v", c.what, err)
		}
		if err := c.decode(c.beyond); codeOf(err) != c.code {
			t.Errorf("%s beyond the limit: %v, want %s", c.what, err, c.code)
		}
	}
}

// TestForgedIdentityEveryMessage: no message of a page has a place for who sends it, and every forged one is refused whole. Its
// twin without the forgery is the control.
func TestForgedIdentityEveryMessage(t *testing.T) {
	forbidden := []string{"from", "you", "member", "party", "role", "name", "sender", "time", "at", "level"}
	for _, m := range fromClient() {
		honest, err := wire.EncodeFromClient(m)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := wire.DecodeFromClient(honest); err != nil {
			t.Fatalf("control: %s: %v", honest, err)
		}
		for _, key := range forbidden {
			if m.Act != nil && key == "member" {
				continue
			}
			for _, forged := range forge(string(honest), `"`+key+`":"tolmeria-kosvane"`) {
				if _, err := wire.DecodeFromClient([]byte(forged)); codeOf(err) != "json.unknown" {
					t.Errorf("%s: %v, want json.unknown", forged, err)
				}
			}
		}
	}
	types(reflect.TypeFor[wire.FromClient](), func(in reflect.Type, key string) {
		if in == reflect.TypeFor[wire.Act]() && key == "member" {
			return // whom it is done to; the room takes the doer from the session (room.TestActorIsTheSession)
		}
		for _, f := range forbidden {
			if key == f {
				t.Errorf("a page's message has the field %q", key)
			}
		}
	})
}

// forge puts member into every object of message.
func forge(message, member string) (out []string) {
	for i := range message {
		if message[i] != '{' {
			continue
		}
		sep := ","
		if message[i+1] == '}' {
			sep = ""
		}
		out = append(out, message[:i+1]+member+sep+message[i+1:])
	}
	return out
}

func types(t reflect.Type, visit func(in reflect.Type, key string)) {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice:
		types(t.Elem(), visit)
	case reflect.Struct:
		for i := range t.NumField() {
			key, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
			visit(t, key)
			types(t.Field(i).Type, visit)
		}
	}
}

func TestTypeScriptIsCurrent(t *testing.T) {
	got, err := os.ReadFile("../../web/src/wire.gen.ts")
	if err != nil || !bytes.Equal(got, wire.TypeScript()) {
		t.Errorf("web/src/wire.gen.ts is not what the types give (%v): run go generate ./internal/wire", err)
	}
}

// TestLargestMeetingFits: a definition as large as Check takes still goes to a page in one message.
func TestLargestMeetingFits(t *testing.T) {
	d := definition()
	d.Members = nil
	for i := range meeting.MaxMembers {
		p := d.Parties[i%2].ID
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(fmt.Sprintf("member-%030d", i)), Party: p,
			Role: meeting.Delegate, Precedence: i/2 + 1, Name: meeting.Text{"en": strings.Repeat("N", 150), "ar": strings.Repeat("و", 60)}})
	}
	w := wire.Welcome{Meeting: wire.NewMeeting(d), Answer: strings.Repeat("a", 12<<10)}
	for _, m := range d.Members {
		w.State.Present = append(w.State.Present, wire.Presence{Member: string(m.ID), Far: "interrupted"})
	}
	size, _ := json.Marshal(d)
	if len(size) < meeting.MaxDefinition-40<<10 || len(size) > meeting.MaxDefinition {
		t.Fatalf("the meeting has %d bytes: no test of the limit %d", len(size), meeting.MaxDefinition)
	}
	if b, err := wire.EncodeToClient(wire.ToClient{Welcome: &w}); err != nil {
		t.Errorf("%d bytes: %v", len(b), err)
	}
}

func FuzzDecodeFromClient(f *testing.F) {
	for _, m := range fromClient() {
		b, _ := wire.EncodeFromClient(m)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := wire.DecodeFromClient(b)
		if err != nil {
			if codeOf(err) == err.Error() && !strings.Contains(err.Error(), ".") {
				t.Fatalf("no stable code: %v", err)
			}
			return
		}
		if _, err := wire.EncodeFromClient(m); err != nil && codeOf(err) != "json.size" {
			t.Fatalf("%s was taken and cannot be sent: %v", b, err)
		}
	})
}

func FuzzDecodeToClient(f *testing.F) {
	for _, m := range toClient() {
		b, _ := wire.EncodeToClient(m)
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if m, err := wire.DecodeToClient(b); err == nil {
			if _, err := wire.EncodeToClient(m); err != nil && codeOf(err) != "json.size" {
				t.Fatalf("%s was taken and cannot be sent: %v", b, err)
			}
		}
	})
}

func FuzzDecodeCode(f *testing.F) {
	for _, b := range []string{`{"code":"abc"}`, `{"code":""}`, `{"code":"a","CODE":"b"}`, `{"code":"` + strings.Repeat("a", wire.MaxToken+1) + `"}`, `{}`, `{"code":1}`} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.DecodeCode(b)
		if err == nil && (r.Code == "" || len(r.Code) > wire.MaxToken || len(b) > wire.MaxMessage) {
			t.Fatalf("%q was taken from %q", r.Code, b)
		}
		if err != nil && !strings.Contains(codeOf(err), ".") {
			t.Fatalf("no stable code: %v", err)
		}
	})
}

func FuzzDecodeProbe(f *testing.F) {
	for _, b := range []string{`{"code":"abc","offer":{"sdp":"v=0","names":["probe"]}}`, `{"offer":{"sdp":"v=0","names":[]}}`, `{"offer":{}}`, `{"code":1}`, `{"offer":{"sdp":"","names":null}}`} {
		f.Add([]byte(b))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		r, err := wire.DecodeProbe(b)
		if err == nil && (len(r.Code) > wire.MaxToken || len(r.Offer.SDP) > wire.MaxSDP || len(b) > wire.MaxOffer) {
			t.Fatalf("a probe of %d bytes was taken", len(b))
		}
		if err != nil && !strings.Contains(codeOf(err), ".") {
			t.Fatalf("no stable code: %v", err)
		}
	})
}

package meeting_test

import (
	"reflect"
	"strings"
	"testing"

	"visavis/internal/meeting"
)

func notices() map[string]meeting.Notice {
	at := start
	return map[string]meeting.Notice{
		`{"notice":{"meeting":"m","kind":"muted","member":"avelmar-aldesh","on":true}}`: {Kind: meeting.NoticeMuted, Member: "avelmar-aldesh", On: yes()},
		`{"notice":{"meeting":"m","kind":"heard","member":"avelmar-aldesh","db":-23}}`:  {Kind: meeting.NoticeHeard, Member: "avelmar-aldesh", DB: new(-23)},
		`{"notice":{"meeting":"m","kind":"ready","member":"avelmar-aldesh","ready":{"mic":true,"camera":false,"sound":true}}}`: {
			Kind: meeting.NoticeReady, Member: "avelmar-aldesh", Ready: &meeting.Ready{Mic: true, Sound: true}},
		`{"notice":{"meeting":"m","kind":"request","request":"slow"}}`: {Kind: meeting.NoticeRequest, Request: meeting.SlowDown},
		`{"notice":{"meeting":"m","kind":"message","member":"avelmar-vost","text":"Two minutes.\nThank you."}}`: {
			Kind: meeting.NoticeMessage, Member: "avelmar-vost", Text: "Two minutes.\nThank you."},
		`{"notice":{"meeting":"m","kind":"doors","doors":{"closed":true,"at":"2026-12-09T23:30:00Z","lastMs":84,"after":0,"egresses":6,"press":2}}}`: {
			Kind: meeting.NoticeDoors, Doors: &meeting.Doors{Closed: true, At: at, LastMs: 84, Egresses: 6, Press: 2}},
		`{"notice":{"meeting":"m","kind":"stats","stats":[{"member":"avelmar-aldesh","upKbps":900,"downKbps":1200,"loss":26,"jitterMs":3,"rttMs":63,"db":-40,"hears":["tolmeria-kosvane","tolmeria-soste"]}],` +
			`"paths":[{"path":1,"up":true,"rttMs":63,"loss":4}]}}`: {Kind: meeting.NoticeStats,
			Stats: []meeting.MemberStats{{Member: "avelmar-aldesh", UpKbps: 900, DownKbps: 1200, Loss: 26, JitterMs: 3, RTTMs: 63, DB: -40, Hears: []meeting.MemberID{"tolmeria-kosvane", "tolmeria-soste"}}},
			Paths: []meeting.PathStats{{Path: 1, Up: true, RTTMs: 63, Loss: 4}}},
		`{"notice":{"meeting":"m","kind":"clock","clock":{"sent":"2026-12-09T23:30:00Z","origin":"0001-01-01T00:00:00Z","received":"0001-01-01T00:00:00Z"}}}`: {
			Kind: meeting.NoticeClock, Clock: &meeting.Clock{Sent: at}},
	}
}

func TestNoticeGolden(t *testing.T) {
	kinds := map[meeting.NoticeKind]bool{}
	for want, n := range notices() {
		n.Meeting = "m"
		kinds[n.Kind] = true
		got, err := meeting.EncodeExchange(meeting.Exchange{Notice: &n})
		if err != nil || string(got) != want {
			t.Errorf("encode: %s, %v\nwant %s", got, err, want)
		}
		back, err := meeting.DecodeExchange([]byte(want))
		if err != nil || !reflect.DeepEqual(*back.Notice, n) || back.Meeting() != "m" {
			t.Errorf("decode %s: %+v, %v", want, back.Notice, err)
		}
	}
	if len(kinds) != len(meeting.NoticeKinds()) {
		t.Errorf("%d kinds are shown, there are %d", len(kinds), len(meeting.NoticeKinds()))
	}
}

func TestNoticeRefuses(t *testing.T) {
	stats := func(n int) string {
		one := `{"member":"` + strings.Repeat("m", 64) + `","upKbps":1073741824,"downKbps":1073741824,"loss":1000,"jitterMs":1073741824,"rttMs":1073741824,"db":-127}`
		return `"kind":"stats","stats":[` + strings.TrimSuffix(strings.Repeat(one+",", n), ",") + `]`
	}
	hears := func(n int) string {
		return `"kind":"stats","stats":[{"member":"a","db":0,"hears":[` + strings.TrimSuffix(strings.Repeat(`"b",`, n), ",") + `]}]`
	}
	text := func(s string) string { return `"kind":"message","member":"a","text":"` + s + `"` }
	for in, want := range map[string]string{
		`"kind":"muted","member":"a","on":true`:                                                                "",
		`"kind":"muted","on":true`:                                                                             "notice.malformed", // of nobody
		`"kind":"muted","member":"a"`:                                                                          "notice.malformed",
		`"kind":"muted","member":"A","on":true`:                                                                "member.id",
		`"kind":"muted","member":"a","on":true,"db":0`:                                                         "notice.malformed",
		`"kind":"muted","member":"a","on":true,"text":"x"`:                                                     "notice.malformed",
		`"kind":"unmute","member":"a"`:                                                                         "notice.unknown",
		`"kind":"heard","member":"a","db":0`:                                                                   "",
		`"kind":"heard","member":"a","db":1`:                                                                   "notice.malformed",
		`"kind":"heard","member":"a","db":-127`:                                                                "",
		`"kind":"heard","member":"a","db":-128`:                                                                "notice.malformed",
		`"kind":"request","request":"louder"`:                                                                  "notice.malformed",
		`"kind":"request","request":"repeat","member":"a"`:                                                     "",
		`"kind":"request","request":"repeat","party":"avelmar"`:                                                "json.unknown at notice",
		text("Two minutes."):                                                                                   "",
		text(strings.Repeat("𒀀", meeting.MaxMessage)):                                                          "",
		text(strings.Repeat("a", meeting.MaxMessage+1)):                                                        "text.unclean",
		text(`a\u202eb`):                                                                                       "text.unclean",
		text(" a"):                                                                                             "text.unclean",
		`"kind":"message","text":"a"`:                                                                          "notice.malformed",
		stats(meeting.MaxStats):                                                                                "",
		stats(meeting.MaxStats + 1):                                                                            "notice.malformed",
		hears(meeting.MaxHears):                                                                                "",
		hears(meeting.MaxHears + 1):                                                                            "notice.malformed",
		`"kind":"stats","stats":[{"member":"a","db":0,"hears":["A"]}]`:                                         "member.id",
		`"kind":"stats","stats":[]`:                                                                            "notice.malformed",
		`"kind":"stats","member":"a","paths":[{"path":0,"up":true,"rttMs":1,"loss":0}]`:                        "notice.malformed",
		`"kind":"stats","paths":[{"path":0,"up":true,"rttMs":-1,"loss":0}]`:                                    "notice.malformed",
		`"kind":"stats","paths":[{"path":0,"up":true,"rttMs":1,"loss":1001}]`:                                  "notice.malformed",
		`"kind":"doors","doors":{"closed":true,"at":"2026-12-09T23:30:00Z","after":-1}`:                        "notice.malformed",
		`"kind":"doors","doors":{"closed":true,"at":"1926-12-09T23:30:00Z","after":0}`:                         "notice.malformed",
		`"kind":"clock","clock":{"sent":"2026-12-09T23:30:00Z","origin":"2026-12-09T23:30:00Z"}`:               "notice.malformed",
		`"kind":"clock","clock":{"sent":"2026-12-09T23:30:00.0001Z"}`:                                          "notice.malformed",
		`"kind":"muted","member":"a","on":true,"doors":{"closed":true,"at":"2026-12-09T23:30:00Z"}`:            "notice.malformed",
		`"kind":"ready","member":"a","ready":{"mic":true,"MIC":false}`:                                         "json.case at notice.ready",
		`"kind":"muted","member":"a","on":true,"stats":[{"member":"a","db":0,"loss":0}]`:                       "notice.malformed",
		`"kind":"stats","stats":[{"member":"","db":0}]`:                                                        "notice.malformed",
		`"kind":"stats","paths":[` + strings.TrimSuffix(strings.Repeat(`{"path":0,"up":true},`, 9), ",") + `]`: "notice.malformed",
	} {
		if strings.Count(in, "{") > strings.Count(in, "}") {
			in += "}"
		}
		b := []byte(`{"notice":{"meeting":"m",` + in + `}}`)
		_, err := meeting.DecodeExchange(b)
		if got := codeOf(err); got != want {
			t.Errorf("%.160s: %q, want %q", b, got, want)
		}
	}
}

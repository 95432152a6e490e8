package meeting_test

import (
	"errors"
	"testing"
	"time"

	"visavis/internal/meeting"
)

var start = time.Date(2026, 12, 9, 23, 30, 0, 0, time.UTC)

func name(en, ar string) meeting.Text { return meeting.Text{"en": en, "ar": ar} }

// annual is the ninth annual meeting of Avelmar and Tolmeria.
func annual() meeting.Definition {
	return meeting.Definition{
		ID: "avelmar-tolmeria-2026", Host: "avelmar", Start: start,
		Title: meeting.Text{"en": "Ninth Annual Meeting of the Heads of Government of Avelmar and Tolmeria", "zh": "阿韦尔马与托尔梅里亚政府首脑第九次年度会晤"},
		Parties: []meeting.Party{
			{ID: "avelmar", Name: name("Avelmar", "أفيلمار"), LongName: name("Republic of Avelmar", "جمهورية أفيلمار"), City: name("Ilverne", "إلفيرن"), Zone: "Australia/Lord_Howe"},
			{ID: "tolmeria", Name: name("Tolmeria", "تولميريا"), LongName: name("Kingdom of Tolmeria", "مملكة تولميريا"), City: name("Lanneth", "لانيث"), Zone: "Australia/Brisbane"},
		},
		Members: []meeting.Member{
			{ID: "avelmar-tarroven", Party: "avelmar", Role: meeting.Principal, Precedence: 1, Name: name("Maelin Tarroven", "مايلين تاروفن"), Office: name("Prime Minister of the Republic of Avelmar", "رئيسة وزراء جمهورية أفيلمار")},
			{ID: "avelmar-aldesh", Party: "avelmar", Role: meeting.Delegate, Precedence: 2, Name: name("Corvan Aldesh", "كورفان ألديش")},
			{ID: "avelmar-ombrand", Party: "avelmar", Role: meeting.Delegate, Precedence: 3, Name: name("Sirenna Ombrand", "سيرينا أومبراند")},
			{ID: "tolmeria-kosvane", Party: "tolmeria", Role: meeting.Principal, Precedence: 1, Name: name("Edran Kosvane", "إدران كوسفان"), Office: name("Prime Minister of the Kingdom of Tolmeria", "رئيس وزراء مملكة تولميريا")},
			{ID: "tolmeria-thorrick", Party: "tolmeria", Role: meeting.Delegate, Precedence: 2, Name: name("Wenna Thorrick", "وينا ثوريك")},
			{ID: "tolmeria-soste", Party: "tolmeria", Role: meeting.Delegate, Precedence: 3, Name: name("Ambrel Soste", "أمبريل سوست")},
		},
	}
}

// three adds the third party of the demo world.
func three() meeting.Definition {
	d := annual()
	d.ID = "velune-three-2026"
	d.Parties = append(d.Parties, meeting.Party{ID: "calwen", Name: name("the Calwen Islands", "جزر كالوين"), Zone: "Pacific/Chatham"})
	d.Members = append(d.Members,
		meeting.Member{ID: "calwen-sarrand", Party: "calwen", Role: meeting.Principal, Precedence: 1, Name: name("Ikelo Sarrand", "إيكيلو ساراند")},
		meeting.Member{ID: "calwen-thale", Party: "calwen", Role: meeting.Delegate, Precedence: 2, Name: name("Orlenna Thale", "أورلينا ثيل")})
	return d
}

func codeOf(err error) string {
	var e *meeting.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func wantCode(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got := codeOf(err); got != want {
		t.Errorf("%s: got %q, want %q (%v)", what, got, want, err)
	}
}

func yes() *bool { b := true; return &b }
func no() *bool  { b := false; return &b }

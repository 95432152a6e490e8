package meeting_test

import (
	"strconv"
	"strings"
	"testing"
	"time"

	"visavis/internal/meeting"
)

// summit is annual as a formal meeting: both sides with interpreter, protocol officer and technician.
func summit() meeting.Definition {
	d := annual()
	d.ID, d.Limit, d.Languages = "summit-2026", 180, []string{"ar", "en", "es"}
	d.Agenda = []meeting.Item{{Title: name("Navigation", "الملاحة"), Minutes: 20}, {Title: name("Other business", "ما يستجد"), Minutes: 5}}
	for i := range d.Members {
		if d.Members[i].Role == meeting.Principal {
			d.Members[i].Second = name("Minister for the River", "وزير النهر")
		}
	}
	add := func(p meeting.PartyID, n string, r meeting.Role, place int) {
		d.Members = append(d.Members, meeting.Member{ID: meeting.MemberID(p) + "-" + meeting.MemberID(n), Party: p, Role: r, Precedence: place, Name: name(n, n)})
	}
	add("avelmar", "marrin", meeting.Interpreter, 4)
	add("avelmar", "vost", meeting.Officer, 5)
	add("avelmar", "ormeran", meeting.Technician, 6)
	add("tolmeria", "drost", meeting.Interpreter, 4)
	add("tolmeria", "quintar", meeting.Officer, 5)
	add("tolmeria", "haskin", meeting.Technician, 6)
	return d
}

// informal is summit without Tolmeria's officer.
func informal() meeting.Definition {
	d := summit()
	d.ID = "informal-2026"
	for i, m := range d.Members {
		if m.ID == "tolmeria-quintar" {
			d.Members = append(d.Members[:i:i], d.Members[i+1:]...)
			break
		}
	}
	return d
}

// trilateral adds a third party with an officer and two who speak.
func trilateral() meeting.Definition {
	d := summit()
	t := three()
	d.ID, d.Parties = "trilateral-2026", t.Parties
	d.Members = append(d.Members, t.Members[len(t.Members)-2:]...)
	d.Members = append(d.Members, meeting.Member{ID: "calwen-hesk", Party: "calwen", Role: meeting.Officer, Precedence: 3, Name: name("Dunnel Hesk", "دونيل هيسك")})
	return d
}

func definitions() map[string]func() meeting.Definition {
	return map[string]func() meeting.Definition{"annual": annual, "three": three, "summit": summit, "informal": informal, "trilateral": trilateral}
}

// desk is a host that writes what happens into its log. It is a value: what happens to a copy does not touch the original.
type desk struct {
	s    meeting.State
	es   []meeting.Entry
	head meeting.Hash
	now  time.Time
	lag  time.Duration // from the proposer's clock to the host's
	off  bool          // proposals are marked offline
}

func newDesk(d meeting.Definition) desk { return desk{s: meeting.Begin(d), now: start} }

// add sequences e, stated by party by, a second after the last entry.
func (d *desk) add(by meeting.PartyID, e meeting.Event) error {
	d.now = d.now.Add(time.Second)
	p := meeting.Proposal{Meeting: d.s.Definition.ID, Party: by, Counter: uint64(len(d.es) + 1), At: d.now.Add(-d.lag), Offline: d.off, Event: e}
	if err := p.Check(); err != nil {
		return err
	}
	entry := meeting.Sequence(p, int64(len(d.es)), d.head, d.now)
	next, err := meeting.ApplyEntry(d.s, entry)
	if err != nil {
		return err
	}
	b := meeting.EncodeEntry(entry)
	d.s, d.head = next, meeting.Chain(d.head, b)
	d.es = append(d.es[:len(d.es):len(d.es)], entry)
	return nil
}

// id is the member of that short name; who is in no list gets an id of Avelmar.
func (d *desk) id(short_ string) meeting.MemberID {
	for _, m := range d.s.Definition.Members {
		if short(m.ID) == short_ {
			return m.ID
		}
	}
	return meeting.MemberID("avelmar-" + short_)
}

// act does what a person does, in the words of testdata: "gives the floor to thorrick".
func (d *desk) act(who, what string) error {
	e, ok := d.event(who, what)
	if !ok {
		panic("no such act: " + who + " " + what)
	}
	m, _ := d.s.Definition.Member(d.id(who))
	party := m.Party
	if party == "" {
		party = "avelmar"
	}
	return d.add(party, e)
}

func (d *desk) event(who, what string) (meeting.Event, bool) {
	me := d.id(who)
	e := meeting.Event{Member: me}
	if k, ok := map[string]meeting.Kind{
		"joins": meeting.MemberJoined, "leaves": meeting.MemberLeft, "begins the rehearsal": meeting.PhaseRehearsal,
		"calls to wait": meeting.PhaseWaiting, "closes the doors": meeting.PhaseClosed, "ends the meeting": meeting.PhaseEnded,
		"seals the record": meeting.PhaseSealed, "stops the record": meeting.RecordStopped, "acknowledges": meeting.FloorAcknowledged,
		"yields": meeting.FloorYielded, "raises a hand": meeting.HandRaised, "lowers the hand": meeting.HandLowered,
		"raises a point of order": meeting.OrderRaised, "lowers the point of order": meeting.OrderLowered,
		"speaks in the first office": meeting.CapacitySet, "moves to no item": meeting.AgendaItem,
	}[what]; ok {
		e.Kind = k
		return e, true
	}
	yes, no := true, false
	switch what {
	case "opens microphone":
		e.Kind, e.Mic, e.Epoch = meeting.MemberDevices, &yes, d.s.Epoch
		return e, true
	case "opens camera":
		e.Kind, e.Camera, e.Epoch = meeting.MemberDevices, &yes, d.s.Epoch
		return e, true
	case "opens microphone and camera":
		e.Kind, e.Mic, e.Camera, e.Epoch = meeting.MemberDevices, &yes, &yes, d.s.Epoch
		return e, true
	case "closes microphone":
		e.Kind, e.Mic = meeting.MemberDevices, &no
		return e, true
	case "speaks in the second office":
		e.Kind, e.N = meeting.CapacitySet, 1
		return e, true
	}
	f := strings.Fields(what)
	last := f[len(f)-1]
	switch head := strings.Join(f[:len(f)-1], " "); head {
	case "turns the key to":
		h := d.s.Head
		e.Kind, e.Action, e.Epoch, e.Head = meeting.KeyTurned, meeting.Action(last), max(1, d.s.Epoch), &h
	case "returns the key to":
		e.Kind, e.Action = meeting.KeyReturned, meeting.Action(last)
	case "sets the floor to":
		e.Kind, e.Mode = meeting.FloorModeSet, meeting.Mode(last)
	case "moves to item":
		e.Kind = meeting.AgendaItem
		e.N, _ = strconv.Atoi(last)
	case "acknowledges in":
		e.Kind, e.Language = meeting.FloorAcknowledged, last
	case "gives the floor to":
		e.Kind, e.Member, e.Actor = meeting.FloorGiven, d.id(last), me
	case "takes the floor from":
		e.Kind, e.Member, e.Actor = meeting.FloorTaken, d.id(last), me
	case "lowers the hand of":
		e.Kind, e.Member, e.Actor = meeting.HandLowered, d.id(last), me
	case "lowers the point of order of":
		e.Kind, e.Member, e.Actor = meeting.OrderLowered, d.id(last), me
	case "admits":
		e.Kind, e.Member, e.Actor, e.Admit = meeting.TechnicianAdmitted, d.id(last), me, &yes
	case "dismisses":
		e.Kind, e.Member, e.Actor, e.Admit = meeting.TechnicianAdmitted, d.id(last), me, &no
	default:
		if len(f) == 6 && f[0] == "puts" {
			e.Kind, e.Member, e.Actor = meeting.CapacitySet, d.id(f[1]), me
			if f[4] == "second" {
				e.N = 1
			}
			return e, true
		}
		return e, false
	}
	return e, true
}

// run does the lines of a script: "vost calls to wait", "a b c join", "everybody joins", "61 seconds pass". A line may end with
// "refused CODE".
func (d *desk) run(t *testing.T, lines ...string) {
	t.Helper()
	for _, line := range lines {
		line, want, _ := strings.Cut(line, " refused ")
		f := strings.Fields(line)
		switch {
		case line == "everybody joins":
			for _, m := range d.s.Definition.Members {
				d.must(t, short(m.ID), "joins", "")
			}
		case f[len(f)-1] == "join":
			for _, who := range f[:len(f)-1] {
				d.must(t, who, "joins", "")
			}
		case strings.HasSuffix(line, " seconds pass"):
			n, err := strconv.Atoi(f[0])
			if err != nil {
				t.Fatal(line)
			}
			d.now = d.now.Add(time.Duration(n) * time.Second)
		default:
			d.must(t, f[0], strings.Join(f[1:], " "), want)
		}
	}
}

func (d *desk) must(t *testing.T, who, what, want string) {
	t.Helper()
	if got := codeOf(d.act(who, what)); got != want {
		t.Fatalf("%s %s: got %q, want %q", who, what, got, want)
	}
}

package scenario

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/node"
)

// ownRecords reads a kind of record of the meeting's own log.
func (p *Party) ownRecords(kind string) (out []json.RawMessage) {
	p.w.T.Helper()
	p.must(func(d *node.Dir) error {
		es, err := d.Store.Entries(context.Background(), "own/"+string(Meeting), 1, 1000)
		for _, e := range es {
			var r map[string]json.RawMessage
			if err := json.Unmarshal(e.Data, &r); err != nil {
				return err
			}
			if x, ok := r[kind]; ok {
				out = append(out, x)
			}
		}
		return err
	})
	return out
}

// noted are the entries of the node's security log of a kind, each as its code, meeting, person and party; its chain holds.
func (p *Party) noted(kind string) (out []string) {
	p.w.T.Helper()
	p.must(func(d *node.Dir) error {
		_, err := d.Security(context.Background(), func(e node.SecurityEntry) {
			if e.Kind == kind {
				out = append(out, fmt.Sprintf("%s %s %s%s", e.Code, e.Meeting, e.Person, e.Party))
			}
		})
		return err
	})
	return out
}

// Abuse 10. The host shows its two guests two logs. They tell each other their heads: both raise the alarm, hold the proof that the host signed
// for neither of them to deny, and take nothing more. With one log (the control) nothing of it happens.
func abuseForkedLog(t *testing.T) {
	for _, forked := range []bool{false, true} {
		w := NewWorld(t, Options{Down: []meeting.PartyID{"avelmar"}, Third: true})
		a, b := w.Tolmeria.Join("tolmeria-principal", nil), w.Calwen.Join("calwen-principal", nil)
		time.Sleep(3 * time.Second)
		shown := map[*Party]meeting.MemberID{w.Tolmeria: "avelmar-principal", w.Calwen: "avelmar-principal"}
		if forked {
			shown[w.Calwen] = "avelmar-one"
		}
		hosts := map[*Party]*rogue{}
		at := time.Now().UTC().Truncate(time.Millisecond)
		next := func(p *Party, n int64, prev meeting.Hash, m meeting.MemberID) meeting.Hash {
			b := meeting.EncodeEntry(meeting.Sequence(meeting.Proposal{Meeting: Meeting, Party: "avelmar", Counter: uint64(n), At: at,
				Event: meeting.Event{Kind: meeting.MemberJoined, Member: m}}, n-1, prev, at))
			if err := hosts[p].exchange(meeting.Exchange{Entry: &meeting.EntryBytes{Meeting: Meeting, N: n, Last: n, Data: [][]byte{b}}}); err != nil {
				t.Fatal(err)
			}
			return meeting.Chain(prev, b)
		}
		heads := map[*Party]meeting.Hash{}
		for p, m := range shown {
			r, err := dialRogue(w.Avelmar, p, w.Avelmar.nodeKey(), nil)
			if err != nil {
				t.Fatal(err)
			}
			hosts[p] = r
			if err := r.exchange(meeting.Exchange{Join: &meeting.JoinLog{Meeting: Meeting, Digest: p.digest(), Ask: true, Have: 1}}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(200 * time.Millisecond)
			heads[p] = next(p, 1, meeting.Hash{}, m)
		}
		time.Sleep(12 * time.Second)
		for p, r := range hosts { // what more is there to say
			if err := r.exchange(meeting.Exchange{Join: &meeting.JoinLog{Meeting: Meeting, Digest: p.digest(), Have: 2}}); err != nil {
				t.Logf("the link to %s is closed: %v", p.ID, err)
				continue
			}
			next(p, 2, heads[p], "avelmar-two")
		}
		time.Sleep(2 * time.Second)
		for q, p := range map[*Person]*Party{a: w.Tolmeria, b: w.Calwen} {
			proofs, alarm := p.ownRecords("proof"), q.Bot.Stats().State.Alarm
			if !forked {
				if len(proofs) != 0 || alarm == "log.forked" || q.presence("avelmar-two") == nil {
					t.Errorf("control: %s holds %d proofs, alarm %q, shows %+v", p.ID, len(proofs), alarm, q.Bot.Stats().State.Present)
				}
				continue
			}
			var proof struct {
				Ours, Their *meeting.Head
			}
			if len(proofs) == 0 || json.Unmarshal(proofs[0], &proof) != nil || proof.Ours == nil || proof.Their == nil || proof.Ours.Hash == proof.Their.Hash {
				t.Errorf("%s holds %s", p.ID, proofs)
			}
			if alarm != "log.forked" {
				t.Errorf("%s: alarm %q", p.ID, alarm)
			}
			p.logged("cannot be joined with ours", `"level":"ERROR"`)
			if len(q.Bot.Stats().State.Present) == 0 {
				t.Errorf("%s: its own people are gone", p.ID)
			}
		}
		for _, p := range []*Party{w.Avelmar, w.Tolmeria, w.Calwen} {
			p.Stop()
		}
	}
}

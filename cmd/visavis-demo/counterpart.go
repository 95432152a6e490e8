package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"visavis/internal/meeting"
	"visavis/internal/readout"
)

// How a simulated officer deals with readouts: it answers, and signs after the other side. It begins none.
const (
	readEvery    = 2 * time.Second
	untilAnswer  = 4 * time.Second // to a proposal
	untilSigns   = 4 * time.Second // after the other party's line has come
	untilLetsGo  = 3 * time.Second // after a text is held
	triedAgain   = 15 * time.Second
	dealWithin   = 30 * time.Second
	embargoRound = time.Second
)

// dealing is what a simulated officer does with a readout.
type dealing string

const (
	dealNone    dealing = ""
	dealCounter dealing = "counter"
	dealAccept  dealing = "accept"
	dealSign    dealing = "sign"
	dealConfirm dealing = "confirm"
)

// next says what a simulated officer has to do with a readout, and upon what: once done, that is gone.
func (p *paper) next() (do dealing, upon meeting.Hash, after time.Duration) {
	if p.begunBy() != p.Other { // ours, hence a person's: no simulated officer begins anything
		return
	}
	switch p.Life.Stage {
	case readout.StageProposed, readout.StageCountered:
		i := slices.IndexFunc(p.Rounds, func(r readout.Round) bool { return r.ID == p.Head })
		if i < 0 || p.Rounds[i].Party != p.Other || p.Rounds[i].State != readout.RoundOpen || p.Theirs == nil {
			return
		}
		answered := slices.ContainsFunc(p.Rounds, func(r readout.Round) bool { return r.Party == p.Self })
		if _, ok := greeted(*p.Theirs, p.Self); ok && !answered {
			return dealCounter, p.Head, untilAnswer
		}
		return dealAccept, p.Head, untilAnswer
	case readout.StageAgreed:
		if p.Life.Lines[p.Self] == "" && p.Life.Lines[p.Other] != "" {
			return dealSign, p.Life.Hash, untilSigns
		}
	case readout.StageScheduled:
		if p.Life.Held != "" {
			return dealConfirm, p.Life.Hash, untilLetsGo
		}
	}
	return
}

// begunBy is the party that made the first proposal since the text was last agreed; "" if there is none.
func (p *paper) begunBy() meeting.PartyID {
	first := 0
	for i, r := range p.Rounds {
		if r.State == readout.RoundAgreed && i+1 < len(p.Rounds) {
			first = i + 1
		}
	}
	if len(p.Rounds) == 0 {
		return ""
	}
	return p.Rounds[first].Party
}

// negotiate has a simulated officer answer for its side's readouts until ctx ends, unless a person does.
func (p *delegations) negotiate(ctx context.Context, k *desk) {
	select {
	case <-p.archived:
	case <-ctx.Done():
		return
	}
	look := time.NewTicker(readEvery)
	defer look.Stop()
	since, tried, said := map[string]time.Time{}, map[string]time.Time{}, map[string]bool{}
	for {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
		if p.personWrites(k.seat.party) {
			continue
		}
		ids, err := k.open(ctx)
		for _, id := range ids {
			var x *paper
			if x, err = k.paper(ctx, id); err != nil {
				break
			}
			do, upon, after := x.next()
			what, now := fmt.Sprint(id, do, upon), time.Now()
			if since[what].IsZero() {
				since[what] = now
			}
			if do == dealNone || now.Sub(since[what]) < after || now.Sub(tried[what]) < triedAgain {
				continue
			}
			tried[what] = now
			e := k.deal(ctx, x, do)
			var no *refused
			switch {
			case e == nil:
				fmt.Fprintf(p.d.out, "%s: %s, simulated, %s\n", k.seat.party, k.seat.name, did[do])
			case ctx.Err() == nil && !said[what]:
				said[what] = true
				why := e.Error()
				if errors.As(e, &no) {
					why = no.code
				}
				fmt.Fprintf(p.d.out, "%s: %s, simulated, cannot %s the readout yet: %s\n", k.seat.party, k.seat.name, do, why)
			}
		}
		if err != nil && ctx.Err() == nil {
			fmt.Fprintf(p.d.out, "%s: simulated %s: readouts: %v\n", k.seat.party, k.seat.name, err)
		}
	}
}

var did = map[dealing]string{
	dealCounter: "answers the proposal with another", dealAccept: "accepts the proposal", dealSign: "has signed the readout", dealConfirm: "lets the readout go that was held",
}

// deal does it.
func (k *desk) deal(ctx context.Context, p *paper, do dealing) (err error) {
	ctx, cancel := context.WithTimeout(ctx, dealWithin)
	defer cancel()
	path := "/" + string(p.ID)
	switch do {
	case dealCounter:
		doc, _ := greeted(*p.Theirs, p.Self)
		if doc.Release.IsZero() {
			doc.Release = time.Now().UTC().Add(k.d.embargo).Round(embargoRound)
		}
		if p, err = k.do(ctx, path+"/document", map[string]any{"document": doc}, p.Manuscript.Version); err == nil {
			_, err = k.do(ctx, path+"/propose", p.read(), p.Manuscript.Version)
		}
	case dealAccept:
		_, err = k.do(ctx, path+"/accept", map[string]any{"proposal": p.Head}, 0)
	case dealSign:
		_, err = k.sign(ctx, p)
	case dealConfirm:
		_, err = k.proven(ctx, p.ID, "confirm", p.Life.Hash)
	}
	return err
}

// thanks is what the simulated officer would like to see in the text, by whose principal thanks.
var thanks = map[meeting.PartyID]meeting.Text{
	"avelmar": {
		"en": "The Prime Minister of Avelmar thanked the Prime Minister of Tolmeria for the excellent preparation of the meeting.",
		"ar": "وشكرت رئيسة وزراء أفيلمار رئيس وزراء تولميريا على حسن الإعداد للاجتماع.",
		"zh": "阿韦尔马总理感谢托尔梅里亚首相为会晤所作的周到准备。",
		"fr": "La Première Ministre d'Avelmar a remercié le Premier Ministre de Tolmérie de l'excellente préparation de la réunion.",
		"ru": "Премьер-министр Авельмара поблагодарила Премьер-министра Толмерии за прекрасную подготовку встречи.",
		"es": "La Primera Ministra de Avelmar agradeció al Primer Ministro de Tolmeria la excelente preparación de la reunión.",
	},
	"tolmeria": {
		"en": "The Prime Minister of Tolmeria thanked the Prime Minister of Avelmar for the excellent preparation of the meeting.",
		"ar": "وشكر رئيس وزراء تولميريا رئيسة وزراء أفيلمار على حسن الإعداد للاجتماع.",
		"zh": "托尔梅里亚首相感谢阿韦尔马总理为会晤所作的周到准备。",
		"fr": "Le Premier Ministre de Tolmérie a remercié la Première Ministre d'Avelmar de l'excellente préparation de la réunion.",
		"ru": "Премьер-министр Толмерии поблагодарил Премьер-министра Авельмара за прекрасную подготовку встречи.",
		"es": "El Primer Ministro de Tolmeria agradeció a la Primera Ministra de Avelmar la excelente preparación de la reunión.",
	},
}

// greeted is a text with the thanks of a party's principal in every language, before the attendance; false if it has them, if it names nobody of the
// party, or if it is in a language that has no words for it here.
func greeted(d readout.Document, party meeting.PartyID) (readout.Document, bool) {
	id := "thanks-" + string(party)
	who, named := person(d, party)
	if _, has := d.Block(id); has || !named {
		return d, false
	}
	d = d.Clone()
	at := slices.IndexFunc(d.Blocks, func(b readout.Block) bool { return b.Kind == readout.Attendance })
	if at < 0 {
		at = len(d.Blocks)
	}
	b := readout.Block{ID: id, Kind: readout.Greeting, Speakers: []readout.Speaker{who}, Acts: []readout.Act{readout.Thanked}, Texts: map[string]readout.Cell{}}
	d.Blocks = slices.Insert(d.Blocks, at, b)
	for range 2 { // the second time every text rests on all the others
		for _, l := range d.Languages {
			var err error
			if d, err = d.SetText(id, l.Tag, thanks[party][l.Tag], true); err != nil || thanks[party][l.Tag] == "" {
				return d, false
			}
		}
	}
	return d, true
}

// person is whom a text names first of a party: its principal.
func person(d readout.Document, party meeting.PartyID) (readout.Speaker, bool) {
	for _, b := range d.Blocks {
		for _, s := range append(slices.Clone(b.Speakers), b.Listed...) {
			if s.Party == party {
				return s, true
			}
		}
	}
	return readout.Speaker{}, false
}

package main

import (
	"context"
	"fmt"
	"strings"

	"visavis/internal/bot"
	"visavis/internal/softkey"
)

// linkLife is longer than any demo.
const linkLife = "24h"

// seats makes two ways in for each seat: one for a person, one for the simulated member. The second of an account is used at once, for its code ends
// when the person's is made; its authenticator is kept.
func (d *demo) seats(ctx context.Context, simulated map[string]bool) ([]seat, error) {
	out := table(d.formal)
	d.passkeys = map[string]*softkey.Authenticator{}
	for _, party := range parties() {
		own, err := d.invite(ctx, party)
		if err != nil {
			return nil, err
		}
		persons, err := d.invite(ctx, party)
		if err != nil {
			return nil, err
		}
		for i := range out {
			s := &out[i]
			switch {
			case s.party != party:
			case s.account():
				err = d.enrol(ctx, s, simulated[s.key])
			case s.role == "press":
				if s.link, err = d.press(ctx, *s); err == nil {
					s.own, err = d.press(ctx, *s)
				}
			default:
				base := "http://" + s.host(d.ports[party].web) + "/join#"
				s.own, s.ownPIN, s.link, s.pin = base+own[s.member].code, own[s.member].pin, base+persons[s.member].code, persons[s.member].pin
			}
			if err != nil {
				return nil, err
			}
		}
	}
	return out, nil
}

// invitation is what a member gets by two ways.
type invitation struct{ code, pin string }

// invite makes an invitation of every member of a party who comes by one. The links that the command prints have the node's first host; each seat
// has its own.
func (d *demo) invite(ctx context.Context, party string) (map[string]invitation, error) {
	// --keep: a seat has two links open.
	out, errs, err := d.both(ctx, "invite", "--config", d.config(party), "--keep", "--valid", linkLife, "--all", meetingID)
	if err != nil {
		return nil, err
	}
	made := map[string]invitation{}
	for _, l := range strings.Split(out, "\n") {
		member, link, _ := strings.Cut(l, "\t")
		code, err := codeOf(link)
		if err != nil {
			return nil, err
		}
		made[member] = invitation{code: code}
	}
	for _, l := range strings.Split(errs, "\n") {
		if f := strings.Split(l, "\t"); len(f) == 3 && f[0] == "PIN" {
			made[f[1]] = invitation{made[f[1]].code, strings.TrimSpace(f[2])}
		}
	}
	return made, nil
}

// press makes a link for one seat of the press.
func (d *demo) press(ctx context.Context, s seat) (string, error) {
	out, err := d.command(ctx, "invite", "--config", d.config(s.party), "--valid", linkLife, "--host", s.host(d.ports[s.party].web), "--press", s.name, meetingID)
	if err != nil {
		return "", err
	}
	_, link, _ := strings.Cut(out, "\t")
	_, err = codeOf(link)
	return link, err
}

// enrol makes the account of an officer or a technician, with a passkey of its simulated one if there is to be one, and a link by which a person
// makes another.
func (d *demo) enrol(ctx context.Context, s *seat, simulated bool) error {
	args := []string{"--config", d.config(s.party), "--host", s.host(d.ports[s.party].web), "--valid", linkLife}
	link, err := d.account(ctx, append([]string{"account", "add", "--role", s.role}, append(args, s.member, s.name)...))
	if err != nil || !simulated {
		s.link = link
		return err
	}
	key := softkey.New()
	b, err := bot.New(bot.Config{Link: link, Passkey: key, Meeting: meetingID, Silent: true, Dial: d.dial})
	if err != nil {
		return err
	}
	if err := b.Enter(ctx); err != nil {
		return fmt.Errorf("passkey of simulated %s: %w", s.name, err)
	}
	s.own, d.passkeys[s.key] = link, key
	s.link, err = d.account(ctx, append([]string{"account", "code"}, append(args, s.member)...))
	return err
}

// account runs a command that prints one link.
func (d *demo) account(ctx context.Context, args []string) (string, error) {
	out, err := d.command(ctx, args...)
	if err != nil {
		return "", err
	}
	_, link, _ := strings.Cut(out, "\t")
	_, err = codeOf(link)
	return link, err
}

// codeOf is the secret in a link.
func codeOf(link string) (string, error) {
	_, code, found := strings.Cut(strings.TrimSpace(link), "#")
	if !found {
		return "", fmt.Errorf("visavis printed no link: %q", link)
	}
	return code, nil
}

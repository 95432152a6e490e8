// The member's page: the two sides face to face, the microphone, and everything else below.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { clock, pick, t, Words } from "../lang";
import type { Member } from "../wire.gen";
import { Dock } from "./dock";
import { Languages, memberOf, parties, partyOf } from "./parts";
import { Place, type Seat } from "./place";

/** seats places everybody: one large place for each party's principal, the own side first; the other stage slots are small. */
export function seats(call: Call): { large: Seat[]; small: Seat[]; self: Seat } {
  const meeting = call.meeting.value!, { present, stage } = call.state.value;
  const you = memberOf(meeting, call.you.value);
  const seat = (member: Member | undefined, party: string): Seat => ({
    member, party: partyOf(meeting, party), slot: member ? stage.indexOf(member.id) : -1,
    presence: present.find((p) => p.member === member?.id), self: member !== undefined && member.id === you?.id,
  });
  const large = parties(meeting, you?.party ?? "").map((p) => seat(meeting.members.find((m) => m.party === p.id && m.role === "principal"), p.id));
  const shown = new Set(large.map((s) => s.member?.id));
  const small = stage.filter((id) => id && !shown.has(id) && id !== you?.id).map((id) => memberOf(meeting, id)).map((m) => seat(m, m?.party ?? ""));
  return { large, small, self: seat(you, you?.party ?? "") };
}

export function MeetingPage({ call }: { call: Call }) {
  const meeting = call.meeting.value!, { large, small, self } = seats(call);
  // Not onto the microphone's button: a key still held down from "Take your seat" would open it.
  useEffect(() => document.getElementById("now")?.focus(), []);
  const principal = large.some((s) => s.self);
  return (
    <div class="stage member">
      <a class="skip" href="#now" onClick={(e) => { e.preventDefault(); document.getElementById("now")?.querySelector("button")?.focus(); }}>{t.value.toFloor}</a>
      <header class="top">
        <p class="mark" lang="en">Visavis</p>
        <div class="title"><h1><Words of={meeting.title} /></h1></div>
        <Clocks call={call} />
        <Languages />
      </header>
      <main>
        <section class="sides" aria-label={t.value.pictures} data-sides={large.length}>
          {large.map((s, i) => <Place key={s.party?.id ?? i} call={call} seat={s} />)}
        </section>
        {small.length ? (
          <section class="more" aria-label={t.value.alsoPresent} data-sides={large.length}>
            {large.map((l) => <div key={l.party?.id} role="group" aria-label={pick(l.party?.name)}>{small.filter((s) => s.party?.id === l.party?.id).map((s) => <Place key={s.member?.id} call={call} seat={s} small />)}</div>)}
          </section>
        ) : null}
        <Dock call={call} self={principal ? null : self} />
      </main>
    </div>
  );
}

function Clocks({ call }: { call: Call }) {
  const meeting = call.meeting.value!, now = useSignal(new Date());
  const own = memberOf(meeting, call.you.value)?.party ?? "";
  useEffect(() => {
    const timer = setInterval(() => { now.value = new Date(); }, 5000);
    return () => clearInterval(timer);
  }, []);
  return (
    <dl class="clocks">
      {parties(meeting, own).map((p) => (
        <div key={p.id}><dt><Words of={p.city} /></dt><dd><bdi class="n">{clock(now.value, p.zone)}</bdi></dd></div>
      ))}
    </dl>
  );
}

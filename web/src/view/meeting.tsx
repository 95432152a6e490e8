// The member's page: the two sides face to face, the microphone, and everything else below.
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { pick } from "../lang";
import type { Member } from "../wire.gen";
import { Dock } from "./dock";
import { memberOf, parties, partyOf } from "./parts";
import { Place, type Seat } from "./place";
import { TestCard, useTestTone } from "./testcard";
import { TopBar } from "./top";
import { t } from "./words";

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
  const { large, small, self } = seats(call);
  // Not onto the microphone's button: a key still held down from "Take your seat" would open it.
  useEffect(() => document.getElementById("now")?.focus(), []);
  useTestTone(call);
  const principal = large.some((s) => s.self);
  return (
    <div class={call.stand.formal.value ? "stage member formal" : "stage member"}>
      <a class="skip" href="#now" onClick={(e) => { e.preventDefault(); document.getElementById("now")?.querySelector("button")?.focus(); }}>{t.value.toFloor}</a>
      <TopBar call={call} />
      <main>
        {call.asked.value.card ? <TestCard /> : null}
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

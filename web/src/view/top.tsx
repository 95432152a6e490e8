// The top bar of every console: who I am, the meeting and its item, recorded, doors, the clocks of both places, the language.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { clock, fill, list, pick, plain, t, Words } from "../lang";
import { Clocks } from "./clocks";
import { LanguageMenu } from "./controls";
import { parties } from "./parts";
import { Doors, Recorded } from "./signs";

/** item is the line below the title: the agenda's item, or when the meeting begins. */
export function item(call: Call): ComponentChildren {
  const meeting = call.meeting.value!, { order, phase, formal } = call.stand, n = order.value.item;
  const now = meeting.agenda?.[n - 1], audience = call.role.value === "press" || call.role.value === "viewer";
  if (now && (!audience || phase.value === "open")) return <>{fill(t.value.agendaItem, { n: String(n) })}<span class="dot"> · </span><Words of={now.title} /></>;
  if (!formal.value || !["planned", "rehearsal", "waiting"].includes(phase.value)) return null;
  const start = new Date(meeting.start);
  return fill(t.value.beginsAt, { times: list(parties(meeting, call.stand.own.value).map((p) => plain(t.value.timeIn, { time: clock(start, p.zone), city: pick(p.city) }))) });
}

/** TopBar: who is the line below the product's name. */
export function TopBar({ call, who }: { call: Call; who?: ComponentChildren }) {
  const below = item(call);
  return (
    <header class="top">
      <p class="mark"><span lang="en">Visavis</span>{who ? <span class="who">{who}</span> : null}</p>
      <div class="title"><h1><Words of={call.meeting.value!.title} /></h1>{below ? <p>{below}</p> : null}</div>
      <div class="signs"><Recorded call={call} /><Doors call={call} /></div>
      <Clocks call={call} />
      <LanguageMenu />
    </header>
  );
}

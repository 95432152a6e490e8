// The doors to the press: ours by our own measurement at the way out, theirs by their word. The heads of the columns say which is which.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { Words } from "../lang";
import { Act } from "../view/controls";
import { partyOf } from "../view/parts";
import type { Door } from "../wire.gen";
import { exact, o } from "./words";

/** Proof is the table of doors and, below it, the seats of the press at our node with what ends them: readOnly leaves these out. */
export function Proof({ call, readOnly }: { call: Call; readOnly?: boolean }) {
  const x = o.value, doors = call.state.value.doors, all: Door[] = doors ? [doors.ours, ...doors.theirs] : [], own = call.stand.own.value;
  const seats = readOnly ? [] : call.state.value.waiting.filter((w) => w.reason === "press");
  const states: Record<string, string> = { open: x.doorOpen, shut: x.doorShut, suspended: x.doorSuspended };
  const last = (d: Door) => (d.state === "open" ? "–" : d.at && d.egresses > 0 ? <bdi class="n">{exact(call, Date.parse(d.at) + d.lastMs)}</bdi> : x.none);
  const after = (d: Door) => (d.state === "open" ? "–" : <strong class={d.after ? "alarm n" : "live n"} data-after={d.after}>{d.after}</strong>);
  const row = (name: string, cell: (d: Door) => ComponentChildren) => <tr><th scope="row">{name}</th>{all.map((d) => <td key={d.party} data-door={d.party}>{cell(d)}</td>)}</tr>;
  const begun = !["planned", "rehearsal", "waiting"].includes(call.stand.phase.value); // before, nothing has gone out that could have been shut off
  const missing = call.stand.others.value.filter((p) => !all.some((d) => d.party === p));
  return (
    <section class="panel" aria-labelledby="proof-h" data-doors={doors?.ours.state}>
      <div class="head"><h2 id="proof-h">{x.doors}</h2></div>
      {doors ? (
        <table class="proof">
          <thead><tr><td />{all.map((d) => <th scope="col" key={d.party}><Words of={partyOf(call.meeting.value, d.party)?.name} /><span class="dot"> · </span><span class={d.party === own ? "live" : "q"} data-kind={d.party === own ? "proof" : "statement"}>{d.party === own ? x.proof : x.statement}</span></th>)}</tr></thead>
          <tbody>
            {row(x.doorState, (d) => states[d.state] ?? d.state)}
            {begun ? row(x.lastPacket, last) : null}
            {begun ? row(x.packetsAfter, after) : null}
            {row(x.pressSeats, (d) => <bdi class="n">{d.press}</bdi>)}
          </tbody>
        </table>
      ) : null}
      <p class="sm q">{x.proofHelp}{missing.length ? ` ${x.noWord}` : ""}</p>
      {seats.length ? (
        <ul class="seats sm">
          {seats.map((w) => <li key={w.id} data-seat={w.id}><bdi>{w.name}</bdi><Act call={call} what="exclude" more={{ value: w.id }} kind="sm">{x.endSeat}<span class="vh"> <bdi>{w.name}</bdi></span></Act></li>)}
        </ul>
      ) : null}
    </section>
  );
}

// Our own door: who waits to be let in. Nobody comes in, and nothing of the meeting goes out to them, before an officer says so.
import type { Call } from "../call/call";
import { fill, Words } from "../lang";
import { Act } from "../view/controls";
import { memberOf } from "../view/parts";
import { at } from "../view/signs";
import { o } from "./words";

/** DoorList is nothing while nobody waits. The press in its seats stands with the doors (Proof). */
export function DoorList({ call }: { call: Call }) {
  const x = o.value, waiting = call.state.value.waiting.filter((w) => w.reason !== "press");
  const why: Record<string, string> = { device: x.doorDevice, excluded: x.doorExcluded, admission: x.doorAdmission };
  return (
    <div role="status" class="atdoor">
      {waiting.length ? (
        <section class="panel warned" aria-labelledby="door-h">
          <div class="head"><h2 id="door-h">{x.door}</h2><span class="sm q num">{waiting.length}</span></div>
          <ul class="waiters">
            {waiting.map((w) => (
              <li key={w.id} data-waiter={w.id} data-reason={w.reason}>
                <span><span class="name">{w.member ? <Words of={memberOf(call.meeting.value, w.member)?.name} /> : <bdi>{w.name}</bdi>}</span><br /><span class="sm q">{why[w.reason] ?? x.doorAdmission}, {fill(x.sessionSince, { time: at(call, w.since) })}</span></span>
                <Act call={call} what="admit" more={{ value: w.id }} kind="primary">{x.letIn}</Act>
                <Act call={call} what="exclude" more={{ value: w.id }}>{x.refuse}</Act>
              </li>
            ))}
          </ul>
        </section>
      ) : null}
    </div>
  );
}

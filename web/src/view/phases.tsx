// The phases of a meeting, in words and as a bar.
import type { Call } from "../call/call";
import { phases, type PhaseName } from "../call/stand";
import { fill, t } from "../lang";
import type { Table } from "../text/en";
import { at } from "./signs";

const names: Record<PhaseName, keyof Table> = {
  planned: "phasePlanned", rehearsal: "phaseRehearsal", waiting: "phaseWaiting", open: "phaseOpen", closed: "phaseClosed", ended: "phaseEnded", sealed: "phaseSealed",
};

/** phaseName is a phase in words. */
export const phaseName = (p: PhaseName) => t.value[names[p]];

/** PhaseBar: past (filled lozenge), now (white lozenge, thick rule), to come (empty). */
export function PhaseBar({ call }: { call: Call }) {
  const here = call.stand.phase.value, begins = call.meeting.value?.begin === "open" ? "open" : "closed";
  const order = begins === "open" ? phases : phases.map((p) => (p === "open" ? "closed" : p === "closed" ? "open" : p));
  const place = order.indexOf(here);
  return (
    <ol class="phases" aria-label={t.value.phase}>
      {order.map((p, i) => (
        <li key={p} class={i < place ? "past" : p === here ? "now" : ""} data-phase={p} aria-current={p === here ? "step" : undefined}>
          <strong>{phaseName(p)}</strong>{p === here && call.state.value.since ? <span>{fill(t.value.doorsSince, { time: at(call, call.state.value.since) })}</span> : null}
        </li>
      ))}
    </ol>
  );
}

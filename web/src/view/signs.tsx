// Signs: doors, recording, an open microphone. Each has a word beside its shape.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { clock, fill, t } from "../lang";
import { Icon } from "./icons";
import { partyOf } from "./parts";

/** at is a time of the node as the own place's clock shows it. */
export function at(call: Call, time: string): string {
  return clock(new Date(time), partyOf(call.meeting.value, call.stand.own.value)?.zone ?? "UTC");
}

/** Doors says whether anybody beyond the delegations may see and hear: open (outline), closed (solid), not begun, ended. */
export function Doors({ call }: { call: Call }) {
  const x = t.value, { phase, formal } = call.stand, state = call.state.value;
  if (!formal.value) return null;
  const audience = call.role.value === "press" || call.role.value === "viewer";
  const on = state.doors ? state.doors.ours.state === "open" : !call.stand.cut.value; // a lost link keeps the press out, too
  const since = state.since ? fill(x.doorsSince, { time: at(call, state.since) }) : null;
  const [icon, word, help] = phase.value === "closed" ? ["doorclosed", x.doorsClosed, since] as const
    : phase.value === "open" ? ["dooropen", x.doorsOpen, audience || !on ? since : x.doorsOpenHelp] as const
      : phase.value === "ended" || phase.value === "sealed" ? ["doorclosed", x.doorsOver, since] as const
        : ["doorclosed", x.doorsBefore, audience || phase.value !== "waiting" ? null : x.doorsBeforeHelp] as const;
  return (
    <p class={phase.value === "closed" ? "doors closed" : "doors"} data-doors={phase.value}>
      <Icon name={icon} /><span><strong>{word}</strong>{help ? <span class="since">{help}</span> : null}</span>
    </p>
  );
}

export function Recorded({ call }: { call: Call }) {
  return call.state.value.recording ? <p class="rec"><Icon name="disc" /><span>{t.value.recorded}</span></p> : null;
}

/** Lamp: a microphone here is open. Nothing else is a solid red field. */
export function Lamp({ children }: { children: ComponentChildren }) {
  return <span class="lamp"><Icon name="mic" />{children}</span>;
}

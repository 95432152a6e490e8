// Clocks: those of the places, and the floor's. They run by the node's clock, so that all consoles show the same figure.
import { useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { now } from "../call/stand";
import { clock, fill, minutes, span, t, Words } from "../lang";
import { parties } from "./parts";

/** Clocks shows every place's time, the own one first. */
export function Clocks({ call }: { call: Call }) {
  const meeting = call.meeting.value!, time = new Date(now.value);
  return (
    <dl class="clocks">
      {parties(meeting, call.stand.own.value).map((p) => (
        <div key={p.id}><dt><Words of={p.city} /></dt><dd><bdi class="n">{clock(time, p.zone)}</bdi></dd></div>
      ))}
    </dl>
  );
}

/** spoken is how long the holder has had the floor, s, and what is left of the limit; stopped while the link is cut. */
export function spoken(call: Call, time: number): { since: number; left: number | null } {
  const { since, limit } = call.stand.order.value;
  const s = since ? Math.max(0, (time - Date.parse(since)) / 1000) : 0;
  return { since: s, left: limit > 0 ? limit - s : null };
}

const mark = 80; // % of the limit: there the bar has its mark

/** FloorClock counts down, or up where there is no limit. Over time is shown to officers only; to others it stands at 0:00. */
export function FloorClock({ call, size = "", officer }: { call: Call; size?: "" | "m" | "s"; officer?: boolean }) {
  const x = t.value, { order, cut } = call.stand, { holder, acknowledged, limit } = order.value;
  const stopped = cut.value !== "", at = useRef(0);
  if (!stopped) at.current = 0;
  else at.current ||= now.value; // it stands where it stood when the link was lost
  const { since, left } = spoken(call, at.current || now.value);
  if (!holder) return null;
  const offered = !acknowledged && holder === call.you.value;
  if (limit === 0) return offered ? null : <div class="timebox"><span class={`clock ${size}`}>{span(since)}</span><span class="q sm">{stopped ? x.clockStopped : x.clockSince}</span></div>;
  const over = left! < 0, figure = over ? (officer ? `+${span(-left!)}` : span(0)) : span(Math.ceil(left!));
  return (
    <div class="timebox" data-over={over ? "" : undefined}>
      <span class={`clock ${size}${over && officer ? " over" : ""}`}>{figure}</span>
      <span class="bar" ref={(e) => { e?.style.setProperty("--v", String(Math.min(100, (since / limit) * 100))); e?.style.setProperty("--at", String(mark)); }}><i /></span>
      <span class="q sm">{stopped ? x.clockStopped : over && officer ? x.clockOver : offered ? x.clockFor : fill(x.clockLeft, { minutes: minutes(Math.round(limit / 6) / 10) })}</span>
    </div>
  );
}

/** StartClock is the time to the agreed beginning, or since. */
export function StartClock({ call, size = "" }: { call: Call; size?: "" | "m" | "s" }) {
  const s = (Date.parse(call.meeting.value!.start) - now.value) / 1000;
  if (Math.abs(s) > 86_400) return null; // days away: the invitation says when
  return <div class="timebox"><span class={`clock ${size}`}>{span(Math.abs(s))}</span><span class="q sm">{s >= 0 ? t.value.clockToStart : t.value.clockLate}</span></div>;
}

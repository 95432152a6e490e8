// Alarms: what somebody must look at now. They stand still, are read out at once, and sound one low tone, again after ten seconds if
// nobody has noted them.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { alarmTone } from "../call/cue";
import { nodeTime } from "../call/stand";
import { fill, t, Words } from "../lang";
import { AlarmLine, useLasting } from "../view/controls";
import { memberOf, partyOf } from "../view/parts";
import { at } from "../view/signs";
import type { Alarm } from "../wire.gen";
import { o } from "./words";

const again = 10_000; // ms until the tone comes once more

const kept = "visavis.alarmtone";
function recalled(): boolean {
  try { return localStorage.getItem(kept) !== "off"; } catch { return true; }
}

/** tones: alarms are also told by a low tone, unless it has been turned off on this computer. */
export const tones = signal(recalled());

export function switchTones() {
  tones.value = !tones.value;
  try { localStorage.setItem(kept, tones.value ? "on" : "off"); } catch { /* it holds until the page is closed */ }
}

interface Raised { key: string; code: string; since: string; words: () => ComponentChildren; act?: ComponentChildren }

const most = 50; // past alarms kept: a bad evening's; the oldest goes first

/** past are the alarms that this page has seen come and go, the last first. A new page begins a new list. */
const past = signal<{ raised: Raised; from: string; to: string }[]>([]);

/** noted are the alarms that the person has pressed "Noted" for; they stand on without a tone. */
const noted = signal<ReadonlySet<string>>(new Set());

/** words of an alarm that the node raises, for an officer. */
export function words(call: Call, a: Alarm): ComponentChildren {
  const x = o.value, name = <Words of={memberOf(call.meeting.value, a.args.member ?? "")?.name} />, party = <Words of={partyOf(call.meeting.value, a.args.party ?? "")?.name} />;
  switch (a.code) {
    case "floor.unacknowledged": return fill(x.alarmFloor, { name });
    case "link.lost": {
      const phase = call.stand.phase.value;
      return fill(phase === "closed" ? x.alarmLinkClosed : phase === "open" && call.state.value.doors?.ours.state === "suspended" ? x.alarmLinkOpen : x.alarmLink, { party });
    }
    case "clock.off": return fill(x.alarmClock, { party });
    case "clock.apart": return fill(x.alarmApart, { party });
    case "event.refused": return fill(x.alarmRefused, { party, code: a.args.code ?? "" });
    case "doors.late": return fill(x.alarmLate, { after: a.args.after ?? "" });
    case "doors.unwritten": return x.alarmUnwritten;
    case "log.withheld": return x.alarmWithheld;
    case "log.forked": return x.alarmForked;
    default: return fill(x.alarmOther, { code: a.code });
  }
}

/** raised are all alarms of the console: this page's own way first, then who speaks unheard, then the node's. */
function raised(call: Call, cut: boolean, say: typeof words): Raised[] {
  const list: Raised[] = [];
  const add = (code: string, words: () => ComponentChildren, since = "", id = "") => list.push({ key: `${code} ${id} ${since}`, code, since, words });
  const server = call.cut.value === "server";
  if (cut) add("cut", () => (server ? t.value.cutServer : t.value.cutNetwork));
  if (call.media.value === "blocked") add("blocked", () => t.value.probeBlocked);
  else if (call.media.value === "lost" && !cut) add("media", () => t.value.cutMedia);
  if (call.state.value.links.some((l) => l.code === "definition.differs")) add("differs", () => t.value.linkDiffers);
  for (const id of call.state.value.muted) add("muted", () => fill(o.value.alarmMuted, { name: <Words of={memberOf(call.meeting.value, id)?.name} /> }), "", id);
  for (const a of call.state.value.alarms) add(a.code, () => say(call, a), a.since, Object.values(a.args).join(" "));
  return list;
}

/** Alarms is the list. It is there from the beginning, so that what enters it is read out. say gives the node's alarms in words. */
export function Alarms({ call, say = words }: { call: Call; say?: typeof words }) {
  const x = o.value, cut = useLasting(call.phase.value === "cut", 1500), list = raised(call, cut, say), open = list.filter((a) => !noted.value.has(a.key)).map((a) => a.key);
  const known = useRef(new Set<string>()), before = useRef<{ raised: Raised; from: string }[]>([]);
  useEffect(() => {
    const now = new Date(nodeTime()).toISOString(), keys = new Set(list.map((a) => a.key)), gone = before.current.filter((b) => !keys.has(b.raised.key));
    before.current = list.map((a) => before.current.find((b) => b.raised.key === a.key) ?? { raised: a, from: a.since || now });
    if (gone.length) past.value = [...gone.map((b) => ({ ...b, to: now })).reverse(), ...past.value].slice(0, most);
  }, [list.map((a) => a.key).join("|")]);
  useEffect(() => {
    const fresh = open.filter((k) => !known.current.has(k));
    known.current = new Set(list.map((a) => a.key));
    if ([...noted.value].some((k) => !known.current.has(k))) noted.value = new Set([...noted.value].filter((k) => known.current.has(k)));
    if (fresh.length && tones.value) alarmTone();
  }, [open.join("|"), list.length]);
  useEffect(() => {
    if (!open.length) return undefined;
    const timer = setTimeout(() => { if (tones.value) alarmTone(); }, again);
    return () => clearTimeout(timer);
  }, [open.join("|")]);
  return (
    <ul class="alarms" aria-live="assertive" aria-label={x.alarms}>
      {list.map((a) => (
        <AlarmLine key={a.key} code={a.code} tone={noted.value.has(a.key) ? "warn" : "alarm"} since={a.since ? fill(x.alarmSince, { time: at(call, a.since) }) : null}
          act={noted.value.has(a.key) ? null : <button type="button" class="btn" data-act="noted" onClick={() => { noted.value = new Set([...noted.value, a.key]); }}>{x.noted}<span class="vh"> {a.words()}</span></button>}>{a.words()}</AlarmLine>
      ))}
    </ul>
  );
}

/** Past is what was alarming, and from when to when. It is nothing while nothing was. */
export function Past({ call }: { call: Call }) {
  const x = o.value;
  if (!past.value.length) return null;
  return (
    <section class="panel" aria-labelledby="past-h" data-past={past.value.length}>
      <div class="head"><h2 id="past-h">{x.pastAlarms}</h2></div>
      <ol class="alarmlog sm" tabIndex={0} aria-labelledby="past-h">
        {past.value.map((p, i) => <li key={i} data-was={p.raised.code}><span class="q">{fill(x.pastFrom, { from: <bdi class="n">{at(call, p.from)}</bdi>, to: <bdi class="n">{at(call, p.to)}</bdi> })}</span> <span>{p.raised.words()}</span></li>)}
      </ol>
    </section>
  );
}

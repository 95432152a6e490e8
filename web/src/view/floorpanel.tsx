// The floor, as a member of a formal meeting sees it: one sentence, what it means, one primary button. Rehearsal is in rehearsal.tsx.
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { cue } from "../call/cue";
import { now } from "../call/stand";
import { decibels, fill, list, Words } from "../lang";
import { FloorClock, spoken, StartClock } from "./clocks";
import { Act, Choices, Refused, useLasting } from "./controls";
import { problem } from "./devicelist";
import { Icon } from "./icons";
import { memberOf, Meter, MeterBar, partyOf, Say } from "./parts";
import { Rehearsal } from "./rehearsal";
import { Lamp } from "./signs";
import { t } from "./words";

export interface Sentence {
  key: string; label?: ComponentChildren; head: ComponentChildren; help?: ComponentChildren; tone?: "gold" | "alarm"; urgent?: boolean;
  body?: ComponentChildren; clock?: ComponentChildren; acts?: ComponentChildren;
}

/** FloorPanel is the sentence that matters most now. Only the sentence is a live region, never a clock or a level. */
export function FloorPanel({ call }: { call: Call }) {
  const cut = useLasting(call.phase.value !== "live", 1500);
  useCues(call);
  if (!cut && call.stand.phase.value === "rehearsal" && usable(call)) return <Rehearsal call={call} />;
  return <Panel call={call} s={own(call, cut) ?? phased(call)} />;
}

/** usable: nothing of the own connection stands in the way of what the phase says. */
const usable = (call: Call) => call.media.value !== "blocked" && call.media.value !== "lost" && !call.playout.held.value;

export function Panel({ call, s }: { call: Call; s: Sentence }) {
  const broken = problem(call.devices.micState.value, "audio"), open = call.mic.value && !s.acts; // whoever's microphone is open sees it, and can close it
  return (
    <section class="floor formal" id="now" tabIndex={-1} aria-label={t.value.floor} data-tone={s.tone} data-says={s.key}>
      <div class="stack">
        {s.label ? <p class="label">{s.label}</p> : null}
        <h2 class={s.tone === "alarm" ? "alarm" : ""} aria-live={s.tone === "alarm" || s.urgent ? "assertive" : "polite"}>{s.head}</h2>
        {s.help ? <p class={s.tone === "alarm" ? "" : "q"}>{s.help}</p> : null}
        {broken && s.key !== "ended" ? <Say icon="warn" tone="warn">{broken}</Say> : null}
        {s.body}
        {open ? <p class="row"><Lamp>{t.value.lampOn}</Lamp></p> : null}
      </div>
      {s.clock}
      <div class="acts">{open ? <Mic call={call} open={false} /> : s.acts}</div>
      <Capacity call={call} />
      <Refused call={call} />
    </section>
  );
}

/** Capacity: who holds two offices says in which one the next words are spoken. */
function Capacity({ call }: { call: Call }) {
  const { me, here, running } = call.stand, second = Object.keys(me.value?.second ?? {}).length > 0;
  if (!second || !running.value) return null;
  return (
    <Choices name="capacity" kind="two" label={t.value.speakAs} title value={String(here.value?.capacity ?? 0)} choose={(v) => void call.act("capacity", { n: Number(v) })}
      options={[{ value: "0", text: <Words of={me.value?.office} /> }, { value: "1", text: <Words of={me.value?.second} /> }]} />
  );
}

const Mic = ({ call, open, primary }: { call: Call; open: boolean; primary?: boolean }) => (
  <button type="button" class={primary ? "btn big primary" : "btn big"} data-act="mic" data-on={!open} onClick={(e) => { if (e.detail < 2) void call.setMic(open); }}>
    <Icon name={open ? "mic" : "micoff"} />{open ? t.value.openMic : t.value.closeMic}
  </button>
);

/** own says what is wrong between this page and its node: it comes before all else. */
function own(call: Call, cut: boolean): Sentence | null {
  const x = t.value;
  if (cut) return call.cut.value === "server" ? { key: "server", head: x.cutServer, help: x.cutServerHelp, tone: "alarm" } : { key: "network", head: x.cutNetwork, help: call.media.value === "open" ? null : x.cutNetworkHelp, tone: "alarm" };
  if (call.media.value === "blocked") return { key: "blocked", head: x.probeBlocked, help: fill(x.probeBlockedHelp, { host: location.hostname }), tone: "alarm" };
  if (call.media.value === "lost") return { key: "media", head: x.cutMedia, help: x.cutMediaHelp, tone: "alarm" };
  if (call.playout.held.value) return { key: "held", head: x.soundHeld, help: x.soundHeldHelp, tone: "gold", acts: <button type="button" class="btn big primary" data-act="hear" onClick={() => call.playout.play()}><Icon name="ear" />{x.soundOn}</button> };
  if (call.unheard.value) return { key: "unheard", head: x.micRefused, help: x.micRefusedHelp, tone: "alarm", acts: <Mic call={call} open={false} /> };
  if (call.state.value.links.some((l) => l.code === "definition.differs")) return { key: "differs", head: x.linkDiffers, tone: "alarm" };
  return null;
}

function phased(call: Call): Sentence {
  const x = t.value, { phase, cut, holds, free } = call.stand;
  switch (phase.value) {
    case "planned": return { key: "planned", label: x.phasePlanned, head: x.planned, help: x.plannedHelp, clock: <StartClock call={call} /> };
    case "rehearsal": return { key: "rehearsal", label: x.rehearsal, head: x.rehearseSay, help: x.rehearseHelp };
    case "waiting": return { key: "waiting", label: x.phaseWaiting, head: x.waitReady, help: x.waitHelp, body: call.camera.value ? null : <Say icon="cameraoff" tone="gold">{x.cameraOff}</Say>, clock: <StartClock call={call} />, acts: <Mic call={call} open={!call.mic.value} /> };
    case "ended": case "sealed": return { key: "ended", label: phase.value === "ended" ? x.phaseEnded : x.phaseSealed, head: x.ended, help: x.endedHelp };
  }
  if (cut.value) {
    return {
      key: "link", tone: "alarm", head: fill(x.linkCut, { party: <Words of={partyOf(call.meeting.value, cut.value)?.name} /> }), help: phase.value === "closed" ? x.linkCutClosed : x.linkCutOpen,
      clock: <FloorClock call={call} />, acts: <>{call.mic.value ? <Mic call={call} open={false} /> : null}{holds.value ? <Act call={call} what="floor.yielded" kind="big">{x.yieldFloor}</Act> : null}</>,
    };
  }
  if (holds.value) return call.stand.order.value.acknowledged ? holding(call) : offered(call);
  return free.value ? freely(call) : listening(call);
}

function offered(call: Call): Sentence {
  const x = t.value, busy = call.acts.pending.value.has("floor.acknowledged"), mic = call.mic.value;
  return {
    key: "offered", tone: "gold", urgent: true, head: x.floorGiven, help: mic ? null : x.floorGivenHelp, body: mic ? <p class="row"><Lamp>{x.lampOn}</Lamp></p> : null, clock: <FloorClock call={call} />,
    acts: (
      <>
        <button type="button" class="btn big primary" data-act="floor.acknowledged" aria-disabled={busy || undefined} onClick={() => { if (!busy) void call.takeFloor(); }}><Icon name="mic" />{x.takeFloor}</button>
        <Act call={call} what="floor.yielded" kind="big">{x.notNow}</Act>
        {mic ? <Mic call={call} open={false} /> : null}
      </>
    ),
  };
}

const shown = 15_000; // ms that a request stands before its holder: long enough to be seen, gone before it is stale

/** Requests: what others ask of whom speaks ("please speak more slowly"). Only the holder of the floor is told, and not by whom. */
function Requests({ call }: { call: Call }) {
  const x = t.value, texts: Record<string, string> = { repeat: x.requestRepeat, slow: x.requestSlow, "mic-please": x.requestMic };
  const last = call.state.value.notes.filter((n) => n.kind === "request" && n.text in texts).at(-1);
  const fresh = last !== undefined && now.value - Date.parse(last.at) < shown;
  return <div role="status" class="requests">{fresh ? <Say icon="hand" tone="gold"><strong data-request={last.text}>{texts[last.text]}</strong></Say> : null}</div>;
}

function holding(call: Call): Sentence {
  const x = t.value, clock = <FloorClock call={call} />;
  const give = (kind: string) => <Act call={call} what="floor.yielded" kind={kind}>{x.yieldFloor}</Act>;
  if (call.mic.value) {
    return { key: "holding", tone: "gold", urgent: true, head: x.haveFloor, clock, body: <><p class="row"><Lamp>{x.lampOn}</Lamp></p><Heard call={call} /><Requests call={call} /></>, acts: <><Mic call={call} open={false} />{give("big primary")}</> };
  }
  if (call.mutedSpeech.value) return { key: "muted", tone: "alarm", head: x.nobodyHears, help: x.mutedFloorHelp, clock, body: <><TwoLevels call={call} /><Requests call={call} /></>, acts: <><Mic call={call} open primary />{give("big")}</> };
  return { key: "closed", tone: "gold", head: x.haveFloor, help: x.haveFloorClosed, clock, body: <Requests call={call} />, acts: <><Mic call={call} open primary />{give("big")}</> };
}

/** freely: a principal in free exchange speaks at any time, with the same care for a closed microphone. */
function freely(call: Call): Sentence {
  const x = t.value, asks = <Asks call={call} hand={false} />;
  if (call.mic.value) return { key: "speaking", tone: "gold", label: x.freeExchange, head: who(call) ?? x.lampOn, body: <><p class="row"><Lamp>{x.lampOn}</Lamp></p><Heard call={call} /></>, acts: <><Mic call={call} open={false} />{asks}</> };
  if (call.mutedSpeech.value) return { key: "muted", tone: "alarm", head: x.nobodyHears, help: x.mutedHelp, body: <TwoLevels call={call} />, acts: <><Mic call={call} open primary />{asks}</> };
  return { key: "free", label: x.freeExchange, head: who(call) ?? x.freeExchangeHelp, help: `${x.freeExchangeHelp} ${x.micStaysClosed}`, acts: <><Mic call={call} open primary />{asks}</> };
}

function listening(call: Call): Sentence {
  const x = t.value, { order, me } = call.stand, s = order.value, you = call.you.value;
  const asked = s.hands.includes(you), point = s.orders.includes(you);
  const principal = me.value?.role === "principal";
  const base: Sentence = {
    key: "listening", label: s.mode === "free" ? x.freeExchange : x.floor, head: who(call) ?? x.nobodySpeaks,
    help: call.passed.value ? x.micTaken : x.micStaysClosed, clock: s.acknowledged ? <FloorClock call={call} /> : null, acts: <Asks call={call} hand />,
    body: <>{asked ? <p role="status"><Say icon="hand" tone="gold">{x.asked}</Say></p> : null}{point ? <p role="status"><Say icon="hand" tone="gold">{x.pointRaised}</Say></p> : null}</>,
  };
  if (!call.mutedSpeech.value) return base;
  // Who leads a delegation and speaks thinks that he is heard; a delegate may be whispering to a neighbour.
  if (principal) return { ...base, key: "muted", tone: "alarm", head: x.nobodyHears, help: x.mutedHelp };
  return { ...base, body: <>{base.body}<Say icon="micoff" tone="warn">{x.nobodyHears}</Say></> };
}

/** who speaks, as the sentence: the holder of the floor once it is acknowledged; in free exchange whoever is heard. */
function who(call: Call): ComponentChildren {
  const x = t.value, { order } = call.stand, holder = memberOf(call.meeting.value, order.value.holder);
  if (holder && order.value.acknowledged) return fill(x.hasFloorNow, { name: <Words of={holder.name} /> });
  if (order.value.mode !== "free") return null;
  const first = memberOf(call.meeting.value, call.speaking.value.find((id) => id !== call.you.value) ?? "");
  return first ? fill(x.someoneSpeaks, { name: <Words of={first.name} /> }) : null;
}

/** Asks: a hand, a point of order, and the quick requests. What was asked can be taken back. */
function Asks({ call, hand }: { call: Call; hand: boolean }) {
  const x = t.value, { hands, orders, holder } = call.stand.order.value, you = call.you.value;
  const holderMic = call.state.value.present.find((p) => p.member === holder)?.mic;
  return (
    <>
      {!hand ? null : hands.includes(you)
        ? <Act call={call} what="hand.lowered" kind="big" icon="hand">{x.askFloorBack}</Act>
        : <Act call={call} what="hand.raised" kind="big" icon="hand">{x.askFloor}</Act>}
      {orders.includes(you)
        ? <Act call={call} what="order.lowered" kind="ask">{x.pointOfOrderBack}</Act>
        : <Act call={call} what="order.raised" kind="ask">{x.pointOfOrder}</Act>}
      {holder && holder !== you ? (
        <>
          <Act call={call} what="request" more={{ value: "repeat" }} kind="ask">{x.pleaseRepeat}</Act>
          <Act call={call} what="request" more={{ value: "slow" }} kind="ask">{x.pleaseSlow}</Act>
          {holderMic === false ? <Act call={call} what="request" more={{ value: "mic-please" }} kind="ask">{x.pleaseMic}</Act> : null}
        </>
      ) : null}
    </>
  );
}

const stale = 2500; // ms: an older figure says nothing about now
const faint = -50; // dBFS: softer, and nobody there understands a word

/** far is the own level as the other side's node states to hear it, dBFS; null while nothing fresh is known. */
function far(call: Call, time: number): number | null {
  const { list: levels, at } = call.levels.value;
  if (time - at > stale) return null;
  return levels.find((l) => l.own || l.member === call.you.value)?.far ?? null;
}

const others = (call: Call) => list(call.stand.others.value.map((id) => partyOf(call.meeting.value, id)?.name));

/** Heard: "they hear you", with the level that their node measures. Where it states none, the own level alone. */
export function Heard({ call }: { call: Call }) {
  const x = t.value, db = useComputed(() => Math.max(-60, far(call, now.value) ?? -60));
  const heard = useComputed(() => { const f = far(call, now.value); return f === null ? "unknown" : f > faint ? "yes" : "no"; });
  const recently = useRecently(heard.value === "yes", 3000); // between two sentences they still hear you
  const state = recently ? "yes" : heard.value;
  return (
    <div class="heard" data-heard={state}>
      {state === "unknown" ? <><span class="q sm">{x.voiceHere}</span><Meter level={call.devices.level.value} label={x.voiceHere} /></> : (
        <>
          <p class="row between">
            {state === "yes" ? <Say icon="ear" tone="live"><strong>{fill(x.theyHear, { party: others(call) })}</strong></Say> : <Say icon="earoff" tone="q">{fill(x.theyHearNot, { party: others(call) })}</Say>}
            <span class="q sm">{fill(x.dbThere, { db: decibels(db.value) })}</span>
          </p>
          <MeterBar db={db} label={x.theirLevel} />
        </>
      )}
    </div>
  );
}

/** TwoLevels: the voice here beside what arrives there, which is nothing. */
function TwoLevels({ call }: { call: Call }) {
  const x = t.value, db = useComputed(() => Math.max(-60, far(call, now.value) ?? -60));
  return (
    <div class="twolevels">
      <span>{x.voiceHere}</span><Meter level={call.devices.level.value} label={x.voiceHere} />
      <span class="alarm">{fill(x.arriving, { party: others(call) })}</span><MeterBar db={db} label={x.theirLevel} />
    </div>
  );
}

/** useRecently stays true for ms after a condition has ended. */
function useRecently(condition: boolean, ms: number): boolean {
  const last = useRef(0);
  if (condition) last.current = now.peek();
  return condition || now.value - last.current < ms;
}

/** useCues sounds in the holder's own headset: once when the floor is given, twice when a minute is left. */
function useCues(call: Call) {
  const offered = call.stand.holds.value && !call.stand.order.value.acknowledged, { since, limit } = call.stand.order.value;
  const wanted = () => call.devices.choice.peek().cue, speaker = () => call.devices.choice.peek().speaker;
  useEffect(() => { if (offered && wanted()) void cue(1, speaker()); }, [offered]);
  const minute = call.stand.holds.value && limit > 60;
  useEffect(() => {
    if (!minute) return undefined;
    let done = (spoken(call, now.peek()).left ?? 0) < 60;
    return now.subscribe((time) => {
      if (done || call.stand.cut.peek() || (spoken(call, time).left ?? 61) > 60) return;
      done = true;
      if (wanted() && call.devices.headset()) void cue(2, speaker()); // a loudspeaker beside an open microphone stays silent
    });
  }, [minute, since, limit]);
}

// The floor: who has it and for how long, who is next, by which rule, on which item. Only one act gives it; giving it while somebody
// holds it asks once more and names both.
import { useSignal } from "@preact/signals";
import type { Call } from "../call/call";
import { now } from "../call/stand";
import { decibels, fill, list, pick, plain, span, t, Words } from "../lang";
import { FloorClock } from "../view/clocks";
import { Act } from "../view/controls";
import { longOf, memberOf, parties, partyOf, Say } from "../view/parts";
import type { Member } from "../wire.gen";
import { ask } from "./ask";
import { candidates, chairParty, chairs, mayGive, queue, type Turn } from "./turns";
import { o } from "./words";

const unacknowledged = 3; // s: then the holder may not know of it

/** Spoken is how long each side has spoken, from the speaking log, the present statement included. */
function Spoken({ call }: { call: Call }) {
  const time = now.value, log = call.stand.order.value.spoken, meeting = call.meeting.value!;
  const of = (party: string) => log.filter((s) => memberOf(meeting, s.member)?.party === party)
    .reduce((sum, s) => sum + Math.max(0, (s.end ? Date.parse(s.end) : time) - Date.parse(s.start)) / 1000, 0);
  if (!log.length) return null;
  return <span class="sm q">{o.value.spoken} {parties(meeting, call.stand.own.value).map((p, i) => <span key={p.id} data-spoken={p.id}>{i ? " · " : ""}<Words of={p.name} /> <bdi class="n">{span(of(p.id))}</bdi></span>)}</span>;
}

/** Heard says how loud the holder is: measured here, and as the other sides state it. */
function Heard({ call, id }: { call: Call; id: string }) {
  const x = o.value, { list: measured, at: when } = call.levels.value, level = measured.find((l) => l.member === id);
  if (!level || now.value - when > 2000) return null; // no level is shown that is no longer measured
  const other = <>{list(call.stand.others.value.map((p) => partyOf(call.meeting.value, p)?.name))}</>;
  const heard = level.db > -60;
  return <Say icon="ear" tone={heard ? "live" : "warn"}><span data-heard={heard ? "yes" : "no"}>{heard ? fill(x.heardHere, { db: decibels(level.db) }) : t.value.silent}</span>{level.far === undefined || level.far === null ? null : <span class="q"> · {fill(x.heardThere, { party: other, db: decibels(level.far) })}</span>}</Say>;
}

/** Acknowledgement: who has the floor must know it. The count of seconds is no live region; the alarm's line is. */
function Acknowledgement({ call }: { call: Call }) {
  const x = o.value, f = call.stand.order.value, s = Math.max(0, (now.value - Date.parse(f.since)) / 1000);
  if (f.acknowledged) return <Say icon="check" tone="live"><span data-ack="yes">{x.acknowledged}</span></Say>;
  if (s < unacknowledged) return <span class="q" data-ack="no">{x.unacknowledged}</span>;
  return <Say icon="warn" tone="alarm"><span data-ack="late">{fill(x.unacknowledgedFor, { time: span(s) })}</span></Say>;
}

function Holder({ call }: { call: Call }) {
  const x = o.value, f = call.stand.order.value, m = memberOf(call.meeting.value, f.holder), p = call.state.value.present.find((y) => y.member === f.holder);
  if (!m) return <div class="holder" data-holder=""><p class="name q">{call.stand.running.value ? x.holderNone : x.notOn}</p></div>;
  const may = chairs(call) || m.party === call.stand.own.value;
  return (
    <div class="holder" data-holder={m.id}>
      <div class="stack t">
        <p class="name"><Words of={m.name} /></p>
        <p class="q sm"><Words of={longOf(partyOf(call.meeting.value, m.party))} /> · {p?.mic ? t.value.micOpen : t.value.micClosed}</p>
      </div>
      <FloorClock call={call} size="m" officer />
      <p class="sm ackline"><Acknowledgement call={call} /><Heard call={call} id={m.id} /></p>
      <div class="row holderacts">
        <Act call={call} what="request" more={{ value: "mic-please" }}>{t.value.pleaseMic}</Act>
        <Act call={call} what="floor.taken" more={{ member: m.id }} disabled={!may}>{x.take}</Act>
      </div>
    </div>
  );
}

/** give gives the floor; while somebody has it, it asks once more. */
function give(call: Call, m: Member, limit: number, done?: () => void) {
  const x = o.value, holder = memberOf(call.meeting.value, call.stand.order.value.holder);
  const go = () => void call.act("floor.given", { member: m.id, n: limit }).then((r) => { if (!r) done?.(); });
  if (!holder) return go();
  const names = { holder: <Words of={holder.name} />, name: <Words of={m.name} /> };
  const keeps = call.stand.order.value.mode === "free" && holder.role === "principal"; // in free exchange a principal's microphone stays open
  ask({ key: "give", title: fill(x.giveAsk, names), help: keeps ? undefined : fill(x.giveHelp, { holder: names.holder }), no: fill(x.keepFloor, { holder: names.holder }), answers: [{ word: fill(x.giveTo, { name: names.name }), act: "give", yes: () => {
    const now = call.stand.order.value.holder;
    if (now && now !== holder.id && now !== m.id) give(call, m, limit, done); // somebody else has it by now: ask with that name
    else go();
  } }] });
}

function TurnLine({ call, turn, n, limit }: { call: Call; turn: Turn; n: number; limit: number }) {
  const x = o.value, { member: m, why } = turn, own = m.party === call.stand.own.value, name = pick(m.name);
  const sign = why === "order" ? <Say icon="warn" tone="gold">{t.value.pointOfOrder}</Say> : why === "hand" ? <Say icon="hand">{x.handUp}</Say> : <span>{x.isNext}</span>;
  const raised = call.stand.order.value[why === "order" ? "orders" : "hands"].includes(m.id);
  return (
    <li data-turn={m.id} data-why={why}>
      <span class="q num">{n}</span>
      <span><span class="serif"><Words of={m.name} /></span><br /><span class="sm q"><Words of={partyOf(call.meeting.value, m.party)?.name} /> · {sign}</span></span>
      {own && raised ? <Act call={call} what={why === "order" ? "order.lowered" : "hand.lowered"} more={{ member: m.id }} kind="sq" icon="close" label={plain(why === "order" ? x.lowerOrder : x.lowerHand, { name })} /> : <span />}
      <button type="button" class="btn" data-act="floor.given" data-member={m.id} disabled={!mayGive(call, m)} onClick={() => give(call, m, limit)}>{x.give}<span class="vh"> <bdi>{name}</bdi></span></button>
    </li>
  );
}

const limits = [60, 120, 180, 300, 600, 900]; // s

/** Next is the list of speakers, each with the button that gives the floor; below it anybody else whom the mode lets have it. */
function Next({ call }: { call: Call }) {
  const x = o.value, chosen = useSignal(""), limit = useSignal(0), { mode } = call.stand.order.value, arranged = mode === "statements" ? call.meeting.value!.limit : 0;
  const turns = queue(call), rest = candidates(call).filter((m) => mayGive(call, m) && !turns.some((q) => q.member.id === m.id)), other = rest.find((m) => m.id === chosen.value);
  return (
    <div class="stack t">
      <div class="nexthead">
        <h3 class="label" id="next-h">{x.next}</h3>
        <label class="sm q" for="limit">{x.limit}</label>
        <select id="limit" data-act="limit" value={String(limit.value)} onChange={(e) => { limit.value = Number(e.currentTarget.value); }}>
          <option value="0">{plain(x.limitArranged, { time: arranged ? span(arranged) : x.limitNone })}</option>
          {limits.map((s) => <option key={s} value={String(s)} selected={s === limit.value}>{span(s)}</option>)}
        </select>
      </div>
      {turns.length ? <ol class="order" aria-labelledby="next-h">{turns.map((q, i) => <TurnLine key={q.member.id} call={call} turn={q} n={i + 1} limit={limit.value} />)}</ol> : <p class="q sm none">{x.nextNone}</p>}
      {mode === "statements" ? null : (
        <div class="pickone">
          <select aria-label={x.another} data-act="another" value={other ? chosen.value : ""} disabled={!rest.length} onChange={(e) => { chosen.value = e.currentTarget.value; }}>
            <option value="">{x.another}</option>
            {rest.map((m) => <option key={m.id} value={m.id} selected={m.id === chosen.value}>{pick(m.name)} · {pick(partyOf(call.meeting.value, m.party)?.name)}</option>)}
          </select>
          <button type="button" class="btn" data-act="give-another" disabled={!other} onClick={() => { if (other) give(call, other, limit.value, () => { chosen.value = ""; }); }}>{x.give}</button>
        </div>
      )}
    </div>
  );
}

/** Rule is the mode of the floor: buttons and no radio group, for an arrow key must not change the order of a meeting. */
function Rule({ call }: { call: Call }) {
  const x = o.value, mode = call.stand.order.value.mode || call.meeting.value?.mode || "free";
  const modes = [["statements", x.modeStatements], ["precedence", x.modePrecedence], ["free", t.value.freeExchange], ["chair", x.modeChair]] as const;
  return (
    <div class="seg" role="group" aria-label={x.mode}>
      {modes.map(([value, word]) => (
        <button key={value} type="button" class="btn" data-act="floor.mode" data-value={value} aria-pressed={value === mode} disabled={!chairs(call)} onClick={() => { if (value !== mode) void call.act("floor.mode", { value }); }}>{word}</button>
      ))}
    </div>
  );
}

/** Item calls an item of the agenda: chosen first, called by the button. */
function Item({ call }: { call: Call }) {
  const x = o.value, chosen = useSignal(0), { order, running } = call.stand, agenda = call.meeting.value?.agenda ?? [], item = order.value.item, n = chosen.value || item;
  if (!agenda.length) return null;
  return (
    <div class="pickone">
      <select aria-label={x.item} data-act="item" value={String(n)} disabled={!running.value || !chairs(call)} onChange={(e) => { chosen.value = Number(e.currentTarget.value); }}>
        {item ? null : <option value="0" selected={n === 0}>{`${x.item}: ${x.itemNone}`}</option>}
        {agenda.map((a, i) => <option key={i} value={String(i + 1)} selected={i + 1 === n}>{`${plain(t.value.agendaItem, { n: String(i + 1) })} · ${pick(a.title)}`}</option>)}
      </select>
      <Act call={call} what="agenda.item" more={{ n }} disabled={!running.value || !chairs(call) || n === item || n === 0} done={() => { chosen.value = 0; }}>{x.callItem}</Act>
    </div>
  );
}

/** Floor is the panel of the floor. */
export function Floor({ call }: { call: Call }) {
  const meeting = call.meeting.value!, head = <div class="head"><h2 id="floor-h">{t.value.floor}</h2><Spoken call={call} /></div>;
  if (["ended", "sealed"].includes(call.stand.phase.value)) return <section class="panel" id="floor" tabIndex={-1} aria-labelledby="floor-h" data-says="ended">{head}<p class="serif">{t.value.ended}</p></section>;
  return (
    <section class="panel" id="floor" tabIndex={-1} aria-labelledby="floor-h">
      {head}
      <div class="stack">
        <Rule call={call} />
        <Holder call={call} />
        <Next call={call} />
        <Item call={call} />
        {chairs(call) ? null : <p class="sm q" data-says="chair">{fill(o.value.chairOrders, { party: <Words of={partyOf(meeting, chairParty(call))?.name} /> })}</p>}
      </div>
    </section>
  );
}

// Everybody in one table: level, network, whom each one hears, and for our own people test tone, test card and restart.
import { useComputed } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { actKey } from "../call/acts";
import type { Call } from "../call/call";
import { fill, list, pick, plain, t, Words } from "../lang";
import { o } from "../officer/words";
import { Cell } from "./cell";
import { Icon, type IconName } from "../view/icons";
import { Emblem, longOf, memberOf, MeterBar, partyOf, Say } from "../view/parts";
import type { Cell as Heard, Member, MemberStats, Row } from "../wire.gen";
import { at, flip, isLit, type Kind } from "./signals";
import { grade, k, level, percent, tenth, whole, worst, type Grade } from "./words";

/** sources are the columns of the matrix: who is here and may speak, our side first, each by precedence. */
function sources(call: Call): Member[] {
  const meeting = call.meeting.value!, here = new Set(call.state.value.present.map((p) => p.member)), own = call.stand.own.value;
  return meeting.members.filter((m) => here.has(m.id) && (m.role === "principal" || m.role === "delegate"))
    .sort((a, b) => Number(b.party === own) - Number(a.party === own) || meeting.parties.findIndex((p) => p.id === a.party) - meeting.parties.findIndex((p) => p.id === b.party) || a.precedence - b.precedence);
}

/** Figure is a number; what is poor has a mark and a word, too. */
function Figure({ mark, children, detail }: { mark?: Grade; children: ComponentChildren; detail?: string }) {
  return (
    <td class={`v value ${mark ?? ""}`} data-grade={mark || undefined}>
      {mark ? <span class="vh">{mark === "alarm" ? k.value.bad : k.value.poor} </span> : null}
      <bdi class="num">{children}</bdi>{detail ? <span class="vh"> {detail}</span> : null}
    </td>
  );
}

/** Loudness: an empty frame is silence, no frame: the microphone is closed or nothing is measured. */
function Loudness({ call, member, stats }: { call: Call; member: Member; stats: MemberStats | undefined }) {
  const p = call.state.value.present.find((y) => y.member === member.id), muted = call.state.value.muted.includes(member.id);
  const heard = call.levels.value.list.find((l) => l.member === member.id)?.db ?? (stats && stats.db > -127 ? stats.db : null), db = p?.mic && !p.far ? heard : null;
  const bar = useComputed(() => Math.max(-60, Math.min(0, call.levels.value.list.find((l) => l.member === member.id)?.db ?? stats?.db ?? -60)));
  const why = p?.mic ? k.value.notMeasured : t.value.micClosed;
  return (
    <>
      <td class="lv">{db === null ? null : <MeterBar db={bar} label={plain(k.value.levelOf, { name: pick(member.name) })} />}</td>
      <td class={`v ${muted ? "alarm" : ""}`} data-level={db === null ? "none" : level(db)}>
        {muted ? <><Icon name="micoff" /><span class="vh">{o.value.mutedSpeaks}</span></> : db === null ? <span class="q" title={why}><span aria-hidden="true">{"–"}</span><span class="vh">{why}</span></span> : <bdi class="num">{level(db)}</bdi>}
      </td>
    </>
  );
}

/** Hearing is one cell of the matrix: whether the source is heard, in five shapes, and whether its picture is seen. */
function Hearing({ cell, own, source }: { cell: Heard | undefined; own: boolean; source: Member }) {
  const x = k.value, name = pick(source.name);
  if (own) return <td class="m"><Cell state="never" who={name} /></td>;
  if (!cell) return <td class="m"><span class="vh">{plain("{name}: {what}", { name, what: k.value.notMeasured })}</span></td>;
  if (cell.sound === "fault") {
    return <td class="m fault" data-fault><span class="cell silent" data-cell="fault" role="img" aria-label={`${name}: ${x.fault}`}>{"!"}</span>{cell.sight ? <Sight /> : null}</td>;
  }
  const state = cell.sound === "heard" || cell.sound === "open" ? "hears" : cell.sound === "silent" ? "silent" : "no";
  return <td class="m"><Cell state={state} who={name} />{cell.sight ? <Sight /> : null}</td>;
}

const Sight = () => <span class="sees"><span class="vh">{k.value.sees}</span></span>;

/** Tool is a button of the table: its picture is named in the column's head, its whole name is read out. */
function Tool({ call, what, member, icon, label, pressed, press }: { call: Call; what: string; member: string; icon: IconName; label: string; pressed?: boolean; press: () => void }) {
  const busy = call.acts.pending.value.has(actKey(what, member));
  return (
    <button type="button" class="btn sq" data-act={what} data-member={member} aria-pressed={pressed} aria-disabled={busy || undefined} aria-label={label} title={label} onClick={() => { if (!busy) press(); }}>
      <Icon name={icon} />
    </button>
  );
}

function Tools({ call, member }: { call: Call; member: Member }) {
  const x = k.value, name = pick(member.name), { id } = member;
  const toggle = (kind: Kind, label: string) => <Tool call={call} what={kind} member={id} icon={kind} label={plain(label, { name })} pressed={isLit(call, kind, id)} press={() => void flip(call, kind, id)} />;
  return (
    <td class="tools">
      {toggle("tone", x.tone)}{toggle("card", x.card)}
      <Tool call={call} what="restart" member={id} icon="restart" label={plain(x.restart, { name })} press={() => void call.act("restart", { member: id })} />
    </td>
  );
}

/** Below the name stands what a technician should know of the person first. */
function Below({ call, member }: { call: Call; member: Member }) {
  const state = call.state.value, { phase, order } = call.stand, p = state.present.find((y) => y.member === member.id);
  if (p?.far) return <Say icon="link" tone="alarm">{p.far === "interrupted" ? t.value.down : o.value.unreachable}</Say>;
  if (state.muted.includes(member.id)) return <Say icon="micoff" tone="alarm">{o.value.mutedSpeaks}</Say>;
  const speaks = member.role === "principal" || member.role === "delegate";
  if (speaks && (phase.value === "rehearsal" || phase.value === "waiting")) {
    const r = state.ready.find((y) => y.member === member.id);
    const missing = r ? [[r.mic, t.value.checkMic], [r.camera, t.value.checkCamera], [r.sound, t.value.checkSound]].filter(([good]) => !good).map(([, word]) => String(word)) : [];
    if (!r) return <span class="q">{t.value.unchecked}</span>;
    return missing.length ? <Say icon="warn" tone="warn"><span data-ready="no">{fill(o.value.readyNot, { what: list(missing) })}</span></Say> : <Say icon="check" tone="live"><span data-ready="yes">{o.value.ready}</span></Say>;
  }
  if (order.value.holder === member.id) return <Say icon="mic" tone="gold">{t.value.hasFloor}</Say>;
  if (p?.mic) return <Say icon="mic">{t.value.micOpen}</Say>;
  if (speaks) return <span class="q">{t.value.micClosed}</span>;
  return <span class="q">{{ officer: t.value.roleOfficer, technician: t.value.roleTechnician, interpreter: t.value.roleInterpreter }[member.role]}</span>;
}

function Person({ call, member, columns, stats, row, own }: { call: Call; member: Member; columns: Member[]; stats: MemberStats | undefined; row: Row | undefined; own: boolean }) {
  const x = k.value, fault = row?.cells.some((c) => c.sound === "fault");
  const loss = stats ? Math.max(stats.upLoss, stats.downLoss) : 0;
  const marks = stats ? { loss: grade("loss", loss), jitter: grade("jitter", stats.jitterMs), rtt: grade("rtt", stats.rttMs) } : null;
  const flag = worst(marks?.loss ?? "", marks?.jitter ?? "", marks?.rtt ?? "", fault ? "warn" : "", call.state.value.muted.includes(member.id) ? "alarm" : "");
  return (
    <tr class={`${own ? "" : "far"} ${flag ? "flag" : ""}`} data-row={member.id} data-flag={flag || undefined} data-stated={stats?.stated ? "" : undefined}>
      <th scope="row"><span class="name"><Words of={member.name} /></span><span class="below"><Below call={call} member={member} /></span></th>
      <Loudness call={call} member={member} stats={stats} />
      {stats && marks ? (
        <>
          <Figure>{whole(stats.upKbit)}</Figure>
          <Figure>{whole(stats.downKbit)}</Figure>
          <Figure mark={marks.loss} detail={stats.stated ? "" : plain(x.lossBoth, { up: percent(stats.upLoss), down: percent(stats.downLoss) })}>{percent(loss)}</Figure>
          <Figure mark={marks.jitter}>{tenth(stats.jitterMs)}</Figure>
          <Figure mark={marks.rtt}>{stats.rttMs > 0 ? whole(stats.rttMs) : "–"}</Figure>
        </>
      ) : <td class="v q" colSpan={5}>{k.value.notMeasured}</td>}
      {columns.map((c) => <Hearing key={c.id} source={c} own={c.id === member.id} cell={row?.cells.find((y) => y.source === c.id)} />)}
      {own ? <Tools call={call} member={member} /> : <td />}
    </tr>
  );
}

/** Side is a party's part of the table. What another node says of its people is its word, and called so. */
function Side({ call, party, columns }: { call: Call; party: string; columns: Member[] }) {
  const x = k.value, meeting = call.meeting.value!, p = partyOf(meeting, party), own = party === call.stand.own.value, figures = call.figures.value;
  const here = new Set(call.state.value.present.map((y) => y.member));
  const all = meeting.members.filter((m) => m.party === party).sort((a, b) => a.precedence - b.precedence), seated = all.filter((m) => here.has(m.id)), missing = all.filter((m) => !here.has(m.id));
  return (
    <tbody data-side={party}>
      <tr class="side">
        <th scope="rowgroup" colSpan={8 + columns.length}>
          <span class="sidehead"><Emblem party={p} size="s" /><Words of={longOf(p)} /><span class="q">{own ? x.ourNode : fill(x.theirNode, { party: <Words of={p?.name} /> })}{missing.length ? <> · {fill(x.missing, { names: <bdi>{list(missing.map((m) => m.name))}</bdi> })}</> : null}</span></span>
        </th>
      </tr>
      {seated.map((m) => <Person key={m.id} call={call} member={m} own={own} columns={columns} stats={figures?.members.find((y) => y.member === m.id)} row={figures?.matrix.find((y) => y.member === m.id)} />)}
    </tbody>
  );
}

/** Legend names the shapes that the table can show: nobody speaks into a channel here. */
function Legend() {
  const x = k.value, shapes: [string, string][] = [["hears", k.value.cellHears], ["silent", k.value.cellSilent], ["no", k.value.cellNo], ["never", k.value.cellNever]];
  return (
    <p class="legend legends q">
      {shapes.map(([shape, word]) => <span class="l" key={shape}><span class={`cell ${shape}`} aria-hidden="true" />{word}</span>)}
      <span class="l"><span class="cell silent" data-cell="fault" aria-hidden="true">{"!"}</span>{x.fault}</span><span class="l"><span class="sees" aria-hidden="true" />{x.sees}</span>
    </p>
  );
}

/** Signals says where a tone or a card of ours is on. It is there from the beginning, so that what enters it is read out. */
function Signals({ call }: { call: Call }) {
  const x = k.value, names = (kind: Kind) => list(at(call, kind).map((id) => memberOf(call.meeting.value, id)?.name));
  const tone = at(call, "tone").length > 0, card = at(call, "card").length > 0;
  return (
    <p class="sm signals" role="status">
      {tone ? <Say icon="tone"><span data-signal="tone">{fill(x.toneAt, { names: <bdi>{names("tone")}</bdi> })}</span></Say> : null}
      {card ? <Say icon="card"><span data-signal="card">{fill(x.cardAt, { names: <bdi>{names("card")}</bdi> })}</span></Say> : null}
    </p>
  );
}

export function Table({ call }: { call: Call }) {
  const x = k.value, columns = sources(call);
  const head = (word: string, unit: string) => <th scope="col" class="v">{word}<br /><bdi class="unit">{unit}</bdi></th>;
  return (
    <div class="stack">
      <div class="scroll" id="members" tabIndex={0} role="region" aria-labelledby="members-h">
        <table class="members">
          <caption class="vh" id="members-h">{x.members}</caption>
          <thead>
            <tr>
              <th scope="col">{x.member}</th><th scope="col" class="lv">{t.value.microphone}</th>
              {head(x.level, "dBFS")}{head(x.up, "kbit/s")}{head(x.down, "kbit/s")}{head(x.loss, "%")}{head(x.jitter, "ms")}{head(x.roundTrip, "ms")}
              {columns.map((c) => <th key={c.id} scope="col" class="m"><span class="vh">{x.hears} </span><span class="upright"><Words of={c.name} /></span></th>)}
              <th scope="col" class="tools">{x.tools}</th>
            </tr>
          </thead>
          {[call.stand.own.value, ...call.stand.others.value].map((p) => <Side key={p} call={call} party={p} columns={columns} />)}
        </table>
      </div>
      <div class="row between">
        <Legend />
        <Signals call={call} />
      </div>
    </div>
  );
}

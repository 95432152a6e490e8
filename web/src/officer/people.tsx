// A side's attendance: principals and delegates by precedence with readiness and microphone, then its officers, technicians and interpreters.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { fill, list, pick, plain, t, Words } from "../lang";
import { Act } from "../view/controls";
import { Icon } from "../view/icons";
import { Emblem, longOf, partyOf, Say } from "../view/parts";
import type { Member } from "../wire.gen";
import { ask } from "./ask";
import { speaks } from "./turns";
import { o } from "./words";

/** remove asks whether to send a person of the own side to the waiting room or to end the access. */
function remove(call: Call, m: Member) {
  const x = o.value;
  ask({
    key: "remove", title: fill(x.removeAsk, { name: <Words of={m.name} /> }), help: x.removeHelp,
    answers: [
      { word: x.removeWait, act: "exclude", yes: () => void call.act("exclude", { member: m.id }) },
      { word: x.removeEnd, act: "session.end", yes: () => void call.act("session.end", { member: m.id }) },
    ],
  });
}

function Remove({ call, member }: { call: Call; member: Member }) {
  const label = plain(o.value.remove, { name: pick(member.name) });
  return <button type="button" class="btn sq quiet" data-act="remove" data-member={member.id} aria-label={label} title={label} onClick={() => remove(call, member)}><Icon name="leave" flip /></button>;
}

/** Readiness is what the rehearsal's checks gave; of the other side it is their word. */
function Readiness({ call, id }: { call: Call; id: string }) {
  const x = o.value, r = call.state.value.ready.find((y) => y.member === id);
  const missing = [[r?.mic, t.value.checkMic], [r?.camera, t.value.checkCamera], [r?.sound, t.value.checkSound]].filter(([good]) => !good).map(([, word]) => String(word));
  const word = r?.stated ? <span class="q"> {x.stated}</span> : null;
  if (!missing.length) return <Say icon="check" tone="live"><span data-ready="yes">{x.ready}</span>{word}</Say>;
  if (!r) return <span class="q" data-ready="none">{t.value.unchecked}</span>;
  return <Say icon="warn" tone="warn"><span data-ready="no">{fill(x.readyNot, { what: list(missing) })}</span>{word}</Say>;
}

/** Standing is what an officer should know of a person now, the most important first. */
function Standing({ call, member }: { call: Call; member: Member }) {
  const x = o.value, { order, phase, running } = call.stand, state = call.state.value, p = state.present.find((y) => y.member === member.id);
  if (!p) return <span class="q">{x.notArrived}</span>;
  if (p.far) return <Say icon="link" tone="alarm">{p.far === "interrupted" ? t.value.down : x.unreachable}</Say>;
  const lines: ComponentChildren[] = [];
  const f = order.value;
  if (f.holder === member.id) lines.push(<Say key="f" icon="mic" tone="gold">{t.value.hasFloor}</Say>);
  if (state.muted.includes(member.id)) lines.push(<Say key="m" icon="micoff" tone="alarm">{x.mutedSpeaks}</Say>);
  if (f.orders.includes(member.id)) lines.push(<Say key="o" icon="warn" tone="gold">{t.value.pointOfOrder}</Say>);
  else if (f.hands.includes(member.id)) lines.push(<Say key="h" icon="hand" tone="gold">{x.handUp}</Say>);
  if (phase.value === "rehearsal" || phase.value === "waiting") lines.push(<Readiness key="r" call={call} id={member.id} />);
  else if (!running.value) lines.push(<span key="s" class="q">{t.value.seatedSign}</span>);
  if (p.mic) lines.push(<Say key="mic" icon="mic"><span class="vh">{t.value.microphone} </span>{x.micOn}</Say>);
  else if (!state.muted.includes(member.id) && (running.value || lines.length < 2)) lines.push(<Say key="mic" icon="micoff" tone="q"><span class="vh">{t.value.microphone} </span>{x.micShut}</Say>);
  return <>{lines}</>;
}

function Person({ call, member, own, rank }: { call: Call; member: Member; own: boolean; rank: number }) {
  const p = call.state.value.present.find((y) => y.member === member.id);
  const office = p?.capacity === 1 && Object.keys(member.second ?? {}).length ? member.second : member.office;
  return (
    <li data-member={member.id} data-floor={call.stand.order.value.holder === member.id ? "" : undefined} data-here={p ? "" : undefined}>
      <span class="rank num">{rank}</span>
      <span><span class="name"><Words of={member.name} /></span><br /><span class="office"><Words of={office} /></span></span>
      <span class="state"><Standing call={call} member={member} /></span>
      {own ? p ? <Remove call={call} member={member} /> : <span /> : null}
    </li>
  );
}

/** Staff is an officer, a technician or an interpreter: a line, and for the own technician whether he hears the meeting. */
function Staff({ call, member, own }: { call: Call; member: Member; own: boolean }) {
  const x = o.value, p = call.state.value.present.find((y) => y.member === member.id);
  const role = { officer: t.value.roleOfficer, technician: t.value.roleTechnician, interpreter: t.value.roleInterpreter }[member.role];
  const you = member.id === call.you.value, technician = member.role === "technician";
  return (
    <li data-member={member.id} data-here={p ? "" : undefined}>
      <span class="q">{role}</span>
      <span><Words of={member.name} />{you ? <span class="q"> ({x.youSign})</span> : null}{technician && p?.admitted ? <><br /><Say icon="ear" tone="live">{x.technicianHears}</Say></> : null}</span>
      {p?.far ? <Say icon="link" tone="alarm">{t.value.down}</Say> : p ? null : <span class="q">{x.notArrived}</span>}
      {own && p && technician ? <Act call={call} what="technician.admitted" kind="sm" more={{ member: member.id, n: p.admitted ? 0 : 1 }}>{p.admitted ? x.technicianBack : x.technicianAdmit}</Act> : null}
      {own && p && !you ? <Remove call={call} member={member} /> : null}
    </li>
  );
}

/** Side is a party's list. */
export function Side({ call, party }: { call: Call; party: string }) {
  const x = o.value, meeting = call.meeting.value!, p = partyOf(meeting, party), own = party === call.stand.own.value;
  const members = meeting.members.filter((m) => m.party === party).sort((a, b) => a.precedence - b.precedence);
  const people = members.filter(speaks), staff = members.filter((m) => !speaks(m));
  const here = people.filter((m) => call.state.value.present.some((y) => y.member === m.id && !y.far)).length;
  return (
    <section class="panel" aria-labelledby={`side-${party}`} data-side={party}>
      <div class="partyhead"><Emblem party={p} size="s" /><h2 id={`side-${party}`}><Words of={longOf(p)} /></h2><span class="q sm">{fill(x.here, { here: String(here), all: String(people.length) })}</span></div>
      <ol class="people">{people.map((m, i) => <Person key={m.id} call={call} member={m} own={own} rank={i + 1} />)}</ol>
      <ul class="staff sm">{staff.map((m) => <Staff key={m.id} call={call} member={m} own={own} />)}</ul>
    </section>
  );
}

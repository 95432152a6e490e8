// Who is signed in for the meeting at our node: each device a line, and a button that ends it.
import { useSignal } from "@preact/signals";
import type { Call } from "../call/call";
import { get, post } from "../call/node";
import { fill, t, Words } from "../lang";
import { useSheet } from "../view/controls";
import { memberOf } from "../view/parts";
import { at } from "../view/signs";
import type { Session, Sessions as List } from "../wire.gen";
import { o } from "./words";

const settle = 300; // ms after an end until the list is read again

export function Sessions({ call }: { call: Call }) {
  const x = o.value, { dialog, show, hide } = useSheet(), list = useSignal<Session[] | null>(null), failed = useSignal(false), meeting = call.meeting.value!.id;
  const read = async () => {
    const r = await get<List>(`/api/sessions?meeting=${encodeURIComponent(meeting)}`);
    failed.value = !r.ok;
    if (r.ok) list.value = r.body.sessions ?? [];
  };
  const end = async (s: Session) => {
    const r = await post("/api/sessions/end", { meeting, id: s.id });
    failed.value = !r.ok;
    await new Promise((done) => setTimeout(done, settle));
    if (r.ok) await read();
  };
  const roles: Record<string, string> = { officer: t.value.roleOfficer, technician: t.value.roleTechnician, interpreter: t.value.roleInterpreter, press: t.value.rolePress, viewer: t.value.roleViewer };
  const sign = (s: Session) => (s.own ? x.sessionOwn : s.waiting ? x.sessionWaits : s.here ? x.sessionHere : null);
  return (
    <>
      <button type="button" class="btn" data-act="sessions" onClick={() => { list.value = null; show(); void read(); }}>{x.sessions}</button>
      <dialog ref={dialog} class="sheet" aria-labelledby="sessions-h" data-sheet="sessions">
        <h2 id="sessions-h">{x.sessions}</h2>
        <p class="q sm">{x.sessionsHelp}</p>
        {failed.value ? <p class="alarm" role="alert">{x.sessionsFailed}</p> : null}
        {list.value?.length === 0 ? <p>{x.noSessions}</p> : null}
        <ul class="sessions">
          {(list.value ?? []).map((s) => {
            const m = memberOf(call.meeting.value, s.member), name = m ? <Words of={m.name} /> : <bdi>{s.name}</bdi>, said = sign(s);
            return (
              <li key={s.id} data-session={s.id}>
                <span><span class="serif">{name}</span><br /><span class="sm q">{roles[s.role] ? `${roles[s.role]}, ` : ""}{fill(x.sessionSince, { time: at(call, s.created) })}{said ? `, ${said}` : ""}</span></span>
                {s.own ? <span /> : <button type="button" class="btn" data-act="end-session" onClick={() => void end(s)}>{x.removeEnd}<span class="vh"> {name}</span></button>}
              </li>
            );
          })}
        </ul>
        <p class="row"><button type="button" class="btn big" data-act="close" onClick={hide}>{t.value.close}</button></p>
      </dialog>
    </>
  );
}

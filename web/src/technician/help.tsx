// Who has said "I cannot hear", the latest first, with what helps most often.
import type { Call } from "../call/call";
import { fill, Words } from "../lang";
import { Act } from "../view/controls";
import { memberOf } from "../view/parts";
import { at } from "../view/signs";
import { k } from "./words";

export function Help({ call }: { call: Call }) {
  const x = k.value, notes = call.state.value.notes.filter((n) => n.kind === "help").reverse();
  const ours = (id: string) => memberOf(call.meeting.value, id)?.party === call.stand.own.value && call.state.value.present.some((p) => p.member === id);
  return (
    <section class="panel" aria-labelledby="help-h">
      <div class="head"><h2 id="help-h">{x.help}</h2></div>
      <div class="calls" role="log" aria-labelledby="help-h" tabIndex={0}><ol>
        {notes.length ? null : <li class="sm q">{x.helpNone}</li>}
        {notes.map((n, i) => {
          const name = memberOf(call.meeting.value, n.member)?.name;
          return (
            <li key={n.id} data-note={n.id}>
              <time class="sm q" dateTime={n.at}><bdi class="num">{at(call, n.at)}</bdi></time><span>{fill(x.helpBy, { name: <Words of={name} /> })}</span>
              {ours(n.member) && notes.findIndex((y) => y.member === n.member) === i ? <Act call={call} what="restart" more={{ member: n.member }} kind="sm" icon="restart">{x.restartNow}<span class="vh"> <Words of={name} /></span></Act> : null}
            </li>
          );
        })}
      </ol></div>
    </section>
  );
}

// What the other side sees, in its order: its own principal first, then ours. Before the meeting and after it that is a card.
import type { Call } from "../call/call";
import { fill, list } from "../lang";
import { partyOf, Say } from "../view/parts";
import { Place } from "../view/place";
import { o } from "./words";

export function Sight({ call }: { call: Call }) {
  const x = o.value, meeting = call.meeting.value!, { others, own, running, cut } = call.stand, state = call.state.value;
  const order = [...others.value, own.value], shown = running.value && !cut.value;
  const seat = (party: string) => {
    const member = meeting.members.find((m) => m.party === party && m.role === "principal");
    return { member, party: partyOf(meeting, party), presence: state.present.find((p) => p.member === member?.id), slot: member ? state.stage.indexOf(member.id) : -1, self: false };
  };
  return (
    <section class="panel" aria-labelledby="see-h" data-sees={shown ? "pictures" : cut.value ? "cut" : "card"}>
      <div class="head"><h2 id="see-h">{fill(x.theySee, { parties: list(others.value.map((p) => partyOf(meeting, p)?.name)) })}</h2></div>
      {shown ? <div class="mini" data-sides={order.length}>{order.map((p) => <Place key={p} call={call} seat={seat(p)} small />)}<p class="sm q">{x.theyOrder}</p></div>
        : <p class="card">{cut.value ? <Say icon="link" tone="alarm">{x.theyCut}</Say> : x.theyWait}</p>}
    </section>
  );
}

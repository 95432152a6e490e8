// Who may be given the floor now, and why: the node's rules as the console shows them. The node decides in the end.
import type { Call } from "../call/call";
import { memberOf } from "../view/parts";
import type { Member } from "../wire.gen";

export interface Turn { member: Member; why: "order" | "next" | "hand" }

/** chairs: this console's party orders the floor for the chair. */
export function chairs(call: Call): boolean {
  return chairParty(call) === call.stand.own.value;
}

export function chairParty(call: Call): string {
  const m = call.meeting.value;
  return memberOf(m, m?.chair ?? "")?.party ?? m?.parties[0]?.id ?? "";
}

/** speaks: the role may have the floor at all. */
export const speaks = (m: Member) => m.role === "principal" || m.role === "delegate";

/** candidates are present and may have the floor, principals first, then by precedence, the own side first among equals. */
export function candidates(call: Call): Member[] {
  const here = new Set(call.state.value.present.map((p) => p.member)), own = call.stand.own.value;
  const rank = (m: Member) => (m.role === "principal" ? 0 : 1);
  return (call.meeting.value?.members ?? []).filter((m) => speaks(m) && here.has(m.id))
    .sort((a, b) => rank(a) - rank(b) || a.precedence - b.precedence || Number(b.party === own) - Number(a.party === own));
}

/** due: the mode lets the member have the floor now (meeting, State.due). */
export function due(call: Call, id: string): boolean {
  const { mode, orders, hands, next } = call.stand.order.value;
  if (orders.includes(id)) return true;
  if (mode === "statements" || (mode === "precedence" && hands.length > 0)) return next === id;
  return true;
}

/** mayGive: this officer may give the floor to the member now. */
export function mayGive(call: Call, m: Member): boolean {
  const { holder, mode } = call.stand.order.value;
  if (!call.stand.running.value || holder === m.id || !due(call, m.id)) return false;
  return chairs(call) || (holder === "" && mode !== "chair" && m.party === call.stand.own.value);
}

/** queue is who waits for the floor: points of order, then who is next by the mode, then hands as they were raised. */
export function queue(call: Call): Turn[] {
  const { orders, next, hands, holder } = call.stand.order.value, turns: Turn[] = [];
  const add = (id: string, why: Turn["why"]) => {
    const member = memberOf(call.meeting.value, id);
    if (member && id !== holder && !turns.some((t) => t.member.id === id)) turns.push({ member, why });
  };
  for (const id of orders) add(id, "order");
  if (next) add(next, "next");
  for (const id of hands) add(id, "hand");
  return turns;
}

// Test signals to the own members: which tones and cards are on is the node's word, so that every technician sees it and a reload forgets none.
import type { Call } from "../call/call";

export type Kind = "tone" | "card";

/** at gives whom a signal is on at. */
export function at(call: Call, kind: Kind): string[] {
  return call.state.value.signals.filter((s) => s[kind]).map((s) => s.member);
}

export const isLit = (call: Call, kind: Kind, member: string) => at(call, kind).includes(member);

/** flip switches a signal at a member of ours on or off; it is on once the node says so. */
export const flip = (call: Call, kind: Kind, member: string) => call.act(kind, { member, n: isLit(call, kind, member) ? 0 : 1 });

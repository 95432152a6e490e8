// Test signals to the own members: which tones and cards this page has switched on, and the acts that switch them.
import { signal } from "@preact/signals";
import type { Call } from "../call/call";

export type Kind = "tone" | "card";

/** lit are the signals that this page has switched on, "tone MEMBER". The node keeps none: they are on the member's page. */
export const lit = signal<ReadonlySet<string>>(new Set());

export const isLit = (kind: Kind, member: string) => lit.value.has(`${kind} ${member}`);

/** at gives whom a signal is on at, of those who are here. */
export function at(call: Call, kind: Kind): string[] {
  return call.state.value.present.map((p) => p.member).filter((id) => isLit(kind, id));
}

/** flip switches a signal at a member of ours on or off; it is on once the node has said so. */
export async function flip(call: Call, kind: Kind, member: string) {
  const on = !isLit(kind, member);
  if ((await call.act(kind, { member, n: on ? 1 : 0 })) !== null) return;
  set(kind, member, on);
}

function set(kind: Kind, member: string, on: boolean) {
  const next = new Set(lit.value);
  if (on) next.add(`${kind} ${member}`);
  else next.delete(`${kind} ${member}`);
  lit.value = next;
}

/** forget what was on at somebody who is here no longer: a page that comes anew shows no card and plays no tone. */
export function forget(here: string[]) {
  const kept = [...lit.peek()].filter((s) => here.includes(s.split(" ")[1] ?? ""));
  if (kept.length !== lit.peek().size) lit.value = new Set(kept);
}

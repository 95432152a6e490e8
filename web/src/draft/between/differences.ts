// How texts differ, by words, as the node finds it (readout.Diff): ours and theirs, two in brackets.
import { signal } from "@preact/signals";
import { post } from "../../call/node";
import type { Change } from "../types.gen";

export interface Pair { before: string; after: string }

const most = 12; // pairs in one request
const kept = 400; // differences that are remembered
const keyOf = (p: Pair) => `${p.before}\u0000${p.after}`;
const known = signal(new Map<string, Change[]>());
const asked = new Set<string>();

/** differences are those of pairs, as far as the node has given them; the others are asked for, and come by themselves. */
export function differences(pairs: Pair[]): (Change[] | undefined)[] {
  const missing = pairs.filter((p) => !known.value.has(keyOf(p)) && !asked.has(keyOf(p)));
  if (missing.length) queueMicrotask(() => void ask(missing));
  return pairs.map((p) => known.value.get(keyOf(p)));
}

async function ask(pairs: Pair[]) {
  for (let i = 0; i < pairs.length; i += most) {
    const some = pairs.slice(i, i + most).filter((p) => !asked.has(keyOf(p)));
    if (!some.length) continue;
    some.forEach((p) => asked.add(keyOf(p)));
    const r = await post<{ differences: Change[][] }>("/api/readouts/difference", { pairs: some });
    some.forEach((p) => asked.delete(keyOf(p)));
    if (!r.ok) return; // it is asked for again with the next look at the readout
    const next = new Map([...known.peek()].slice(-kept));
    some.forEach((p, n) => next.set(keyOf(p), r.body.differences[n] ?? []));
    known.value = next;
  }
}

// What the person asks the node to do, each answered by Done: nothing on the page changes before the node has said so.
import { signal } from "@preact/signals";
import type { Act, Done, Error, FromClient } from "../wire.gen";

const patience = 5000; // ms for an answer; the next socket is another seat's, so a cut answers at once

/** Refusal is why an act was not done: the node's error, or code "silent" when no answer came. */
export interface Refusal extends Error { do: string }

export class Acts {
  /** refused is the last refusal, until the next act; Refused (view/controls) shows it. */
  readonly refused = signal<Refusal | null>(null);
  /** pending holds the acts that wait for an answer, as "kind" or "kind:member": their buttons rest. */
  readonly pending = signal<ReadonlySet<string>>(new Set());

  private last = 0;
  private readonly open = new Map<number, (error: Error | null) => void>();

  constructor(private readonly send: (m: FromClient) => boolean) {}

  /** act asks and resolves with null when it was done, else with the refusal. */
  async act(what: string, more: Omit<Partial<Act>, "id" | "do"> = {}): Promise<Refusal | null> {
    const id = ++this.last, key = actKey(what, more.member);
    this.refused.value = null;
    this.pending.value = new Set([...this.pending.value, key]);
    const error = await new Promise<Error | null>((done) => {
      this.open.set(id, done);
      setTimeout(() => done({ code: "silent", args: {} }), patience);
      if (!this.send({ act: { id, do: what, ...more } })) done({ code: "silent", args: {} });
    });
    this.open.delete(id);
    this.pending.value = new Set([...this.pending.value].filter((k) => k !== key));
    const refusal = error && { ...error, do: what };
    if (refusal) this.refused.value = refusal;
    return refusal;
  }

  /** done takes the node's answer; one that nobody waits for is nothing. */
  done(d: Done) {
    this.open.get(d.id)?.(d.error ?? null);
  }

  /** cut answers whatever was asked over a socket that has ended. */
  cut() {
    for (const done of [...this.open.values()]) done({ code: "silent", args: {} });
  }
}

export const actKey = (what: string, member?: string) => (member ? `${what}:${member}` : what);

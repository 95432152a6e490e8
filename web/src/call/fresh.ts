// Whether what the node has said is still so. A device that slept, or a way that held messages back, delivers old States as if they were new.
import { signal } from "@preact/signals";

const limit = 5000; // ms: older than this a State says nothing about now; the node's socket is given up after 7 s of silence
const look = 500; // ms between looks at the clocks

/** Moment is the node's clock with this device's two when it was heard, ms: wall time jumps over a sleep, monotonic time over a changed clock. */
interface Moment { node: number; wall: number; mono: number }

export class Fresh {
  /** stale: nothing that the page knows is known to be so now. It ends with the node's answer to something that was asked afterwards. */
  readonly stale = signal(false);
  private best: Moment | null = null; // of the State that was least under way
  private last = { wall: Date.now(), mono: performance.now() };

  /** onstale is called once, when it becomes so. */
  constructor(private readonly onstale: () => void) {
    setInterval(() => this.wake(), look);
  }

  /** answered takes the clock of a State that answers what this page has just asked: it is of now, whatever the clocks say. */
  answered(at: string) {
    const node = Date.parse(at);
    this.wake();
    this.best = Number.isNaN(node) ? null : { node, wall: Date.now(), mono: performance.now() };
    this.stale.value = false;
  }

  /** heard judges a State by its clock, and reports whether it may be believed. */
  heard(at: string): boolean {
    const node = Date.parse(at);
    if (Number.isNaN(node)) return !this.stale.peek(); // a node that does not say
    this.wake();
    const age = this.best ? this.best.node + this.since(this.best) - node : 0;
    if (!this.best || age < 0) this.best = { node, wall: Date.now(), mono: performance.now() };
    if (age > limit) this.give();
    return !this.stale.peek();
  }

  private since(m: { wall: number; mono: number }): number {
    return Math.max(Date.now() - m.wall, performance.now() - m.mono);
  }

  /** wake notices that this page has not run for a while. */
  private wake() {
    const slept = this.since(this.last) > limit;
    this.last = { wall: Date.now(), mono: performance.now() };
    if (slept) this.give();
  }

  private give() {
    if (this.stale.peek()) return;
    this.stale.value = true;
    this.onstale();
  }
}

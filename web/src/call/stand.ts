// Where the meeting stands, as signals: what every console derives from the node's State and from nothing else.
import { computed, signal, type ReadonlySignal } from "@preact/signals";
import type { Meeting, Member, Order, Presence, State } from "../wire.gen";

export type PhaseName = "planned" | "rehearsal" | "waiting" | "open" | "closed" | "ended" | "sealed";

/** phases in their order; open and closed may follow each other several times. */
export const phases: PhaseName[] = ["planned", "rehearsal", "waiting", "open", "closed", "ended", "sealed"];

const noOrder: Order = { mode: "", holder: "", since: "", acknowledged: false, limit: 0, hands: [], orders: [], item: 0, spoken: [], next: "" };

export const emptyState: State = {
  present: [], stage: [], links: [], alarm: "", phase: "", since: "", epoch: 0, head: "", recording: false,
  now: "", keys: [], order: noOrder, muted: [], ready: [], waiting: [], notes: [], alarms: [], signals: [],
};

/** whole fills what a node of another build leaves out, so that no page fails over a missing list. */
export function whole(s: State): State {
  return { ...emptyState, ...s, order: { ...noOrder, ...s.order } };
}

let skew = 0; // ms that the node's clock is ahead of this device's

/** synchronize takes the node's clock from a State. */
export function synchronize(s: State) {
  const at = Date.parse(s.now);
  if (Number.isNaN(at)) return;
  skew = at - Date.now();
  now.value = at;
}

/** nodeTime is the node's clock, ms since 1970: all clocks of a console run by it. */
export const nodeTime = () => Date.now() + skew;

/** now ticks four times a second with the node's clock; a clock's component reads it, a page must not. */
export const now = signal(Date.now());
setInterval(() => { now.value = nodeTime(); }, 250);

/** Stand is the meeting as one person sees it. */
export class Stand {
  readonly formal: ReadonlySignal<boolean>;
  readonly phase: ReadonlySignal<PhaseName>;
  readonly order: ReadonlySignal<Order>;
  readonly me: ReadonlySignal<Member | undefined>;
  /** own is the party whose node this is; press and viewers stand on the side of the first. */
  readonly own: ReadonlySignal<string>;
  readonly others: ReadonlySignal<string[]>;
  readonly here: ReadonlySignal<Presence | undefined>;
  readonly holds: ReadonlySignal<boolean>;
  /** free: the rules let this person open the microphone at any time. */
  readonly free: ReadonlySignal<boolean>;
  /** maySpeak: an open microphone would be admitted now; with none to hear it but the own side before the meeting. */
  readonly maySpeak: ReadonlySignal<boolean>;
  readonly running: ReadonlySignal<boolean>;
  readonly cut: ReadonlySignal<string>;

  constructor(meeting: ReadonlySignal<Meeting | null>, state: ReadonlySignal<State>, you: ReadonlySignal<string>) {
    this.formal = computed(() => meeting.value?.formal === true);
    this.phase = computed(() => (state.value.phase || (this.formal.value ? "planned" : "closed")) as PhaseName);
    this.order = computed(() => state.value.order);
    this.me = computed(() => meeting.value?.members.find((m) => m.id === you.value));
    this.own = computed(() => this.me.value?.party ?? meeting.value?.parties[0]?.id ?? "");
    this.others = computed(() => (meeting.value?.parties ?? []).map((p) => p.id).filter((id) => id !== this.own.value));
    this.here = computed(() => state.value.present.find((p) => p.member === you.value));
    this.running = computed(() => this.phase.value === "open" || this.phase.value === "closed");
    this.holds = computed(() => this.formal.value && this.running.value && you.value !== "" && this.order.value.holder === you.value);
    this.free = computed(() => this.running.value && this.order.value.mode === "free" && this.me.value?.role === "principal");
    this.maySpeak = computed(() => {
      if (!this.formal.value) return true;
      if (this.phase.value === "rehearsal" || this.phase.value === "waiting") return true;
      return this.running.value && (this.holds.value || this.free.value || this.here.value?.maySpeak === true);
    });
    this.cut = computed(() => state.value.links.find((l) => l.state === "interrupted")?.party ?? "");
  }
}

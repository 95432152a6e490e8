// A member's seat in the meeting: it takes the seat, keeps it through cuts and restarts, and gives it up.
import { batch, computed, effect, signal, untracked, type ReadonlySignal } from "@preact/signals";
import type { Act, Camera, Level, Meeting, Quality, Signal, State, Stats, ToClient, Wait, Welcome } from "../wire.gen";
import { Acts } from "./acts";
import { Connection } from "./connection";
import { Devices } from "./devices";
import { Fresh } from "./fresh";
import { wake } from "./level";
import { node, Socket } from "./node";
import { Playout } from "./playout";
import { stageSlots } from "./slots";
import { detect } from "./speech";
import { emptyState, nodeTime, Stand, synchronize, whole } from "./stand";

export type Phase = "idle" | "joining" | "live" | "cut" | "over";
export type Cut = "network" | "server";
/** over says why a seat was given up: the node's word in Bye ("left", "moved"), or ours. */
export type Over = "" | "left" | "moved" | "session" | "excluded" | "version" | "refused";

const welcomeLimit = 5000; // ms for the answer to Hello
const waits = [0, 250, 500, 1000, 1500]; // ms before each attempt: a node that is up again has everyone back within 5 s
const restartAfter = 1500; // ms: shorter cuts heal by themselves, without an ICE restart
const rejoinAfter = 4000; // ms without media after a restart of ICE: begin anew
const audible = 0.006; // of full scale, −44 dBFS: softer than any speech at a table
const breath = 1200; // ms: a speaker who pauses is still speaking
const blockedAfter = 6000; // ms: a first connection that is not there by then does not come
const blockedPause = 30_000; // ms: a network that lets no UDP through is not asked more often; each seat taken anew is an entry in two logs
const lasting = 3; // reports, 2 s apart: after one stall the node takes up to 3 s to show all again (1 s of calm, 1 s to a probe, 0.5 s to the layer)
const sameSitting = 30_000; // ms: after a longer cut the person is asked to open the microphone again

// Switches survive a reload that the person makes, and nothing else: a page restored by the browser opens no microphone.
const keep = "visavis.switches", keepFor = 60_000; // ms

export class Call {
  readonly devices = new Devices();
  readonly playout = new Playout();

  readonly phase = signal<Phase>("idle");
  readonly cut = signal<Cut>("network");
  readonly over = signal<Over>("");
  readonly refusal = signal("");
  readonly meeting = signal<Meeting | null>(null);
  readonly you = signal("");
  /** role of the session: of the member, or "press", "viewer". */
  readonly role = signal("");
  readonly state = signal<State>(emptyState);
  readonly stand = new Stand(this.meeting, this.state, this.you);
  readonly acts = new Acts((m) => this.socket?.send(m) ?? false);
  /** fresh judges whether what the node said is still so; while it is not, no microphone of a formal meeting is open. */
  readonly fresh = new Fresh(() => this.outdated());
  /** waiting: the node knows us and has not let us in yet. */
  readonly waiting = signal<Wait | null>(null);
  /** levels of open microphones, as the node measures them: consoles, and the holder of the floor. */
  readonly levels = signal<{ list: Level[]; at: number }>({ list: [], at: 0 });
  /** figures for technicians, once a second. */
  readonly figures = signal<Stats | null>(null);
  /** asked: what the own technician wants this page to show or sound. */
  readonly asked = signal({ tone: false, card: false });
  /** passed: the page has closed the microphone because the rules no longer admit it. */
  readonly passed = signal(false);
  /** given: when each stage slot passed from one member to another, ms of performance.now(); frames of the one before may come a little longer. */
  readonly given: number[] = stageSlots.map(() => -Infinity);
  readonly floor = signal<string[]>([]);
  /** speaking: whose voice sounds here now. A slot stays with its member while the member is silent. */
  readonly speaking = signal<string[]>([]);
  readonly quality = signal<Quality | null>(null);
  /** pictures: what the path leaves of the others' pictures, fewer only once it has lasted (lasting): a path that stalls for a moment is not slow. */
  readonly pictures = signal("all");
  readonly mic = signal(false);
  /** unheard: the microphone is open here and the node, told so for a second and more, does not have it open. */
  readonly unheard = signal(false);
  readonly camera = signal(true);
  /** dimmed: the rehearsal, in which officers and technicians of both sides see, has switched the camera off; the person switches it on. */
  readonly dimmed = signal(false);
  /** media: "none" before the first packet could flow, "blocked" if it never could, "lost" after a cut. */
  readonly media = signal<"none" | "open" | "lost" | "blocked">("none");
  /** mutedSpeech: this person speaks, and the microphone is closed. */
  readonly mutedSpeech: ReadonlySignal<boolean>;

  private connection: Connection | null = null;
  private socket: Socket | null = null;
  private token = "";
  private running = false;
  private timer = 0; // timer of a pending restart or rejoin
  private wake: () => void = () => undefined;
  private wanted: Camera = { width: 640, height: 360, fps: 15 };
  private readonly voices = new Map<string, number>(); // member → when last heard
  private readonly had = stageSlots.map(() => ""); // who had each stage slot last
  private lock: WakeLockSentinel | undefined;
  private parted = 0; // when the last cut began
  private before = ""; // the phase when we last looked, or when the page was left to be loaded again
  private epoch = -1; // of that State: it counts the changes of phase
  private took = false; // and whether the person held the floor and had taken it
  private fewer = 0; // reports in a row by which pictures are coarser or rest
  private differs = 0; // checks in a row that found the node's picture of our switches different

  constructor() {
    this.recall();
    effect(() => this.apply());
    this.mutedSpeech = detect(this.devices.level, computed(() => !this.mic.value && this.phase.value === "live"));
    effect(() => { const speaking = this.mutedSpeech.value; this.socket?.send({ sense: { speaking } }); });
    effect(() => this.guard());
    effect(() => { // after the end the node has switched all off, for good; a device that is opened late is let go at once
      if (["ended", "sealed"].includes(this.stand.phase.value) && (this.devices.mic.value || this.devices.camera.value)) untracked(() => this.devices.stop());
    });
    // Nor does anything sound or show that the browser still has waiting.
    effect(() => { if (["ended", "sealed"].includes(this.stand.phase.value)) untracked(() => this.playout.stop()); });
    // Where the press sits nothing sounds but the open part, from the very message on that says so.
    effect(() => { this.playout.muted.value = (this.role.value === "press" || this.role.value === "viewer") && (this.stand.phase.value !== "open" || this.stand.cut.value !== "" || this.fresh.stale.value); });
    // A device that was unplugged closes its switch; plugging it in again opens nothing by itself.
    // A switch that is off lets the device go, whenever the browser hands it over.
    effect(() => { if (!this.camera.value && this.devices.camera.value && this.running) untracked(() => this.devices.release("video")); });
    this.devices.onlost = (kind) => void (kind === "audio" ? this.setMic(false) : this.setCamera(false));
    addEventListener("online", () => this.wake());
    for (const touch of ["pointerdown", "keydown"]) addEventListener(touch, () => this.touched(), { capture: true });
    addEventListener("pagehide", () => this.remember());
    setInterval(() => void this.listen(), 300);
    setInterval(() => this.compare(), 1000);
    document.addEventListener("visibilitychange", () => void this.stayAwake());
  }

  /** sends: this person brings a microphone and a camera. Nobody else's page asks for a device. */
  get sends(): boolean {
    return !["officer", "technician", "press", "viewer"].includes(this.role.peek());
  }

  /** ended: no device is opened any more. */
  private get ended(): boolean {
    const phase = this.stand.phase.peek();
    return phase === "ended" || phase === "sealed";
  }

  /** maySpeak: as far as is known now, an open microphone would be admitted. */
  private get maySpeak(): boolean {
    return this.stand.maySpeak.peek() && !(this.fresh.stale.peek() && this.stand.formal.peek());
  }

  /** arrange tells the call what the invitation says. */
  arrange(meeting: Meeting, you: string, camera: Camera, role = "") {
    batch(() => {
      this.meeting.value = meeting;
      this.you.value = you;
      this.role.value = role || (meeting.members.find((m) => m.id === you)?.role ?? "press");
    });
    this.wanted = this.devices.wanted = camera;
  }

  /** ready makes the connection and its offer before the button is pressed, so that the press costs one message. */
  async ready() {
    if (this.connection) return;
    this.renew();
    await this.connection!.first();
  }

  /** sit takes the seat; it resolves when the meeting is live or the seat cannot be had. */
  async sit() {
    if (this.running) return;
    this.running = true;
    batch(() => { this.phase.value = "joining"; this.over.value = ""; this.media.value = "none"; });
    this.playout.play();
    void this.stayAwake();
    await new Promise<void>((live) => {
      const stop = effect(() => { if (this.phase.value === "live" || this.phase.value === "over") { live(); queueMicrotask(() => stop()); } });
      void this.run();
    });
  }

  /** setMic opens or closes the microphone. Nothing but the person's own act calls it with true. */
  async setMic(open: boolean) {
    if (open && !this.maySpeak) return;
    if (open) this.passed.value = false;
    if (open && !this.devices.mic.value) {
      const { epoch } = this.state.peek(), got = await this.devices.open("audio");
      if (!this.running) this.devices.release("audio"); // the seat was given up while the browser asked
      // What was asked in another phase, or while the floor was ours, opens nothing: other people hear.
      if (!got || !this.running || !this.maySpeak || this.state.peek().epoch !== epoch) return;
    }
    this.mic.value = open;
    this.tell();
  }

  /** setCamera switches the camera; off releases the device, so that its lamp goes out. */
  async setCamera(on: boolean) {
    if (on && this.ended) return;
    if (on) this.dimmed.value = false;
    this.camera.value = on;
    if (on && !this.devices.camera.value && !(await this.devices.open("video"))) this.camera.value = false;
    if (!on) this.devices.release("video");
    this.tell();
  }

  /** act asks the node to do something and resolves with null, or with why not. */
  act(what: string, more: Omit<Partial<Act>, "id" | "do"> = {}) {
    return this.acts.act(what, more);
  }

  /** takeFloor is the holder's one press: the microphone opens here, and the node is told that the floor is taken. */
  async takeFloor() {
    await this.setMic(true);
    return this.act("floor.acknowledged");
  }

  /** check tells what this page found out about its own devices. */
  check(found: { mic: boolean; camera: boolean; sound: boolean }) {
    this.socket?.send({ check: found });
  }

  async leave() {
    this.socket?.send({ leave: {} });
    this.finish("left");
    await node.leave();
  }

  stats() {
    return this.connection?.pc.getStats() ?? null;
  }

  // One turn of the loop is one socket: open it, say hello (resume where the old connection still lives, else offer), serve it
  // until it ends.
  private async run() {
    for (let failed = 0; this.running; failed++) {
      const wait = waits[Math.min(failed, waits.length - 1)]!;
      await this.pause(wait * (0.8 + 0.4 * Math.random())); // spread, lest a whole delegation knocks at the same instant
      const socket = this.running ? await Socket.open() : null;
      if (!socket) {
        await this.diagnose();
        continue;
      }
      if (await this.serve(socket)) failed = -1;
    }
  }

  /** serve resolves when the socket has ended: true if it had been welcomed, or should be tried again at once. */
  private async serve(socket: Socket): Promise<boolean> {
    if (!this.running) {
      socket.close();
      return false;
    }
    const resume = this.token !== "" && this.connection?.pc.connectionState !== "failed" ? this.token : "";
    this.token = ""; // good for one use
    let welcomed = false;
    const ended = new Promise<void>((done) => { socket.onend = done; });
    const limit = setTimeout(() => { if (!welcomed) socket.close(); }, welcomeLimit);
    socket.onmessage = (m) => {
      if ("welcome" in m) welcomed = true;
      if ("wait" in m) clearTimeout(limit); // an officer decides, and takes the time it takes
      void this.receive(m, socket, welcomed);
    };
    this.socket = socket;
    if (resume) {
      socket.hello({ resume });
    } else {
      if (!this.connection || this.connection.used) this.renew();
      const c = this.connection!;
      try {
        socket.hello({ offer: await c.first() });
      } catch {
        c.close(); // the next attempt makes another
        socket.close();
      }
    }
    await ended;
    clearTimeout(limit);
    if (this.socket === socket) this.socket = null;
    this.acts.cut();
    this.waiting.value = null;
    if (welcomed) this.parted = socket.heard;
    if (this.running && welcomed) batch(() => { this.cut.value = socket.silent || !navigator.onLine ? "network" : "server"; this.phase.value = "cut"; });
    return welcomed || resume !== "";
  }

  private async receive(m: ToClient, socket: Socket, welcomed: boolean) {
    if (this.socket !== socket) return;
    if ("welcome" in m) await this.welcome(m.welcome);
    if ("answer" in m) await this.connection?.answer(m.answer.sdp).catch(() => this.rejoin());
    if ("state" in m && this.fresh.heard(m.state.now)) this.stands(m.state);
    if ("done" in m) this.acts.done(m.done);
    if ("levels" in m) this.levels.value = { list: m.levels.list, at: nodeTime() };
    if ("stats" in m) this.figures.value = m.stats;
    if ("wait" in m) this.waiting.value = m.wait;
    if ("signal" in m) this.signalled(m.signal);
    if ("floor" in m) this.floor.value = m.floor.slots;
    if ("quality" in m) this.measured(m.quality);
    if ("layers" in m) await this.connection?.layers(m.layers.rids);
    if ("bye" in m) this.bye(m.bye.code);
    if ("error" in m) this.refused(m.error.code, welcomed);
  }

  private measured(q: Quality) {
    this.fewer = q.pictures === "all" ? 0 : this.fewer + 1;
    batch(() => { this.pictures.value = this.fewer < lasting ? "all" : q.pictures; this.quality.value = q; });
  }

  /** stands takes a State: every signal of a console changes at once, in one rendering. */
  private stands(s: State) {
    synchronize(s);
    const now = whole(s);
    now.stage.forEach((id, i) => {
      if (!id || id === this.had[i]) return; // a slot that is empty meanwhile keeps its last frame
      if (this.had[i]) this.given[i] = performance.now();
      this.had[i] = id;
    });
    this.state.value = now;
  }

  /**
   * guard closes a microphone that the rules no longer admit, and every one that a change of phase would expose. The node switches them off
   * where more people begin to hear; a page that said its switches again would open them unasked. Changes that nobody has seen (a cut, a reload) count as such.
   */
  private guard() {
    const { phase: now, epoch, order } = this.state.value, may = this.stand.maySpeak.value, holds = this.stand.holds.value;
    if (!this.stand.formal.value || now === "") return;
    const lower = epoch - this.epoch <= 1 && ((this.before === "open" && now === "closed") || (this.before === "rehearsal" && now === "waiting"));
    const raised = !lower && (epoch !== this.epoch || now !== this.before);
    const again = this.took && holds && !order.acknowledged; // the floor went away and came back
    [this.before, this.epoch, this.took] = [now, epoch, holds && order.acknowledged];
    untracked(() => {
      if (this.mic.value && (!may || raised || again)) {
        void this.setMic(false); // before the camera, whose word to the node names both
        this.passed.value = this.stand.running.value && !raised;
      }
      if (raised && now === "rehearsal") this.dim();
    });
  }

  /** dim switches the camera off as the rehearsal begins, as the node does. */
  private dim() {
    if (!this.sends || !this.camera.peek()) return;
    void this.setCamera(false);
    this.dimmed.value = true;
  }

  /** outdated: this page slept, or its messages were held back; the floor may have passed on long ago. It closes the microphone and asks anew. */
  private outdated() {
    if (!this.running) return;
    if (this.stand.formal.peek() && this.mic.peek()) void this.setMic(false); // also while the socket is away: it may have ended before the clocks were looked at
    if (this.phase.peek() === "live") this.socket?.close();
  }

  private signalled(s: Signal) {
    if (s.kind === "restart") void this.rejoin();
    else if (s.kind === "tone" || s.kind === "card") this.asked.value = { ...this.asked.value, [s.kind]: s.on };
  }

  private async welcome(w: Welcome) {
    batch(() => {
      this.meeting.value = w.meeting;
      this.you.value = w.you;
      if (w.role) this.role.value = w.role;
      this.waiting.value = null;
      this.fresh.answered(w.state.now);
      this.stands(w.state);
    });
    this.token = w.resume;
    if (this.parted && Date.now() - this.parted > sameSitting) {
      this.mic.value = false; // a laptop that slept wakes up with a closed microphone
    }
    if (w.answer) {
      this.asked.value = { tone: false, card: false }; // a new seat: the node has none on
      try {
        await this.connection!.answer(w.answer);
      } catch (err) {
        console.error("answer", err);
        this.finish("refused", "answer");
        return;
      }
      this.watch(this.media.value === "open" ? rejoinAfter : blockedAfter);
    } else if (this.connection?.pc.connectionState !== "connected") {
      void this.restart();
    }
    this.phase.value = "live";
    if (this.fresh.stale.peek()) return this.outdated(); // an old State came while the answer was taken
    this.tell();
    if (this.mutedSpeech.peek()) this.socket?.send({ sense: { speaking: true } });
  }

  private bye(code: string) {
    if (code === "shutdown") {
      this.cut.value = "server";
      this.socket?.close();
      return;
    }
    this.finish(code === "moved" || code === "left" || code === "excluded" ? code : code === "refused" ? "excluded" : "session");
  }

  private refused(code: string, welcomed: boolean) {
    if (code.includes("version")) return this.finish("version");
    if (welcomed) return console.warn("node refused", code); // one message was refused; the seat stays
    if (/^(session|member|meeting)\./.test(code)) return this.finish("session"); // the invitation holds no longer: no sense in asking again
    if (code.startsWith("offer") && code !== "offer.full") return this.finish("refused", code);
    this.socket?.close(); // "resume.unknown" and the like: begin anew
  }

  /** renew makes a new connection in place of the old one. */
  private renew() {
    this.connection?.close();
    clearTimeout(this.timer);
    const c = this.connection = new Connection(this.wanted, this.sends);
    c.pc.onconnectionstatechange = () => this.changed(c);
    this.apply();
    if (!["ended", "sealed"].includes(this.stand.phase.peek())) c.play(this.playout); // after the end nothing plays, on a page that was loaded since neither
  }

  private changed(c: Connection) {
    const is = c.pc.connectionState;
    if (is === "connected") {
      clearTimeout(this.timer);
      this.media.value = "open";
      performance.mark("visavis:connected");
    } else if (is === "failed") {
      void this.restart();
    } else if (is === "disconnected") {
      clearTimeout(this.timer);
      this.timer = window.setTimeout(() => void this.restart(), restartAfter);
    }
  }

  /** restart opens a new way for the same connection (ICE restart). Without a socket it is done after the next welcome. */
  private async restart() {
    const c = this.connection;
    if (!c || !this.running) return;
    if (this.media.value === "open") this.media.value = "lost";
    if (!this.socket || this.phase.value !== "live") return;
    this.watch(rejoinAfter);
    const offer = await c.offer(true);
    this.socket?.send({ offer });
  }

  /** watch begins anew if no media flow after limit ms. */
  private watch(limit: number) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => {
      if (this.connection?.pc.connectionState === "connected") return;
      const never = this.media.value === "none" || this.media.value === "blocked";
      this.media.value = never ? "blocked" : "lost";
      if (never) this.timer = window.setTimeout(() => this.rejoin(), blockedPause);
      else this.rejoin();
    }, limit);
  }

  private rejoin() {
    this.token = "";
    this.socket?.close();
  }

  /** apply brings what is sent into line with the switches. A closed microphone is a disabled track: only silence is encoded. */
  private apply() {
    const mic = this.devices.mic.value, camera = this.devices.camera.value;
    if (mic) mic.enabled = this.mic.value;
    void this.connection?.send(mic, this.camera.value ? camera : null);
  }

  private async listen() {
    if (!this.connection && !this.voices.size) return;
    const levels = (await this.connection?.levels().catch(() => [])) ?? [], now = Date.now();
    this.floor.value.forEach((id, i) => { if (id && (levels[i] ?? 0) > audible) this.voices.set(id, now); });
    for (const [id, at] of this.voices) if (now - at > breath) this.voices.delete(id);
    const ids = [...this.voices.keys()]; // who began first stands first: the sentence does not jump
    if (ids.join() !== this.speaking.value.join()) this.speaking.value = ids;
  }

  /** touched: from the first press on the browser lets sound out and the meters run. */
  private touched() {
    wake();
    if (this.playout.held.value) this.playout.play();
  }

  /** begin opens the devices of who has come in, unless the meeting has ended. */
  async begin() {
    if (!this.sends || this.ended || this.devices.mic.value) return;
    await this.devices.start(this.camera.value);
    if (!this.running || this.ended) this.devices.stop(); // the seat was given up while the browser asked
    else this.tell();
  }

  private tell() {
    if (!this.sends || this.ended) return;
    const { mic, camera } = this;
    const { epoch } = this.state.peek(); // what is asked before the page knows who else hears and sees opens nothing
    this.socket?.send({ devices: { mic: mic.value && this.devices.mic.value !== null, camera: camera.value && this.devices.camera.value !== null, epoch } });
  }

  /** compare holds our switches against the node's picture of them, and says them again until they agree: a message may have been refused. */
  private compare() {
    const own = this.state.value.present.find((p) => p.member === this.you.value);
    const mic = this.mic.value && this.devices.mic.value !== null, camera = this.camera.value && this.devices.camera.value !== null;
    if (this.phase.value !== "live" || this.ended || !own || (own.mic === mic && own.camera === camera)) {
      this.differs = 0;
      this.unheard.value = false;
      return;
    }
    if (this.differs++ > 0) this.tell();
    this.unheard.value = this.differs > 1 && mic && !own.mic;
  }

  /** diagnose finds out why no socket could be had: no session, no network, or no node. */
  private async diagnose() {
    const began = performance.now(), r = await node.me(2000);
    if (!r.ok && r.status === 401) return this.finish("session");
    const quick = performance.now() - began < 1500; // a refusal comes at once, a cut network does not answer at all
    this.cut.value = navigator.onLine && (r.ok || r.status > 0 || quick) ? "server" : "network";
    if (this.running && this.phase.value === "live") this.phase.value = "cut";
  }

  private pause(ms: number): Promise<void> {
    return new Promise((done) => {
      const timer = setTimeout(done, ms);
      this.wake = () => { clearTimeout(timer); done(); };
    });
  }

  private finish(over: Over, refusal = "") {
    this.running = false;
    clearTimeout(this.timer);
    this.wake();
    this.socket?.close();
    this.connection?.close();
    this.socket = this.connection = null;
    this.token = "";
    this.playout.stop();
    this.devices.stop();
    void this.lock?.release();
    batch(() => { this.phase.value = "over"; this.over.value = over; this.refusal.value = refusal; this.mic.value = false; });
  }

  private async stayAwake() {
    if (!this.running || document.visibilityState !== "visible") return;
    this.lock = await navigator.wakeLock?.request("screen").catch(() => undefined);
  }

  private remember() {
    if (!this.running) return;
    try {
      sessionStorage.setItem(keep, JSON.stringify({ mic: this.mic.value, camera: this.camera.value, phase: this.before, epoch: this.epoch, at: Date.now() }));
    } catch { /* storage is forbidden: the microphone is closed after a reload */ }
  }

  private recall() {
    try {
      const kept = JSON.parse(sessionStorage.getItem(keep) ?? "{}") as { mic?: boolean; camera?: boolean; phase?: string; epoch?: number; at?: number };
      sessionStorage.removeItem(keep);
      if (Date.now() - (kept.at ?? 0) > keepFor) return;
      this.mic.value = kept.mic === true;
      this.camera.value = kept.camera !== false;
      [this.before, this.epoch] = [kept.phase ?? "", kept.epoch ?? -1]; // guard closes what was open in another phase
    } catch { /* as if nothing had been kept */ }
  }
}

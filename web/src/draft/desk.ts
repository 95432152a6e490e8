// What the page knows of one readout, and what it asks of the node. What an officer is writing stays the officer's until it is saved: whatever
// the node or another officer says meanwhile comes in beside it.
import { computed, signal } from "@preact/signals";
import { get, post, postMatching, type Reply } from "../call/node";
import type { Account, Meeting, Meetings } from "../wire.gen";
import { formed, framed, rebased, settled, type Form, type Framed } from "./forms";
import type { Block, Document, Lease, MeetingRecord, Request, Row, View } from "./types.gen";

const pollEvery = 3000; // ms: what the other party proposes is there soon after it came
const leaseEvery = 30_000; // ms: a block is ours for two minutes after the last sign of it

export type Where = "loading" | "list" | "readout" | "signin" | "role" | "server" | "none";
/** Refusal is why something was not done; where is the block, or the part of the page, at whose buttons it is said. */
export interface Refusal { code: string; args: Record<string, string>; where: string }
/** Edit is a text that somebody is writing here: what stood there when it was begun, and the version of the block that was read. */
export interface Edit { block: string; tag: string; text: string; was: string; version: number; base: string; theirs?: string }

export const editKey = (block: string, tag: string) => `${block}/${tag}`;

/** base is what a text of a block rests on: the authentic texts but its own, as they stand there. */
const base = (d: Document, b: Block, tag: string) => JSON.stringify(d.languages.filter((l) => l.standing === "authentic" && l.tag !== tag).map((l) => [b.texts[l.tag]?.text ?? "", b.texts[l.tag]?.bracket ?? {}]));

export class Desk {
  where = signal<Where>("loading");
  list = signal<Row[]>([]);
  /** meetings from whose record a readout can be begun. */
  meetings = signal<Meeting[]>([]);
  view = signal<View | null>(null);
  record = signal<MeetingRecord | null>(null);
  /** me is the name under which the node leases blocks to us. */
  me = signal("");
  busy = signal(false);
  error = signal<Refusal | null>(null);
  edits = signal<Record<string, Edit>>({});
  /** id of the readout that the address names, and the meeting from which one is to be begun. */
  id = signal(new URLSearchParams(location.search).get("r") ?? "");
  from = signal(new URLSearchParams(location.search).get("m") ?? "");
  /** active is the block that has the focus, or had it last: the record beside shows what it rests on. */
  active = signal("");
  /** frames are the particulars of blocks that are being written here, form the readout as a whole. */
  frames = signal<Record<string, Framed>>({});
  form = signal<Form | null>(null);
  /** leaving is what is done once the officer has said that what is not saved may go. */
  leaving = signal<(() => void) | null>(null);
  /** away: the node does not give the readout now, because nobody is signed in, or it does not answer; since is when it last did, ms since 1970. */
  away = signal<{ why: "signin" | "silent"; since: number } | null>(null);
  private seen = Date.now();
  private misses = 0;
  private timer = 0;
  /** turn counts the pages that were gone to: an answer for one that was left is none. */
  private turn = 0;
  private address = location.href;

  doc = computed(() => this.view.value?.manuscript.document ?? null);
  tags = computed(() => this.doc.value?.languages.map((l) => l.tag) ?? []);
  dirty = computed(() => Object.values(this.edits.value).some((e) => e.text !== e.was) || Object.values(this.frames.value).some(framed) || !!this.form.value && formed(this.form.value));
  /** lost are texts whose block or language is no longer there, lostFrames particulars of such blocks. They stay until the officer lets them go. */
  lost = computed(() => Object.values(this.edits.value).filter((e) => !this.tags.value.includes(e.tag) || !this.block(e.block)));
  lostFrames = computed(() => Object.values(this.frames.value).filter((f) => !this.block(f.was.id)));
  /** writing: the text can be changed now; what is agreed is taken back into writing first. */
  writing = computed(() => ["private", "proposed", "countered"].includes(this.view.value?.life.stage ?? ""));

  async start() {
    addEventListener("popstate", () => this.back());
    setInterval(() => { for (const id of this.taken()) if (this.block(id)) void this.lease(id); }, leaseEvery);
    const a = await get<Account>("/api/account");
    if (a.ok) this.me.value = a.body.name;
    await (this.id.value ? this.open(this.id.value, false) : this.home(false));
  }

  /** back follows the browser's own Back; while something is not saved the address stays and the officer is asked. */
  private back() {
    const q = new URLSearchParams(location.search), id = q.get("r"), from = q.get("m") ?? "", kept = this.dirty.peek();
    if (kept) history.pushState(null, "", this.address);
    const go = () => { this.from.value = from; void (id ? this.open(id, kept) : this.home(kept)); };
    this.depart(go);
  }

  /** depart leaves the readout, after a question if something would be lost. */
  depart(go: () => void) {
    if (this.dirty.peek()) this.leaving.value = go;
    else go();
  }

  /** taken are the blocks in which something is being written here. */
  private taken(): Set<string> { return new Set([...Object.keys(this.frames.peek()), ...Object.values(this.edits.peek()).map((e) => e.block)]); }

  block(id: string): Block | undefined { return this.doc.value?.blocks.find((b) => b.id === id); }
  version(block: string): number { return this.view.value?.manuscript.versions[block] ?? 0; }

  /** leased is who has a block now, if it is another officer. */
  leased(block: string): Lease | undefined {
    const l = this.view.value?.manuscript.leases[block];
    return l && l.by !== this.me.value && Date.parse(l.until) > Date.now() ? l : undefined;
  }

  /** refused says which page an answer that is none leads to. */
  private refused(r: Reply<unknown> & { ok: false }, again: () => void) {
    if (r.status === 401) this.where.value = "signin";
    else if (r.status === 403 || r.code.startsWith("account") || r.code.startsWith("role")) this.where.value = "role";
    else if (r.status === 404) this.where.value = "none";
    else {
      this.where.value = "server";
      this.later(again);
    }
  }

  private later(f: () => void) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(f, pollEvery);
  }

  private go(id: string) {
    const url = new URL(location.href);
    url.searchParams.delete("m");
    if (id) url.searchParams.set("r", id); else url.searchParams.delete("r");
    history.pushState(null, "", url);
  }

  /** begins is the start of a page: what was asked for the one before is over. It returns a sign that this page is still the one. */
  private begins(): () => boolean {
    clearTimeout(this.timer);
    const turn = ++this.turn;
    this.address = location.href;
    this.leaving.value = null;
    this.away.value = null;
    this.misses = 0;
    return () => turn === this.turn;
  }

  path(rest = "") { return `/api/readouts/${encodeURIComponent(this.id.value)}${rest}`; }

  async home(push = true) {
    if (push) { this.go(""); this.from.value = ""; }
    const still = this.begins();
    this.leave();
    this.id.value = "";
    const [r, m] = await Promise.all([get<{ readouts: Row[] }>("/api/readouts"), get<Meetings>("/api/meetings")]);
    if (!still()) return;
    if (!r.ok) return this.refused(r, () => void this.home(false));
    this.heard(r);
    this.list.value = r.body.readouts;
    if (m.ok) this.meetings.value = m.body.meetings;
    this.where.value = "list";
    this.later(() => void this.poll());
  }

  async open(id: string, push = true) {
    if (push) this.go(id);
    const still = this.begins();
    this.leave();
    this.id.value = id;
    const r = await get<View>(this.path());
    if (!still()) return;
    if (!r.ok) return this.refused(r, () => void this.open(id, false));
    this.heard(r);
    this.view.value = r.body;
    this.where.value = "readout";
    this.later(() => void this.poll());
    const record = await get<MeetingRecord>(this.path("/record"));
    if (record.ok && still()) this.record.value = record.body;
  }

  /** leave gives back what was being written and forgets the readout: nothing of it may show beside another. */
  private leave() {
    for (const block of this.taken()) void post(this.path("/release"), { block });
    this.error.value = null;
    this.view.value = null;
    this.record.value = null;
    this.edits.value = {};
    this.frames.value = {};
    this.form.value = null;
    this.active.value = "";
  }

  /** poll looks for what the other party or another officer has done. */
  private async poll() {
    const turn = this.turn;
    if (!this.busy.value && !document.hidden) {
      if (this.where.value === "list") {
        const r = await get<{ readouts: Row[] }>("/api/readouts");
        if (turn !== this.turn) return;
        this.heard(r);
        if (r.ok) this.list.value = r.body.readouts;
      } else if (this.where.value === "readout") await this.look();
    }
    if (turn === this.turn) this.later(() => void this.poll());
  }

  /** look asks for the readout as it is now. */
  async look() {
    const turn = this.turn, r = await get<View>(this.path());
    if (turn !== this.turn) return;
    this.heard(r);
    if (r.ok && !this.busy.value) this.take(r.body);
  }

  /** heard notes whether the node gives what is looked for. Whoever has signed in again may be somebody else. */
  private heard(r: Reply<unknown>) {
    if (r.ok) {
      if (this.away.value?.why === "signin") void get<Account>("/api/account").then((a) => { if (a.ok) this.me.value = a.body.name; });
      this.seen = Date.now();
      this.misses = 0;
      this.away.value = null;
    } else if (r.status === 401) this.away.value = { why: "signin", since: this.seen };
    else if (++this.misses >= 2) this.away.value = { why: "silent", since: this.seen };
  }

  /** take shows v, unless what is shown is newer. A text that is being written here goes on from it where nothing that it rests on has changed; else
   * both are shown. */
  take(v: View, own = "") {
    if (v.version < (this.view.value?.version ?? 0)) return;
    this.view.value = v;
    if (this.form.value) this.form.value = rebased(this.form.value, v.manuscript.document, v.manuscript.version);
    const next: Record<string, Edit> = {};
    for (const [key, e] of Object.entries(this.edits.value)) {
      const b = v.manuscript.document.blocks.find((x) => x.id === e.block), version = v.manuscript.versions[e.block] ?? 0;
      if (!b || !this.tags.value.includes(e.tag)) { if (e.text !== e.was) next[key] = e; } // nothing to lose: it goes
      else if (version === e.version) next[key] = e;
      else {
        const now = b.texts[e.tag]?.text ?? "", under = base(v.manuscript.document, b, e.tag);
        const same = now === e.text || now === e.was && (under === e.base || e.block === own);
        next[key] = same ? { ...e, was: now, version, base: under } : { ...e, theirs: now };
      }
    }
    this.edits.value = next;
  }

  /** ask does something with the readout. where is said with a refusal; version, if there is one, is what the officer has read. */
  async ask(what: string, q: Request, where = "", version?: number): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    this.error.value = null;
    const path = this.path(`/${what}`), turn = this.turn;
    const r = version === undefined ? await post<View>(path, q) : await postMatching<View>(path, q, version);
    this.busy.value = false;
    if (turn !== this.turn) return r.ok;
    if (!r.ok) {
      this.error.value = { code: r.code || "silent", args: r.args ?? {}, where };
      if (r.status === 412 || r.status === 401 || r.code === "readout.leased" || r.code === "readout.gone") await this.look();
      return false;
    }
    this.take(r.body, q.block ?? q.whole?.id);
    return true;
  }

  /** begin makes a readout: from the record of a meeting, or of a document that was imported. */
  async begin(q: Request) {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    const turn = this.turn, r = await post<View>("/api/readouts", q);
    this.busy.value = false;
    if (turn !== this.turn) return;
    if (r.ok) await this.open(r.body.id);
    else this.error.value = { code: r.code || "silent", args: r.args ?? {}, where: "begin" };
  }

  /** lease takes a block for two minutes, or prolongs it. */
  private async lease(block: string): Promise<boolean> {
    const turn = this.turn, r = await post<View>(this.path("/lease"), { block });
    if (turn !== this.turn) return false;
    if (r.ok) this.take(r.body);
    else this.error.value = { code: r.code || "silent", args: r.args ?? {}, where: block };
    return r.ok;
  }

  /** write opens a text for writing, once the node has given us the block. */
  async write(block: string, tag: string): Promise<boolean> {
    if (this.edits.value[editKey(block, tag)]) return true;
    this.error.value = null;
    if (!await this.lease(block)) return false;
    const b = this.block(block);
    if (this.edits.value[editKey(block, tag)]) return true; // pressed twice: what was typed after the first stays
    if (!b) return false;
    const text = b.texts[tag]?.text ?? "";
    this.edits.value = { ...this.edits.value, [editKey(block, tag)]: { block, tag, text, was: text, version: this.version(block), base: base(this.doc.value!, b, tag) } };
    return true;
  }

  type(block: string, tag: string, text: string) {
    const key = editKey(block, tag), e = this.edits.value[key];
    if (e) this.edits.value = { ...this.edits.value, [key]: { ...e, text } };
  }

  /** drop closes a text without saving it, and gives the block back when nothing else of it is being written. */
  drop(block: string, tag: string) {
    const { [editKey(block, tag)]: _, ...rest } = this.edits.value;
    this.edits.value = rest;
    this.error.value = null;
    this.give(block);
  }

  /** hold takes a block and opens its particulars for writing; let ends that. */
  async hold(block: string): Promise<boolean> {
    if (this.frames.value[block]) return true;
    this.error.value = null;
    if (!await this.lease(block)) return false;
    const b = this.block(block);
    if (b && !this.frames.value[block]) this.frames.value = { ...this.frames.value, [block]: { was: b, own: structuredClone(b) } };
    return !!b;
  }

  let(block: string) {
    const { [block]: _, ...rest } = this.frames.value;
    this.frames.value = rest;
    this.give(block);
  }

  /** give gives a block back when nothing of it is being written any more. */
  private give(block: string) {
    if (this.block(block) && !this.taken().has(block)) void this.release(block);
  }

  /** fill opens the form of the readout as a whole. */
  fill() {
    const { document, version } = this.view.value!.manuscript;
    this.form.value = { was: document, own: structuredClone(document), version, theirs: {} };
  }

  /** settle ends the conflict about the readout as a whole: with our own parts, or with what is saved now. */
  settle(own: boolean) {
    const { document, version } = this.view.value!.manuscript;
    this.error.value = null;
    if (this.form.value) this.form.value = settled(this.form.value, document, version, own);
  }

  /** release gives a block back. */
  async release(block: string) {
    const turn = this.turn, r = await post<View>(this.path("/release"), { block });
    if (r.ok && turn === this.turn) this.take(r.body);
  }

  /** over goes on with our own text over what is saved now, which the page has shown. */
  over(block: string, tag: string) {
    const key = editKey(block, tag), e = this.edits.value[key], b = this.block(block);
    if (!e || !b) return;
    const { theirs: _, ...rest } = e;
    this.edits.value = { ...this.edits.value, [key]: { ...rest, was: b.texts[tag]?.text ?? "", version: this.version(block), base: base(this.doc.value!, b, tag) } };
    this.error.value = null;
  }

  /** save writes a text; ready says that the officer holds it for finished. What could not be saved stays open, and so does what was typed since. */
  async save(block: string, tag: string, ready: boolean): Promise<boolean> {
    const turn = this.turn, e = this.edits.value[editKey(block, tag)];
    if (!e || !await this.ask("text", { block, language: tag, text: e.text, ready }, block, e.version) || turn !== this.turn) return false;
    if ((this.edits.value[editKey(block, tag)] ?? e).text === e.text) this.drop(block, tag);
    else this.over(block, tag);
    return true;
  }

  /** finish says that a text that stands there is ready as it is: a prefill that is confirmed, a stale text that still fits. */
  finish(block: string, tag: string) {
    return this.ask("text", { block, language: tag, text: this.block(block)?.texts[tag]?.text ?? "", ready: true }, block, this.version(block));
  }

  /** frame writes what a block is besides its texts; those stay as they are. was is the block as the officer has read it. */
  async frame(was: Block, change: Partial<Block>): Promise<boolean> {
    const now = this.block(was.id), bare = (b: Block) => JSON.stringify({ ...b, texts: null });
    if (now && bare(now) === bare(was)) return this.ask("block", { whole: { ...now, ...change } }, was.id, this.version(was.id));
    this.error.value = { code: now ? "readout.changed" : "readout.gone", args: { block: was.id }, where: was.id };
    return false;
  }

  /** replace writes the document: order, languages, embargo, blocks that come and go. */
  replace(change: Partial<Document>, where = "") {
    const { version, versions } = this.view.value!.manuscript;
    return this.ask("document", { document: { ...this.doc.value!, ...change }, versions }, where, version);
  }

  /** whole writes the document besides its blocks; version is that of the manuscript as the officer has read it. */
  whole(change: Partial<Document>, version: number) {
    const { blocks } = this.doc.value!, tags = (change.languages ?? this.doc.value!.languages).map((l) => l.tag);
    const kept = blocks.map((b) => ({ ...b, texts: Object.fromEntries(Object.entries(b.texts).filter(([tag]) => tags.includes(tag))) }));
    return this.ask("document", { document: { ...this.doc.value!, ...change, blocks: kept }, versions: this.view.value!.manuscript.versions }, "whole", version);
  }
}

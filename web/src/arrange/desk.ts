// What the page knows of one meeting, and what it asks of the node. The draft is the officer's until it is saved; what the other party or
// another officer does meanwhile comes in beside it.
import { computed, signal } from "@preact/signals";
import { get, post, type Reply } from "../call/node";
import { proven } from "../call/passkey";
import { lang } from "../lang";
import type { ArrangeCase, ArrangeDefinition, ArrangeInvitation, ArrangeInvitations, ArrangeIssued, ArrangeRequest, Arranging, Member, Text } from "../wire.gen";

const pollEvery = 3000; // ms: a proposal of the other party is there soon after it came

export type Where = "loading" | "list" | "meeting" | "signin" | "role" | "server" | "none";

export class Desk {
  where = signal<Where>("loading");
  list = signal<Arranging | null>(null);
  kase = signal<ArrangeCase | null>(null);
  draft = signal<ArrangeDefinition | null>(null);
  dirty = signal(false);
  newer = signal(""); // who saved while we were writing
  busy = signal(false);
  /** error is the last refusal, and whether it concerns an invitation: it is said where the button is. */
  error = signal<{ code: string; invitation?: boolean } | null>(null);
  /** asking: the passkey is asked for. */
  asking = signal(false);
  invitations = signal<ArrangeInvitation[]>([]);
  issued = signal<ArrangeIssued | null>(null);
  private timer = 0;

  /** id of the meeting that the address names. */
  id = signal(new URLSearchParams(location.search).get("m") ?? "");

  self = computed(() => this.kase.value?.self ?? "");
  other = computed(() => this.kase.value?.other ?? "");
  /** tags are the languages in which texts are written: those of the draft, English and the reader's own. */
  more = signal<string[]>([]);
  tags = computed(() => {
    const d = this.draft.value, used = new Set<string>();
    const look = (x: Text | undefined) => Object.keys(x ?? {}).forEach((k) => used.add(k));
    if (d) {
      look(d.title);
      d.parties.forEach((p) => { look(p.city); });
      d.members.filter((m) => m.party === this.self.value).forEach((m) => { look(m.name); look(m.office); });
      d.agenda?.forEach((i) => look(i.title));
    }
    return [...new Set([lang.value, "en", ...[...used].sort(), ...this.more.value])];
  });
  /** theirs is set once the other party has said anything of itself: from then on it alone changes that. */
  theirs = computed(() => !!this.kase.value && (this.kase.value.agreed !== "" || this.kase.value.revisions.some((r) => r.party === this.other.value)));
  head = computed(() => this.kase.value?.revisions.find((r) => r.id === this.kase.value!.head));

  /** off is the revision that was called off, where that is the last word: nothing has been agreed on or proposed since. */
  off = computed(() => {
    const c = this.kase.value, head = this.head.value;
    return c && !c.agreed && !["open", "accepted"].includes(head?.state ?? "") ? c.revisions.findLast((r) => r.state === "calledoff") : undefined;
  });

  async start() {
    await (this.id.value ? this.open(this.id.value, false) : this.home(false));
    addEventListener("popstate", () => {
      this.id.value = new URLSearchParams(location.search).get("m") ?? "";
      void (this.id.value ? this.open(this.id.value, false) : this.home(false));
    });
  }

  /** refused says which page an answer that is none leads to. */
  private refused(r: Reply<unknown> & { ok: false }) {
    if (r.status === 401) this.where.value = "signin";
    else if (r.status === 403 || r.code.startsWith("account") || r.code.startsWith("role")) this.where.value = "role";
    else if (r.status === 404) this.where.value = "none";
    else {
      this.where.value = "server";
      this.later(() => void this.start());
    }
  }

  private later(f: () => void) {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(f, pollEvery);
  }

  private go(id: string) {
    const url = new URL(location.href);
    if (id) url.searchParams.set("m", id); else url.searchParams.delete("m");
    history.pushState(null, "", url);
    this.id.value = id;
  }

  async home(push = true) {
    if (push) this.go("");
    this.error.value = null;
    this.kase.value = null;
    const r = await get<Arranging>("/api/arrange");
    if (this.id.value) return;
    if (!r.ok) return this.refused(r);
    this.list.value = r.body;
    this.where.value = "list";
    this.later(() => void this.poll());
  }

  async open(id: string, push = true) {
    if (push) this.go(id);
    this.error.value = null;
    this.kase.value = null;
    const [all, r] = await Promise.all([get<Arranging>("/api/arrange"), get<ArrangeCase>(this.path())]);
    if (!all.ok) return this.refused(all);
    this.list.value = all.body;
    if (!r.ok) return this.refused(r);
    this.dirty.value = false;
    this.take(r.body);
    this.where.value = "meeting";
    this.later(() => void this.poll());
  }

  private path(rest = "") { return `/api/arrange/${encodeURIComponent(this.id.value)}${rest}`; }

  /** poll looks for what the other party, another officer or an invited person has done. */
  private async poll() {
    if (!this.busy.value && !document.hidden) {
      const all = await get<Arranging>("/api/arrange");
      if (all.ok) this.list.value = all.body;
      if (this.where.value === "meeting") {
        const r = await get<ArrangeCase>(this.path());
        if (r.ok && !this.busy.value && r.body.id === this.id.value) {
          if (r.body.version !== this.kase.value?.version || r.body.begun !== this.kase.value.begun) this.meanwhile(r.body);
          else this.kase.value = r.body;
          await this.look();
        }
      }
    }
    this.later(() => void this.poll());
  }

  /** meanwhile takes what came while the officer was writing: what the officer wrote stays, the other party's part is always theirs. */
  private meanwhile(c: ArrangeCase) {
    const mine = this.draft.value;
    if (!this.dirty.value || !mine) return this.take(c);
    if (c.saved !== this.kase.value?.saved) this.newer.value = c.savedBy;
    const other = c.other;
    this.kase.value = c;
    if (!this.theirs.value) return;
    this.draft.value = {
      ...mine,
      parties: mine.parties.map((p) => (p.id === other ? c.draft.parties.find((q) => q.id === other) ?? p : p)),
      members: [...mine.members.filter((m) => m.party !== other), ...c.draft.members.filter((m) => m.party === other)],
    };
  }

  private take(c: ArrangeCase) {
    this.kase.value = c;
    this.draft.value = c.draft;
    this.dirty.value = false;
    this.newer.value = "";
    void this.look();
  }

  /** takeNewer gives the officer's own changes up for what was saved. */
  takeNewer() { if (this.kase.value) this.take(this.kase.value); }

  edit(change: Partial<ArrangeDefinition>) {
    if (!this.draft.value) return;
    this.draft.value = { ...this.draft.value, ...change };
    this.dirty.value = true;
  }

  /** own are our members, in order of precedence. */
  own(): Member[] { return membersOf(this.draft.value, this.self.value); }

  setOwn(list: Member[]) {
    const d = this.draft.value!;
    const ranked = [...list.filter((m) => m.role === "principal"), ...list.filter((m) => m.role !== "principal")].map((m, i) => ({ ...m, precedence: i + 1 }));
    this.edit({ members: [...d.members.filter((m) => m.party !== this.self.value), ...ranked] });
  }

  private async ask(what: string, q: ArrangeRequest): Promise<boolean> {
    if (this.busy.value) return false;
    this.busy.value = true;
    this.error.value = null;
    const r = await post<ArrangeCase>(this.path(`/${what}`), q);
    this.busy.value = false;
    if (!r.ok) {
      if (r.status === 401) this.where.value = "signin";
      this.error.value = { code: r.code || "silent" };
      if (r.code === "arrange.changed") {
        const now = await get<ArrangeCase>(this.path());
        if (now.ok) this.meanwhile(now.body);
      }
      return false;
    }
    this.take(r.body);
    return true;
  }

  save() { return this.ask("save", { version: this.kase.value!.version, draft: written(this.draft.value!) }); }

  /** propose saves what is not saved and sends the draft. */
  async propose() {
    if (this.dirty.value && !await this.save()) return;
    if (this.kase.value!.problems.length) {
      this.error.value = { code: "arrange.incomplete" };
      return;
    }
    await this.ask("propose", { version: this.kase.value!.version });
  }

  accept() { return this.ask("accept", { revision: this.kase.value!.head }); }
  decline(reason: string) { return this.ask("decline", { revision: this.kase.value!.head, reason }); }
  withdraw() { return this.ask("withdraw", { revision: this.kase.value!.head }); }
  /** callOff ends what both parties have agreed on. */
  callOff(reason: string) { return this.ask("calloff", { revision: this.kase.value!.agreed, reason }); }
  reset() { return this.ask("reset", { version: this.kase.value!.version }); }

  async drop() {
    const r = await post<null>(this.path("/drop"), {});
    if (r.ok) await this.home();
    else this.error.value = { code: r.code || "silent" };
  }

  /** begin makes a new draft with another party; after an earlier meeting, with its title, delegations and agenda. */
  async begin(other: string, copy = "") {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    const r = await post<ArrangeCase>("/api/arrange", copy ? { other, copy } : { other });
    this.busy.value = false;
    if (r.ok) await this.open(r.body.id);
    else this.error.value = { code: r.code || "silent" };
  }

  /** look asks how the invitations stand. */
  async look() {
    if (!this.kase.value?.agreed) return;
    const r = await get<ArrangeInvitations>(this.path("/invitations"));
    if (r.ok) this.invitations.value = r.body.invitations;
  }

  async invite(q: { member?: string; name?: string }) {
    if (this.busy.value) return;
    this.busy.value = true;
    this.error.value = null;
    const path = this.path("/invite"), r = await proven(() => post<ArrangeIssued>(path, q), (now) => { this.asking.value = now; }); // in a meeting that has begun
    this.busy.value = false;
    if (r.ok) this.issued.value = r.body;
    else this.error.value = { code: r.code || "silent", invitation: true };
    await this.look();
  }

  calendar(member: string) { return this.path(`/calendar/${encodeURIComponent(member)}?lang=${lang.value}`); }
}

export const membersOf = (d: ArrangeDefinition | null, party: string): Member[] =>
  (d?.members ?? []).filter((m) => m.party === party).sort((x, y) => x.precedence - y.precedence);

/** length of a meeting, minutes: as planned, else an hour. */
export const planned = (d: ArrangeDefinition): number => (d.agenda ?? []).reduce((n, i) => n + i.minutes, 0) || 60;

/** written leaves out texts that the officer has left empty. */
function written(d: ArrangeDefinition): ArrangeDefinition {
  const kept = (x: Text): Text => Object.fromEntries(Object.entries(x).filter(([, v]) => v.trim() !== ""));
  return {
    ...d, title: kept(d.title),
    parties: d.parties.map((p) => ({ ...p, name: kept(p.name), longName: kept(p.longName), city: kept(p.city) })),
    members: d.members.map((m) => ({ ...m, name: kept(m.name), office: kept(m.office), second: kept(m.second) })),
    agenda: (d.agenda ?? []).map((i) => ({ ...i, title: kept(i.title) })),
  };
}

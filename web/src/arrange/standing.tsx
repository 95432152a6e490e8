// How the meeting stands between the parties, what differs, and what can be done about it.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { clock, day, fill, lang, pick, plain } from "../lang";
import { said } from "../view/codes";
import { useSheet } from "../view/controls";
import { Icon } from "../view/icons";
import type { ArrangeChange, ArrangeRevision } from "../wire.gen";
import { a } from "./book";
import type { Table } from "./text/en";
import type { Desk } from "./desk";
import { fieldId, roleName, tongue, wrong } from "./fields";
import { partyIn } from "./meeting";

/** stamp is a moment by the clock of our own place. */
export function stamp(desk: Desk, at: string): string {
  const zone = partyIn(desk.draft.value!, desk.self.value)?.zone ?? "UTC", d = new Date(at);
  return `${day(d, zone)}${comma()}${clock(d, zone)}`;
}

/** comma is the sign of the reader's script between two words. */
export const comma = () => ({ ar: "\u060c ", zh: "\uff0c" } as Record<string, string>)[lang.value] ?? ", ";

function stands(desk: Desk): { key: string; words: ComponentChildren } {
  const x = a.value, c = desk.kase.value!, h = desk.head.value, party = pick(partyIn(desk.draft.value!, c.other)?.name);
  if (c.begun) return { key: "begun", words: x.standBegun };
  if (!h) return { key: "none", words: fill(x.standNone, { party }) };
  const ours = h.party === c.self, date = stamp(desk, h.state === "agreed" ? h.until : h.at);
  const say = (key: string, text: string) => ({ key, words: fill(text, { party, date, code: h.code }) });
  if (desk.off.value) return say("calledoff", x.standCalledOff);
  switch (h.state) {
    case "open": return ours ? say(h.known ? "sent" : "waits", h.known ? x.standSent : x.standWaits) : say("theirs", x.standTheirs);
    case "accepted": return say("accepted", x.standAccepted);
    case "agreed": return say("agreed", x.standAgreed);
    case "declined": return say("declined", ours ? x.standDeclinedTheirs : x.standDeclinedOurs);
    case "withdrawn": return say("withdrawn", ours ? x.standWithdrawnOurs : x.standWithdrawnTheirs);
    case "refused": return say("refused", x.standRefused);
    default: return say("over", x.standOver);
  }
}

export function Standing({ desk }: { desk: Desk }) {
  const x = a.value, c = desk.kase.value!, h = desk.head.value, s = stands(desk), party = pick(partyIn(desk.draft.value!, c.other)?.name);
  const up = desk.list.value?.others.find((o) => o.id === c.other)?.up ?? false;
  const theirs = h?.state === "open" && h.party !== c.self, waits = h?.state === "open" && h.party === c.self;
  const changed = c.edited || desk.dirty.value;
  const send = !h ? fill(x.propose, { party }) : theirs ? x.counter : waits ? x.proposeAgain : h.state === "agreed" ? x.proposeChange : fill(x.propose, { party });
  const decline = useSheet(), why = useSignal(""), off = useSheet(), reason = useSignal(""), told = desk.off.value ?? h;
  const can = !c.begun && h?.state !== "accepted", trouble = desk.error.value?.invitation ? null : desk.error.value;
  return (
    <section aria-labelledby="stand" class="standing" data-stand={s.key}>
      <h2 id="stand">{x.standing}</h2>
      <div class="stack">
        <div role="status"><p class="lead">{s.words}</p></div>
        {told?.reason ? <p>{fill(x.reasonGiven, { reason: told.reason })}</p> : null}
        {c.agreed && h && h.id !== c.agreed && !c.begun ? <p class="q">{x.standInForce}</p> : null}
        <p class={up ? "q" : "warn say"} data-link={up ? "up" : "down"}>{up ? null : <Icon name="link" />}<span>{up ? x.linkUp : x.linkDown}</span></p>
        <Problems desk={desk} />
        <p class="refusal alarm" role="alert" data-refused={trouble?.code}>{trouble ? refusal(trouble.code, party) : ""}</p>
        {desk.newer.value ? <p class="warn row" data-says="newer"><span>{fill(x.newer, { name: desk.newer.value })}</span><button type="button" class="btn" data-act="take" onClick={() => desk.takeNewer()}>{x.takeNewer}</button></p> : null}
        {c.begun ? null : (
          <p class="row">
            {theirs ? <button type="button" class="btn primary" data-act="accept" aria-disabled={desk.busy.value || undefined} onClick={() => void desk.accept()}><Icon name="check" />{x.accept}</button> : null}
            {can && (changed || !h || ["declined", "withdrawn", "superseded", "countered", "late", "refused", "calledoff"].includes(h.state)) ? <button type="button" class={theirs ? "btn" : "btn primary"} data-act="propose" aria-disabled={desk.busy.value || undefined} onClick={() => void desk.propose()}><span>{send}</span></button> : null}
            {theirs ? <button type="button" class="btn" data-act="decline" onClick={decline.show}>{x.decline}</button> : null}
            {waits ? <button type="button" class="btn" data-act="withdraw" aria-disabled={desk.busy.value || undefined} onClick={() => void desk.withdraw()}>{x.withdraw}</button> : null}
            {can && c.edited && h && !desk.dirty.value ? <button type="button" class="btn bare" data-act="reset" onClick={() => void desk.reset()}>{x.reset}</button> : null}
            {c.agreed ? <button type="button" class="btn" data-act="calloff" onClick={off.show}>{x.callOff}</button> : null}
            {!h ? <button type="button" class="btn bare" data-act="drop" onClick={() => void desk.drop()}>{x.drop}</button> : null}
          </p>
        )}
        {h && (c.begun || c.agreed || desk.off.value) ? <p><button type="button" class="btn bare" data-act="copy" aria-disabled={desk.busy.value || undefined} onClick={() => void desk.begin(c.other, c.id)}>{x.copyMeeting}</button></p> : null}
        {h && (theirs || waits || h.state === "accepted") ? <Differences title={x.differences} list={c.changes} whole={c.changes.length === 0} desk={desk} /> : null}
        {h && c.edited && !c.begun ? <details data-says="own"><summary>{x.ownDifferences}</summary><Differences list={c.own} desk={desk} /></details> : null}
        {c.revisions.length > 1 ? <History desk={desk} /> : null}
      </div>
      <dialog class="sheet" ref={decline.dialog} aria-labelledby="decline-title">
        <h2 id="decline-title">{x.declineNow}</h2>
        <label for="why">{fill(x.declineWhy, { party })}</label>
        <textarea id="why" rows={4} maxLength={1000} dir="auto" value={why.value} onInput={(e) => { why.value = e.currentTarget.value; }} />
        <p class="row"><button type="button" class="btn primary" data-act="decline-now" onClick={() => { decline.hide(); void desk.decline(why.value.trim()); }}>{x.declineNow}</button>
          <button type="button" class="btn" onClick={decline.hide}>{x.cancel}</button></p>
      </dialog>
      <dialog class="sheet" ref={off.dialog} aria-labelledby="off-title" data-ask="calloff">
        <h2 id="off-title">{x.callOffAsk}</h2>
        <p>{fill(x.callOffHelp, { party })}</p>
        <label for="offwhy">{fill(x.callOffWhy, { party })}</label>
        <textarea id="offwhy" rows={4} maxLength={1000} dir="auto" value={reason.value} onInput={(e) => { reason.value = e.currentTarget.value; }} />
        <p class="row"><button type="button" class="btn hurt" data-act="calloff-now" onClick={() => { off.hide(); void desk.callOff(reason.value.trim()); }}>{x.callOff}</button>
          <button type="button" class="btn primary" onClick={off.hide} autofocus>{x.callOffKeep}</button></p>
      </dialog>
    </section>
  );
}

const codes: Record<string, keyof Table> = {
  "arrange.changed": "errChanged", "arrange.incomplete": "errIncomplete", "arrange.empty": "errEmpty", "arrange.same": "errSame", "arrange.accepted": "errAccepted", "arrange.sent": "errSent",
  "arrange.gone": "errGone", "arrange.begun": "errBegun", "arrange.size": "errSize", "arrange.taken": "errTaken", "arrange.past": "errPast", "arrange.open": "errOpen",
  "arrange.delegation": "errDelegation", "arrange.party": "errParty", "arrange.parties": "errParty", "arrange.meeting": "errParty", "arrange.full": "errFull", "arrange.unknown": "errGone",
  "arrange.account": "errAccount", "member.unknown": "errMember",
};

/** refusal in words: of arranging, else what all pages say. */
export function refusal(code: string, party: string): ComponentChildren {
  const key = codes[code];
  return key ? fill(a.value[key], { party }) : code.startsWith("text.") ? wrong({ code }) : said(code);
}

/** Problems name every field that keeps the draft from being sent; each leads to its field. */
function Problems({ desk }: { desk: Desk }) {
  const x = a.value, c = desk.kase.value!;
  if (!c.problems.length || desk.dirty.value && desk.error.value?.code !== "arrange.incomplete") return null;
  return (
    <div class="stack t" data-says="problems">
      <p class="q">{x.problems}</p>
      <ul class="problems">
        {c.problems.slice(0, 12).map((p) => {
          const to = document.getElementById(fieldId(p.path)) ? p.path : "";
          const words = <>{label(desk, p.path)}: {wrong(p)}</>;
          return <li key={p.path + p.code}>{to ? <a href={"#" + fieldId(to)} onClick={(e) => { e.preventDefault(); document.getElementById(fieldId(to))?.focus(); }}>{words}</a> : words}</li>;
        })}
      </ul>
    </div>
  );
}

/** label names a field of a definition by its path, in the reader's language. */
export function label(desk: Desk, path: string): string {
  const x = a.value, d = desk.draft.value!, [thing, id = "", field = "", tag = ""] = path.split(".");
  const words: Record<string, string> = {
    title: x.title, start: x.startAt, host: x.host, mode: x.mode, begin: x.doorsFirst, chair: x.chair, limit: x.limit, languages: x.spoken, members: x.delegations,
    zone: x.zone, city: x.city, role: x.role, minutes: x.minutes,
  };
  const join = (...parts: string[]) => parts.filter(Boolean).join(comma());
  if (thing === "members" && id) {
    const m = d.members.find((y) => y.id === id), name = pick(m?.name) || id;
    const what: Record<string, string> = { name: plain(x.nameIn, { language: tag ? tongue(tag) : "" }), office: plain(x.officeIn, { language: tag ? tongue(tag) : "" }), second: plain(x.secondIn, { language: tag ? tongue(tag) : "" }), precedence: x.delegations, role: x.role };
    return join(`\u2068${name}\u2069`, what[field] ?? field);
  }
  if (thing === "parties" && id) return join(`\u2068${pick(partyIn(d, id)?.name) || id}\u2069`, words[field] ?? field, tag ? tongue(tag) : "");
  if (thing === "agenda" && id) return join(field === "minutes" ? plain(x.minutesFor, { n: String(Number(id) + 1) }) : plain(x.itemIn, { n: String(Number(id) + 1), language: tag ? tongue(tag) : "" }));
  return join(words[thing ?? ""] ?? thing ?? "", thing === "title" && id ? tongue(id) : "");
}

/** shown is a value as people read it. */
function shown(desk: Desk, c: ArrangeChange, v: string): ComponentChildren {
  const x = a.value, d = desk.draft.value!;
  if (!v) return <span class="q">{x.nothing}</span>;
  const field = c.path.split(".").at(-1) ?? "", head = c.path.split(".")[0];
  if (c.path === "start") return <>{d.parties.map((p) => <span key={p.id} class="line">{day(new Date(v), p.zone)}{comma()}{clock(new Date(v), p.zone)} <bdi class="q">{pick(p.city) || pick(p.name)}</bdi></span>)}</>;
  if (c.path === "host") return <bdi>{pick(partyIn(d, v)?.name) || v}</bdi>;
  if (c.path === "chair") return <bdi>{pick(d.members.find((m) => m.id === v)?.name) || v}</bdi>;
  if (c.path === "mode") return { statements: x.modeStatements, precedence: x.modePrecedence, free: x.modeFree, chair: x.modeChair }[v] ?? v;
  if (c.path === "begin") return v === "open" ? x.beginOpen : x.beginClosed;
  if (c.path === "limit") return String(Number(v) / 60);
  if (head === "languages") return tongue(v, true);
  if (field === "role") return roleName(v);
  const tag = ["title", "name", "office", "second", "city", "longName"].includes(c.path.split(".").at(-2) ?? "") ? field : undefined;
  return <bdi lang={tag}>{v}</bdi>;
}

/** told leaves out what only nodes read, and says of somebody new or gone only who it is. */
function told(list: ArrangeChange[]): ArrangeChange[] {
  return list.filter((c) => !/^(members|parties)\.[^.]+\.(id|party|emblem)$/.test(c.path));
}

function Differences({ title, list, whole, desk }: { title?: string; list: ArrangeChange[]; whole?: boolean; desk: Desk }) {
  const x = a.value, rows = told(list);
  return (
    <div class="stack t" data-says="differences">
      {title ? <h3>{title}</h3> : null}
      {rows.length ? (
        <table class="diff">
          <thead><tr><th scope="col">{x.field}</th><th scope="col">{x.before}</th><th scope="col">{x.after}</th></tr></thead>
          <tbody>{rows.map((c) => <tr key={c.path} data-path={c.path}><th scope="row">{label(desk, c.path)}</th><td data-h={x.before}>{shown(desk, c, c.old)}</td><td data-h={x.after}>{shown(desk, c, c.new)}</td></tr>)}</tbody>
        </table>
      ) : <p class="q">{whole ? x.allNew : x.noDifferences}</p>}
      {desk.kase.value!.more ? <p class="warn">{x.moreDifferences}</p> : null}
    </div>
  );
}

function History({ desk }: { desk: Desk }) {
  const x = a.value, c = desk.kase.value!, name = (r: ArrangeRevision) => pick(partyIn(desk.draft.value!, r.party)?.name);
  return (
    <details data-says="history">
      <summary>{x.history}</summary>
      <ol class="history" lang={lang.value}>
        {[...c.revisions].reverse().map((r) => <li key={r.id} data-state={r.state}><bdi>{name(r)}</bdi>{comma()}{stamp(desk, r.at)}: {stateName(r.state)}{r.by ? <span class="q"> · {fill(x.byOfficer, { name: r.by })}</span> : null}</li>)}
      </ol>
    </details>
  );
}

/** stateName is a revision's state in a word or two. */
export function stateName(state: string): string {
  const x = a.value;
  return { open: x.rowOpen, accepted: x.rowAccepted, agreed: x.rowAgreed, declined: x.rowDeclined, withdrawn: x.rowWithdrawn, countered: x.rowCountered, superseded: x.rowSuperseded, late: x.rowSuperseded, refused: x.rowRefused, calledoff: x.rowCalledOff, "": x.rowDraft }[state] ?? state;
}

// Small parts of the drafting pages: names of languages, kinds and states, marks that are not seen, the line that says why not.
import type { ComponentChildren } from "preact";
import { clock, day, direction, lang, pick } from "../lang";
import { LanguageMenu } from "../view/controls";
import { Icon } from "../view/icons";
import { d } from "./book";
import { refusal } from "./codes";
import type { Desk } from "./desk";
import type { Block, Cell, Document, Party, Speaker } from "./types.gen";

/** tongue is a language's name in the reader's language; it stands alone, so with a capital. */
export function tongue(tag: string): string {
  const name = new Intl.DisplayNames(lang.value, { type: "language", fallback: "code" }).of(tag) ?? tag;
  return name.charAt(0).toLocaleUpperCase(lang.value) + name.slice(1);
}

/** comma is the sign of the reader's script between two words. */
export const comma = () => ({ ar: "\u060c ", zh: "\uff0c" } as Record<string, string>)[lang.value] ?? ", ";

/** semicolon is that sign between two people of whom commas are part. */
export const semicolon = () => ({ ar: "\u061b ", zh: "\uff1b" } as Record<string, string>)[lang.value] ?? "; ";

export const kinds = ["headline", "lede", "statement", "quote", "exchange", "commitment", "greeting", "attendance", "plain", "notice"];

export function kindName(kind: string): string {
  const x = d.value;
  return { headline: x.kindHeadline, lede: x.kindLede, statement: x.kindStatement, quote: x.kindQuote, exchange: x.kindExchange, commitment: x.kindCommitment, greeting: x.kindGreeting,
    attendance: x.kindAttendance, media: x.kindMedia, plain: x.kindPlain, notice: x.kindNotice }[kind] ?? kind;
}

export function stageName(stage: string): string {
  const x = d.value;
  return { private: x.stagePrivate, proposed: x.stageProposed, countered: x.stageCountered, agreed: x.stageAgreed, scheduled: x.stageScheduled, published: x.stagePublished,
    corrected: x.stageCorrected, withdrawn: x.stageWithdrawn }[stage] ?? stage;
}

export function modeName(mode: string): string {
  const x = d.value;
  return { joint: x.modeJoint, coordinated: x.modeCoordinated, separate: x.modeSeparate }[mode] ?? mode;
}

export function standingName(standing: string): string {
  const x = d.value;
  return { authentic: x.authentic, official: x.official, courtesy: x.courtesy }[standing] ?? standing;
}

export const acts = ["said", "noted", "stressed", "proposed", "welcomed", "commended", "ready", "concern", "agreed", "committed", "thanked", "congratulated", "conveyed"];

export function actName(act: string): string {
  const x = d.value;
  return { said: x.actSaid, noted: x.actNoted, stressed: x.actStressed, proposed: x.actProposed, welcomed: x.actWelcomed, commended: x.actCommended, ready: x.actReady, concern: x.actConcern,
    agreed: x.actAgreed, committed: x.actCommitted, thanked: x.actThanked, congratulated: x.actCongratulated, conveyed: x.actConveyed }[act] ?? act;
}

/** stateOf is how far a text is, as the node has found it: it settles the states of every cell with each change. */
export function stateOf(b: Block, tag: string): string { return b.texts[tag]?.state ?? "missing"; }

export function stateName(state: string): string {
  const x = d.value;
  return { missing: x.missing, draft: x.draft, stale: x.stale, ready: x.ready }[state] ?? state;
}

/** Mark is a state: a word first, a drawn mark second, a colour third. */
export function Mark({ state, children }: { state: string; children?: ComponentChildren }) {
  return <span class={`state ${state}`} data-state={state}>{children ?? stateName(state)}</span>;
}

/** unseen are the signs that pass the text gate and are not seen, with the names under which an editor and a signer are shown them (internal/readout, Marked). */
const unseen: Record<string, string> = { "\u200c": "ZWNJ", "\u200d": "ZWJ", "\u200e": "LRM", "\u200f": "RLM", "\u00ad": "SHY", "\u200b": "ZWSP", "\u034f": "CGJ" };
const unseenSign = /([\u200b-\u200f\u00ad\u034f])/;

export const hasUnseen = (text: string) => unseenSign.test(text);

/** Marked is a text with what cannot be seen in it written out. */
export function Marked({ text }: { text: string }) {
  return <>{text.split(unseenSign).map((s, i) => (unseen[s] ? <bdi key={i} class="unseen" dir="ltr" lang="en">{unseen[s]}</bdi> : s))}</>;
}

/** Running is a text as it will be read: its own language, direction and line feeds. */
export function Running({ text, tag, kind = "" }: { text: string; tag: string; kind?: string }) {
  return <p class={`running ${kind}`} lang={tag} dir={direction(tag)}><Marked text={text} /></p>;
}

/** letters of the parties between brackets, in the language of the text: the first party of the readout is A. */
export const letters: Record<string, string[]> = { ar: ["\u0623", "\u0628"], zh: ["\u7532", "\u4e59"], ru: ["\u0410", "\u0411"] };

/** Bracket writes a text that is not agreed: [A: … | B: …], a single rule under ours and a double one under theirs. */
export function Bracket({ desk, cell, tag }: { desk: Desk; cell: Cell; tag: string }) {
  const doc = desk.doc.value!, self = desk.view.value!.self, names = letters[tag.split("-")[0]!] ?? ["A", "B"], colon = tag.startsWith("zh") ? "\uff1a" : ": ";
  const sides = doc.parties.filter((p) => cell.bracket?.[p.id] !== undefined);
  return (
    <p class="running" lang={tag} dir={direction(tag)} data-bracket={sides.length}>
      {sides.map((p, i) => (
        <span key={p.id}><b class="br">{i ? " | " : "["}{names[doc.parties.indexOf(p)] ?? p.id}{colon}</b><span class={p.id === self ? "ours" : "theirs"} data-side={p.id}>{cell.bracket![p.id] ? <Marked text={cell.bracket![p.id]!} /> : <span class="q" lang={lang.value}>{d.value.emptySide}</span>}</span></span>
      ))}<b class="br">]</b>
    </p>
  );
}

/** Refused says why the last thing was not done, where its button is. */
export function Refused({ desk, at }: { desk: Desk; at: string }) {
  const e = desk.error.value;
  return <p class="refused alarm" role="alert" data-refused={e?.where === at ? e.code : undefined}>{e?.where === at ? <><Icon name="warn" /><span>{refusal(e.code, e.args)}</span></> : null}</p>;
}

export const partyIn = (doc: Document, id: string): Party | undefined => doc.parties.find((p) => p.id === id);

/** ownZone is the zone of our place, in which times are shown where no other place is named. */
export const ownZone = (desk: Desk): string => (desk.doc.value && (partyIn(desk.doc.value, desk.view.value!.self) ?? desk.doc.value.parties[0])?.zone) || "UTC";

/** stamp is a moment by the clock of a place. */
export function stamp(at: string, zone: string): string {
  const t = new Date(at);
  return `${day(t, zone)}${comma()}${clock(t, zone)}`;
}

/** exactly is a time by the clock of a place, to the second: zones differ from UTC by whole minutes. */
export function exactly(at: string, zone: string): string {
  const t = new Date(at);
  return `${clock(t, zone)}:${String(t.getUTCSeconds()).padStart(2, "0")}`;
}

/** dated is a date, YYYY-MM-DD, as the reader's language writes it after a preposition: Russian would inflect the weekday, so it has none there. */
export function dated(date: string): string {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(date)) return date;
  const s = day(new Date(`${date}T12:00:00Z`), "UTC");
  return lang.value === "ru" ? s.slice(s.indexOf(",") + 1).trim() : s;
}

export const nameOf = (s: Speaker): string => pick(s.name) || s.member || "";

/** zeroTime: the node writes a moment that is not set so. */
export const unset = (at: string | undefined) => !at || at.startsWith("0001-");

export function Top({ children }: { children?: ComponentChildren }) {
  return <header class="top"><p class="mark" lang="en">Visavis</p>{children}<LanguageMenu /></header>;
}

/** focusBlock leads to a block: what is there is read out, and Tab goes on from it. */
export function focusBlock(id: string) {
  const e = document.getElementById(`block-${id}`);
  e?.focus({ preventScroll: true });
  e?.scrollIntoView({ block: "start" });
}

// In what our draft and their proposal differ besides their blocks: each theirs against ours.
import type { ComponentChildren } from "preact";
import { direction, pick, plain } from "../../lang";
import { d } from "../book";
import type { Desk } from "../desk";
import { Marked, comma, standingName, tongue, unset } from "../parts";
import type { Divergence, Document, Party } from "../types.gen";
import { b } from "./book";
import { nameOf, stamp } from "./when";

interface Line { label: string; ours: ComponentChildren; theirs: ComponentChildren }
type Text = Record<string, string> | undefined;

const none = () => <span class="q">{d.value.noText}</span>;
const raw = (s: string | undefined) => (s ? <bdi dir="ltr"><Marked text={s} /></bdi> : none());

/** texts are the languages in which a text differs. */
function texts(ours: Text, theirs: Text, label: (tag: string) => string): Line[] {
  const tags = [...new Set([...Object.keys(ours ?? {}), ...Object.keys(theirs ?? {})])].filter((tag) => (ours?.[tag] ?? "") !== (theirs?.[tag] ?? ""));
  const text = (s: string | undefined, tag: string) => (s ? <bdi lang={tag} dir={direction(tag)}><Marked text={s} /></bdi> : none());
  return tags.map((tag) => ({ label: label(tag), ours: text(ours?.[tag], tag), theirs: text(theirs?.[tag], tag) }));
}

function ofParty(id: string, ours: Party | undefined, theirs: Party | undefined): Line[] {
  const x = b.value, w = d.value, party = pick(theirs?.name) || pick(ours?.name) || id;
  const label = (template: string) => (tag: string) => plain(template, { party, language: tongue(tag) });
  const facts: [key: "zone" | "start" | "end" | "emblem", label: string][] = [["zone", x.zone], ["start", x.starts], ["end", x.ends], ["emblem", x.emblem]];
  return [
    ...texts(ours?.name, theirs?.name, label(w.partyNameIn)), ...texts(ours?.longName, theirs?.longName, label(w.partyLongIn)), ...texts(ours?.city, theirs?.city, label(w.partyCityIn)),
    ...facts.filter(([key]) => ours?.[key] !== theirs?.[key]).map(([key, words]) => ({ label: `${party}${comma()}${words}`, ours: raw(ours?.[key]), theirs: raw(theirs?.[key]) })),
  ];
}

function lines(desk: Desk, { field, party = "" }: Divergence, ours: Document, theirs: Document): Line[] {
  const x = b.value, w = d.value;
  const one = (label: string, of: (doc: Document) => ComponentChildren): Line[] => [{ label, ours: of(ours), theirs: of(theirs) }];
  switch (field) {
    case "title": return texts(ours.title, theirs.title, (tag) => plain(w.titleIn, { language: tongue(tag) }));
    case "correction": return texts(ours.correction, theirs.correction, (tag) => plain(w.correctionIn, { language: tongue(tag) }));
    case "party": return ofParty(party, ours.parties.find((p) => p.id === party), theirs.parties.find((p) => p.id === party));
    case "number": return one(w.numberField, (y) => raw(y.number));
    case "beside": return one(w.besideField, (y) => raw(y.beside));
    case "release": return one(x.embargo, (y) => (unset(y.release) ? w.embargoNone : stamp(desk, y.release)));
    case "languages": return one(w.languages, (y) => y.languages.map((l) => <span key={l.tag} class="line">{tongue(l.tag)} <span class="q">{standingName(l.standing)}</span></span>));
    case "prevails": return one(w.prevails, (y) => (y.prevails ? tongue(y.prevails) : w.prevailsNone));
    case "link": return one(x.place, (y) => (y.link ? w.linkHeld : x.onePlace));
    case "parties": return one(x.partyOrder, (y) => y.parties.map((p) => pick(p.name) || p.id).join(comma()));
    case "order": {
      const both = ours.blocks.filter((y) => theirs.blocks.some((z) => z.id === y.id)).map((y) => y.id), number = (id: string) => ours.blocks.findIndex((y) => y.id === id) + 1;
      return one(x.blockOrder, (y) => <bdi dir="ltr">{y.blocks.filter((z) => both.includes(z.id)).map((z) => number(z.id)).join(" · ")}</bdi>);
    }
  }
  return one(field, () => null);
}

export function Diverged({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, ours = desk.doc.value!, theirs = v.theirs;
  if (!theirs || !v.diverge.length || !desk.writing.value) return null;
  return (
    <div class="stack t" data-says="diverged">
      <h3>{x.besides}</h3>
      <dl class="facts">
        {v.diverge.map((f) => lines(desk, f, ours, theirs).map((l) => (
          <div key={f.field + f.party + l.label} data-diverge={f.field}><dt>{l.label}</dt><dd><span class="line"><span class="q"><bdi>{nameOf(desk, v.other)}</bdi>: </span>{l.theirs}</span><span class="line"><span class="q"><bdi>{nameOf(desk, v.self)}</bdi>: </span>{l.ours}</span></dd></div>
        )))}
      </dl>
    </div>
  );
}

// What a block is besides its texts, ours and theirs.
import { direction, lang, pick } from "../../lang";
import { d } from "../book";
import { Marked, actName, comma, kindName, tongue } from "../parts";
import type { Block, Document, Speaker } from "../types.gen";
import { Dated, Words } from "./words";

/** Particulars draws all of it: kind, items, who speaks and did what, who undertook what by when, who is listed, the picture. */
export function Particulars({ of, doc }: { of: Block; doc: Document }) {
  const x = d.value, c = of.commitment, name = (id: string) => pick(doc.parties.find((p) => p.id === id)?.name) || id;
  const person = (s: Speaker, i: number) => <Who key={i} name={pick(s.name) || s.member || ""} office={pick(s.office)} party={s.party ? name(s.party) : ""} asOf={s.asOf} capacity={s.capacity} />;
  return (
    <div class="particulars" data-kind={of.kind}>
      <p class="q">{kindName(of.kind)}{of.topics?.length ? <>{comma()}<Topics of={of.topics} /></> : null}</p>
      {of.speakers?.map(person)}
      {of.acts?.length ? <p class="q">{of.acts.map(actName).join(comma())}</p> : null}
      {c ? <Undertaken who={c.who.map(name)} due={c.due} next={c.next}>{Object.entries(c.what ?? {}).map(([tag, text]) => <p key={tag}><span class="q">{tongue(tag)}: </span><bdi lang={tag} dir={direction(tag)}><Marked text={text} /></bdi></p>)}</Undertaken> : null}
      {of.listed?.map(person)}
      {of.picture ? <><p><bdi dir="ltr" class="hash">{of.picture.sha256}</bdi></p>{Object.entries(of.picture.alt).map(([tag, text]) => <p key={tag}><span class="q">{plainAlt(tag)}: </span><bdi lang={tag} dir={direction(tag)}><Marked text={text} /></bdi></p>)}</> : null}
      {Object.keys(of.texts).length === 0 ? <p class="q" lang={lang.value}>{x.noText}</p> : null}
    </div>
  );
}

const plainAlt = (tag: string) => d.value.altIn.replace("{language}", tongue(tag));

/** Topics are items of the agenda, or own words. */
export function Topics({ of }: { of: string[] }) {
  return <>{of.map((t, i) => <span key={t}>{i ? comma() : null}{/^item-\d+$/.test(t) ? d.value.item.replace("{n}", t.slice(5)) : <bdi>{t}</bdi>}</span>)}</>;
}

/** Who is one person: name, office, party, as of when, in which of two offices. */
export function Who({ name, office, party, asOf, capacity }: { name: string; office?: string; party?: string; asOf?: string; capacity?: number }) {
  return (
    <p class="who">
      <bdi><Marked text={name} /></bdi>{office ? <>{" · "}<bdi><Marked text={office} /></bdi></> : null}
      {party ? <span class="q">{" · "}<bdi><Marked text={party} /></bdi></span> : null}
      {asOf ? <span class="q" lang={lang.value}>{" · "}<Dated at={asOf} of="asOf" /></span> : null}
      {capacity ? <span class="q" lang={lang.value}>{" · "}<Words of="secondOffice" /></span> : null}
    </p>
  );
}

/** Undertaken is a commitment: by whom, what, by when, and when it comes back. */
export function Undertaken({ who, due, next, children }: { who: string[]; due?: string; next?: string; children?: preact.ComponentChildren }) {
  return (
    <div data-commitment>
      <p class="q">{who.map((w, i) => <span key={i}>{i ? comma() : null}<bdi><Marked text={w} /></bdi></span>)}{due ? <span lang={lang.value} data-due={due}>{comma()}<Dated at={due} of="dueBy" /></span> : null}</p>
      {children}
      {next ? <p class="q" lang={lang.value} data-next={next}>{d.value.next}: <bdi dir="ltr" class="nw">{next}</bdi></p> : null}
    </div>
  );
}

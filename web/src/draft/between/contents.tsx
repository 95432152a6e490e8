// What is signed, all of it, drawn from the bytes that were held against the hash.
import type { ComponentChildren } from "preact";
import { direction, fill, lang } from "../../lang";
import { d } from "../book";
import { Marked, actName, comma, kindName, modeName, standingName, tongue } from "../parts";
import { b } from "./book";
import { Topics, Undertaken, Who } from "./particulars";
import type { Content, Person } from "./prove";

/** Contents are the texts of the bytes, in every language. */
export function Contents({ of }: { of: Content[] }) {
  const x = b.value;
  return (
    <div class="stack t" data-says="contents">
      <h3>{x.read}</h3>
      <p class="q">{x.readHelp}</p>
      {of.map((c) => <details key={c.language} data-content={c.language}><summary>{tongue(c.language)}</summary><Whole of={c} /><One of={c} /></details>)}
    </div>
  );
}

const fact = (s: string | undefined) => (s ? <bdi dir="ltr" class="nw"><Marked text={s} /></bdi> : null);

/** Whole is what is signed besides the blocks; words of the reader's language around the signed values. */
function Whole({ of: c }: { of: Content }) {
  const x = b.value, w = d.value, name = (id: string) => c.parties.find((p) => p.id === id)?.name ?? id;
  const line = (key: string, label: string, value: ComponentChildren) => (value ? <div data-signed={key}><dt>{label}</dt><dd>{value}</dd></div> : null);
  return (
    <dl class="facts">
      {line("standing", tongue(c.language), standingName(c.standing))}
      {line("languages", w.languages, c.languages.map((l) => <span key={l.tag} class="line">{tongue(l.tag)} <span class="q">{standingName(l.standing)}</span></span>))}
      {line("prevails", w.prevails, c.prevails ? tongue(c.prevails) : w.prevailsNone)}
      {line("mode", w.mode, <>{modeName(c.mode)}{c.by ? <>{comma()}<bdi><Marked text={name(c.by)} /></bdi></> : null}</>)}
      {line("beside", w.besideField, fact(c.beside))}
      {line("id", w.idField, fact(c.id))}
      {line("meeting", w.meeting, fact(c.meeting))}
      {line("revision", x.revisions, fill(x.revision, { n: c.revision }))}
      {line("number", w.numberField, fact(c.number))}
      {line("release", x.embargo, c.release ? fact(c.release) : w.embargoNone)}
      {line("link", x.place, c.link ? w.linkHeld : x.onePlace)}
    </dl>
  );
}

function One({ of: c }: { of: Content }) {
  const x = b.value, name = (id: string) => c.parties.find((p) => p.id === id)?.name ?? id;
  const people = (all: Person[] | undefined) => all?.map((p, i) => <Who key={i} name={p.name} office={p.office} party={p.party ? name(p.party) : ""} asOf={p.asOf} capacity={p.capacity} />);
  const said = (children: ComponentChildren) => <p class="q sm" lang={lang.value} dir={direction(lang.value)}>{children}</p>;
  return (
    <div class="content" lang={c.language} dir={direction(c.language)}>
      <p class="q" data-signed="title"><bdi><Marked text={c.title} /></bdi></p>
      {c.correction ? <p class="running"><Marked text={c.correction} /></p> : null}
      {c.parties.map((p) => (
        <div key={p.id} data-signed={`party-${p.id}`}>
          <p class="q"><bdi><Marked text={p.name} /></bdi>{p.longName ? <>{" · "}<bdi><Marked text={p.longName} /></bdi></> : null}{p.city ? <>{" · "}<bdi><Marked text={p.city} /></bdi></> : null}</p>
          {said(<>{x.zone}: {fact(p.zone)} · {x.starts}: {fact(p.start)} · {x.ends}: {fact(p.end)}{p.emblem ? <> · {x.emblem}: <bdi dir="ltr" class="hash">{p.emblem}</bdi></> : null}</>)}
        </div>
      ))}
      {c.blocks.map((one) => (
        <div key={one.id} class="piece" data-signed={one.id}>
          {people(one.speakers)}
          {said(<>{kindName(one.kind)}{one.topics?.length ? <>{comma()}<Topics of={one.topics} /></> : null}{one.acts?.length ? <>{comma()}<span data-acts={one.acts.join(" ")}>{one.acts.map(actName).join(comma())}</span></> : null}</>)}
          <p class={one.kind === "headline" ? "running big" : "running"}><Marked text={one.text} /></p>
          {one.commitment ? <Undertaken who={one.commitment.who.map(name)} due={one.commitment.due} next={one.commitment.next}>{one.commitment.what ? <p class="q"><bdi><Marked text={one.commitment.what} /></bdi></p> : null}</Undertaken> : null}
          {people(one.listed)}
          {one.picture ? <p class="q"><bdi><Marked text={one.picture.alt} /></bdi> <bdi dir="ltr" class="hash">{one.picture.sha256}</bdi></p> : null}
        </div>
      ))}
    </div>
  );
}

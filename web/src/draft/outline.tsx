// The blocks at a glance: what each is, and how far its text is in every language.
import { fill, lang, pick } from "../lang";
import { d } from "./book";
import type { Desk } from "./desk";
import { Mark, comma, focusBlock, kindName, nameOf, semicolon, stateName, stateOf, tongue } from "./parts";
import type { Block } from "./types.gen";

/** about says in a word or two which block it is: who speaks, or to which item. */
function about(b: Block): string {
  const item = b.topics?.find((t) => /^item-\d+$/.test(t));
  const who = b.commitment ? pick(b.commitment.what) : (b.speakers ?? []).slice(0, 2).map(nameOf).join(comma());
  return [who, item ? d.value.item.replace("{n}", item.slice(5)) : ""].filter(Boolean).join(" · ");
}

export function Outline({ desk }: { desk: Desk }) {
  const x = d.value, doc = desk.doc.value!;
  return (
    <nav class="outline panel" aria-labelledby="outline-h">
      <h2 id="outline-h">{x.blocks}</h2>
      <ol>
        {doc.blocks.map((b, i) => {
          const prefill = Object.values(b.texts).some((c) => c.prefill), leased = desk.leased(b.id), differs = desk.view.value!.standing.find((s) => s.block === b.id && s.verdict !== "same");
          return (
            <li key={b.id} data-outline={b.id}>
              <a href={`#block-${b.id}`} aria-current={desk.active.value === b.id ? "true" : undefined} onClick={(e) => { e.preventDefault(); desk.active.value = b.id; focusBlock(b.id); }}>
                <span class="no">{i + 1}</span>
                <span class="nm">{kindName(b.kind)}{about(b) ? <> <span class="q"><bdi>{about(b)}</bdi></span></> : null}</span>
                <span class="states">{doc.languages.map((l) => { const s = stateOf(b, l.tag); return <span key={l.tag} class={`state ${s}`} data-tag={l.tag}><abbr title={tongue(l.tag)} lang="en">{l.tag}</abbr><span class="vh"> {stateName(s)}</span></span>; })}</span>
                {prefill || leased || differs ? <span class="flags">{prefill ? <span class="state stale">{x.prefill}</span> : null}{differs ? <span class="state stale">{differs.verdict === "bracketed" ? x.bracketed : x.differs}</span> : null}{leased ? <span class="state lease">{x.leasedShort}</span> : null}</span> : null}
              </a>
            </li>
          );
        })}
      </ol>
      <p class="legend q" lang={lang.value}>{["missing", "draft", "stale", "ready"].map((s) => <Mark key={s} state={s} />)}</p>
    </nav>
  );
}

/** Speakers are the people of a block, each with the office in which they speak. */
export function Speakers({ block }: { block: Block }) {
  return <>{(block.speakers ?? []).map((s, i) => <span key={i}>{i ? semicolon() : null}{pick(s.office) ? fill(d.value.speakerAs, { name: nameOf(s), office: pick(s.office) }) : <bdi>{nameOf(s)}</bdi>}</span>)}</>;
}

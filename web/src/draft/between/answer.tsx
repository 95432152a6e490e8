// What the other party proposes for one block, word by word against ours, and what our officer answers.
import { useSignal } from "@preact/signals";
import { fill, lang, list, pick, plain } from "../../lang";
import { Changes } from "../cell";
import type { Desk } from "../desk";
import { Running, letters, tongue } from "../parts";
import type { Block } from "../types.gen";
import { b } from "./book";
import { differences } from "./differences";
import { Particulars } from "./particulars";
import { act } from "./read";
import { Refused } from "./refused";
import { nameOf, numberOf } from "./when";

const held = (block: Block) => Object.values(block.texts).some((c) => Object.keys(c.bracket ?? {}).length > 0);

/** Answer stands below a block: nothing where both have the same, nor while another officer is writing it. */
export function Answer({ desk, block }: { desk: Desk; block: Block }) {
  const v = desk.view.value!, s = v.standing.find((y) => y.block === block.id);
  if (!desk.writing.value || desk.leased(block.id)) return null;
  if (held(block)) return <Lift desk={desk} block={block} />;
  return v.theirs && s && s.verdict !== "same" ? <Differs desk={desk} block={block} /> : null;
}

function Act({ desk, block, act, primary, children, run }: { desk: Desk; block: Block; act: string; primary?: boolean; children: preact.ComponentChildren; run: () => void }) {
  return (
    <button type="button" class={primary ? "btn primary" : "btn"} data-act={act} aria-disabled={desk.busy.value || undefined} onClick={() => { if (!desk.busy.value) run(); }}>
      <span>{children}<span class="vh">{fill(b.value.ofBlock, { n: numberOf(desk, block.id) })}</span></span>
    </button>
  );
}

/** Differs: their text of each language that differs, the difference, and three answers of equal weight. */
function Differs({ desk, block }: { desk: Desk; block: Block }) {
  const x = b.value, v = desk.view.value!, s = v.standing.find((y) => y.block === block.id)!, theirs = v.theirs!.blocks.find((y) => y.id === block.id);
  const party = nameOf(desk, v.other), tags = s.languages ?? [], stayed = useSignal("");
  const pairs = tags.map((tag) => ({ before: block.texts[tag]?.text ?? "", after: theirs?.texts[tag]?.text ?? "" })), changes = differences(pairs);
  const ask = (what: "take" | "bracket") => void act(desk, what, { proposal: v.head, block: block.id }, `answer-${block.id}`);
  return (
    <section class="answer" role="group" aria-label={plain(x.answer, { party, n: String(numberOf(desk, block.id)) })} data-answer={s.verdict}>
      <p class="warn">{theirs ? fill(x.differs, { party }) : fill(x.onlyOurs, { party })} {tags.length > 1 ? <span class="q">{fill(x.differsIn, { languages: <span>{list(tags.map((tag) => tongue(tag)))}</span> })}</span> : null}</p>
      {s.frame ? <p class="q" data-says="frame">{x.frame}</p> : null}
      {theirs && s.frame ? <div class="cells" data-says="particulars">{[{ id: v.other, of: theirs, doc: v.theirs! }, { id: v.self, of: block, doc: desk.doc.value! }].map((y) => <div class="cell" key={y.id} data-of={y.id}><p class="q"><bdi>{nameOf(desk, y.id)}</bdi></p><Particulars of={y.of} doc={y.doc} /></div>)}</div> : null}
      {theirs ? <div class="cells">
        {tags.map((tag, i) => (
          <div class="cell" key={tag} data-differs={tag}>
            <p class="q">{tongue(tag)}: {x.byWord}</p>
            {changes[i] ? <Changes changes={changes[i]} tag={tag} /> : pairs[i]!.after ? <Running text={pairs[i]!.after} tag={tag} /> : <p class="q">{x.noText}</p>}
          </div>
        ))}
      </div> : null}
      <div class="row">
        <Act desk={desk} block={block} act="take" run={() => ask("take")}>{theirs ? x.take : x.takeOut}</Act>
        <button type="button" class="btn" data-act="keep" aria-pressed={stayed.value === v.head} onClick={() => { stayed.value = stayed.value === v.head ? "" : v.head; }}><span>{x.keep}<span class="vh">{fill(x.ofBlock, { n: numberOf(desk, block.id) })}</span></span></button>
        {theirs && tags.length ? <Act desk={desk} block={block} act="bracket" run={() => ask("bracket")}>{x.both}</Act> : null}
      </div>
      <Refused desk={desk} at={`answer-${block.id}`} />
    </section>
  );
}

/** Lift: one of two texts in brackets is taken, in every language at once. The second is held against the first, word by word. */
function Lift({ desk, block }: { desk: Desk; block: Block }) {
  const x = b.value, v = desk.view.value!, d = desk.doc.value!, [first, second] = d.parties;
  const marks = (tag: string) => letters[tag.split("-")[0]!] ?? ["A", "B"], own = marks(lang.value);
  const tags = d.languages.map((l) => l.tag).filter((tag) => Object.keys(block.texts[tag]?.bracket ?? {}).length > 0);
  const changes = differences(tags.map((tag) => ({ before: block.texts[tag]!.bracket![first!.id] ?? "", after: block.texts[tag]!.bracket![second!.id] ?? "" })));
  return (
    <section class="answer" role="group" aria-label={plain(x.answer, { party: nameOf(desk, v.other), n: String(numberOf(desk, block.id)) })} data-answer="bracketed">
      <p class="warn">{x.inBrackets} <span class="q">{fill(x.whoIsWho, { a: own[0], b: own[1], first: pick(first!.name), second: pick(second!.name) })}</span></p>
      <div class="cells">
        {tags.map((tag, i) => <div class="cell" key={tag} data-differs={tag}><p class="q">{tongue(tag)}: {fill(x.byWordOf, { first: marks(tag)[0], second: marks(tag)[1] })}</p>{changes[i] ? <Changes changes={changes[i]} tag={tag} /> : null}</div>)}
      </div>
      <div class="row">
        {d.parties.map((p) => (
          <Act key={p.id} desk={desk} block={block} act={`lift-${p.id}`} run={() => void act(desk, "unbracket", { block: block.id, party: p.id }, `answer-${block.id}`)}>{fill(x.lift, { party: pick(p.name) })}</Act>
        ))}
      </div>
      <Refused desk={desk} at={`answer-${block.id}`} />
    </section>
  );
}

// One block: what it is, its text in every language abreast, and what can be done with it.
import { useSignal } from "@preact/signals";
import { clock, fill, list, plain } from "../lang";
import { useSheet } from "../view/controls";
import { d } from "./book";
import { CellOf } from "./cell";
import type { Desk } from "./desk";
import { Select } from "./fields";
import { framed } from "./forms";
import { later } from "./later";
import { Speakers } from "./outline";
import { Refused, actName, comma, dated, exactly, focusBlock, kindName, kinds, ownZone, partyIn } from "./parts";
import type { Block } from "./types.gen";

const Answer = later(async () => (await import("./between/answer")).Answer);
const Frame = later(async () => (await import("./frame")).Frame, true);

export function BlockOf({ desk, block, n }: { desk: Desk; block: Block; n: number }) {
  const x = d.value, doc = desk.doc.value!, form = desk.frames.value[block.id], id = `block-${block.id}`, leased = desk.leased(block.id), mine = desk.view.value!.manuscript.leases[block.id];
  const zone = ownZone(desk), own = mine && !leased && Date.parse(mine.until) > Date.now() ? mine : undefined;
  const toggle = () => {
    if (!form) void desk.hold(block.id);
    else if (framed(form)) document.querySelector<HTMLElement>(`#${id} [data-act=frame-save]`)?.focus(); // only Cancel lets go what was written
    else desk.let(block.id);
  };
  return (
    <article class={`block ${desk.active.value === block.id ? "active" : ""}`} id={id} tabIndex={-1} aria-labelledby={`${id}-h`} data-block={block.id} data-kind={block.kind} data-version={desk.version(block.id)} onFocusIn={() => { desk.active.value = block.id; }}>
      <header>
        <h2 id={`${id}-h`}><span class="q">{n}</span> {kindName(block.kind)}</h2>
        <About desk={desk} block={block} />
        {leased ? <span class="state lease end" data-says="leased">{fill(x.leasedBy, { name: leased.by, time: clock(new Date(leased.until), zone) })}</span> : null}
        {own ? <span class="q sm end" data-says="mine">{fill(x.leasedYou, { time: clock(new Date(own.until), zone) })}</span> : null}
      </header>
      <div class="cells" data-languages={doc.languages.length}>{doc.languages.map((l) => <CellOf key={l.tag} desk={desk} block={block} n={n} language={l} />)}</div>
      <Answer desk={desk} block={block} />
      <Refused desk={desk} at={block.id} />
      {desk.writing.value && !leased ? <Foot desk={desk} block={block} n={n} frame={!!form} toggle={toggle} /> : null}
      {form ? <Frame desk={desk} form={form} n={n} done={() => { desk.let(block.id); document.querySelector<HTMLElement>(`#${id} [data-act=frame]`)?.focus(); }} /> : null}
    </article>
  );
}

/** About is what a block is besides its texts: who speaks and what they did, who undertook what, from which moment of the log. */
function About({ desk, block }: { desk: Desk; block: Block }) {
  const x = d.value, doc = desk.doc.value!, first = block.sources?.[0], c = block.commitment;
  const items = (block.topics ?? []).map((t) => (/^item-\d+$/.test(t) ? plain(x.item, { n: t.slice(5) }) : t));
  return (
    <>
      {block.speakers?.length ? <span><Speakers block={block} />{block.acts?.length ? <>{comma()}<i>{block.acts.map(actName).join(comma())}</i></> : null}</span> : null}
      {c ? <span>{list(c.who.map((p) => partyIn(doc, p)?.name))}{c.due ? <>{comma()}{fill(x.dueBy, { date: dated(c.due) })}</> : null}</span> : null}
      {items.length || first ? <span class="q sm">{items.join(comma())}{items.length && first ? comma() : null}{first ? fill(x.logAt, { time: exactly(first.start, ownZone(desk)) }) : null}</span> : null}
    </>
  );
}

function Foot({ desk, block, n, frame, toggle }: { desk: Desk; block: Block; n: number; frame: boolean; toggle: () => void }) {
  const x = d.value, doc = desk.doc.value!, i = n - 1, ask = useSheet(), own = desk.view.value!.manuscript.leases[block.id]?.by === desk.me.value;
  const move = async (to: number) => {
    if (to < 0 || to >= doc.blocks.length || desk.busy.peek()) return;
    const blocks = doc.blocks.filter((b) => b.id !== block.id);
    blocks.splice(to, 0, block);
    const what = to < i ? "up" : "down";
    if (await desk.replace({ blocks }, block.id)) requestAnimationFrame(() => document.querySelector<HTMLElement>(`#block-${block.id} [data-act=${what}]`)?.focus());
  };
  const remove = async () => {
    ask.hide();
    const next = (doc.blocks[i + 1] ?? doc.blocks[i - 1])?.id;
    if (await desk.replace({ blocks: doc.blocks.filter((b) => b.id !== block.id) }, block.id) && next) focusBlock(next);
  };
  const editing = Object.values(desk.edits.value).some((e) => e.block === block.id);
  return (
    <footer class="row">
      <button type="button" class="btn" data-act="frame" aria-expanded={frame} onClick={toggle}>{x.particulars}<span class="vh"> {plain(x.block, { n: String(n) })}</span></button>
      <Add desk={desk} after={block.id} label={x.addBelow} n={n} />
      <span class="end row">
        {own && !editing && !frame ? <button type="button" class="btn bare" data-act="release" onClick={() => void desk.release(block.id)}>{x.giveBack}</button> : null}
        <button type="button" class="btn sq" data-act="up" aria-label={plain(x.up, { n: String(n) })} aria-disabled={i === 0 || undefined} onClick={() => void move(i - 1)}>↑</button>
        <button type="button" class="btn sq" data-act="down" aria-label={plain(x.down, { n: String(n) })} aria-disabled={i === doc.blocks.length - 1 || undefined} onClick={() => void move(i + 1)}>↓</button>
        <button type="button" class="btn bare" data-act="remove" onClick={ask.show}>{x.remove}<span class="vh"> {plain(x.block, { n: String(n) })}</span></button>
      </span>
      <dialog class="sheet" ref={ask.dialog} aria-labelledby={`remove-${block.id}`}>
        <h2 id={`remove-${block.id}`}>{fill(x.removeAsk, { n: String(n) })}</h2>
        <p>{x.removeHelp}</p>
        <p class="row"><button type="button" class="btn hurt" data-act="remove-now" onClick={() => void remove()}>{plain(x.removeBlock, { n: String(n) })}</button><button type="button" class="btn primary" autofocus onClick={ask.hide}>{x.cancel}</button></p>
      </dialog>
    </footer>
  );
}

/** free is an id that no block has had here or has in their proposal: numbers go on from the highest. */
function free(desk: Desk): string {
  const v = desk.view.value!, ids = [...Object.keys(v.manuscript.versions), ...v.manuscript.document.blocks.map((b) => b.id), ...(v.theirs?.blocks ?? []).map((b) => b.id)];
  const highest = ids.reduce((h, id) => Math.max(h, Number(/^b(\d{1,6})$/.exec(id)?.[1] ?? 0)), 0);
  return `b${String(highest + 1).padStart(2, "0")}`;
}

/** Add makes a block after another, or the first. */
export function Add({ desk, after, label, n = 0 }: { desk: Desk; after: string; label: string; n?: number }) {
  const x = d.value, sheet = useSheet(), kind = useSignal("statement"), doc = desk.doc.value!, key = `add-${after || "first"}`;
  const go = async () => {
    const id = free(desk), blocks = [...doc.blocks], fresh: Block = { id, kind: kind.value, texts: {} };
    if (kind.value === "commitment") fresh.commitment = { who: doc.parties.map((p) => p.id) };
    blocks.splice(doc.blocks.findIndex((b) => b.id === after) + 1, 0, fresh);
    sheet.hide();
    if (await desk.replace({ blocks }, after)) focusBlock(id);
  };
  return (
    <>
      <button type="button" class="btn" data-act="add" aria-disabled={desk.busy.value || undefined} onClick={sheet.show}>{label}{n ? <span class="vh"> {plain(x.block, { n: String(n) })}</span> : null}</button>
      <dialog class="sheet" ref={sheet.dialog} aria-labelledby={key}>
        <h2 id={key}>{x.addTitle}</h2>
        <Select name="new-kind" label={x.kind} value={kind.value} set={(v) => { kind.value = v; }} options={kinds.map((k) => ({ value: k, text: kindName(k) }))} />
        <p class="row"><button type="button" class="btn primary" data-act="add-now" onClick={() => void go()}>{x.add}</button><button type="button" class="btn" onClick={sheet.hide}>{x.cancel}</button></p>
      </dialog>
    </>
  );
}

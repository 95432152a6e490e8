// The text of a block in one language: how far it is, what it says, and the place where it is written.
import { useEffect, useRef } from "preact/hooks";
import { direction, lang, plain } from "../lang";
import { d } from "./book";
import { editKey, type Desk, type Edit } from "./desk";
import { Bracket, Mark, Marked, Running, hasUnseen, standingName, stateOf, tongue } from "./parts";
import type { Block, Change, Language } from "./types.gen";

const maxText = 20_000; // signs that a field takes; the node's gate is the bound that counts

export function CellOf({ desk, block, n, language }: { desk: Desk; block: Block; n: number; language: Language }) {
  const x = d.value, { tag } = language, e = desk.edits.value[editKey(block.id, tag)], name = plain(x.blockIn, { n: String(n), language: tongue(tag) });
  const button = useRef<HTMLButtonElement>(null), was = useRef(false);
  useEffect(() => {
    if (was.current && !e) button.current?.focus(); // the field that had the focus is gone
    was.current = !!e;
  }, [!!e]);
  return (
    <section class="cell" aria-label={name} data-cell={tag} data-state={stateOf(block, tag)}>
      <div class="head"><h3>{tongue(tag)} <span class="q">{standingName(language.standing)}</span></h3><Mark state={stateOf(block, tag)} /></div>
      {e ? <Writing desk={desk} edit={e} n={n} /> : <Reading desk={desk} block={block} tag={tag} name={name} button={button} />}
    </section>
  );
}

function Reading({ desk, block, tag, name, button }: { desk: Desk; block: Block; tag: string; name: string; button: { current: HTMLButtonElement | null } }) {
  const x = d.value, cell = block.texts[tag], state = stateOf(block, tag), text = cell?.text ?? "", bracket = cell?.bracket && Object.keys(cell.bracket).length > 0;
  const may = desk.writing.value && !desk.leased(block.id), busy = desk.busy.value || undefined;
  const finish = cell?.prefill ? x.confirm : state === "stale" ? x.stillFits : x.markReady;
  return (
    <>
      {bracket ? <Bracket desk={desk} cell={cell!} tag={tag} /> : text ? <Running text={text} tag={tag} kind={cell?.prefill ? "prefill" : ""} /> : <p class="lost">{x.noText}</p>}
      {cell?.prefill ? <p class="sm"><span class="state stale">{x.prefill}</span> {text ? x.prefillHelp : x.prefillEmpty}</p> : null}
      {state === "stale" ? <Under desk={desk} block={block} tag={tag} /> : null}
      {may && !bracket ? (
        <p class="row">
          <button type="button" class="btn" ref={button} data-act="write" aria-disabled={busy} onClick={() => void desk.write(block.id, tag)}>{x.edit}<span class="vh"> {name}</span></button>
          {text && state !== "ready" ? <button type="button" class="btn" data-act="finish" aria-disabled={busy} onClick={() => void desk.finish(block.id, tag)}>{finish}<span class="vh"> {name}</span></button> : null}
        </p>
      ) : null}
    </>
  );
}

/** Under is what has changed in the authentic texts since a text was ready. */
function Under({ desk, block, tag }: { desk: Desk; block: Block; tag: string }) {
  const x = d.value, all = desk.view.value!.stale.filter((s) => s.block === block.id && s.language === tag);
  if (!all.length) return <p class="differ q sm">{x.changedSince}</p>;
  return <>{all.map((s) => <div key={s.of} class="differ" data-under={s.of}><p class="q sm">{plain(x.changedUnder, { language: tongue(s.of) })}</p><Changes changes={s.changes} tag={s.of} /></div>)}</>;
}

/** Changes is a difference by words. What colour and strokes say is said in words as well, to those who hear the page. */
export function Changes({ changes, tag }: { changes: Change[]; tag: string }) {
  const x = d.value, say = (words: string) => <span class="vh" lang={lang.value} dir={direction(lang.value)}> {words} </span>;
  const parts = changes.map((c, i) => (c.op === "remove" ? <span key={i}>{say(x.removed)}<del><Marked text={c.text} /></del>{changes[i + 1]?.op === "insert" ? " " : say(x.endChange)}</span>
    : c.op === "insert" ? <span key={i}>{say(x.inserted)}<ins><Marked text={c.text} /></ins>{say(x.endChange)}</span> : <span key={i}>{near(c.text, i === 0, i === changes.length - 1)}</span>));
  return <p class="running changes" lang={tag} dir={direction(tag)}>{parts}</p>;
}

const around = 60; // signs of what stayed that are shown beside a change

/** near shortens what has not changed to what stands beside a change. */
function near(text: string, first: boolean, last: boolean): string {
  const signs = [...text];
  if (signs.length <= 2 * around) return text;
  const head = first ? "" : signs.slice(0, around).join(""), tail = last ? "" : signs.slice(-around).join("");
  return `${head} … ${tail}`;
}

function Writing({ desk, edit, n }: { desk: Desk; edit: Edit; n: number }) {
  const x = d.value, { block, tag } = edit, field = useRef<HTMLTextAreaElement>(null), name = plain(x.textOf, { n: String(n), language: tongue(tag) }), id = `text-${block}-${tag}`;
  useEffect(() => field.current?.focus(), []);
  const conflict = edit.theirs !== undefined, busy = desk.busy.value || undefined;
  const save = (ready: boolean) => { if (!desk.busy.peek()) void desk.save(block, tag, ready); };
  return (
    <div class="stack" data-writing={tag} data-conflict={conflict || undefined}>
      {conflict ? (
        <div class="conflict stack" role="group" aria-label={x.theirText}>
          <p class="warn" role="alert">{x.conflict}</p>
          <p class="label">{x.theirText}</p>
          {edit.theirs ? <Running text={edit.theirs} tag={tag} /> : <p class="lost">{x.noText}</p>}
          <p class="row"><button type="button" class="btn" data-act="over" onClick={() => { desk.over(block, tag); field.current?.focus(); }}>{x.keepOwn}</button><button type="button" class="btn" data-act="theirs" onClick={() => desk.drop(block, tag)}>{x.takeTheirs}</button></p>
          <p class="label">{x.ownText}</p>
        </div>
      ) : null}
      <label class="vh" for={id}>{name}</label>
      <textarea id={id} ref={field} class="running" lang={tag} dir={direction(tag)} rows={5} maxLength={maxText} value={edit.text} onInput={(e) => desk.type(block, tag, e.currentTarget.value)} />
      {hasUnseen(edit.text) ? <div data-says="unseen"><p class="q sm">{x.invisible}</p><Running text={edit.text} tag={tag} /></div> : null}
      <p class="row">
        {conflict ? null : <button type="button" class="btn primary" data-act="save-ready" aria-disabled={busy} onClick={() => save(true)}>{x.saveReady}</button>}
        {conflict ? null : <button type="button" class="btn" data-act="save-draft" aria-disabled={busy} onClick={() => save(false)}>{x.saveDraft}</button>}
        <button type="button" class="btn bare" data-act="close" onClick={() => desk.drop(block, tag)}>{edit.text === edit.was ? x.close : x.cancel}</button>
        {edit.text === edit.was ? null : <span class="q sm" data-says="unsaved">{x.unsaved}</span>}
      </p>
    </div>
  );
}

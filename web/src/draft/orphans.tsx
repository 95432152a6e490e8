// Texts that have lost their place while they were written: the block or the language is no longer there. They stay in sight until they are let go.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { direction, plain } from "../lang";
import { d } from "./book";
import type { Desk, Edit } from "./desk";
import { later } from "./later";
import { kindName, tongue } from "./parts";

const Frame = later(async () => (await import("./frame")).Frame, true);

export function Orphans({ desk }: { desk: Desk }) {
  const x = d.value, texts = desk.lost.value, forms = desk.lostFrames.value, head = useRef<HTMLHeadingElement>(null), some = texts.length + forms.length > 0;
  useEffect(() => { if (some && document.activeElement === document.body) head.current?.focus(); }, [some]); // the field that had the focus is gone
  if (!some) return null;
  return (
    <section class="panel stack conflict" aria-labelledby="orphans-h" data-says="orphans">
      <h2 id="orphans-h" tabIndex={-1} ref={head}>{x.orphans}</h2>
      <p class="warn" role="alert">{x.orphansHelp}</p>
      {texts.map((e) => <Orphan key={`${e.block}/${e.tag}`} desk={desk} edit={e} />)}
      {forms.map((f) => <div key={f.was.id} class="stack t"><h3>{x.particulars} <span class="q">{kindName(f.was.kind)}</span></h3><Frame desk={desk} form={f} n={0} done={() => { desk.let(f.was.id); back(); }} /></div>)}
    </section>
  );
}

const back = () => document.getElementById("work")?.focus();

function Orphan({ desk, edit }: { desk: Desk; edit: Edit }) {
  const x = d.value, field = useRef<HTMLTextAreaElement>(null), copied = useSignal(false), id = `orphan-${edit.block}-${edit.tag}`;
  const copy = async () => {
    field.current?.select(); // where the browser gives no clipboard, the text is marked for the keys
    await navigator.clipboard?.writeText(edit.text).then(() => { copied.value = true; }, () => undefined);
  };
  return (
    <div class="stack" data-orphan={`${edit.block}/${edit.tag}`}>
      <label for={id}>{x.ownText}, {tongue(edit.tag)}</label>
      <textarea id={id} ref={field} class="running" readOnly rows={4} lang={edit.tag} dir={direction(edit.tag)} value={edit.text} />
      <p class="row">
        <button type="button" class="btn primary" data-act="copy" onClick={() => void copy()}>{x.copy}<span class="vh"> {plain(x.textIn, { language: tongue(edit.tag) })}</span></button>
        <button type="button" class="btn hurt" data-act="discard" onClick={() => { desk.drop(edit.block, edit.tag); back(); }}>{x.discard}<span class="vh"> {plain(x.textIn, { language: tongue(edit.tag) })}</span></button>
        <span class="q sm" role="status">{copied.value ? x.copied : ""}</span>
      </p>
    </div>
  );
}

// What the readout is as a whole: number, languages and what each is worth, names of parties, title, and what a correction corrects.
import { useSignal } from "@preact/signals";
import { d } from "./book";
import type { Desk } from "./desk";
import { later } from "./later";
import { modeName, standingName, tongue } from "./parts";

const WholeForm = later(async () => (await import("./wholeform")).WholeForm);

export function Whole({ desk }: { desk: Desk }) {
  const x = d.value, doc = desk.doc.value!, open = useSignal(false);
  return (
    <section class="panel stack" aria-labelledby="whole-h" data-says="whole">
      <h2 id="whole-h">{x.readout}</h2>
      <dl class="facts">
        <dt>{x.mode}</dt><dd>{modeName(doc.mode)}</dd>
        {doc.number ? <><dt>{x.numberField}</dt><dd><bdi>{doc.number}</bdi></dd></> : null}
        <dt>{x.languages}</dt><dd>{doc.languages.map((l) => <span key={l.tag} class="line">{tongue(l.tag)} <span class="q">{standingName(l.standing)}</span></span>)}</dd>
        {doc.prevails ? <><dt>{x.prevails}</dt><dd>{tongue(doc.prevails)}</dd></> : null}
      </dl>
      {desk.writing.value ? <p><button type="button" class="btn" data-act="whole" aria-expanded={open.value} onClick={() => { open.value = !open.value; }}>{x.change}<span class="vh"> {x.readout}</span></button></p> : null}
      {open.value && desk.writing.value ? <WholeForm desk={desk} done={() => { open.value = false; document.querySelector<HTMLElement>("[data-act=whole]")?.focus(); }} /> : null}
    </section>
  );
}

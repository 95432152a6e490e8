// What the readout is as a whole: number, languages and what each is worth, names of parties, title, and what a correction corrects.
import { d } from "./book";
import type { Desk } from "./desk";
import { formed } from "./forms";
import { later } from "./later";
import { modeName, standingName, tongue } from "./parts";

const WholeForm = later(async () => (await import("./wholeform")).WholeForm, true);

export function Whole({ desk }: { desk: Desk }) {
  const x = d.value, doc = desk.doc.value!, form = desk.form.value;
  const toggle = () => {
    if (!form) desk.fill();
    else if (formed(form)) document.querySelector<HTMLElement>("[data-act=whole-save]")?.focus(); // only Cancel lets go what was written
    else desk.form.value = null;
  };
  return (
    <section class="panel stack" aria-labelledby="whole-h" data-says="whole">
      <h2 id="whole-h">{x.readout}</h2>
      <dl class="facts">
        <dt>{x.mode}</dt><dd>{modeName(doc.mode)}</dd>
        {doc.number ? <><dt>{x.numberField}</dt><dd><bdi>{doc.number}</bdi></dd></> : null}
        <dt>{x.languages}</dt><dd>{doc.languages.map((l) => <span key={l.tag} class="line">{tongue(l.tag)} <span class="q">{standingName(l.standing)}</span></span>)}</dd>
        {doc.prevails ? <><dt>{x.prevails}</dt><dd>{tongue(doc.prevails)}</dd></> : null}
      </dl>
      {desk.writing.value ? <p><button type="button" class="btn" data-act="whole" aria-expanded={!!form} onClick={toggle}>{x.change}<span class="vh"> {x.readout}</span></button></p> : null}
      {form ? <WholeForm desk={desk} form={form} done={() => { desk.form.value = null; document.querySelector<HTMLElement>("[data-act=whole]")?.focus(); }} /> : null}
    </section>
  );
}

// The form of what the readout is as a whole.
import { languages as ours, list, pick, plain } from "../lang";
import { useSheet } from "../view/controls";
import { LanguagesOf } from "./begin";
import { d } from "./book";
import type { Desk } from "./desk";
import { Field, Texts } from "./fields";
import { formed, type Form } from "./forms";
import { Refused, standingName, tongue } from "./parts";
import type { Document, Language, Party } from "./types.gen";

/** WholeForm writes in the desk's form, which stays until it is saved or let go. */
export function WholeForm({ desk, form, done }: { desk: Desk; form: Form; done: () => void }) {
  const x = d.value, o = form.own, tags = form.was.languages.map((l) => l.tag), ask = useSheet(), conflict = Object.keys(form.theirs).length > 0;
  const set = (change: Partial<Document>) => { const now = desk.form.peek(); if (now) desk.form.value = { ...now, own: { ...now.own, ...change } }; };
  const known = ours.map((l) => l.lang as string), all = [...tags, ...known.filter((l) => !tags.includes(l))];
  const party = (id: string, change: Partial<Party>) => set({ parties: o.parties.map((p) => (p.id === id ? { ...p, ...change } : p)) });
  const goes = tags.filter((tag) => !o.languages.some((l) => l.tag === tag)), shut = !desk.writing.value || conflict;
  const save = async () => {
    ask.hide();
    const { title, number, parties, languages, prevails, correction } = o;
    if (!await desk.whole({ title, number: number ?? "", parties, languages, prevails: prevails ?? "", ...(correction ? { correction } : {}) }, form.version)) return;
    const now = desk.form.peek();
    if (!now || !formed(now)) done(); // else something was typed since
  };
  const submit = () => {
    if (shut || desk.busy.peek()) return;
    if (goes.length) ask.show(); else void save();
  };
  return (
    <form class="stack" data-form="whole" onSubmit={(e) => { e.preventDefault(); submit(); }}>
      <Field name="number" label={x.numberField} value={o.number ?? ""} set={(number) => set({ number })} max={64} />
      <LanguagesOf value={o.languages} tags={all} set={(languages) => set({ languages })} prevails={o.prevails ?? ""} setPrevails={(prevails) => set({ prevails })} />
      <Texts name="title" label={x.titleIn} tags={tags} value={o.title} set={(title) => set({ title })} />
      {o.parties.map((p) => (
        <div key={p.id} class="stack t">
          <Texts name={`party.${p.id}.name`} label={x.partyNameIn} args={{ party: pick(p.name) || p.id }} tags={tags} value={p.name} set={(name) => party(p.id, { name })} />
          {p.longName ? <Texts name={`party.${p.id}.longName`} label={x.partyLongIn} args={{ party: pick(p.name) || p.id }} tags={tags} value={p.longName} set={(longName) => party(p.id, { longName })} /> : null}
          {p.city ? <Texts name={`party.${p.id}.city`} label={x.partyCityIn} args={{ party: pick(p.name) || p.id }} tags={tags} value={p.city} set={(city) => party(p.id, { city })} /> : null}
        </div>
      ))}
      {o.revision > 1 ? <Texts name="correction" label={x.correctionIn} tags={tags} value={o.correction ?? {}} set={(correction) => set({ correction })} /> : null}
      {conflict ? <Theirs desk={desk} form={form} /> : null}
      <Refused desk={desk} at="whole" />
      <p class="row"><button class="btn primary" data-act="whole-save" aria-disabled={desk.busy.value || shut || undefined}>{x.save}</button><button type="button" class="btn bare" data-act="whole-close" onClick={done}>{x.cancel}</button></p>
      <dialog class="sheet" ref={ask.dialog} aria-labelledby="goes-h">
        <h2 id="goes-h">{x.dropLanguage}</h2>
        <p>{list(goes.map((tag) => tongue(tag)))}</p>
        <p>{x.dropLanguageHelp}</p>
        <p class="row"><button type="button" class="btn hurt" data-act="drop-language" onClick={() => void save()}>{x.dropNow}</button><button type="button" class="btn primary" autofocus onClick={ask.hide}>{x.cancel}</button></p>
      </dialog>
    </form>
  );
}

/** Theirs are the parts that somebody else has saved otherwise while they were written here. */
function Theirs({ desk, form }: { desk: Desk; form: Form }) {
  const x = d.value, back = () => document.querySelector<HTMLElement>("[data-act=whole-save]")?.focus();
  return (
    <div class="conflict stack" role="group" aria-label={x.theirText} data-conflict="whole">
      <p class="warn" role="alert">{x.conflictWhole}</p>
      <p class="label">{x.theirText}</p>
      <dl class="facts">{Object.entries(form.theirs).map(([key, value]) => <Part key={key} form={form} at={key} value={value} />)}</dl>
      <p class="row"><button type="button" class="btn" data-act="whole-over" onClick={() => { desk.settle(true); back(); }}>{x.keepOwn}</button><button type="button" class="btn" data-act="whole-theirs" onClick={() => { desk.settle(false); back(); }}>{x.takeTheirs}</button></p>
    </div>
  );
}

function Part({ form, at, value }: { form: Form; at: string; value: string }) {
  const x = d.value, [what, id = "", field = "", tag = ""] = at.split("/"), party = form.was.parties.find((p) => p.id === id);
  const label = what === "number" ? x.numberField : what === "prevails" ? x.prevails : what === "languages" ? x.languages
    : what === "title" ? plain(x.titleIn, { language: tongue(id) }) : what === "correction" ? plain(x.correctionIn, { language: tongue(id) })
      : plain({ longName: x.partyLongIn, city: x.partyCityIn }[field] ?? x.partyNameIn, { party: pick(party?.name) || id, language: tongue(tag) });
  const text = what === "languages" ? (JSON.parse(value) as Language[]).map((l) => <span key={l.tag} class="line">{tongue(l.tag)} <span class="q">{standingName(l.standing)}</span></span>)
    : what === "prevails" ? value ? tongue(value) : x.prevailsNone : value ? <bdi lang={tag || (what === "number" ? undefined : id)}>{value}</bdi> : x.noText;
  return <><dt>{label}</dt><dd data-theirs={at}>{text}</dd></>;
}

// The form of what the readout is as a whole.
import { useSignal } from "@preact/signals";
import { languages as ours, pick } from "../lang";
import { LanguagesOf } from "./begin";
import { d } from "./book";
import type { Desk } from "./desk";
import { Field, Texts } from "./fields";
import { Refused } from "./parts";
import type { Document, Party } from "./types.gen";

export function WholeForm({ desk, done }: { desk: Desk; done: () => void }) {
  const x = d.value, own = useSignal<Document>(structuredClone(desk.doc.value!)), o = own.value, tags = o.languages.map((l) => l.tag), version = useSignal(desk.view.value!.manuscript.version);
  const set = (change: Partial<Document>) => { own.value = { ...own.value, ...change }; };
  const known = ours.map((l) => l.lang as string), all = [...tags, ...known.filter((l) => !tags.includes(l))];
  const party = (id: string, change: Partial<Party>) => set({ parties: o.parties.map((p) => (p.id === id ? { ...p, ...change } : p)) });
  const save = async () => {
    const { title, number, parties, languages, prevails, correction } = own.value;
    if (await desk.whole({ title, number: number ?? "", parties, languages, prevails: prevails ?? "", ...(correction ? { correction } : {}) }, version.value)) done();
    else if (desk.error.value?.code === "readout.changed") version.value = desk.view.value!.manuscript.version; // what is saved now is shown above; pressed again, ours is laid over it
  };
  return (
    <form class="stack" data-form="whole" onSubmit={(e) => { e.preventDefault(); void save(); }}>
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
      <Refused desk={desk} at="whole" />
      <p class="row"><button class="btn primary" data-act="whole-save" aria-disabled={desk.busy.value || undefined}>{x.save}</button><button type="button" class="btn bare" data-act="whole-close" onClick={done}>{x.cancel}</button></p>
    </form>
  );
}

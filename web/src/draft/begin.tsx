// Beginning a readout: from the record of a meeting, or of a document that an import has written.
import { useSignal } from "@preact/signals";
import { day, languages as ours, lang, pick } from "../lang";
import { Choices } from "../view/controls";
import { d } from "./book";
import type { Desk } from "./desk";
import { Field, Select } from "./fields";
import { Refused, tongue } from "./parts";
import type { Document, Language } from "./types.gen";

const standings = () => {
  const x = d.value;
  return [{ value: "", text: x.standNone }, { value: "authentic", text: x.authentic }, { value: "official", text: x.official }, { value: "courtesy", text: x.courtesy }];
};

/** LanguagesOf is the choice of languages with what each is worth, in the order in which they stand everywhere. */
export function LanguagesOf({ value, tags, set, prevails, setPrevails }: { value: Language[]; tags: string[]; set: (v: Language[]) => void; prevails: string; setPrevails: (v: string) => void }) {
  const x = d.value, of = (tag: string) => value.find((l) => l.tag === tag)?.standing ?? "";
  const authentic = value.filter((l) => l.standing === "authentic");
  const choose = (tag: string, standing: string) => {
    const next = tags.map((y) => ({ tag: y, standing: y === tag ? standing : of(y) })).filter((l) => l.standing);
    set(next);
    if (!next.some((l) => l.tag === prevails && l.standing === "authentic")) setPrevails("");
  };
  return (
    <fieldset>
      <legend>{x.languages}</legend>
      <p class="q sm">{x.languagesHelp}</p>
      <div class="fields tight">{tags.map((tag) => <Select key={tag} name={`language.${tag}`} label={tongue(tag)} value={of(tag)} options={standings()} set={(v) => choose(tag, v)} />)}</div>
      {authentic.length > 1 ? <Select name="prevails" label={x.prevails} value={prevails} options={[{ value: "", text: x.prevailsNone }, ...authentic.map((l) => ({ value: l.tag, text: tongue(l.tag) }))]} set={setPrevails} /> : null}
    </fieldset>
  );
}

export function Begin({ desk }: { desk: Desk }) {
  const x = d.value, list = desk.meetings.value, from = useSignal<"record" | "file">("record"), chosen = useSignal("");
  const meeting = list.find((m) => m.id === (chosen.value || desk.from.value)) ?? list[0];
  const id = useSignal<string | null>(null), mode = useSignal<"joint" | "coordinated" | "separate">("joint"), number = useSignal(""), beside = useSignal(""), prevails = useSignal(""), file = useSignal<Document | null>(null);
  const picked = useSignal<Language[] | null>(null);
  const known = ours.map((l) => l.lang as string), tags = [...known, ...(meeting?.languages ?? []).filter((l) => !known.includes(l))];
  const spoken = tags.filter((l) => meeting?.languages?.includes(l));
  const standing = picked.value ?? (spoken.length ? spoken : [lang.value]).map((tag) => ({ tag: tag as string, standing: "authentic" }));
  const read = async (f: File | undefined) => {
    file.value = null;
    desk.error.value = null;
    try {
      if (f) file.value = JSON.parse(await f.text()) as Document;
    } catch {
      desk.error.value = { code: "file.json", args: {}, where: "begin" };
    }
  };
  const go = () => {
    if (from.value === "file") return file.value ? void desk.begin({ document: file.value }) : undefined;
    if (!meeting) return undefined;
    return void desk.begin({ id: (id.value ?? meeting.id).trim(), meeting: meeting.id, mode: mode.value, number: number.value.trim(), languages: standing,
      ...(prevails.value ? { prevails: prevails.value } : {}), ...(mode.value === "coordinated" && beside.value.trim() ? { beside: beside.value.trim() } : {}) });
  };
  return (
    <section aria-labelledby="begin"><h2 id="begin">{x.newReadout}</h2>
      <form class="stack" onSubmit={(e) => { e.preventDefault(); go(); }}>
        <Choices name="from" label={x.beginFrom} title value={from.value} choose={(v) => { from.value = v; }} options={[{ value: "record", text: x.fromRecord, help: x.fromRecordHelp }, { value: "file", text: x.fromFile, help: x.fileHelp }]} />
        {from.value === "file" ? (
          <div class="field"><label for="import">{x.fromFile}</label><input id="import" type="file" accept=".json,application/json" data-field="file" onChange={(e) => void read(e.currentTarget.files?.[0])} /></div>
        ) : meeting ? (
          <>
            <Select name="meeting" label={x.meeting} value={meeting.id} set={(v) => { chosen.value = v; picked.value = null; }} options={list.map((m) => ({ value: m.id, text: `${pick(m.title) || m.id} · ${day(new Date(m.start), m.parties[0]?.zone ?? "UTC")}` }))} />
            <Choices name="mode" label={x.mode} title value={mode.value} choose={(v) => { mode.value = v; }} options={[{ value: "joint", text: x.modeJoint, help: x.modeJointHelp }, { value: "coordinated", text: x.modeCoordinated, help: x.modeCoordinatedHelp }, { value: "separate", text: x.modeSeparate, help: x.modeSeparateHelp }]} />
            <div class="fields">
              <Field name="id" label={x.idField} value={id.value ?? meeting.id} set={(v) => { id.value = v; }} dir="ltr" help={x.idHelp} max={64} />
              <Field name="number" label={x.numberField} value={number.value} set={(v) => { number.value = v; }} max={64} />
              {mode.value === "coordinated" ? <Field name="beside" label={x.besideField} value={beside.value} set={(v) => { beside.value = v; }} dir="ltr" max={64} /> : null}
            </div>
            <LanguagesOf value={standing} tags={tags} set={(v) => { picked.value = v; }} prevails={prevails.value} setPrevails={(v) => { prevails.value = v; }} />
          </>
        ) : <p class="q">{x.noMeetings}</p>}
        <Refused desk={desk} at="begin" />
        <p class="row"><button class="btn primary" data-act="begin" aria-disabled={desk.busy.value || (from.value === "file" ? !file.value : !meeting) || undefined}>{x.begin}</button></p>
      </form>
    </section>
  );
}

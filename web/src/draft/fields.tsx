// Fields of the drafting pages' forms.
import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";
import { direction, plain } from "../lang";
import { tongue } from "./parts";

/** Field is one line of text. */
export function Field({ name, label, value, set, tag, dir, help, bad, max = 500 }: {
  name: string; label: string; value: string; set: (v: string) => void; tag?: string; dir?: "ltr"; help?: ComponentChildren; bad?: boolean; max?: number;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} type="text" data-field={name} class={tag ? "text" : undefined} lang={tag} dir={dir ?? (tag ? direction(tag) : undefined)} value={value} maxLength={max} autocomplete="off" spellcheck={tag ? undefined : false}
        aria-invalid={bad || undefined} aria-describedby={help ? id + "-help" : undefined} onInput={(e) => set(e.currentTarget.value)} />
      {help ? <p class="q sm" id={id + "-help"}>{help}</p> : null}
    </div>
  );
}

/** Texts is one text in every language of the readout. label has the place {language}. */
export function Texts({ name, label, tags, value, set, args = {} }: {
  name: string; label: string; tags: string[]; value: Record<string, string>; set: (v: Record<string, string>) => void; args?: Record<string, string>;
}) {
  return <div class="fields">{tags.map((tag) => <Field key={tag} name={`${name}.${tag}`} tag={tag} label={plain(label, { ...args, language: tongue(tag) })} value={value[tag] ?? ""} set={(v) => set(kept({ ...value, [tag]: v }))} />)}</div>;
}

/** kept leaves out what is empty: an empty text is none. */
const kept = (t: Record<string, string>) => Object.fromEntries(Object.entries(t).filter(([, v]) => v !== ""));

export function Select({ name, label, value, options, set, help }: {
  name: string; label: string; value: string; options: { value: string; text: string }[]; set: (v: string) => void; help?: ComponentChildren;
}) {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} data-field={name} value={value} aria-describedby={help ? id + "-help" : undefined} onChange={(e) => set(e.currentTarget.value)}>
        {options.map((o) => <option key={o.value} value={o.value} selected={o.value === value}>{o.text}</option>)}
      </select>
      {help ? <p class="q sm" id={id + "-help"}>{help}</p> : null}
    </div>
  );
}

/** Ticks is a group of boxes of which any number is ticked. */
export function Ticks({ name, label, value, options, set }: {
  name: string; label: string; value: string[]; options: { value: string; text: ComponentChildren }[]; set: (v: string[]) => void;
}) {
  return (
    <fieldset class="ticks">
      <legend>{label}</legend>
      {options.map((o) => (
        <label key={o.value} class="tick"><input type="checkbox" data-tick={`${name}.${o.value}`} checked={value.includes(o.value)}
          onChange={(e) => set(e.currentTarget.checked ? options.map((y) => y.value).filter((v) => v === o.value || value.includes(v)) : value.filter((v) => v !== o.value))} /><span>{o.text}</span></label>
      ))}
    </fieldset>
  );
}

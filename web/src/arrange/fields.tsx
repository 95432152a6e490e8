// Fields of the form, each with what is wrong with it beside it.
import type { ComponentChildren } from "preact";
import { direction, fill, lang, plain, t } from "../lang";
import type { ArrangeProblem, Text } from "../wire.gen";
import { a } from "./book";
import type { Desk } from "./desk";

/** tongue is a language's name in the reader's language; standing alone, with a capital. */
export function tongue(tag: string, alone = false): string {
  const name = new Intl.DisplayNames(lang.value, { type: "language", fallback: "code" }).of(tag) ?? tag;
  return alone ? name.charAt(0).toLocaleUpperCase(lang.value) + name.slice(1) : name;
}

/** wrong is what a problem says, in words. Codes are those of docs/protocol.md. */
export function wrong(p: { code: string }): ComponentChildren {
  const x = a.value;
  if (p.code === "text.empty") return x.badEmpty;
  if (p.code === "text.long" || p.code === "meeting.size") return x.badLong;
  if (p.code.startsWith("text.")) return x.badSign;
  if (p.code === "party.zone") return x.badZone;
  if (p.code === "member.precedence") return x.badPrecedence;
  if (p.code === "party.principals") return x.badPrincipals;
  if (p.code === "meeting.members") return x.badMembers;
  return fill(x.badOther, { code: p.code });
}

/** problemAt finds what the node said of a field when the draft was last saved. */
export function problemAt(desk: Desk, path: string): ArrangeProblem | undefined {
  return desk.kase.value?.problems.find((p) => p.path === path || p.path.startsWith(path + ".") && path.split(".").length > 1);
}

export const fieldId = (path: string) => "f-" + path.replace(/[^A-Za-z0-9]+/g, "-");

export function Bad({ desk, path, say }: { desk: Desk; path: string; say?: ComponentChildren }) {
  const p = problemAt(desk, path);
  return say || p ? <p class="bad alarm sm" id={fieldId(path) + "-bad"} data-bad={path}>{say ?? wrong(p!)}</p> : null;
}

export function Field({ desk, path, label, value, set, dir, tag, numeric, readOnly, bad, max = 300 }: {
  desk: Desk; path: string; label: string; value: string; set?: (v: string) => void; dir?: "ltr" | "rtl"; tag?: string; numeric?: boolean; readOnly?: boolean; bad?: ComponentChildren; max?: number;
}) {
  const id = fieldId(path), failed = !!bad || !!problemAt(desk, path);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input id={id} data-field={path} type="text" class={tag ? "text" : undefined} lang={tag} dir={dir ?? (tag ? direction(tag) : undefined)} value={value} maxLength={max} readOnly={readOnly} autocomplete="off"
        inputMode={numeric ? "numeric" : undefined} aria-invalid={failed || undefined} aria-describedby={failed ? id + "-bad" : undefined} onInput={(e) => set?.(e.currentTarget.value)} />
      <Bad desk={desk} path={path} say={bad} />
    </div>
  );
}

/** Texts is one text in every language that the draft is written in. label has the place {language}. */
export function Texts({ desk, path, label, value, set, args = {}, wide }: {
  desk: Desk; path: string; label: string; value: Text; set: (v: Text) => void; args?: Record<string, string>; wide?: boolean;
}) {
  return (
    <div class={wide ? "fields wide" : "fields"}>
      {desk.tags.value.map((tag) => (
        <Field key={tag} desk={desk} path={`${path}.${tag}`} tag={tag} label={plain(label, { ...args, language: tongue(tag) })} value={value[tag] ?? ""} set={(v) => set({ ...value, [tag]: v })} />
      ))}
      {desk.kase.value?.problems.some((p) => p.path === path) ? <Bad desk={desk} path={path} /> : null}
    </div>
  );
}

export function Select({ path, label, value, options, set, disabled, help, dir }: {
  path: string; label: string; value: string; options: { value: string; text: string; tag?: string }[]; set: (v: string) => void; disabled?: boolean; help?: ComponentChildren; dir?: "ltr";
}) {
  const id = fieldId(path);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select id={id} dir={dir} data-field={path} value={value} disabled={disabled} aria-describedby={help ? id + "-help" : undefined} onChange={(e) => set(e.currentTarget.value)}>
        {options.map((o) => <option key={o.value} value={o.value} lang={o.tag} selected={o.value === value}>{o.text}</option>)}
      </select>
      {help ? <p class="q sm" id={id + "-help"}>{help}</p> : null}
    </div>
  );
}

export function Section({ id, title, children }: { id: string; title: string; children: ComponentChildren }) {
  return <section aria-labelledby={id}><h2 id={id}>{title}</h2><div class="stack">{children}</div></section>;
}

/** roleName of a member, as the consoles have it. */
export function roleName(role: string): string {
  const x = a.value, y = t.value;
  return { principal: x.rolePrincipal, delegate: x.roleDelegate, interpreter: y.roleInterpreter, officer: y.roleOfficer, technician: y.roleTechnician, press: y.rolePress }[role] ?? role;
}

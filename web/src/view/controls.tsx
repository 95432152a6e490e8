// Controls that every console shares: a button that asks the node, a choice, the line that says why not, an alarm's line.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { actKey } from "../call/acts";
import { lang, languages, speak, t, type Lang } from "../lang";
import type { Act as ActMessage } from "../wire.gen";
import { said } from "./codes";
import { Icon, type IconName } from "./icons";

type More = Omit<Partial<ActMessage>, "id" | "do">;

/** Act is a button that asks the node and rests until the answer. A refusal appears in Refused; done is told of success.
 * The second click of a double click asks nothing: what stands under the pointer may have changed with the first. */
export function Act({ call, what, more, kind = "", icon, flip, children, done, disabled, label }: {
  call: Call; what: string; more?: More; kind?: string; icon?: IconName; flip?: boolean; children?: ComponentChildren; done?: () => void; disabled?: boolean; label?: string;
}) {
  const busy = call.acts.pending.value.has(actKey(what, more?.member));
  const press = async () => {
    if (busy || disabled) return;
    if ((await call.act(what, more)) === null) done?.();
  };
  return (
    <button type="button" class={`btn ${kind}`} data-act={what} data-member={more?.member} data-value={more?.value} aria-disabled={busy || undefined} disabled={disabled} aria-label={label} title={label} onClick={(e) => { if (e.detail < 2) void press(); }}>
      {icon ? <Icon name={icon} flip={flip} /> : null}{children}
    </button>
  );
}

/** Refused says why the last act was not done. One for each page. */
export function Refused({ call }: { call: Call }) {
  const r = call.acts.refused.value;
  return <p class="refused alarm" role="alert" data-refused={r?.code}>{r ? <><Icon name="warn" /><span>{said(r.code)}</span></> : null}</p>;
}

/** Choices is a group of radio buttons with one tab stop; each option may say a second, quieter thing. */
export function Choices<T extends string>({ name, label, value, options, choose, kind = "", title }: {
  name: string; title?: boolean; label: string; value: T; options: { value: T; text: ComponentChildren; help?: ComponentChildren; disabled?: boolean }[]; choose: (v: T) => void; kind?: string;
}) {
  return (
    <div class={`choices ${kind}`} role="radiogroup" aria-label={label}>
      {title ? <p class="label" aria-hidden="true">{label}</p> : null}
      {options.map((o) => (
        <label class="choice" key={o.value}>
          <input type="radio" name={name} value={o.value} checked={o.value === value} disabled={o.disabled} onChange={() => choose(o.value)} />
          <span><span>{o.text}</span>{o.help ? <em>{o.help}</em> : null}</span>
        </label>
      ))}
    </div>
  );
}

/** AlarmLine is one thing that somebody must look at: what, since when, and at most one button. It stands still. */
export function AlarmLine({ code, icon = "warn", tone = "alarm", since, children, act }: { code: string; icon?: IconName; tone?: "alarm" | "warn"; since?: ComponentChildren; children: ComponentChildren; act?: ComponentChildren }) {
  return (
    <li class={`alarmline ${tone}`} data-alarm={code}>
      <Icon name={icon} /><p>{children}{since ? <span class="q sm"> {since}</span> : null}</p>{act}
    </li>
  );
}

/** LanguageMenu is the choice of language where a row of six names has no room. */
export function LanguageMenu() {
  return (
    <select class="langmenu" aria-label={t.value.language} data-act="language" value={lang.value} onChange={(e) => void speak(e.currentTarget.value as Lang)}>
      {languages.map((l) => <option key={l.lang} value={l.lang} lang={l.lang} selected={l.lang === lang.value}>{l.own}</option>)}
    </select>
  );
}

/** useLasting is true once a condition has lasted ms: what heals by itself needs no alarm. */
export function useLasting(condition: boolean, ms: number): boolean {
  const lasting = useSignal(false);
  useEffect(() => {
    if (!condition) {
      lasting.value = false;
      return undefined;
    }
    const timer = setTimeout(() => { lasting.value = true; }, ms);
    return () => clearTimeout(timer);
  }, [condition]);
  return lasting.value && condition;
}

/** Sheet is a dialog that the browser keeps the focus in; open() is given to whoever has the button. */
export function useSheet() {
  const dialog = useRef<HTMLDialogElement>(null);
  return { dialog, show: () => dialog.current?.showModal(), hide: () => dialog.current?.close() };
}

// The officer's page for accounts: who may sign in, codes for passkeys, sessions; and the security log.
import { signal, useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { clock, day, fill, lang, t, title } from "../lang";
import { LanguageMenu, useSheet } from "../view/controls";
import { Notice } from "../view/parts";
import type { AccountRow } from "../wire.gen";
import { add, asking, busy, end, failed, give, issued, load, remove, rows, where } from "./desk";
import { Log } from "./log";
import { refusal, w } from "./words";

export function Page() {
  const x = w.value;
  useEffect(() => void load(), []);
  title.value = x.title;
  switch (where.value) {
    case "loading": return <Notice title={t.value.loading} />;
    case "server": return <Notice title={t.value.serverTitle} help={t.value.serverHelp} />;
    case "signin": case "role": return <Notice says={where.value} title={where.value === "role" ? x.officersOnly : x.signInFirst}><a class="btn big primary" href={`/signin?lang=${lang.value}&to=/accounts`}>{x.signIn}</a></Notice>;
    default: return <List />;
  }
}

/** moment is a time of the node's, in the zone that it names. */
export const moment = (at: string) => fill(w.value.date, { date: `${day(new Date(at), "UTC")} ${clock(new Date(at), "UTC")}` });

const roleName = (r: string) => (r === "officer" ? t.value.roleOfficer : t.value.roleTechnician);

/** Question is what is asked once more. */
interface Question { key: string; title: ComponentChildren; help: string; yes: string; act: () => void }
const question = signal<Question | null>(null);

function List() {
  const x = w.value;
  return (
    <div class="paper accounts" data-says="accounts">
      <header class="top"><p class="mark" lang="en">Visavis</p><div class="title"><p class="q sm"><a class="btn bare back" href={`/officer?lang=${lang.value}`}>{x.toMeetings}</a></p><h1 tabIndex={-1}>{x.title}</h1></div><LanguageMenu /></header>
      <main>
        <section aria-labelledby="acc-h">
          <h2 id="acc-h">{x.accounts}</h2>
          <ul class="accountlist">{rows.value.map((a) => <Row key={a.id} a={a} />)}</ul>
          <Said inLog={false} />
        </section>
        <New />
        <Log />
      </main>
      <Asked />
      <Issued />
    </div>
  );
}

/** Said is what the last press led to: the passkey that is asked for, or why nothing was done. */
export function Said({ inLog }: { inLog: boolean }) {
  const no = failed.value?.log === inLog ? failed.value.code : "";
  return (
    <>
      <p role="status" data-confirm={asking.value || undefined}>{asking.value ? t.value.passkeyNow : ""}</p>
      <p class="refusal alarm" role="alert" data-refused={no || undefined}>{no ? refusal(no) : ""}</p>
    </>
  );
}

function Row({ a }: { a: AccountRow }) {
  const x = w.value, name = <bdi key="n">{a.name}</bdi>, far = !a.own;
  const button = (act: string, word: string, press: () => void) => <button type="button" class="btn" data-act={act} aria-disabled={busy.value || undefined} onClick={press}>{word}<span class="vh"> <bdi>{a.name}</bdi></span></button>;
  const ask = (key: string, title: string, help: string, yes: string, act: () => void) => () => { question.value = { key, title: fill(title, { name }), help, yes, act }; };
  return (
    <li data-account={a.id} data-role={a.role}>
      <div>
        <p><strong class="serif"><bdi>{a.name}</bdi></strong>{a.own ? <span class="q"> · {x.own}</span> : null}</p>
        <p class="q sm">{roleName(a.role)} · <bdi class="mono">{a.id}</bdi></p>
        <p class="q sm"><span data-passkeys={a.passkeys}>{fill(x.passkeys, { n: String(a.passkeys) })}</span> · {a.used ? fill(x.used, { date: <bdi key="d">{moment(a.used)}</bdi> }) : x.never} · <span data-sessions={a.sessions}>{a.sessions ? fill(x.signedIn, { n: String(a.sessions) }) : x.nobody}</span></p>
      </div>
      <div class="row acts">
        {a.own || !a.passkeys ? button("code", a.own ? x.newCodeOwn : x.newCode, () => void give(a, false)) : button("lost", x.lost, ask("lost", x.askLost, fillText(x.askLostHelp, a), x.yesLost, () => void give(a, true)))}
        {far && a.sessions ? button("end", x.end, ask("end", x.askEnd, x.askEndHelp, x.yesEnd, () => void end(a))) : null}
        {far ? button("remove", x.remove, ask("remove", x.askRemove, x.askRemoveHelp, x.yesRemove, () => void remove(a))) : null}
      </div>
    </li>
  );
}

const fillText = (text: string, a: AccountRow) => text.replace("{name}", `\u2068${a.name}\u2069`);

/** suggested is an identifier for a name in Latin letters: that of the party, as the reader's own has it, and the last word. */
function suggested(name: string): string {
  const own = rows.value.find((a) => a.own)?.id ?? "", party = own.includes("-") ? own.slice(0, own.indexOf("-") + 1) : "";
  const last = name.trim().split(/\s+/).at(-1)!.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return /^[a-z0-9-]+$/.test(last) ? party + last : "";
}

function New() {
  const x = w.value, name = useSignal(""), id = useSignal<string | null>(null), role = useSignal("officer");
  const key = id.value ?? suggested(name.value), good = name.value.trim() !== "" && key.trim() !== "";
  const make = async () => {
    if (!good || !await add({ id: key.trim(), name: name.value.trim(), role: role.value })) return;
    name.value = "";
    id.value = null;
  };
  return (
    <section aria-labelledby="new-h">
      <h2 id="new-h">{x.newAccount}</h2>
      <form class="newaccount" onSubmit={(e) => { e.preventDefault(); void make(); }}>
        <div class="field"><label for="acc-name">{x.name}</label><input id="acc-name" type="text" dir="auto" maxLength={200} autocomplete="off" value={name.value} onInput={(e) => { name.value = e.currentTarget.value; }} /></div>
        <div class="field"><label for="acc-id">{x.id}</label><input id="acc-id" class="mono" type="text" dir="ltr" maxLength={64} autocomplete="off" spellcheck={false} autocapitalize="none" aria-describedby="acc-id-help" value={key} onInput={(e) => { id.value = e.currentTarget.value; }} /><p class="q sm" id="acc-id-help">{x.idHelp}</p></div>
        <div class="field"><label for="acc-role">{x.role}</label><select id="acc-role" value={role.value} onChange={(e) => { role.value = e.currentTarget.value; }}>{["officer", "technician"].map((r) => <option key={r} value={r}>{roleName(r)}</option>)}</select></div>
        <p class="row"><button class="btn primary" data-act="add" aria-disabled={busy.value || !good || undefined}>{x.make}</button></p>
      </form>
    </section>
  );
}

function Asked() {
  const q = question.value, dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => { if (q && !dialog.current?.open) dialog.current?.showModal(); }, [q]);
  if (!q) return null;
  const close = () => { dialog.current?.close(); question.value = null; };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="ask-h" data-ask={q.key} onClose={() => { question.value = null; }}>
      <h2 id="ask-h" tabIndex={-1} autofocus>{q.title}</h2>
      <p>{q.help}</p>
      <p class="row"><button type="button" class="btn big primary" data-act="yes" onClick={() => { close(); q.act(); }}>{q.yes}</button><button type="button" class="btn big" data-act="cancel" onClick={close}>{w.value.cancel}</button></p>
    </dialog>
  );
}

/** Issued shows a code once; it is in no list and not asked for again. */
function Issued() {
  const x = w.value, got = issued.value, sheet = useSheet(), copied = useSignal(false);
  useLayoutEffect(() => { if (got) { copied.value = false; sheet.show(); } }, [got]);
  return (
    <dialog class="sheet" ref={sheet.dialog} aria-labelledby="issued-h" onClose={() => { issued.value = null; }}>
      {got ? <>
        <h2 id="issued-h" tabIndex={-1} autofocus>{fill(x.issuedTitle, { name: got.name })}</h2>
        <p>{x.issuedHelp}</p>
        <div class="field"><label for="once">{x.link}</label><input id="once" data-once="link" class="mono" type="text" readOnly dir="ltr" value={got.code.url} onFocus={(e) => e.currentTarget.select()} /></div>
        <p class="q sm">{fill(x.issuedUntil, { date: <bdi key="d">{moment(got.code.expires)}</bdi> })}</p>
        <p class="row"><button type="button" class="btn" data-act="copy" onClick={() => void navigator.clipboard?.writeText(got.code.url).then(() => { copied.value = true; })}>{copied.value ? x.copied : x.copy}</button><button type="button" class="btn primary" data-act="issued-done" onClick={sheet.hide}>{x.close}</button></p>
      </> : null}
    </dialog>
  );
}

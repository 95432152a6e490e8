// Signing in with a passkey, and making the first one with a code.
import { useSignal } from "@preact/signals";
import { register, signIn, type Passed } from "../call/passkey";
import { t } from "../lang";
import { h } from "../home/words";
import { said } from "./codes";
import { Icon } from "./icons";
import { Languages } from "./parts";

/** where the person goes next: a path of this node that the address names, or the officer's page. */
function next(): string {
  const to = new URLSearchParams(location.search).get("to") ?? "";
  return /^\/(?![/\\])[\w\-./?=&%]*$/.test(to) ? to : "/officer";
}

export function Page({ code }: { code: string }) {
  const x = h.value, failed = useSignal<Passed>(""), busy = useSignal(false), enrol = location.pathname === "/enrol";
  const go = async (f: () => Promise<Passed>) => {
    if (busy.value) return;
    busy.value = true;
    failed.value = "";
    const passed = await f();
    busy.value = false;
    failed.value = passed;
    if (!passed) location.assign(next());
  };
  const entered = () => code || (document.getElementById("enrolment") as HTMLInputElement | null)?.value.trim() || "";
  return (
    <div class="paper notice" data-says={enrol ? "enrol" : "signin"}>
      <header class="top"><p class="mark" lang="en">Visavis</p><span class="grow" /><Languages /></header>
      <main>
        <h1 tabIndex={-1}>{enrol ? x.makePasskey : x.signIn}</h1>
        <p class="lead">{enrol ? x.firstCodeHelp : x.signInHelp}</p>
        <form class="stack" onSubmit={(e) => { e.preventDefault(); void go(enrol ? () => register(entered()) : signIn); }}>
          {enrol && !code ? (
            <div class="stack t pin">
              <label for="enrolment"><strong>{x.firstCode}</strong></label>
              <input id="enrolment" type="text" autocomplete="off" spellcheck={false} dir="ltr" maxLength={64} required />
            </div>
          ) : null}
          <p class="row"><button class="btn big primary" data-act={enrol ? "register" : "signin"} aria-disabled={busy.value}><Icon name="keyup" />{enrol ? x.makePasskey : x.signInNow}</button></p>
        </form>
        <p class="alarm" role="alert" data-failed={failed.value || undefined}>{failed.value === "none" ? x.signInNone : failed.value === "cancelled" ? t.value.signInFailed : failed.value ? said(failed.value) : ""}</p>
      </main>
    </div>
  );
}

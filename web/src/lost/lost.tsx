// When a file of the page does not come: the page loads anew, once, then it says so. What it says comes with the page itself, in six languages.
import { useEffect, useRef } from "preact/hooks";
import { fill, lang, languages, t, unspoken, type Lang } from "../lang";
import { text as ar } from "./text/ar";
import { text as en, type Table } from "./text/en";
import { text as es } from "./text/es";
import { text as fr } from "./text/fr";
import { text as ru } from "./text/ru";
import { text as zh } from "./text/zh";

const texts: Record<Lang, Table> = { ar, zh, en, fr, ru, es };
const limit = 8000; // ms for the node to answer

/** Carried is what a page leaves to the one after it in the browser's history entry, not in the address: the invitation's code, which has left
 * the address, and that it was loaded anew for a lost file. */
interface Carried { visavis: { code: string } }

/** carried takes what the page before has left; null: nothing was lost. */
export function carried(): { code: string } | null {
  return (history.state as Carried | null)?.visavis ?? null;
}

/** anew loads the page again; it never returns. */
export function anew(code: string): Promise<never> {
  history.replaceState({ visavis: { code } } satisfies Carried, "", location.href);
  location.reload();
  return new Promise(() => undefined);
}

/** answers says whether the node gives this page: a file that does not come then is lost, and waiting does not bring it. */
export async function answers(): Promise<boolean> {
  try {
    return (await fetch(location.pathname, { cache: "no-store", signal: AbortSignal.timeout(limit) })).ok;
  } catch {
    return false;
  }
}

export function Lost({ code }: { code: () => string }) {
  const x = texts[lang.value], head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), []);
  return (
    <div class="paper notice" data-says="lost">
      <header class="top"><p class="mark" lang="en">Visavis</p></header>
      <main>
        <h1 ref={head} tabIndex={-1}>{x.title}</h1>
        <p class="lead">{x.help}</p>
        <p class="row"><button type="button" class="btn big primary" data-act="again" onClick={() => void anew(code())}>{x.again}</button></p>
      </main>
    </div>
  );
}

/** LostPart says in place that a part of a page has not come. The page is loaded anew only by the person: there may be texts in it that are not saved. */
export function LostPart() {
  const x = texts[lang.value];
  return (
    <div class="lostpart" role="alert" data-says="lost-part">
      <p><b>{x.title}</b> {x.help}</p>
      <p class="row"><button type="button" class="btn" data-act="again" onClick={() => location.reload()}>{x.again}</button></p>
    </div>
  );
}

/** Unspoken says that a language that was chosen has not come. A page that is in use is never loaded anew for it. */
export function Unspoken() {
  const own = languages.find((l) => l.lang === unspoken.value)?.own;
  return own ? <p class="unspoken" role="alert">{fill(t.value.unspoken, { language: own })}</p> : null;
}

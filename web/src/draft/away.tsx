// When the node does not give the readout any more: what is written stays, and it is said that and since when.
import { fill } from "../lang";
import { d } from "./book";
import type { Desk } from "./desk";
import { exactly, ownZone } from "./parts";

/** signIn leads back to the page that the address names. */
export const signIn = () => `/signin?lang=${document.documentElement.lang}&to=${encodeURIComponent(location.pathname + location.search)}`;

export function Away({ desk }: { desk: Desk }) {
  const x = d.value, a = desk.away.value;
  const zone = desk.doc.value ? ownZone(desk) : Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <div role="alert" class={a ? "away row" : undefined} data-away={a?.why}>
      {a ? <><p class="warn">{a.why === "signin" ? x.signedOut : x.silentSince} <span class="q">{fill(x.lastLook, { time: exactly(new Date(a.since).toISOString(), zone) })}</span></p>
        {a.why === "signin" ? <a class="btn" href={signIn()} target="_blank" rel="noopener" data-act="sign-in">{x.signInTab}</a> : null}</> : null}
    </div>
  );
}

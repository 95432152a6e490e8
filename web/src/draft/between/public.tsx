// What is public: since when, where, corrections, and withdrawals of either party.
import { useSignal } from "@preact/signals";
import { fill, lang } from "../../lang";
import { useSheet } from "../../view/controls";
import type { Desk } from "../desk";
import { comma } from "../parts";
import { b } from "./book";
import { prove } from "./prove";
import { Asked, Refused } from "./refused";
import { nameOf, stamp } from "./when";

export function Public({ desk }: { desk: Desk }) {
  const v = desk.view.value!;
  if (!v.past.length && !Object.keys(v.withdrawn).length) return null;
  const last = v.past.at(-1), ours = v.withdrawn[v.self], theirs = v.withdrawn[v.other], gone = !!theirs && v.life.mode === "joint";
  return (
    <div class="stack" data-says="public" data-withdrawn={[ours ? "ours" : "", theirs ? "theirs" : ""].filter(Boolean).join(" ")}>
      <Withdrawn desk={desk} />
      {v.past.length ? <Revisions desk={desk} /> : null}
      {v.life.stage === "published" && !gone ? <p><button type="button" class="btn" data-act="correct" aria-disabled={desk.busy.value || undefined} onClick={() => void desk.ask("correct", {}, "public")}>{b.value.correct}</button></p> : null}
      {last && !ours ? <Withdraw desk={desk} hash={last.hash} /> : null}
      <Refused desk={desk} at="public" />
    </div>
  );
}

/** Withdrawn says who stands by the text no longer, and who knows it. */
function Withdrawn({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, ours = v.withdrawn[v.self], theirs = v.withdrawn[v.other], party = nameOf(desk, v.other), joint = v.life.mode === "joint";
  return (
    <>
      {ours ? <p class="alarm" data-gone="ours" data-known={ours.known}>{fill(x.oursGone, { date: stamp(desk, ours.at) })} {v.other ? <span class="q">{fill(ours.known ? x.heard : x.unheard, { party })}</span> : null}</p> : null}
      {theirs ? <p class="alarm" role="alert" data-gone="theirs">{fill(joint ? x.theirsGone : x.theirOwnGone, { party, date: stamp(desk, theirs.at) })} {joint && !ours && v.past.length ? x.stillHere : null}</p> : null}
    </>
  );
}

function Revisions({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, names: Record<string, string> = { published: x.statePublished, corrected: x.stateCorrected, withdrawn: x.stateWithdrawn };
  const tags = desk.tags.value, address = `${v.site}/${tags.includes(lang.value) ? lang.value : tags[0]}/readout/${v.id}`; // the page's language, if it is published in it
  const state = (i: number, s: string) => names[i === v.past.length - 1 && v.withdrawn[v.self] ? "withdrawn" : s] ?? s;
  return (
    <div class="stack t">
      <h3>{x.revisions}</h3>
      <ol class="history">{v.past.map((p, i) => <li key={p.hash} data-revision={p.revision}>{fill(x.revision, { n: p.revision })}{comma()}{stamp(desk, p.at)}: {state(i, p.stage)}</li>)}</ol>
      {v.site ? <p>{x.address} <a href={address} dir="ltr" class="address">{address}</a></p> : null}
    </div>
  );
}

/** Withdraw asks first, then for the passkey over the hash of what is public. */
function Withdraw({ desk, hash }: { desk: Desk; hash: string }) {
  const x = b.value, sheet = useSheet(), asking = useSignal(false);
  const now = async () => { sheet.hide(); await prove(desk, "withdraw", hash, "public", (on) => { asking.value = on; }); };
  return (
    <>
      <p><button type="button" class="btn" data-act="withdraw" aria-disabled={asking.value || undefined} onClick={() => { if (!asking.value) sheet.show(); }}>{x.withdraw}</button></p>
      <Asked asking={asking.value} />
      <dialog class="sheet" ref={sheet.dialog} aria-labelledby="withdraw-title" data-ask="withdraw">
        <h2 id="withdraw-title">{x.withdrawAsk}</h2>
        <p>{x.withdrawHelp}</p>
        <p class="row"><button type="button" class="btn hurt" data-act="withdraw-now" onClick={() => void now()}>{x.withdrawNow}</button>
          <button type="button" class="btn primary" autofocus onClick={sheet.hide}>{x.keepText}</button></p>
      </dialog>
    </>
  );
}

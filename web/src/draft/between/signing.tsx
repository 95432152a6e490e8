// Sign-off: what is open, what is signed, drawn from its bytes, and the two keys.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { fill } from "../../lang";
import { pointed, refusal } from "../codes";
import type { Desk } from "../desk";
import { comma, focusBlock, tongue } from "../parts";
import type { Point } from "../types.gen";
import { b } from "./book";
import { Contents } from "./contents";
import { bring, prove, signed, type Signed } from "./prove";
import { Asked, Refused } from "./refused";
import { nameOf, numberOf } from "./when";

export function Signing({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, stage = v.life.stage;
  if (stage === "published" || stage === "corrected" || stage === "withdrawn") return null;
  return (
    <section class="panel signing" aria-labelledby="signing" data-says="signing" data-stage={stage}>
      <h2 id="signing">{x.signing}</h2>
      <div class="stack">
        {desk.writing.value ? <Points desk={desk} /> : null}
        <Keys desk={desk} />
        {stage === "agreed" ? <Approve desk={desk} /> : null}
        {desk.writing.value ? <p><button type="button" class="btn primary" data-act="signoff-later" aria-disabled="true" aria-describedby="why">{x.approve}</button></p> : null}
        {desk.writing.value ? <p class="q" id="why">{v.points.length ? x.whyOpen : v.life.mode === "joint" ? x.whyNotAgreed : x.whyNotFinished}</p> : null}
      </div>
    </section>
  );
}

/** Points are what stands between the draft and its signature; each leads to its block. */
function Points({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!;
  const what = (p: Point) => `${pointed(p.code)}${p.language ? `${comma()}${tongue(p.language)}` : ""}`;
  const words = (p: Point) => (p.block ? fill(x.pointBlock, { n: numberOf(desk, p.block), what: what(p) }) : what(p));
  if (!v.points.length) return <p data-says="nopoints">{x.noPoints}</p>;
  return (
    <div class="stack t">
      <p role="status" data-points={v.points.length}>{fill(x.points, { n: v.points.length })}</p>
      <ul class="points" tabIndex={0} aria-label={x.signing}>
        {v.points.map((p) => (
          <li key={p.code + p.block + p.language} data-point={p.code}>
            {p.block ? <a href={`#block-${p.block}`} onClick={(e) => { e.preventDefault(); focusBlock(p.block); }}><span>{words(p)}</span></a> : words(p)}
          </li>
        ))}
      </ul>
    </div>
  );
}

/** Keys are two boxes of equal size: who has signed. */
function Keys({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, l = v.life, both = l.mode === "joint", ids = [v.self, ...(v.other ? [v.other] : [])];
  const state = (id: string) => {
    if (id === v.other && !both) return l.beside ? { key: "signed", words: x.keySigned } : { key: "none", words: x.keyNone };
    if (l.lines?.[id]) return { key: "signed", words: x.keySigned };
    if (id === v.self && l.signedBy) return { key: "approved", words: fill(x.keyApproved, { name: l.signedBy }) };
    return { key: "none", words: x.keyNone };
  };
  return (
    <div class="twokeys">
      {ids.map((id) => {
        const s = state(id);
        return <div key={id} data-key={id} data-state={s.key}><h3><bdi>{nameOf(desk, id)}</bdi></h3><p class="q">{id === v.self ? x.ourKey : x.theirKey}</p><p role="status"><span class={`turn ${s.key}`}><span>{s.words}</span></span></p></div>;
      })}
      {both && l.lines?.[v.self] && (l.stage === "agreed" || l.stage === "scheduled") ? <p class="q wide" data-told={v.told}>{v.told ? x.keyTold : x.keyUntold}</p> : null}
    </div>
  );
}

const againEvery = 3000; // ms: what did not come is asked for again

/** Approve: the text as it is signed, its hash, the passkey, and the way to the key that is kept offline. */
function Approve({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, l = v.life, file = useSignal<Signed | null>(null), failed = useSignal(false), tries = useSignal(0), asking = useSignal(false);
  useEffect(() => {
    let here = true, later = 0;
    file.value = null;
    void signed(desk, l.hash).then((f) => {
      if (!here) return;
      file.value = f;
      failed.value = !f;
      if (!f) later = window.setTimeout(() => { tries.value++; }, againEvery);
    });
    return () => { here = false; clearTimeout(later); };
  }, [l.hash, tries.value]);
  const f = file.value?.hash === l.hash ? file.value : null;
  return (
    <div class="stack" data-says="approve" data-fits={f ? String(f.fits) : ""}>
      {failed.value && !f ? <p class="alarm" role="alert" data-says="notgiven">{x.notGiven} {refusal("silent")}</p> : null}
      {f?.fits ? <Contents of={f.contents} /> : null}
      {f ? <p class={f.fits ? "live" : "alarm"} role="status">{f.fits ? x.fits : x.unfit}</p> : null}
      <p><span class="q">{x.hash}</span><br /><code class="hash" dir="ltr" data-hash={l.hash}>{l.hash.match(/.{8}/g)?.join(" ")}</code></p>
      {f?.fits && !l.signedBy ? (
        <>
          <p class="q" id="approvehelp">{x.approveHelp}</p>
          <p><button type="button" class="btn primary" data-act="signoff" aria-describedby="approvehelp" aria-disabled={desk.busy.value || asking.value || undefined} onClick={() => { if (!asking.value) void prove(desk, "signoff", l.hash, "signing", (now) => { asking.value = now; }); }}>{x.approve}</button></p>
        </>
      ) : null}
      <Asked asking={asking.value} />
      {f?.fits && l.signedBy && !l.lines?.[v.self] ? <Offline desk={desk} of={f.bytes} /> : null}
      <Refused desk={desk} at="signing" />
    </div>
  );
}

/** Offline: the file goes to the machine that has the key, the very bytes that were held against the hash, and comes back with our line. */
function Offline({ desk, of }: { desk: Desk; of: Blob }) {
  const x = b.value, v = desk.view.value!, url = useSignal("");
  useEffect(() => {
    const made = URL.createObjectURL(of);
    url.value = made;
    return () => URL.revokeObjectURL(made);
  }, [of]);
  return (
    <ol class="steps" data-says="offline">
      <li><a class="btn" data-act="download" href={url.value || undefined} download={`${v.id}.json`}>{x.download}</a></li>
      <li><p class="q">{x.command}</p><pre dir="ltr" tabIndex={0}><code>visavis sign {v.id}.json --key readout.key --document party.document --out signed.json</code></pre></li>
      <li><label for="signed">{x.upload}</label><input id="signed" type="file" accept=".json,application/json" data-act="upload" onChange={(e) => { const one = e.currentTarget.files?.[0], box = e.currentTarget; if (one) void bring(desk, one, "signing").then(() => { box.value = ""; }); }} /></li>
    </ol>
  );
}

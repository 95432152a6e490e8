// How the text stands between the parties, what can be done about it as a whole, and what has been proposed; then what became of it in public.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { fill } from "../../lang";
import { useSheet } from "../../view/controls";
import { Icon } from "../../view/icons";
import type { Desk } from "../desk";
import type { Round } from "../types.gen";
import { Running, comma, tongue } from "../parts";
import { b } from "./book";
import { Diverged } from "./diverged";
import { Particulars } from "./particulars";
import { Public } from "./public";
import { act as done } from "./read";
import { Refused } from "./refused";
import { nameOf, stamp } from "./when";

function stands(desk: Desk): { key: string; words: ComponentChildren } {
  const x = b.value, v = desk.view.value!, l = v.life, party = nameOf(desk, v.other), h = v.rounds.find((r) => r.id === v.head);
  const say = (key: string, text: string, at = l.until) => ({ key, words: fill(text, { party, date: stamp(desk, at), code: h?.code ?? "" }) });
  switch (l.stage) {
    case "agreed": return l.mode === "joint" ? say("agreed", x.standAgreed) : say("settled", x.standSettled);
    case "scheduled": return say("scheduled", x.standScheduled);
    case "published": return say("published", x.standPublished);
    case "corrected": return say("corrected", x.standCorrected);
    case "withdrawn": return say("withdrawn", x.standWithdrawn);
  }
  if (l.mode !== "joint") return say("writing", x.standWriting);
  if (!h) return say("none", x.standNone);
  if (h.state === "accepted") return say("accepted", x.standAccepted);
  if (h.state === "refused") return say("refused", x.standRefused);
  if (h.state !== "open") return h.state === "agreed" || l.stage === "private" ? say("writing", x.standWriting) : say("over", x.standOver);
  if (h.party !== v.self) return say("theirs", x.standTheirs, h.at);
  return say(h.known ? "sent" : "waits", h.known ? x.standSent : x.standWaits, h.at);
}

/** Jump leads past the blocks to what can be done with the whole: where one column holds the page that is a long way down. */
export function Jump({ desk }: { desk: Desk }) {
  const to = (e: Event) => { e.preventDefault(); const at = document.querySelector<HTMLElement>("section.rounds"); at?.focus({ preventScroll: true }); at?.scrollIntoView({ block: "start" }); };
  return <a class="jump" href="#between" data-act="jump" onClick={to}>{desk.view.value!.other ? b.value.between : b.value.ownText}</a>;
}

export function Rounds({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, l = v.life, s = stands(desk), party = nameOf(desk, v.other), joint = l.mode === "joint";
  const theirs = s.key === "theirs", differ = v.standing.filter((y) => y.verdict !== "same").length + v.diverge.length;
  const send = s.key === "none" || s.key === "writing" || s.key === "refused" || s.key === "over" ? fill(x.propose, { party }) : theirs ? x.counter : x.proposeAgain;
  const button = (name: string, primary: boolean, words: ComponentChildren, run: () => void) =>
    <button type="button" class={primary ? "btn primary" : "btn"} data-act={name} aria-disabled={desk.busy.value || undefined} onClick={run}><span>{words}</span></button>;
  return (
    <section class="panel rounds" tabIndex={-1} aria-labelledby="between" data-says="between" data-stand={s.key}>
      <h2 id="between">{joint || v.other ? x.between : x.ownText}</h2>
      <div class="stack">
        <div role="status"><p class="lead">{s.words}</p></div>
        {theirs && v.theirs ? <p class={differ ? "warn" : "live"} data-differ={differ}>{differ ? fill(x.toAnswer, { n: differ }) : x.nothingDiffers}</p> : null}
        {desk.dirty.value && desk.writing.value ? <p class="warn" data-says="unsaved">{x.unsaved}</p> : null}
        {desk.writing.value && s.key !== "accepted" ? (
          <p class="row">
            {theirs ? button("accept", differ === 0, <><Icon name="check" />{x.accept}</>, () => { if (!desk.busy.value) void desk.ask("accept", { proposal: v.head }, "between"); }) : null}
            {joint && (!theirs || v.apart) ? button("propose", !theirs || differ > 0, send, () => { if (!desk.busy.value) void done(desk, "propose", {}, "between"); }) : null}
            {joint ? null : button("settle", true, x.settle, () => { if (!desk.busy.value) void done(desk, "settle", {}, "between"); })}
          </p>
        ) : null}
        {l.stage === "agreed" || l.stage === "scheduled" ? <Reopen desk={desk} /> : null}
        {v.kept && desk.writing.value ? <div data-says="kept"><p>{x.kept}</p><p>{button("exchange", false, x.exchange, () => { if (!desk.busy.value) void done(desk, "exchange", {}, "between"); })}</p></div> : null}
        <Refused desk={desk} at="between" />
        <Diverged desk={desk} />
        <TheirBlocks desk={desk} />
        <Public desk={desk} />
        {v.rounds.length ? <History desk={desk} /> : null}
      </div>
    </section>
  );
}

/** Reopen asks first: what was signed is void. */
function Reopen({ desk }: { desk: Desk }) {
  const x = b.value, sheet = useSheet();
  return (
    <>
      <p><button type="button" class="btn" data-act="reopen" onClick={sheet.show}>{x.reopen}</button></p>
      <dialog class="sheet" ref={sheet.dialog} aria-labelledby="reopen-title" data-ask="reopen">
        <h2 id="reopen-title">{x.reopenAsk}</h2>
        <p>{x.reopenHelp}</p>
        <p class="row"><button type="button" class="btn hurt" data-act="reopen-now" onClick={() => { sheet.hide(); void desk.ask("reopen", {}, "between"); }}>{x.reopen}</button>
          <button type="button" class="btn primary" autofocus onClick={sheet.hide}>{x.cancel}</button></p>
      </dialog>
    </>
  );
}

/** TheirBlocks are those that ours does not have: with no place among our blocks, they stand here. */
function TheirBlocks({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, only = v.standing.filter((s) => s.verdict === "theirs"), refused = useSignal("");
  if (!only.length || !v.theirs || !desk.writing.value) return null;
  return (
    <div class="stack t" data-says="theirblocks">
      <h3>{fill(x.theirBlocks, { party: nameOf(desk, v.other) })}</h3>
      {only.map(({ block: id }) => {
        const block = v.theirs!.blocks.find((y) => y.id === id);
        return block ? (
          <div key={id} class="answer" data-theirs={id}>
            <Particulars of={block} doc={v.theirs!} />
            {v.theirs!.languages.filter((t) => block.texts[t.tag]?.text).map((t) => <div key={t.tag}><p class="q">{tongue(t.tag)}</p><Running text={block.texts[t.tag]!.text} tag={t.tag} /></div>)}
            <p><button type="button" class="btn" data-act="takein" aria-disabled={desk.busy.value || undefined} onClick={() => { refused.value = id; void done(desk, "take", { proposal: v.head, block: id }, `theirs-${id}`); }}>{x.takeIn}</button></p>
            {refused.value === id ? <Refused desk={desk} at={`theirs-${id}`} /> : null}
          </div>
        ) : null;
      })}
    </div>
  );
}

function History({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, names: Record<string, string> = { open: x.rowOpen, accepted: x.rowAccepted, agreed: x.rowAgreed, countered: x.rowCountered, superseded: x.rowSuperseded, late: x.rowSuperseded, refused: x.rowRefused };
  const row = (r: Round) => <li key={r.id} data-round={r.state}>{fill(x.round, { n: r.n, party: nameOf(desk, r.party) })}{comma()}{stamp(desk, r.at)}: {names[r.state] ?? r.state}{r.by ? <span class="q"> · <bdi>{r.by}</bdi></span> : null}</li>;
  return <details data-says="rounds"><summary>{x.rounds}</summary><ol class="history">{[...v.rounds].reverse().map(row)}</ol></details>;
}

// One readout: its blocks at a glance, its texts in every language abreast, and beside them what is to be done and what the record says.
import { useEffect } from "preact/hooks";
import { pick, plain } from "../lang";
import { useSheet } from "../view/controls";
import { Away } from "./away";
import { Add, BlockOf } from "./block";
import { d } from "./book";
import type { Desk } from "./desk";
import { Lacking, later } from "./later";
import { Orphans } from "./orphans";
import { Outline } from "./outline";
import { Refused, Top, comma, modeName, partyIn, stageName } from "./parts";
import { Whole } from "./whole";

const Attendance = later(async () => (await import("./side")).Attendance);
const SpeakingLog = later(async () => (await import("./side")).SpeakingLog);
const Clock = later(async () => (await import("./between/clock")).Clock);
const Embargo = later(async () => (await import("./between/clock")).Embargo);
const Jump = later(async () => (await import("./between/rounds")).Jump);
const Rounds = later(async () => (await import("./between/rounds")).Rounds);
const Signing = later(async () => (await import("./between/signing")).Signing);

export function One({ desk }: { desk: Desk }) {
  const x = d.value, v = desk.view.value!, doc = desk.doc.value!, other = pick(partyIn(doc, v.other)?.name) || v.other, leave = useSheet(), leaving = desk.leaving.value;
  useEffect(() => { if (!leaving) leave.hide(); else if (!leave.dialog.current?.open) leave.show(); }, [leaving]);
  return (
    <div class="paper drafting" data-says="readout" data-stage={v.life.stage} data-version={v.version}>
      <a class="skip" href="#work" onClick={(e) => { e.preventDefault(); document.getElementById("work")?.focus(); }}>{x.toWork}</a>
      <Top>
        <div class="title"><p class="q sm"><button type="button" class="btn bare back" data-act="home" onClick={() => desk.depart(() => void desk.home())}>{x.toReadouts}</button> {modeName(doc.mode)}{v.other ? <>{comma()}{plain(x.with, { party: other })}</> : null}</p><h1 tabIndex={-1}><bdi>{pick(doc.title) || x.untitled}</bdi>{doc.number ? <> <span class="q">{plain(x.number, { n: doc.number })}</span></> : null}</h1></div>
        <p class="stage-now"><span class="q sm">{x.state}</span> <b data-says="stage" role="status">{stageName(v.life.stage)}</b></p>
        <Clock desk={desk} />
        <Jump desk={desk} />
      </Top>
      <Away desk={desk} />
      <main class="desk" id="work" tabIndex={-1}>
        <Outline desk={desk} />
        <div class="blocks">
          <Orphans desk={desk} />
          {["agreed", "scheduled"].includes(v.life.stage) ? <p class="q" data-says="closed">{x.notWriting}</p> : null}
          {doc.blocks.map((b, i) => <BlockOf key={b.id} desk={desk} block={b} n={i + 1} />)}
          {desk.writing.value && !doc.blocks.length ? <p><Add desk={desk} after="" label={x.addFirst} /><Refused desk={desk} at="" /></p> : null}
        </div>
        <div class="side">
          <Lacking />
          <Signing desk={desk} />
          <Rounds desk={desk} />
          <Embargo desk={desk} />
          <Whole desk={desk} />
          <SpeakingLog desk={desk} />
          <Attendance desk={desk} />
        </div>
      </main>
      <dialog class="sheet" ref={leave.dialog} aria-labelledby="leave-h" onClose={() => { desk.leaving.value = null; }}>
        <h2 id="leave-h">{x.leaveAsk}</h2>
        <p>{x.leaveHelp}</p>
        <p class="row"><button type="button" class="btn hurt" data-act="leave" onClick={() => leaving?.()}>{x.leave}</button><button type="button" class="btn primary" autofocus onClick={leave.hide}>{x.stay}</button></p>
      </dialog>
    </div>
  );
}

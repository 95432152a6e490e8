// The protocol officer's console: phases and keys above, then three columns: own side, the floor, the other side. All on one screen.
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { lang, t } from "../lang";
import { Refused } from "../view/controls";
import { Icon } from "../view/icons";
import { PhaseBar } from "../view/phases";
import { TopBar } from "../view/top";
import { Alarms, Past, switchTones, tones } from "./alarms";
import { Asked } from "./ask";
import { DoorList } from "./door";
import { Floor } from "./floor";
import { Keys } from "./keys";
import { Messages } from "./messages";
import { Side } from "./people";
import { Proof } from "./proof";
import { Sessions } from "./sessions";
import { Sight } from "./sight";
import { o } from "./words";

export { Enter as Invitation } from "../view/enter";

/** Tools: what belongs to this computer and not to the meeting, and the way to the other pages. */
function Tools({ call }: { call: Call }) {
  const x = o.value, { playout } = call;
  return (
    <nav class="tools sm" aria-label={x.meetings}>
      {playout.held.value ? <button type="button" class="btn primary" data-act="hear" onClick={() => playout.play()}><Icon name="ear" />{t.value.soundOn}</button> : null}
      <button type="button" class="btn" data-act="sound" aria-pressed={playout.muted.value} onClick={() => { playout.muted.value = !playout.muted.value; }}><Icon name={playout.muted.value ? "earoff" : "ear"} />{playout.muted.value ? x.soundBack : x.soundOff}</button>
      <button type="button" class="btn" data-act="tones" aria-pressed={tones.value} onClick={switchTones}><Icon name="tone" />{x.toneOn}<span class="q">{tones.value ? x.toneOnState : x.toneOffState}</span></button>
      <Sessions call={call} />
      <a class="btn" href={`/arrange?m=${encodeURIComponent(call.meeting.value!.id)}&lang=${lang.value}`} data-act="arrange">{x.arrange}</a>
      {["ended", "sealed"].includes(call.stand.phase.value) ? <a class="btn primary" href={`/draft?m=${encodeURIComponent(call.meeting.value!.id)}&lang=${lang.value}`} data-act="draft">{x.draftReadout}</a> : null}
      <a class="btn" href={`/officer?lang=${lang.value}`} data-act="meetings">{x.meetings}</a>
    </nav>
  );
}

export function Seated({ call }: { call: Call }) {
  const x = o.value, { own, others } = call.stand;
  useEffect(() => document.getElementById("floor")?.focus({ preventScroll: true }), []);
  return (
    <div class="stage officer">
      <a class="skip" href="#floor" onClick={(e) => { e.preventDefault(); document.getElementById("floor")?.focus(); }}>{x.toFloor}</a>
      <TopBar call={call} who={t.value.roleOfficer} />
      <main>
        <section class="phasing" aria-label={t.value.phase}><div class="stack"><PhaseBar call={call} /><Tools call={call} /></div><Keys call={call} /></section>
        <div class="notices"><Alarms call={call} /><Refused call={call} /></div>
        <div class="col"><Side call={call} party={own.value} /><DoorList call={call} /><Proof call={call} /></div>
        <div class="col"><Floor call={call} /><Sight call={call} /></div>
        <div class="col">{others.value.map((p) => <Side key={p} call={call} party={p} />)}<Messages call={call} /><Past call={call} /></div>
      </main>
      <Asked />
    </div>
  );
}

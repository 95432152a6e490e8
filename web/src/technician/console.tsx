// The technician's console: everybody in one table, and a column of links, doors and calls for help. Alarms stand above.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { fill, lang, t } from "../lang";
import { Alarms, Past, switchTones, tones, words } from "../officer/alarms";
import { Proof } from "../officer/proof";
import { o } from "../officer/words";
import { Refused } from "../view/controls";
import { Icon } from "../view/icons";
import { Say } from "../view/parts";
import { phaseName } from "../view/phases";
import { at } from "../view/signs";
import { TopBar } from "../view/top";
import type { Alarm } from "../wire.gen";
import { Help } from "./help";
import { Links } from "./links";
import { Table } from "./table";
import { k } from "./words";

export { Enter as Invitation } from "../view/enter";

/** say gives alarms in words for the one whom officers are told to tell. */
function say(call: Call, a: Alarm): ComponentChildren {
  const x = k.value;
  switch (a.code) {
    case "clock.off": case "clock.apart": return a.code === "clock.off" ? x.alarmClock : x.alarmApart;
    case "doors.late": return fill(x.alarmLate, { after: a.args.after ?? "" });
    case "doors.unwritten": return x.alarmUnwritten;
    case "log.withheld": return x.alarmWithheld;
    case "log.forked": return x.alarmForked;
    case "floor.unacknowledged": case "link.lost": case "event.refused": return words(call, a);
    default: return fill(x.alarmOther, { code: a.code });
  }
}

/** Line: the phase, whether this person hears the meeting, and what belongs to this computer. */
function Line({ call }: { call: Call }) {
  const x = o.value, { playout } = call, { phase, here, running } = call.stand, rehearses = phase.value === "rehearsal", admitted = rehearses || here.value?.admitted === true, since = call.state.value.since;
  return (
    <div class="line sm">
      <p data-phase={phase.value}><span class="q">{t.value.phase}</span> <strong>{phaseName(phase.value)}</strong>{since ? <span class="q"> {fill(t.value.doorsSince, { time: at(call, since) })}</span> : null}</p>
      {rehearses || running.value ? <Say icon={admitted ? "ear" : "earoff"} tone={admitted ? "live" : "q"}><span data-admitted={admitted ? "yes" : "no"}>{admitted ? k.value.admitted : k.value.notAdmitted}</span></Say> : null}
      <nav class="tools" aria-label={x.meetings}>
        {playout.held.value ? <button type="button" class="btn primary" data-act="hear" onClick={() => playout.play()}><Icon name="ear" />{t.value.soundOn}</button> : null}
        <button type="button" class="btn" data-act="sound" aria-pressed={playout.muted.value} onClick={() => { playout.muted.value = !playout.muted.value; }}><Icon name={playout.muted.value ? "earoff" : "ear"} />{playout.muted.value ? x.soundBack : x.soundOff}</button>
        <button type="button" class="btn" data-act="tones" aria-pressed={tones.value} onClick={switchTones}><Icon name="tone" />{x.toneOn}<span class="q">{tones.value ? x.toneOnState : x.toneOffState}</span></button>
        <a class="btn" href={`/technician?lang=${lang.value}`} data-act="meetings">{x.meetings}</a>
      </nav>
    </div>
  );
}

export function Seated({ call }: { call: Call }) {
  return (
    <div class="stage technician">
      <a class="skip" href="#members" onClick={(e) => { e.preventDefault(); document.getElementById("members")?.focus(); }}>{k.value.toMembers}</a>
      <TopBar call={call} who={t.value.roleTechnician} />
      <main>
        <Line call={call} />
        <div class="notices"><Alarms call={call} say={say} /><Refused call={call} /></div>
        <Table call={call} />
        <div class="col"><Links call={call} /><Proof call={call} readOnly /><Help call={call} /><Past call={call} /></div>
      </main>
    </div>
  );
}

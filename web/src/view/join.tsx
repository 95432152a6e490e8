// The invitation: which meeting, when at each place, who you are, your devices, and the button that takes the seat.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { fill, list, languages, Words } from "../lang";
import type { Invited } from "../wire.gen";
import { DeviceList, Network, problem } from "./devicelist";
import { Pin, usePin } from "./pin";
import { When } from "./when";
import { Emblem, Languages, Nameplate, memberOf, parties, partyOf } from "./parts";
import { Video } from "./place";
import { t } from "./words";

interface Props { call: Call; code: string; invited: Invited | null; failed: string; sit: (pin?: string) => void }

export function Join({ call, code, invited, failed, sit }: Props) {
  const meeting = call.meeting.value!, you = memberOf(meeting, call.you.value), own = partyOf(meeting, you?.party ?? "");
  useEffect(() => {
    void call.devices.start(call.camera.value);
    void call.ready();
  }, []);
  return (
    <div class="paper join">
      <header class="top">
        <p class="mark" lang="en">Visavis</p>
        <p class="title q sm">{code ? t.value.invitationFor : ""}</p>
        <Languages />
      </header>
      <main>
        <section class="letter">
          <div class="emblems">{parties(meeting, own?.id ?? "").map((p) => <Emblem key={p.id} party={p} size="l" />)}</div>
          <h1><Words of={meeting.title} /></h1>
          <p class="lead">{lead(call)}</p>
          <When meeting={meeting} own={own?.id ?? ""} />
          <section aria-labelledby="you-h" class="stack">
            <h2 id="you-h">{t.value.youAre}</h2>
            <Nameplate meeting={meeting} member={you} party={own} />
            <details class="notme"><summary>{t.value.notMe}</summary><p>{t.value.notMeHelp}</p></details>
          </section>
          <section aria-labelledby="seen-h" class="stack">
            <h2 id="seen-h">{t.value.othersRead}</h2>
            <div class="seen">
              {languages.filter((l) => you?.name[l.lang]).map((l) => <Nameplate key={l.lang} meeting={meeting} member={you} party={own} as={l.lang} small />)}
            </div>
            <p class="q sm">{t.value.othersReadHelp}</p>
          </section>
        </section>
        <div class="desk">
          <section aria-labelledby="dev-h" class="stack">
            <h2 id="dev-h">{t.value.devices}</h2>
            <Preview call={call} />
            <p class="sm q">{t.value.nobodySees}</p>
            <DeviceList call={call}><Network code={code} /></DeviceList>
          </section>
          <Enter call={call} code={code} invited={invited} failed={failed} sit={sit} />
        </div>
      </main>
    </div>
  );
}

function Preview({ call }: { call: Call }) {
  const { camera, cameraState } = call.devices;
  return (
    <div class="picture preview">
      {camera.value ? <Video stream={camera.value} label={t.value.picturePreview} name="preview" /> : (
        <div class="wait"><p class="q">{cameraState.value === "asking" ? t.value.asking : problem(cameraState.value, "video") || t.value.cameraOff}</p></div>
      )}
    </div>
  );
}

function Enter({ call, code, invited, failed, sit }: Props) {
  const pin = usePin(invited), formal = call.stand.formal.value;
  const busy = call.phase.value === "joining", late = useSignal(false);
  useEffect(() => {
    late.value = false;
    if (!busy) return undefined;
    const timer = setTimeout(() => { late.value = true; }, 5000);
    return () => clearTimeout(timer);
  }, [busy]);
  const open = (value: boolean, label: string, help: string) => (
    <label class="choice">
      <input type="radio" name="enter" data-enter={value ? "open" : "closed"} checked={call.mic.value === value} disabled={value && !call.devices.mic.value} onChange={() => { call.mic.value = value; }} />
      <span><span>{label}</span><em>{help}</em></span>
    </label>
  );
  return (
    <section class="enter stack" aria-labelledby="in-h">
      <h2 id="in-h">{t.value.entering}</h2>
      {formal ? <p>{t.value.enterFormal}</p> : (
        <div class="choices two" role="radiogroup" aria-labelledby="in-h">
          {open(false, t.value.enterClosed, t.value.enterClosedHelp)}
          {open(true, t.value.enterOpen, t.value.enterOpenHelp)}
        </div>
      )}
      <Pin pin={pin} />
      <p>{t.value.attendance}</p>
      <p class="row">
        <button type="button" class="btn big primary" data-act="sit" aria-disabled={busy} onClick={() => { if (!busy && pin.good()) sit(pin.value()); }}>{busy ? t.value.takingSeat : code ? t.value.takeSeat : t.value.returnSeat}</button>
      </p>
      <p class="alarm" role="alert">{failed ? pin.failure(failed) ?? t.value.seatFailed : busy && late.value ? t.value.serverTitle : ""}</p>
    </section>
  );
}

/** lead of an invitation, by role. */
function lead(call: Call) {
  const x = t.value, meeting = call.meeting.value!, you = memberOf(meeting, call.you.value), own = partyOf(meeting, you?.party ?? "");
  return fill(you?.role === "principal" ? x.leadPrincipal : x.leadDelegate, { parties: list(parties(meeting, own?.id ?? "").map((p) => p.name)), party: <Words of={own?.name} /> });
}

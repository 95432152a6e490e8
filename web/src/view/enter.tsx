// The invitation of those who bring no devices: officers, technicians, press. Which meeting, when, as whom, and one button.
import type { Call } from "../call/call";
import { list, t, Words } from "../lang";
import type { Invited } from "../wire.gen";
import { Pin, usePin } from "./pin";
import { Emblem, Languages, Nameplate, memberOf, parties, partyOf } from "./parts";
import { When } from "./when";

export function Enter({ call, invited, failed, sit }: { call: Call; code: string; invited: Invited | null; failed: string; sit: (pin?: string) => void }) {
  const x = t.value, meeting = call.meeting.value!, you = memberOf(meeting, call.you.value), own = partyOf(meeting, you?.party ?? "");
  const busy = call.phase.value === "joining", pin = usePin(invited), role = { officer: x.roleOfficer, technician: x.roleTechnician, press: x.rolePress, viewer: x.roleViewer }[call.role.value];
  return (
    <div class="paper join enterpage">
      <header class="top"><p class="mark" lang="en">Visavis</p><span class="grow" /><Languages /></header>
      <main>
        <section class="letter">
          <div class="emblems">{parties(meeting, own?.id ?? "").map((p) => <Emblem key={p.id} party={p} size="l" />)}</div>
          <h1><Words of={meeting.title} /></h1>
          <p class="lead">{list(parties(meeting, own?.id ?? "").map((p) => p.name))}</p>
          <When meeting={meeting} own={own?.id ?? ""} />
        </section>
        <section class="enter stack" aria-labelledby="in-h">
          <h2 id="in-h">{x.enterTitle}</h2>
          {you ? <Nameplate meeting={meeting} member={you} party={own} sign={role} /> : <p class="lead">{role}</p>}
          <p class="q">{x.noDevices}</p>
          <Pin pin={pin} />
          <p class="row"><button type="button" class="btn big primary" data-act="sit" aria-disabled={busy} onClick={() => { if (!busy && pin.good()) sit(pin.value()); }}>{busy ? x.takingSeat : call.role.value === "press" ? x.pressStart : x.enter}</button></p>
          <p class="alarm" role="alert">{failed ? pin.failure(failed) ?? x.seatFailed : ""}</p>
        </section>
      </main>
    </div>
  );
}

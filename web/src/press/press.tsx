// Press and viewers: the open part, and nothing else. No device is opened, and what is not open is a plain card.
import type { Call } from "../call/call";
import { t, Words } from "../lang";
import { useLasting } from "../view/controls";
import { Icon } from "../view/icons";
import { parties } from "../view/parts";
import { Place, type Seat } from "../view/place";
import { TopBar } from "../view/top";
import { p } from "./words";

export { Enter as Invitation } from "../view/enter";

/** seats of the pictures: each party's principal, in the order of the meeting. */
function seats(call: Call): Seat[] {
  const meeting = call.meeting.value!, { present, stage } = call.state.value;
  return parties(meeting, call.stand.own.value).map((party) => {
    const member = meeting.members.find((m) => m.party === party.id && m.role === "principal");
    return { member, party, presence: present.find((p) => p.member === member?.id), slot: member ? stage.indexOf(member.id) : -1, self: false };
  });
}

export function Seated({ call }: { call: Call }) {
  const x = t.value, { phase } = call.stand, cut = useLasting(call.phase.value !== "live" || call.media.value === "lost", 1500);
  const shut = call.state.value.links.some((l) => l.state === "interrupted"); // our own node has shut the egress until both sides are sure
  const open = phase.value === "open" && !cut && !shut;
  const [head, help, key] = cut ? [x.cutNetwork, null, "cut"] : phase.value === "open" && shut ? [p.value.pressCut, p.value.pressCutHelp, "link"]
    : phase.value === "open" ? [p.value.pressOpen, null, "open"] : phase.value === "closed" ? [p.value.pressClosed, p.value.pressClosedHelp, "closed"]
      : phase.value === "ended" || phase.value === "sealed" ? [x.ended, null, "ended"] : [p.value.pressBefore, p.value.pressBeforeHelp, "before"];
  return (
    <div class="stage member press">
      <TopBar call={call} who={call.role.value === "press" ? p.value.pressFor : x.roleViewer} />
      <main>
        {open ? (
          <section class="sides" aria-label={x.pictures} data-sides={call.meeting.value!.parties.length}>
            {seats(call).map((s) => <Place key={s.party?.id} call={call} seat={s} />)}
          </section>
        ) : null}
        <section class={open ? "presscard brief" : "presscard"} data-says={key} id="now" tabIndex={-1} aria-label={x.floor}>
          {key === "closed" ? <Icon name="doorclosed" /> : null}
          <h2 aria-live="polite">{open ? holder(call) ?? head : head}</h2>
          {help ? <p class="q">{help}</p> : null}
          {open && call.playout.held.value ? <p><button type="button" class="btn big primary" data-act="hear" onClick={() => call.playout.play()}><Icon name="ear" />{x.soundOn}</button></p> : null}
          {open ? <label class="vol"><span class="sm q">{x.volume}</span><input type="range" min="0" max="100" data-act="volume" value={Math.round(call.playout.volume.value * 100)} onInput={(e) => { call.playout.volume.value = Number(e.currentTarget.value) / 100; }} /></label> : null}
        </section>
      </main>
    </div>
  );
}

/** holder names who has the floor. */
function holder(call: Call) {
  const member = call.meeting.value!.members.find((m) => m.id === call.stand.order.value.holder);
  return member ? <>{t.value.hasFloor}: <Words of={member.name} /></> : null;
}

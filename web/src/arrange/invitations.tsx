// Invitations of our own people and of the press, and everybody's calendar file.
import { useSignal } from "@preact/signals";
import { useLayoutEffect } from "preact/hooks";
import { fill, pick, plain, t } from "../lang";
import { useSheet } from "../view/controls";
import { Icon } from "../view/icons";
import type { ArrangeInvitation } from "../wire.gen";
import { a } from "./book";
import type { Desk } from "./desk";
import { Section, roleName } from "./fields";
import { partyIn } from "./meeting";
import { refusal, stamp } from "./standing";

export function Invitations({ desk }: { desk: Desk }) {
  const x = a.value, c = desk.kase.value!, d = desk.draft.value!, press = useSignal("");
  const issued = useSheet(), got = desk.issued.value, trouble = desk.error.value?.invitation ? desk.error.value : null;
  useLayoutEffect(() => { if (got) issued.show(); }, [got]); // before anybody can press a key beside it
  if (!c.agreed) return <Section id="invitations" title={x.invitations}><p class="q">{x.invitationsLater}</p></Section>;
  const name = (i: ArrangeInvitation) => i.name || pick(d.members.find((m) => m.id === i.member)?.name) || i.member;
  const state = (i: ArrangeInvitation) => ({ none: x.stateNone, open: fill(x.stateOpen, { date: i.expires ? stamp(desk, i.expires) : "" }), used: x.stateUsed, locked: x.stateLocked, account: x.stateAccount })[i.state] ?? i.state;
  const whom = got ? name(desk.invitations.value.find((i) => i.member === got.member) ?? { member: got.member, name: press.value } as ArrangeInvitation) : "";
  return (
    <Section id="invitations" title={x.invitations}>
      <p class="q">{fill(x.ownOnly, { party: pick(partyIn(d, c.other)?.name) })}</p>
      <ul class="invited">
        {desk.invitations.value.map((i) => (
          <li key={i.member} data-member={i.member} data-state={i.state}>
            <div class="nm"><b><bdi>{name(i)}</bdi></b> <span class="q">{roleName(i.role)}</span><br /><span class={i.state === "locked" ? "warn" : "q"}>{state(i)}</span></div>
            <div class="acts row">
              {i.state === "account" ? null : (
                <button type="button" class="btn" data-act="invite" aria-disabled={desk.busy.value || undefined} aria-label={plain(i.state === "none" ? x.inviteFor : x.inviteAgainFor, { name: name(i) })} onClick={() => void desk.invite({ member: i.member })}>{i.state === "none" ? x.invite : x.inviteAgain}</button>
              )}
              {i.role === "press" ? null : <a class="btn" data-act="calendar" href={desk.calendar(i.member)} download aria-label={plain(x.calendarFor, { name: name(i) })}>{x.calendar}</a>}
            </div>
          </li>
        ))}
      </ul>
      <p role="status" data-confirm={desk.asking.value || undefined}>{desk.asking.value ? t.value.passkeyNow : ""}</p>
      <p class="refusal alarm" role="alert" data-refused={trouble?.code}>{trouble ? refusal(trouble.code, pick(partyIn(d, c.other)?.name)) : ""}</p>
      <form class="row pressform" onSubmit={(e) => { e.preventDefault(); if (press.value.trim()) void desk.invite({ name: press.value.trim() }); }}>
        <div class="field"><label for="press">{x.press}: {x.pressName}</label><input id="press" type="text" dir="auto" maxLength={200} autocomplete="off" value={press.value} onInput={(e) => { press.value = e.currentTarget.value; }} /></div>
        <button class="btn" data-act="invite-press" aria-disabled={desk.busy.value || !press.value.trim() || undefined}>{x.invitePress}</button>
      </form>
      <dialog class="sheet" ref={issued.dialog} aria-labelledby="issued-title" onClose={() => { desk.issued.value = null; }}>
        {got ? <>
          <h2 id="issued-title">{fill(x.issuedTitle, { name: whom })}</h2>
          <p>{x.issuedHelp}</p>
          <Once label={x.issuedLink} what="link" value={got.url} />
          {got.pin ? <><Once label={x.issuedPin} what="pin" value={got.pin} /><p class="warn say"><Icon name="warn" /><span>{x.issuedPinHelp}</span></p></> : null}
          <p class="row"><button type="button" class="btn primary" data-act="issued-done" onClick={issued.hide}>{x.close}</button></p>
        </> : null}
      </dialog>
    </Section>
  );
}

/** Once is a secret that is shown this once, to be copied. */
function Once({ label, what, value }: { label: string; what: string; value: string }) {
  const x = a.value, copied = useSignal(false);
  return (
    <div class="field once">
      <label for={`once-${what}`}>{label}</label>
      <div class="row"><input id={`once-${what}`} data-once={what} type="text" readOnly dir="ltr" value={value} onFocus={(e) => e.currentTarget.select()} />
        <button type="button" class="btn" onClick={() => void navigator.clipboard?.writeText(value).then(() => { copied.value = true; })}>{copied.value ? x.copied : x.copy}</button></div>
    </div>
  );
}

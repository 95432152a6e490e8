// What the node's refusals mean, in words. Codes are those of docs/protocol.md; web/bundle proves that none is left without a text.
import type { ComponentChildren } from "preact";
import { fill, t } from "../lang";
import type { Table } from "../text/en";

const codes: Record<string, keyof Table> = {
  "act.rate": "errRate", "act.unknown": "versionTitle", "stepup.needed": "errStepUp", "stepup.failed": "errPasskey",
  "key.stale": "errStale", "key.none": "errAlready", "clock.apart": "errClocks", "phase.wrong": "errPhase", "event.offline": "errLink", "link.lost": "errLink",
  "meeting.informal": "errDenied", "member.role": "errDenied", "member.foreign": "errDenied", "account.needed": "errDenied",
  "floor.none": "errFloor", "floor.holder": "errFloor", "floor.held": "errHeld", "floor.order": "errTurn", "floor.chair": "errChair", "floor.acknowledged": "errAlready", "floor.limit": "errStale",
  "hand.raised": "errAlready", "hand.lowered": "errAlready", "order.raised": "errAlready", "order.lowered": "errAlready", "record.off": "errAlready",
  "agenda.item": "errStale", "member.capacity": "errStale", "request.unknown": "errStale", "waiter.unknown": "errAbsent", "member.absent": "errAbsent", "member.unknown": "errAbsent",
  "room.busy": "errServer", "log.full": "errServer", "log.failed": "errServer", "node.shutdown": "errServer", "internal": "errServer", "silent": "errSilent",
  "message.act": "errText", "message.account": "errText", "message.end": "errText", "message.arrange": "errText",
  "invitation.unknown": "unknownTitle", "arrange.accepted": "seatFailed", "arrange.changed": "seatFailed", "session.unknown": "sessionTitle", "session.other": "errAbsent", "meeting.unknown": "sessionTitle", "seat.gone": "movedTitle",
  "pin.wrong": "pinWrong", "pin.locked": "pinLocked", "door.waiting": "lobbyTitle", "door.excluded": "excludedTitle", "door.full": "seatFailed",
  "version.unsupported": "versionTitle", "login.limit": "errRate", "probe.limit": "errRate", "socket.limit": "errRate", "offer.full": "seatFailed",
  "passkey.refused": "signInFailed", "passkey.missing": "signInFailed", "passkey.expired": "signInFailed", "passkey.cloned": "signInFailed",
  "passkey.exists": "errHave", "passkey.limit": "errMany", "passkey.rate": "errRate", "passkey.host": "errHost", "enrolment.unknown": "errCode",
};

/** families of codes that share a text: those of a text that a person wrote. */
const families: [prefix: string, key: keyof Table][] = [["text.", "errText"]];

/** said is a refusal in words; a code that this page does not know is shown as it is. */
export function said(code: string): ComponentChildren {
  const key = codes[code] ?? families.find(([prefix]) => code.startsWith(prefix))?.[1];
  return key ? t.value[key] : fill(t.value.errOther, { code });
}

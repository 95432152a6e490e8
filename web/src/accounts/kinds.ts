// What entries of the security log mean, in words.
import type { Table } from "./text/en";
import { w } from "./words";

/** kinds of entries of the security log; web/bundle proves that none is left without a text. */
const kinds: Record<string, keyof Table> = {
  "refused": "kRefused", "suppressed": "kSuppressed", "alarm": "kAlarm", "log.read": "kLogRead", "signed.in": "kSignedIn", "stepped.up": "kSteppedUp", "passkey.added": "kPasskeyAdded",
  "account.added": "kAccountAdded", "account.code": "kAccountCode", "account.forget": "kAccountForget", "account.ended": "kAccountEnded", "account.removed": "kAccountRemoved",
  "session.ended": "kSessionEnded", "session.end": "kSessionEnded", "invitation.issued": "kInvitationIssued", "invitation.used": "kInvitationUsed", "token.issued": "kTokenIssued",
  "admit": "kAdmitted", "exclude": "kExcluded", "key.turned.start": "kKeyStart", "key.turned.open": "kKeyOpen", "key.turned.record": "kKeyRecord", "key.turned.publish": "kKeyPublish",
  "meeting.calledoff": "kCalledOff", "party.trusted": "kTrusted", "party.distrusted": "kDistrusted", "backup": "kBackup", "restored": "kRestored",
  "readout.signedoff": "kReadoutSignedOff", "readout.signed": "kReadoutSigned", "readout.confirmed": "kReadoutConfirmed", "readout.withdrawn": "kReadoutWithdrawn",
};

/** kind of an entry in words; one that this page does not know as it is written. */
export const kind = (k: string): string => (kinds[k] ? w.value[kinds[k]] : k);

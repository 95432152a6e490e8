// What the node's refusals about a readout mean, in words. Codes are those of docs/protocol.md; web/bundle proves that none is left without a text.
import type { ComponentChildren } from "preact";
import { fill } from "../lang";
import { said } from "../view/codes";
import { d } from "./book";
import type { Table } from "./text/en";

const codes: Record<string, keyof Table> = {
  "readout.none": "notFound", "readout.changed": "errChanged", "readout.leased": "errLeased", "readout.gone": "errGone", "readout.taken": "errTaken", "readout.other": "errOther",
  "readout.stage": "errStage", "readout.mode": "errMode", "readout.officer": "errOfficer", "readout.party": "errParty", "readout.same": "errSame", "readout.superseded": "errSuperseded",
  "readout.accepted": "errAccepted", "readout.hash": "errHash", "readout.proof": "errProof", "readout.signature": "errSignature", "readout.signature.missing": "errSignatureMissing",
  "readout.signature.bad": "errSignature", "readout.signature.foreign": "errSignature", "readout.signature.twice": "errSignature", "readout.signer": "errSigner",
  "readout.key": "errKey", "readout.key.unknown": "errKey", "readout.key.revoked": "errKey", "readout.key.shared": "errKey", "readout.open": "errOpen",
  "readout.clock.jump": "heldJump", "readout.clock.back": "heldBack", "readout.clock.far": "heldFar", "readout.clock.missed": "heldMissed", "readout.late": "heldLate", "readout.refused": "heldRefused", "readout.held": "errHeld",
  "readout.early": "errEarly", "readout.beside": "errBeside", "readout.unsigned": "errUnsigned", "readout.disk": "errDisk", "readout.public": "errPublic", "readout.withdrawn": "errWithdrawn",
  "readout.size": "errSize", "readout.blocks": "errSize", "readout.full": "errFull", "readout.store": "errStore", "readout.unreadable": "errUnreadable", "readout.store.withdrawn": "errStoreWithdrawn", "readout.manifest": "errFile", "readout.authentic": "errAuthentic",
  "readout.id": "idHelp", "message.readout": "errForm", "meeting.unknown": "errMeeting", "file.json": "errJSON",
};

/** families of codes that share a text; {code} says which it was. */
const families: [prefix: string, key: keyof Table][] = [["readout.content.", "errFile"], ["readout.file", "errFile"], ["readout.", "errForm"], ["text.", "errText"], ["json.", "errJSON"]];

const points: Record<string, keyof Table> = {
  "readout.open.missing": "pointMissing", "readout.open.draft": "pointDraft", "readout.open.stale": "pointStale", "readout.open.prefill": "pointPrefill", "readout.open.bracket": "pointBracket",
  "readout.open.title": "pointTitle", "readout.open.party": "pointParty", "readout.open.name": "pointName", "readout.open.words": "pointWords", "readout.open.speaker": "pointSpeaker",
  "readout.open.headline": "pointHeadline", "readout.open.correction": "pointCorrection", "readout.open.release": "pointRelease",
};

/** pointed is what is not finished, in words that go on from a block's name: "the text is a draft". */
export function pointed(code: string): string {
  const key = points[code];
  return key ? d.value[key] : code;
}

/** refusal in words: of readouts, else what all pages say. */
export function refusal(code: string, args: Record<string, string> = {}): ComponentChildren {
  const key = codes[code] ?? families.find(([prefix]) => code.startsWith(prefix))?.[1];
  return key ? fill(d.value[key], { code, ...args, point: pointed(args.code ?? "") }) : said(code);
}

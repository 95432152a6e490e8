// The pair of keys: who has turned and who has not.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { now } from "../call/stand";
import { fill, Words } from "../lang";
import { Act } from "../view/controls";
import { Icon } from "../view/icons";
import { memberOf, partyOf } from "../view/parts";
import { at } from "../view/signs";
import type { Table } from "./text/en";
import { o } from "./words";

export type KeyAction = "start" | "open" | "record" | "publish";
const actions: Record<KeyAction, keyof Table> = { start: "keyStart", open: "keyOpen", record: "keyRecord", publish: "keyPublish" };

const life = 60_000; // ms that a key lives

/** turned is the key that a party has turned for an action, if it still lives. */
function turned(call: Call, party: string, action: KeyAction, time: number) {
  return call.state.value.keys.find((k) => k.party === party && k.action === action && Date.parse(k.expires) > time);
}

/**
 * KeyPair shows who has turned the key and who has not, own key at the inline start. turn is what "Turn our key" does: an officer's
 * page asks for the passkey first. lapsed says that the last attempt ran out.
 */
export function KeyPair({ call, action, turn, lapsed, children }: { call: Call; action: KeyAction; turn: () => void; lapsed?: boolean; children?: ComponentChildren }) {
  const x = o.value, { own, others } = call.stand, time = now.value;
  const ours = turned(call, own.value, action, time);
  const ends = call.state.value.keys.filter((k) => k.action === action).map((k) => Date.parse(k.expires));
  const left = ends.length ? Math.min(life, Math.min(...ends) - time) : 0;
  const key = (party: string, name: ComponentChildren) => {
    const k = turned(call, party, action, time);
    return (
      <div class={k ? "key turned" : "key"} data-key={party} data-turned={k ? "" : undefined} key={party}>
        <Icon name={k ? "keyup" : "keylying"} /><strong>{name}</strong>
        <span>{k ? fill(x.keyTurned, { time: at(call, k.at), name: <Words of={memberOf(call.meeting.value, k.by)?.name} /> }) : x.keyNotTurned}</span>
      </div>
    );
  };
  return (
    <section class={lapsed ? "keys lapsed" : "keys"} data-action={action} aria-labelledby="keys-h">
      <h2 id="keys-h" aria-live="polite">{fill(x.keysOf, { action: x[actions[action]] })}</h2>
      {key(own.value, x.keyOwn)}
      {others.value.map((p) => key(p, fill(x.keyTheirs, { party: <Words of={partyOf(call.meeting.value, p)?.name} /> })))}
      {ours
        ? <Act call={call} what="key.returned" more={{ value: action }}>{x.keyTakeBack}</Act>
        : <button type="button" class="btn primary" data-act="key.turned" data-value={action} aria-disabled={call.acts.pending.value.has("key.turned") || undefined} onClick={turn}>{x.keyTurn}</button>}
      <p class="foot sm q">{lapsed ? <span class="warn" role="status">{x.keyLapsed}</span> : ours && left > 0 ? <>{x.keyWaiting} {fill(x.keyLeft, { seconds: `${Math.ceil(left / 1000)}\u00a0s` })}</> : left > 0 ? fill(x.keyLeft, { seconds: `${Math.ceil(left / 1000)}\u00a0s` }) : null}</p>
      {children}
    </section>
  );
}

// Phases and keys: what one key does is a button, what needs both keys is the pair. Nothing is shown that the phase does not allow.
import { useSignal, useSignalEffect, type Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { stepUp } from "../call/passkey";
import { nodeTime, now } from "../call/stand";
import { t } from "../lang";
import { Act } from "../view/controls";
import { Icon } from "../view/icons";
import { phaseName } from "../view/phases";
import { ask } from "./ask";
import { KeyPair, type KeyAction } from "./keypair";
import { o } from "./words";

const slack = 1000; // ms: the State without the key may come a little before the key's end by this page's clock

/** useLapsed is true when the last key for the action ran out and the phase is still the one in which it was turned. */
function useLapsed(call: Call, action: KeyAction): Signal<boolean> {
  const lapsed = useSignal(false), last = useRef<{ epoch: number; ends: number } | null>(null);
  useSignalEffect(() => {
    const time = Math.max(now.value, nodeTime()), { keys, epoch } = call.state.value;
    const ends = keys.filter((k) => k.action === action).map((k) => Date.parse(k.expires)).filter((e) => e > time);
    if (ends.length) {
      last.current = { epoch, ends: Math.max(...ends) };
      lapsed.value = false;
    } else if (last.current) {
      lapsed.value = last.current.epoch === epoch && time >= last.current.ends - slack;
      last.current = null;
    }
  });
  return lapsed;
}

type Confirming = "" | "asking" | "failed";

/** turn turns our key for the phase that the page shows; where the node wants the passkey first, it is asked for and the key turned after it. */
async function turn(call: Call, action: KeyAction, confirming: Signal<Confirming>) {
  const more = { value: action, n: call.state.value.epoch };
  confirming.value = "";
  const refused = await call.act("key.turned", more);
  if (!refused?.code.includes("stepup")) return;
  call.acts.refused.value = null; // the passkey's own line says it
  confirming.value = "asking";
  const passed = await stepUp();
  confirming.value = passed ? "failed" : "";
  if (!passed) await call.act("key.turned", more);
}

function End({ call }: { call: Call }) {
  const x = o.value;
  return <button type="button" class="btn" data-act="phase.ended" onClick={() => ask({ key: "end", title: x.endAsk, help: x.endHelp, answers: [{ word: x.end, act: "end", yes: () => void call.act("phase.ended") }] })}>{x.end}</button>;
}

function Pair({ call, action }: { call: Call; action: KeyAction }) {
  const lapsed = useLapsed(call, action), confirming = useSignal<Confirming>(""), x = o.value;
  return (
    <KeyPair call={call} action={action} turn={() => { if (confirming.value !== "asking") void turn(call, action, confirming); }} lapsed={lapsed.value}>
      <div class="row foot">
        {action === "start" ? <Act call={call} what="phase.rehearsal">{x.rehearseAgain}</Act> : <End call={call} />}
        <p class={confirming.value === "failed" ? "warn sm" : "sm"} role="status" data-confirm={confirming.value || undefined}>{confirming.value === "asking" ? t.value.passkeyNow : confirming.value === "failed" ? x.passkeyFailed : ""}</p>
      </div>
    </KeyPair>
  );
}

/** Keys is what an officer can do with the phase now. */
export function Keys({ call }: { call: Call }) {
  const x = o.value, phase = call.stand.phase.value;
  if (phase === "waiting" || phase === "closed") return <Pair key={phase} call={call} action={phase === "waiting" ? "start" : "open"} />;
  const acts = {
    planned: <><Act call={call} what="phase.rehearsal" kind="primary">{x.rehearse}</Act><Act call={call} what="phase.waiting">{x.wait}</Act></>,
    rehearsal: <Act call={call} what="phase.waiting" kind="primary">{x.wait}</Act>,
    open: <><Act call={call} what="phase.closed" kind="primary" icon="doorclosed">{x.closeDoors}</Act><End call={call} /></>,
    ended: <button type="button" class="btn" data-act="phase.sealed" onClick={() => ask({ key: "seal", title: x.sealAsk, help: x.sealHelp, answers: [{ word: x.seal, act: "seal", yes: () => void call.act("phase.sealed") }] })}>{x.seal}</button>,
    sealed: null,
  }[phase];
  return (
    <section class="keys idle" aria-labelledby="idle-h" data-phase={phase}>
      <h2 id="idle-h" class="row between"><span>{phaseName(phase)}</span>{acts ? <span class="say sm q"><Icon name="keyup" />{x.oneKey}</span> : null}</h2>
      {acts ?? <p class="q foot">{x.sealedHelp}</p>}
    </section>
  );
}


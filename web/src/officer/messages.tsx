// Messages between the protocol officers, and what members and booths have asked for, oldest first.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { fill, list, t, Words } from "../lang";
import { Icon } from "../view/icons";
import { memberOf, partyOf } from "../view/parts";
import { at } from "../view/signs";
import type { Note } from "../wire.gen";
import { o } from "./words";

const longest = 1000; // signs of a message (docs/protocol.md)

/** words of a note: a message as it was written, a request by its name. Names are isolated; text of others is never markup. */
function words(call: Call, n: Note): ComponentChildren {
  const x = o.value, name = <Words of={memberOf(call.meeting.value, n.member)?.name ?? partyOf(call.meeting.value, n.party)?.name} />;
  if (n.kind === "help") return fill(x.messageHelp, { name });
  if (n.kind === "request") {
    const text = { repeat: t.value.requestRepeat, slow: t.value.requestSlow, "mic-please": t.value.requestMic }[n.text] ?? n.text;
    return n.member ? fill(x.messageBy, { name, text }) : fill(x.messageBooth, { text });
  }
  return n.own && n.member === call.you.value ? fill(x.messageYou, { text: n.text }) : fill(x.messageBy, { name, text: n.text });
}

export function Messages({ call }: { call: Call }) {
  const x = o.value, text = useSignal(""), busy = useSignal(false), log = useRef<HTMLDivElement>(null), notes = call.state.value.notes, last = notes[notes.length - 1]?.id;
  useEffect(() => { if (log.current) log.current.scrollTop = log.current.scrollHeight; }, [last]);
  const send = async (value: string): Promise<boolean> => {
    if (busy.value || !value.trim()) return false;
    busy.value = true;
    const refused = await call.act("message", { value: value.trim() });
    busy.value = false;
    return refused === null;
  };
  return (
    <section class="panel" aria-labelledby="msg-h">
      <div class="head"><h2 id="msg-h">{fill(x.messages, { parties: list(call.stand.others.value.map((p) => partyOf(call.meeting.value, p)?.name)) })}</h2></div>
      <div class="stack">
        <div ref={log} class="log" role="log" aria-labelledby="msg-h" tabIndex={0}><ol>
          {notes.length ? notes.map((n) => <li key={n.id} data-note={n.kind} data-own={n.own ? "" : undefined}><time dir="ltr">{at(call, n.at)}</time><span>{n.kind === "message" ? null : <Icon name={n.kind === "help" ? "earoff" : "hand"} />}{words(call, n)}</span></li>) : <li class="q none"><span>{x.noMessages}</span></li>}
        </ol></div>
        <div class="quick" role="group" aria-label={x.quick}>
          {[x.quickReady, x.quickTwo, x.quickThanks].map((w, i) => <button key={i} type="button" class="btn" data-act="quick" data-n={i} aria-disabled={busy.value || undefined} onClick={() => void send(w)}>{w}</button>)}
        </div>
        <form class="send" onSubmit={(e) => { e.preventDefault(); void send(text.value).then((sent) => { if (sent) text.value = ""; }); }}>
          <input type="text" dir="auto" maxLength={longest} aria-label={x.write} placeholder={x.write} value={text.value} onInput={(e) => { text.value = e.currentTarget.value; }} />
          <button class="btn" data-act="message" aria-disabled={busy.value || undefined}>{x.send}</button>
        </form>
      </div>
    </section>
  );
}

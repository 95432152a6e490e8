// What is asked once more before it is done: a sheet with the sentence, what follows from it, and words for each answer.
import { signal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { o } from "./words";

/** Question: key names it for tests; each answer is a button, the first is the primary one. No answer but these does anything. */
export interface Question {
  key: string; title: ComponentChildren; help?: ComponentChildren; no?: ComponentChildren;
  answers: { word: ComponentChildren; act: string; yes: () => void }[];
}

const asked = signal<Question | null>(null);

/** ask shows a question; it closes with any answer, by Escape, or by "Cancel". */
export const ask = (q: Question) => { asked.value = q; };

/** Asked stands once on the page. */
export function Asked() {
  const q = asked.value, dialog = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => { if (q && !dialog.current?.open) dialog.current?.showModal(); }, [q]);
  useEffect(() => () => { asked.value = null; }, []);
  if (!q) return null;
  const close = () => { dialog.current?.close(); asked.value = null; };
  return (
    <dialog ref={dialog} class="sheet" aria-labelledby="ask-h" data-ask={q.key} onClose={() => { if (asked.peek() === q && !dialog.current?.open) asked.value = null; }}>
      <h2 id="ask-h" tabIndex={-1} autofocus>{q.title}</h2>
      {q.help ? <p>{q.help}</p> : null}
      <p class="row">
        {q.answers.map((a, i) => <button key={a.act} type="button" class={i ? "btn big" : "btn big primary"} data-act={a.act} onClick={() => { close(); a.yes(); }}>{a.word}</button>)}
        <button type="button" class="btn big" data-act="cancel" onClick={close}>{q.no ?? o.value.cancel}</button>
      </p>
    </dialog>
  );
}

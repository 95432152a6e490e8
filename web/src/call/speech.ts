// A detector of speech at a closed microphone, in this page alone: what it hears leaves the page as one bit.
import { effect, signal, type ReadonlySignal } from "@preact/signals";
import type { Level } from "./level";

const speech = -42; // dBFS: below it a room is quiet or somebody else speaks in it
const step = 100; // ms
const enough = 500; // ms of speech within the last second
const calm = 3000; // ms without speech until it is over

/** detect is true while speech reaches a microphone that closed says is closed. It runs as long as the page. */
export function detect(level: ReadonlySignal<Level | null>, closed: ReadonlySignal<boolean>): ReadonlySignal<boolean> {
  const speaking = signal(false);
  effect(() => {
    const meter = level.value;
    if (!closed.value || !meter) {
      speaking.value = false;
      return undefined;
    }
    const heard: boolean[] = [];
    let quiet = 0;
    const timer = setInterval(() => {
      const loud = meter.db.peek() > speech;
      heard.push(loud);
      if (heard.length > 1000 / step) heard.shift();
      quiet = loud ? 0 : quiet + step;
      if (heard.filter(Boolean).length * step >= enough) speaking.value = true;
      else if (quiet >= calm) speaking.value = false;
    }, step);
    return () => { clearInterval(timer); speaking.value = false; };
  });
  return speaking;
}

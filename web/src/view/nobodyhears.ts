// "You are speaking, but nobody can hear you": speech at a closed microphone, said within a second.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";

const speech = -42; // dBFS: below it a room is quiet or somebody else speaks in it
const step = 100; // ms
const enough = 500; // ms of speech within the last second
const calm = 3000; // ms without speech until the warning goes

/** useNobodyHears is true while the person speaks at a closed microphone. */
export function useNobodyHears(call: Call): boolean {
  const warn = useSignal(false), closed = !call.mic.value, level = call.devices.level.value;
  useEffect(() => {
    warn.value = false;
    if (!closed || !level) return undefined;
    const heard: boolean[] = [];
    let quiet = 0;
    const timer = setInterval(() => {
      const loud = level.db.peek() > speech;
      heard.push(loud);
      if (heard.length > 1000 / step) heard.shift();
      quiet = loud ? 0 : quiet + step;
      if (heard.filter(Boolean).length * step >= enough) warn.value = true;
      else if (quiet >= calm) warn.value = false;
    }, step);
    return () => clearInterval(timer);
  }, [closed, level]);
  return warn.value;
}

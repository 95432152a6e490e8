// What the own technician asks of a member's page: a test card to look at, a tone to listen to. Neither leaves the page.
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { tone } from "../call/level";
import { t } from "./words";

const bars = ["#f1eee6", "#d9c08a", "#77b6b0", "#7fd1a0", "#b58ac2", "#c96a5c", "#5872a8", "#161b21"];

/** TestCard: eight bars, a circle that must be round, a stair of grey. Never mirrored. */
export function TestCard() {
  return (
    <section class="testcard" aria-label={t.value.testCard} data-says="card">
      <svg viewBox="0 0 640 360" role="img" aria-label={t.value.testCard}>
        {bars.map((c, i) => <rect key={c} x={i * 80} width="80" height="250" fill={c} />)}
        {bars.map((c, i) => <rect key={c} x={i * 80} y="250" width="80" height="110" fill={`hsl(0 0% ${Math.round((i / 7) * 100)}%)`} />)}
        <circle cx="320" cy="180" r="150" fill="none" stroke="#0d1014" stroke-width="3" />
        <path d="M320 30v300M170 180h300" stroke="#0d1014" stroke-width="1.5" />
      </svg>
    </section>
  );
}

/** useTestTone plays the test tone in the person's headset for as long as the technician wants it and no formal meeting runs. */
export function useTestTone(call: Call) {
  const on = call.asked.value.tone && !(call.stand.formal.value && call.stand.running.value);
  useEffect(() => {
    if (!on) return undefined;
    let live = true;
    const again = async () => { while (live) await tone(call.devices.choice.peek().speaker).catch(() => new Promise((done) => setTimeout(done, 2000))); };
    void again();
    return () => { live = false; };
  }, [on]);
}

// Loudness of a track, measured in this page: the meters and the warning "nobody can hear you" live on it.
import { signal, type Signal } from "@preact/signals";

export const silence = -60; // dBFS, the foot of every meter

let shared: AudioContext | undefined;

/** audio is the page's one audio context; browsers let it sound only after the person has touched the page. */
export function audio(): AudioContext {
  shared ??= new AudioContext({ latencyHint: "interactive" });
  if (shared.state === "suspended") void shared.resume();
  return shared;
}

/** wake starts a context that was made before the person had touched the page. */
export function wake() {
  if (shared?.state === "suspended") void shared.resume();
}

export interface Level { db: Signal<number>; peak: Signal<number>; stop(): void }

/** measure follows the loudness of track: RMS over 43 ms in dBFS, twenty times a second, and the highest sample of the last second. */
export function measure(track: MediaStreamTrack): Level {
  const context = audio();
  const source = context.createMediaStreamSource(new MediaStream([track]));
  const analyser = context.createAnalyser();
  analyser.fftSize = 2048;
  source.connect(analyser);
  const samples = new Float32Array(analyser.fftSize);
  const db = signal(silence), peak = signal(silence);
  const timer = setInterval(() => {
    analyser.getFloatTimeDomainData(samples);
    let sum = 0, top = 0;
    for (const s of samples) {
      sum += s * s;
      top = Math.max(top, Math.abs(s));
    }
    db.value = Math.max(silence, Math.round(10 * Math.log10(sum / samples.length + 1e-9)));
    peak.value = Math.max(peak.value - 1, Math.round(20 * Math.log10(top + 1e-9))); // falls by 20 dB a second
  }, 50);
  return { db, peak, stop: () => { clearInterval(timer); source.disconnect(); } };
}

/** tone plays two seconds of 600 Hz at −30 dBFS: loud enough to hear, too soft to hurt. */
export async function tone(speaker: string) {
  const context = audio();
  await context.resume();
  const oscillator = context.createOscillator(), gain = context.createGain(), out = context.createMediaStreamDestination();
  const now = context.currentTime;
  oscillator.frequency.value = 600;
  gain.gain.setValueAtTime(0, now);
  gain.gain.linearRampToValueAtTime(0.032, now + 0.05);
  gain.gain.setValueAtTime(0.032, now + 1.9);
  gain.gain.linearRampToValueAtTime(0, now + 2);
  oscillator.connect(gain).connect(out);
  const element = new Audio();
  element.srcObject = out.stream;
  if (speaker && "setSinkId" in element) await element.setSinkId(speaker).catch(() => undefined);
  oscillator.start();
  oscillator.stop(now + 2);
  await element.play();
  await new Promise((done) => { oscillator.onended = done; });
  element.srcObject = null;
}

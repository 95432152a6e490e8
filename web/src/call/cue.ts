// Signs by sound: soft tones in the person's own headset. They are made here and go to the speaker alone, never into what is sent.
import { audio } from "./level";

const hertz = 600, full = 0.032 /* −30 dBFS */, length = 0.2, rest = 0.15; // s

/** cue plays n soft tones through the chosen headset; played counts them for whoever asks. */
export async function cue(n: number, speaker: string) {
  played.push(n);
  const context = audio();
  if (context.state !== "running") return; // nobody has touched the page yet: the sentence must do
  const oscillator = context.createOscillator(), gain = context.createGain(), out = context.createMediaStreamDestination();
  oscillator.frequency.value = hertz;
  gain.gain.value = 0;
  const begin = context.currentTime + 0.05;
  for (let i = 0; i < n; i++) {
    const at = begin + i * (length + rest);
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(full, at + 0.02);
    gain.gain.setValueAtTime(full, at + length - 0.02);
    gain.gain.linearRampToValueAtTime(0, at + length);
  }
  oscillator.connect(gain).connect(out);
  const element = new Audio();
  element.srcObject = out.stream;
  if (speaker && "setSinkId" in element) await element.setSinkId(speaker).catch(() => undefined);
  oscillator.start();
  oscillator.stop(begin + n * (length + rest));
  await element.play().catch(() => undefined);
  oscillator.onended = () => { element.srcObject = null; };
}

/** played is how many tones each cue had, oldest first: for tests. */
export const played: number[] = [];

/** alarmTone is one low tone for officers and technicians: 320 Hz, 300 ms, −30 dBFS. */
export function alarmTone() {
  const context = audio();
  if (context.state !== "running") return;
  const oscillator = context.createOscillator(), gain = context.createGain(), at = context.currentTime;
  oscillator.frequency.value = 320;
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(full, at + 0.03);
  gain.gain.setValueAtTime(full, at + 0.27);
  gain.gain.linearRampToValueAtTime(0, at + 0.3);
  oscillator.connect(gain).connect(context.destination);
  oscillator.start(at);
  oscillator.stop(at + 0.3);
}

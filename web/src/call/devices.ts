// The person's own camera, microphone and headset. Nothing here sends anything: a connection takes the tracks.
import { batch, signal } from "@preact/signals";
import type { Camera } from "../wire.gen";
import { measure, type Level } from "./level";

export type Capture = "off" | "asking" | "on" | "denied" | "none" | "busy" | "lost" | "insecure";
type Kind = "audio" | "video";

// What the person chose lives as long as the tab; leaving wipes it (Clear-Site-Data).
const key = "visavis.devices";
interface Choice { camera: string; mic: string; speaker: string; echo: boolean; noise: boolean; gain: boolean; cue: boolean }
const usual: Choice = { camera: "", mic: "", speaker: "", echo: true, noise: false, gain: false, cue: true };

function remembered(): Choice {
  try {
    return { ...usual, ...JSON.parse(sessionStorage.getItem(key) ?? "{}") };
  } catch {
    return usual;
  }
}

export class Devices {
  readonly list = signal<MediaDeviceInfo[]>([]);
  readonly choice = signal<Choice>(remembered());
  readonly camera = signal<MediaStreamTrack | null>(null);
  readonly mic = signal<MediaStreamTrack | null>(null);
  readonly cameraState = signal<Capture>("off");
  readonly micState = signal<Capture>("off");
  readonly level = signal<Level | null>(null);
  /** wanted is what the node asks of cameras. */
  wanted: Camera = { width: 640, height: 360, fps: 15 };

  /** onlost is told of a device that was unplugged, or whose permission was withdrawn. */
  onlost: (kind: Kind) => void = () => undefined;

  private ear: MediaStreamTrack | null = null; // a copy of the microphone that is measured even while the sent one is disabled

  constructor() {
    navigator.mediaDevices?.addEventListener("devicechange", () => void this.look());
  }

  /** start asks for camera and microphone in one question, and for each alone where one of them fails. */
  async start(video = true) {
    if (!navigator.mediaDevices) {
      batch(() => { this.cameraState.value = "insecure"; this.micState.value = "insecure"; });
      return;
    }
    await this.look();
    const has = (k: MediaDeviceKind) => this.list.value.some((d) => d.kind === k);
    if (video && has("videoinput") && has("audioinput")) {
      batch(() => { this.cameraState.value = "asking"; this.micState.value = "asking"; });
      try {
        const stream = await navigator.mediaDevices.getUserMedia({ audio: this.constraints("audio"), video: this.constraints("video") });
        batch(() => { this.take("video", stream.getVideoTracks()[0]!); this.take("audio", stream.getAudioTracks()[0]!); });
        await this.look();
        return;
      } catch { /* each alone says which of them failed, and why */ }
    }
    await this.open("audio");
    if (video) await this.open("video");
  }

  /** open asks for one device anew; what was captured of its kind before is released. */
  async open(kind: Kind): Promise<boolean> {
    const state = kind === "audio" ? this.micState : this.cameraState;
    if (!navigator.mediaDevices) return false;
    state.value = "asking";
    this.release(kind);
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ [kind]: this.constraints(kind) });
      this.take(kind, stream.getTracks()[0]!);
      await this.look();
      return true;
    } catch (err) {
      const name = err instanceof DOMException ? err.name : "";
      state.value = name === "NotAllowedError" ? "denied" : name === "NotReadableError" || name === "AbortError" ? "busy" : "none";
      return false;
    }
  }

  /** choose changes a choice and captures again what it touches. */
  async choose(change: Partial<Choice>) {
    this.choice.value = { ...this.choice.value, ...change };
    try {
      sessionStorage.setItem(key, JSON.stringify(this.choice.value));
    } catch { /* storage is forbidden: the choice lasts until the reload */ }
    if ("camera" in change) await this.open("video");
    if ("mic" in change || "echo" in change || "noise" in change || "gain" in change) await this.open("audio");
  }

  of(kind: MediaDeviceKind): MediaDeviceInfo[] {
    return this.list.value.filter((d) => d.kind === kind && d.deviceId !== "");
  }

  /** headset: what is played is heard by one person alone, as far as the device's name tells. */
  headset(): boolean {
    const all = this.of("audiooutput"), chosen = all.find((d) => d.deviceId === this.choice.value.speaker) ?? all[0];
    return /\b(head(set|phones?)|ear(phones?|buds?|pods?)|airpods|bluetooth|hands-?free)\b/i.test(chosen?.label ?? "");
  }

  /** release lets go of a device; its lamp goes out. */
  release(kind: Kind) {
    const [track, state] = kind === "audio" ? [this.mic, this.micState] : [this.camera, this.cameraState];
    track.value?.stop();
    if (kind === "audio") {
      this.level.value?.stop();
      this.ear?.stop();
      this.level.value = this.ear = null;
    }
    track.value = null;
    if (state.value === "on") state.value = "off";
  }

  stop() {
    this.release("audio");
    this.release("video");
  }

  private take(kind: Kind, track: MediaStreamTrack) {
    const [hold, state] = kind === "audio" ? [this.mic, this.micState] : [this.camera, this.cameraState];
    track.onended = () => {
      if (hold.value !== track) return;
      this.release(kind);
      state.value = "lost";
      this.onlost(kind);
    };
    if (kind === "video") track.contentHint = "motion"; // keep the rate of frames when the way is narrow
    batch(() => { // two questions may have been open at once: the later answer takes the place of the earlier
      this.release(kind);
      hold.value = track;
      state.value = "on";
    });
    if (kind === "audio") {
      this.ear = track.clone();
      this.ear.enabled = true; // a copy of a closed microphone is closed too
      this.level.value = measure(this.ear);
    }
  }

  private constraints(kind: Kind): MediaTrackConstraints {
    const c = this.choice.value, exact = (id: string) => (id && this.list.value.some((d) => d.deviceId === id) ? { deviceId: { exact: id } } : {});
    if (kind === "audio") {
      return { ...exact(c.mic), channelCount: { ideal: 1 }, sampleRate: { ideal: 48000 }, echoCancellation: c.echo, noiseSuppression: c.noise, autoGainControl: c.gain };
    }
    const w = this.wanted;
    return { ...exact(c.camera), width: { ideal: w.width }, height: { ideal: w.height }, frameRate: { ideal: w.fps, max: Math.max(w.fps, 30) } };
  }

  private async look() {
    this.list.value = await navigator.mediaDevices.enumerateDevices().catch(() => []);
  }
}

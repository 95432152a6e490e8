// What this page plays: one element for each floor slot, one stream for each stage slot. Elements stay; connections come and go.
import { effect, signal } from "@preact/signals";
import { floorSlots, stageSlots } from "./slots";

export class Playout {
  /** held: the browser refuses to sound before the person has pressed something. */
  readonly held = signal(false);
  readonly volume = signal(1);
  /** muted: nothing may sound here, whatever comes. */
  readonly muted = signal(false);
  readonly pictures = stageSlots.map(() => signal<MediaStream | null>(null));
  private readonly sounds: HTMLAudioElement[];

  constructor() {
    this.sounds = floorSlots.map((name) => {
      const element = new Audio();
      element.autoplay = true;
      element.dataset.slot = name;
      document.body.append(element);
      return element;
    });
    effect(() => { for (const s of this.sounds) { s.volume = this.volume.value; s.muted = this.muted.value; } });
  }

  /** fill gives slot name the track of a connection. */
  fill(name: string, track: MediaStreamTrack) {
    const stream = new MediaStream([track]);
    const floor = floorSlots.indexOf(name), stage = stageSlots.indexOf(name);
    if (stage >= 0) this.pictures[stage]!.value = stream;
    if (floor >= 0) {
      this.sounds[floor]!.srcObject = stream;
      this.play();
    }
  }

  play() {
    const look = () => { this.held.value = this.sounds.some((s) => s.srcObject && s.paused); };
    for (const s of this.sounds) if (s.srcObject) s.play().then(look, look);
  }

  /** through sends the sound to a headset; "" is the computer's own choice. */
  async through(speaker: string) {
    for (const s of this.sounds) if ("setSinkId" in s) await s.setSinkId(speaker).catch(() => undefined);
  }

  stop() {
    for (const s of this.sounds) s.srcObject = null;
    for (const p of this.pictures) p.value = null;
    this.held.value = false;
  }
}

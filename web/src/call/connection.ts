// One RTCPeerConnection: the page offers its sections, the node answers. ICE is restarted through the same message.
import type { Camera, Offer } from "../wire.gen";
import type { Playout } from "./playout";
import { floorSlots, stageSlots } from "./slots";

/** narrow leaves only the codecs that a node forwards: the offer shrinks from 40 kB to 14 kB. */
function narrow(t: RTCRtpTransceiver, kind: "audio" | "video") {
  const wanted = kind === "audio" ? ["audio/opus"] : ["video/VP8", "video/rtx"];
  const codecs = RTCRtpReceiver.getCapabilities(kind)?.codecs.filter((c) => wanted.includes(c.mimeType)) ?? [];
  if (codecs.length) t.setCodecPreferences(codecs);
}

/** bitrate is what a camera may send, bit/s: 0.15 bit a pixel, which VP8 needs for a moving face. */
export const bitrate = (c: Camera) => Math.round(Math.min(3e6, Math.max(2e5, 0.15 * c.width * c.height * c.fps)));

/**
 * encodings are three layers of the picture, best first: browsers leave out the last ones of a small picture. The node gives each
 * receiver the layer that its path takes.
 */
const encodings = (c: Camera): RTCRtpEncodingParameters[] => [
  { rid: "h", maxBitrate: bitrate(c), maxFramerate: c.fps },
  { rid: "m", maxBitrate: Math.round(Math.max(2e5, bitrate(c) / 4)), maxFramerate: c.fps, scaleResolutionDownBy: 2 },
  { rid: "l", maxBitrate: 12e4, maxFramerate: Math.min(c.fps, 15), scaleResolutionDownBy: 4 },
];

export class Connection {
  readonly pc = new RTCPeerConnection({ bundlePolicy: "max-bundle" });
  private readonly names: string[] = [];
  private readonly heard: { energy: number; seconds: number }[] = []; // of each floor slot when it was last measured
  private readonly mic: RTCRtpSender | null = null;
  private readonly cam: RTCRtpSender | null = null;

  /** A connection sends nothing and plays nothing until it is answered. One that never sends has no section to send in. */
  constructor(camera: Camera, sends: boolean) {
    if (sends) {
      const own = new MediaStream(); // one stream for both: the other side keeps lips and voice together
      this.mic = this.add("mic", "audio", { direction: "sendonly", streams: [own], sendEncodings: [{ networkPriority: "high" }] });
      this.cam = this.add("cam", "video", { direction: "sendonly", streams: [own], sendEncodings: encodings(camera) });
    }
    for (const name of floorSlots) this.add(name, "audio", { direction: "recvonly" });
    for (const name of stageSlots) this.add(name, "video", { direction: "recvonly" });
  }

  private add(name: string, kind: "audio" | "video", init: RTCRtpTransceiverInit): RTCRtpSender {
    const transceiver = this.pc.addTransceiver(kind, init);
    narrow(transceiver, kind);
    this.names.push(name);
    return transceiver.sender;
  }

  /** send puts the person's tracks, or nothing, into the sending sections; no new offer is needed. */
  async send(mic: MediaStreamTrack | null, camera: MediaStreamTrack | null) {
    await Promise.all([
      !this.mic || this.mic.track === mic ? null : this.mic.replaceTrack(mic),
      !this.cam || this.cam.track === camera ? null : this.cam.replaceTrack(camera),
    ]);
  }

  /** layers sends only those layers of the camera that somebody watches. */
  async layers(rids: string[]) {
    const p = this.cam?.getParameters();
    if (!this.cam || !p?.encodings.some((e) => e.rid && (e.active ?? true) !== rids.includes(e.rid))) return;
    for (const e of p.encodings) if (e.rid) e.active = rids.includes(e.rid);
    await this.cam.setParameters(p).catch((err) => console.warn("layers", err)); // then more is sent than needed
  }

  /** used: it was answered once, and cannot join again. */
  get used(): boolean {
    return this.pc.remoteDescription !== null || this.pc.connectionState === "closed";
  }

  /** first is the offer that joins; asked for twice, it is the same. */
  async first(): Promise<Offer> {
    const made = this.pc.localDescription?.sdp;
    return made ? { sdp: made, names: this.names } : this.offer();
  }

  async offer(restart = false): Promise<Offer> {
    await this.pc.setLocalDescription(await this.pc.createOffer({ iceRestart: restart }));
    return { sdp: this.pc.localDescription!.sdp, names: this.names };
  }

  answer(sdp: string): Promise<void> {
    return this.pc.setRemoteDescription({ type: "answer", sdp });
  }

  /** play hands every receiving slot to the playout. */
  play(playout: Playout) {
    this.pc.getTransceivers().forEach((t, i) => { if (t.direction === "recvonly") playout.fill(this.names[i]!, t.receiver.track); });
  }

  /** levels are how loud each floor slot has sounded since the last call: RMS, 0 to 1. */
  levels(): Promise<number[]> {
    const receivers = this.pc.getTransceivers().filter((_, i) => floorSlots.includes(this.names[i]!)).map((t) => t.receiver);
    return Promise.all(receivers.map(async (r, i) => {
      for (const s of (await r.getStats()).values()) {
        if (s.type !== "inbound-rtp" || s.totalAudioEnergy === undefined) continue;
        const before = this.heard[i], now = this.heard[i] = { energy: s.totalAudioEnergy as number, seconds: s.totalSamplesDuration as number };
        return before && now.seconds > before.seconds ? Math.sqrt(Math.max(0, now.energy - before.energy) / (now.seconds - before.seconds)) : 0;
      }
      return 0;
    }));
  }

  close() {
    this.pc.onconnectionstatechange = null;
    this.pc.close();
  }
}

export type Probe = { result: "good"; ms: number } | { result: "blocked" } | { result: "server" };

/** probe opens a short connection to the node to see whether UDP gets through; it says so within limit ms of being asked: of the five seconds that a person may wait the page needs some to load. */
export async function probe(ask: (offer: Offer) => Promise<string | null>, limit = 3500): Promise<Probe> {
  const began = performance.now(), pc = new RTCPeerConnection();
  try {
    const t = pc.addTransceiver("audio", { direction: "recvonly" });
    narrow(t, "audio");
    await pc.setLocalDescription(await pc.createOffer());
    const sdp = await ask({ sdp: pc.localDescription!.sdp, names: ["probe"] });
    if (!sdp) return { result: "server" };
    await pc.setRemoteDescription({ type: "answer", sdp });
    const open = await new Promise<boolean>((done) => {
      const look = () => { if (pc.connectionState === "connected") done(true); if (pc.connectionState === "failed") done(false); };
      pc.onconnectionstatechange = look;
      look();
      setTimeout(() => done(false), limit - (performance.now() - began));
    });
    return open ? { result: "good", ms: await roundTrip(pc) } : { result: "blocked" };
  } catch {
    return { result: "server" };
  } finally {
    pc.close();
  }
}

/** roundTrip is what ICE measured, ms. */
async function roundTrip(pc: RTCPeerConnection): Promise<number> {
  for (const s of (await pc.getStats()).values()) {
    if (s.type === "candidate-pair" && s.nominated && s.currentRoundTripTime !== undefined) return Math.max(1, Math.round(s.currentRoundTripTime * 1000));
  }
  return 1;
}

// One person's place: picture, or what stands in for it, and the nameplate below.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { fill, pick, plain, t, Words } from "../lang";
import type { Member, Party, Presence } from "../wire.gen";
import { Emblem, longOf, Nameplate, Say } from "./parts";

/** Video shows a stream or a track. Its sound is played elsewhere; onframe is told of each frame shown. */
export function Video({ stream, label, name, onframe }: { stream: MediaStream | MediaStreamTrack; label: string; name: string; onframe?: () => void }) {
  const element = useRef<HTMLVideoElement>(null);
  useEffect(() => {
    const v = element.current!;
    v.muted = true;
    v.srcObject = stream instanceof MediaStream ? stream : new MediaStream([stream]);
    let live = true;
    const frame = () => { if (live) { onframe?.(); v.requestVideoFrameCallback?.(frame); } };
    if ("requestVideoFrameCallback" in v) v.requestVideoFrameCallback(frame);
    else (v as HTMLVideoElement).ontimeupdate = frame; // four times a second: enough to know that it moves
    void v.play().catch(() => undefined);
    return () => { live = false; v.srcObject = null; };
  }, [stream]);
  return <video ref={element} class="scene" aria-label={label} data-slot={name} autoplay playsInline muted disablePictureInPicture />;
}

const still = 2500; // ms without a frame: the picture has stopped
const handover = 300; // ms after the slot was given to somebody else: frames of the one before may still be on their way
const foreign = 500; // ms for which the last frame of somebody else may stand under a name

/** Remote shows a stage slot, and its stand-in until the first frame and whenever frames stop coming: sooner when the slot has just been another's. */
function Remote({ stream, who, label, slot, standIn }: { stream: MediaStream; who: string; label: string; slot: string; standIn: (why: string) => ComponentChildren }) {
  const shows = useSignal<"coming" | "live" | "stopped">("coming"), last = useRef(0), given = useRef(0);
  useEffect(() => { given.current = performance.now(); }, [who, stream]);
  useEffect(() => {
    shows.value = "coming";
    const timer = setInterval(() => {
      const now = performance.now(), own = last.current > given.current + handover;
      if (shows.value !== "live") return;
      if (own && now - last.current > still) shows.value = "stopped";
      else if (!own && now - given.current > handover + foreign) shows.value = "coming";
    }, 100);
    return () => clearInterval(timer);
  }, [stream]);
  const frame = () => {
    last.current = performance.now();
    if (shows.value === "live") return;
    shows.value = "live";
    if (!performance.getEntriesByName("visavis:frame").length) performance.mark("visavis:frame");
  };
  return (
    <>
      <Video stream={stream} label={label} name={slot} onframe={frame} />
      {shows.value === "live" ? null : standIn(shows.value === "coming" ? t.value.pictureComing : t.value.pictureStopped)}
    </>
  );
}

function Wait({ party, small, children }: { party: Party | undefined; small?: boolean; children?: ComponentChildren }) {
  return <div class="wait"><Emblem party={party} size={small ? "" : "l"} />{small ? null : <p class="name"><Words of={longOf(party)} /></p>}{children}</div>;
}

/** since is the time a condition has lasted, "0:12". */
function Since({ at }: { at: number }) {
  const now = useSignal(Date.now());
  useEffect(() => {
    const timer = setInterval(() => { now.value = Date.now(); }, 1000);
    return () => clearInterval(timer);
  }, []);
  const s = Math.max(0, Math.floor((now.value - at) / 1000));
  return <span>{fill(t.value.interrupted, { time: `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}` })}</span>;
}

export interface Seat { member: Member | undefined; party: Party | undefined; presence: Presence | undefined; slot: number; self: boolean }

/** Place is a large or (small) one of the further places. */
export function Place({ call, seat, small }: { call: Call; seat: Seat; small?: boolean }) {
  const { member, party, presence, slot, self } = seat;
  const speaking = member !== undefined && !self && call.speaking.value.includes(member.id);
  const cutAt = useRef(0), cut = presence?.far === "interrupted";
  if (!cut) cutAt.current = 0;
  else if (!cutAt.current) cutAt.current = Date.now();
  const name = pick(member?.name) || pick(longOf(party));
  const { formal, phase, order, own } = call.stand, holder = formal.value && member !== undefined && order.value.holder === member.id && order.value.acknowledged;
  const shown = presence?.capacity === 1 && member?.second ? { ...member, office: member.second } : member;
  return (
    <figure class={small ? "place small" : "place"} data-member={member?.id} data-far={presence?.far || undefined}>
      <div class="picture">{picture()}</div>
      <figcaption><Nameplate meeting={call.meeting.value} member={shown} party={party} small={small} floor={formal.value ? holder || (speaking && order.value.mode === "free") : speaking || (self && call.mic.value)} sign={small ? (speaking ? sign() : null) : sign()} /></figcaption>
    </figure>
  );

  function picture() {
    const card = formal.value && !self ? before() : null;
    if (card !== null) return <Wait party={party} small={small}>{card && !small ? <p class="q">{card}</p> : null}</Wait>;
    if (self) {
      return call.camera.value && call.devices.camera.value
        ? <Video stream={call.devices.camera.value} label={t.value.ownPicture} name="self" />
        : <Wait party={party} small={small}><p class="q">{t.value.cameraOff}</p></Wait>;
    }
    if (!presence) return <Wait party={party} small={small}>{small ? null : <p class="q">{t.value.notHere}</p>}</Wait>;
    if (cut) return small ? <div class="wait"><Say icon="link" tone="alarm">{t.value.down}</Say></div> : <Wait party={party}><Say icon="link" tone="alarm"><Since at={cutAt.current} /></Say></Wait>;
    if (presence.far) return <Wait party={party} small={small}><p class="q">{t.value.awayNow}</p></Wait>;
    const stream = slot >= 0 && presence.camera ? call.playout.pictures[slot]?.value : null;
    if (!stream) return <Wait party={party} small={small} />;
    return <Remote stream={stream} who={member?.id ?? ""} label={plain(t.value.pictureOf, { name })} slot={`stage${slot}`} standIn={(why) => <Wait party={party} small={small}><p class="q">{small ? null : why}</p></Wait>} />;
  }

  /** before the meeting and after it the other side is a card, which says nothing about them; null: show what there is. */
  function before(): string | null {
    if (phase.value === "planned" || phase.value === "ended" || phase.value === "sealed") return "";
    if (party?.id === own.value) return null;
    return phase.value === "rehearsal" ? t.value.rehearseCard : phase.value === "waiting" ? t.value.waitCard : null;
  }

  function sign() {
    if (formal.value) return formalSign();
    if (self) return call.mic.value && !call.unheard.value ? <span class="lamp">{t.value.micOpen}</span> : <Say icon="micoff" tone="q">{t.value.micClosed}</Say>;
    if (!presence || presence.far) return null;
    if (speaking) return <Say icon="mic" tone="gold">{t.value.speaking}</Say>;
    return (
      <>
        {presence.mic ? <Say icon="mic">{t.value.micOpen}</Say> : <Say icon="micoff" tone="q">{t.value.micClosed}</Say>}
        {presence.mic && !presence.camera ? <span class="q">{t.value.soundOnly}</span> : null}
      </>
    );
  }

  function formalSign() {
    if (party?.id !== own.value && before() !== null) return null;
    if (self && call.mic.value) return <span class="lamp">{t.value.micOpen}</span>;
    if (!presence || presence.far) return null;
    if (holder) return <>{<Say icon="mic" tone="gold">{t.value.hasFloor}</Say>}{presence.mic ? null : <Say icon="micoff" tone="q">{t.value.micClosed}</Say>}</>;
    if (phase.value === "rehearsal" || phase.value === "waiting") return <span class="q">{t.value.seatedSign}</span>;
    if (speaking) return <Say icon="mic" tone="gold">{t.value.speaking}</Say>;
    return presence.mic && !presence.camera ? <span class="q">{t.value.soundOnly}</span> : null;
  }
}

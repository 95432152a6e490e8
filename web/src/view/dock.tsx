// Below the pictures: as they see you, the one sentence that matters now with its buttons, and the connection.
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import type { Call } from "../call/call";
import { fill, Words } from "../lang";
import { useLasting } from "./controls";
import type { Link } from "../wire.gen";
import { DeviceList, problem } from "./devicelist";
import { FloorPanel } from "./floorpanel";
import { Icon } from "./icons";
import { Bars, Meter, Say, memberOf, partyOf } from "./parts";
import type { Seat } from "./place";
import { Video } from "./place";
import { Help } from "./rehearsal";
import { t, type Table } from "./words";

export function Dock({ call, self }: { call: Call; self: Seat | null }) {
  return (
    <div class={self ? "dock" : "dock noself"}>
      {self ? <Self call={call} seat={self} /> : null}
      {call.stand.formal.value ? <FloorPanel call={call} /> : <Now call={call} />}
      <Connection call={call} />
    </div>
  );
}

function Self({ call, seat }: { call: Call; seat: Seat }) {
  const camera = call.camera.value ? call.devices.camera.value : null;
  return (
    <section class="self" aria-labelledby="self-h">
      <h2 id="self-h">{t.value.seenAs}</h2>
      <div class="picture" data-floor={call.mic.value ? "" : undefined}>
        {camera ? <Video stream={camera} label={t.value.ownPicture} name="self" /> : <div class="wait"><p class="q">{problem(call.devices.cameraState.value, "video") || t.value.cameraOff}</p></div>}
      </div>
      <p class="sm"><Words of={seat.member?.name} /></p>
    </section>
  );
}

interface Sentence { key: string; head: ComponentChildren; help?: ComponentChildren; tone?: "gold" | "alarm"; mic?: boolean; body?: ComponentChildren; act?: ComponentChildren }

/** Now is the sentence that matters most at this moment. Only the sentence is a live region, never a level or a clock. */
function Now({ call }: { call: Call }) {
  const nobody = call.mutedSpeech.value, cut = useLasting(call.phase.value !== "live", 1500);
  const s = sentence(call, cut, nobody);
  return (
    <section class="floor" id="now" tabIndex={-1} aria-label={t.value.floor} data-tone={s.tone} data-says={s.key}>
      <div class="stack">
        <h2 class={s.tone === "alarm" ? "alarm" : ""} aria-live={s.tone === "alarm" ? "assertive" : "polite"}>{s.head}</h2>
        {s.help ? <p>{s.help}</p> : null}
        {s.body}
        <Alarm code={call.state.value.alarm} />
      </div>
      <div class="acts">{s.act}<Switches call={call} quiet={s.act !== undefined || (s.tone === "alarm" && s.key !== "nobody")} /></div>
    </section>
  );
}

// Codes of State.alarm (docs/protocol.md).
const alarms: Record<string, { head: keyof Table; help: keyof Table }> = {
  "log.withheld": { head: "logWithheld", help: "logWithheldHelp" },
  "log.forked": { head: "logForked", help: "logForkedHelp" },
};

/** Alarm says what is wrong with the record, what it means for the person, and whom to tell. The region is there before the alarm is, so that it is read out. */
function Alarm({ code }: { code: string }) {
  const known = alarms[code];
  return (
    <div class="record" role="alert" data-alarm={code || undefined}>
      {code ? <><Say icon="warn" tone="alarm">{known ? t.value[known.head] : t.value.logAlarm}</Say>{known ? <p class="sm">{t.value[known.help]}</p> : null}</> : null}
    </div>
  );
}

function sentence(call: Call, cut: boolean, nobody: boolean): Sentence {
  const x = t.value, { devices, state, meeting } = call;
  const name = (party: string) => <Words of={partyOf(meeting.value, party)?.name} />;
  if (cut) {
    return call.cut.value === "server" ? { key: "server", head: x.cutServer, help: x.cutServerHelp, tone: "alarm" } : { key: "network", head: x.cutNetwork, help: call.media.value === "open" ? undefined : x.cutNetworkHelp, tone: "alarm" };
  }
  if (call.media.value === "blocked") return { key: "blocked", head: x.probeBlocked, help: fill(x.probeBlockedHelp, { host: location.hostname }), tone: "alarm" };
  if (call.media.value === "lost") return { key: "media", head: x.cutMedia, help: x.cutMediaHelp, tone: "alarm" };
  if (call.playout.held.value) {
    return { key: "held", head: x.soundHeld, help: x.soundHeldHelp, tone: "gold", act: <button type="button" class="btn big primary" data-act="hear" onClick={() => call.playout.play()}><Icon name="ear" />{x.soundOn}</button> };
  }
  if (call.unheard.value) return { key: "unheard", head: x.micRefused, help: x.micRefusedHelp, tone: "alarm" };
  if (nobody) {
    return { key: "nobody", head: x.nobodyHears, help: x.nobodyHearsHelp, tone: "alarm", body: <div class="heard"><span class="q sm">{x.voiceHere}</span><Meter level={devices.level.value} label={x.voiceHere} /></div> };
  }
  const link = state.value.links.find((l) => l.state !== "up");
  if (link?.code === "definition.differs") return { key: "differs", head: x.linkDiffers, tone: "alarm" };
  if (link?.state === "interrupted") return { key: "link", head: fill(x.linkCut, { party: name(link.party) }), help: x.linkCutHelp, tone: "alarm" };
  const cameraLost = call.camera.value || devices.cameraState.value === "lost";
  const broken = problem(devices.micState.value, "audio") || (cameraLost ? problem(devices.cameraState.value, "video") : "");
  if (broken) return { key: "device", head: broken, help: call.mic.value ? undefined : x.yourMicClosed, tone: "alarm" };
  const speaker = memberOf(meeting.value, call.speaking.value.find((id) => id !== call.you.value) ?? "");
  const now = speaker ? fill(x.someoneSpeaks, { name: <Words of={speaker.name} /> }) : x.seated;
  if (call.mic.value) {
    return { key: "open", head: now, tone: "gold", body: <><p class="row" role="status"><span class="lamp"><Icon name="mic" />{x.lampOn}</span></p><div class="heard"><span class="q sm">{x.voiceHere}</span><Meter level={devices.level.value} label={x.voiceHere} /></div></> };
  }
  if (link) return { key: "nolink", head: fill(x.linkDown, { party: name(link.party) }), help: x.linkDownHelp };
  return { key: "closed", head: now, help: x.yourMicClosed };
}

function Switches({ call, quiet }: { call: Call; quiet: boolean }) {
  const mic = call.mic.value, camera = call.camera.value;
  return (
    <>
      <button type="button" class={mic || quiet ? "btn big" : "btn big primary"} data-act="mic" data-on={mic} onClick={() => void call.setMic(!mic)}>
        <Icon name={mic ? "micoff" : "mic"} />{mic ? t.value.closeMic : t.value.openMic}
      </button>
      <button type="button" class="btn big" data-act="camera" data-on={camera} onClick={() => void call.setCamera(!camera)}>
        <Icon name={camera ? "cameraoff" : "camera"} />{camera ? t.value.cameraSwitchOff : t.value.cameraSwitchOn}
      </button>
    </>
  );
}

/** Own is "I cannot hear", and the camera's switch, which in a formal meeting stands apart from the floor. */
function Own({ call }: { call: Call }) {
  const camera = call.camera.value;
  if (["ended", "sealed"].includes(call.stand.phase.value)) return null; // nothing is opened any more
  return (
    <div class="row">
      <button type="button" class="btn" data-act="camera" data-on={camera} onClick={() => void call.setCamera(!camera)}><Icon name={camera ? "cameraoff" : "camera"} />{camera ? t.value.cameraSwitchOff : t.value.cameraSwitchOn}</button>
      <Help call={call} />
    </div>
  );
}

// Figure and unit stay on one line; less than a millisecond is shown as one.
const ms = (n: number) => `${Math.max(1, n)}\u00a0ms`;

/** Way is how the link to another party does, and how sound and pictures go: what is sent inside TLS waits for what was lost. */
function Way({ link: l }: { link: Link }) {
  const x = t.value;
  if (!l.way) return <dd class="q" data-media="none"><Bars n={0} /><span>{x.measuring}</span></dd>; // no packet has come back yet
  const n = l.loss > 0.05 ? 1 : l.loss > 0.01 || l.way === "tls" ? 2 : 3;
  return (
    <dd data-media={l.way}>
      <Bars n={n} /><span>{n === 1 ? x.poor : n === 2 ? x.fair : x.good}</span>
      <bdi class="n q">{ms(l.rttMs)}</bdi>
      {l.loss >= 0.001 ? <span class="q">{fill(x.loss, { loss: <bdi class="n">{`${Math.round(l.loss * 1000) / 10}\u00a0%`}</bdi> })}</span> : null}
      <span class={l.way === "tls" ? "warn" : "q"}>{l.way === "tls" ? x.wayTls : l.way === "two" ? x.wayTwo : x.wayOne}</span>
    </dd>
  );
}

function Connection({ call }: { call: Call }) {
  const x = t.value, q = call.quality.value, pictures = call.pictures.value, up = call.phase.value === "live" && call.media.value === "open";
  const word = !up ? x.down : q ? (q.level === "good" ? x.good : q.level === "fair" ? x.fair : x.poor) : x.measuring;
  const devices = useRef<HTMLDialogElement>(null), leaving = useRef<HTMLDialogElement>(null);
  return (
    <section class="connection" aria-labelledby="con-h">
      <div class="row between"><h2 id="con-h">{x.connection}</h2><span class="sm q">{x.encrypted}</span></div>
      <dl class="ways">
        <div data-way="own" data-level={up ? q?.level ?? "measuring" : "down"}>
          <dt>{x.ownLeg}</dt>
          <dd class={up ? "" : "alarm"}><Bars n={!up ? 0 : q?.level === "fair" ? 2 : q?.level === "poor" ? 1 : q ? 3 : 0} /><span>{word}</span>{up && q ? <bdi class="n q">{ms(q.rttMs)}</bdi> : null}
            {up && pictures !== "all" ? <span class="warn" data-pictures={pictures}>{pictures === "paused" ? x.picturesPaused : x.picturesLess}</span> : null}</dd>
        </div>
        {call.state.value.links.map((l) => (
          <div key={l.party} data-way={l.party} data-level={l.state}>
            <dt>{fill(x.linkTo, { party: <Words of={partyOf(call.meeting.value, l.party)?.name} /> })}</dt>
            {l.state === "up" ? <Way link={l} /> : <dd class={l.state === "interrupted" ? "alarm" : "q"}><Bars n={0} /><span>{l.state === "interrupted" ? x.down : x.notUp}</span></dd>}
          </div>
        ))}
      </dl>
      <label class="vol"><span class="sm q">{x.volume}</span><input type="range" min="0" max="100" data-act="volume" value={Math.round(call.playout.volume.value * 100)} onInput={(e) => { call.playout.volume.value = Number(e.currentTarget.value) / 100; }} /></label>
      {call.stand.formal.value ? <Own call={call} /> : null}
      <p class="row">
        <button type="button" class="btn" data-act="devices" onClick={() => devices.current?.showModal()}><Icon name="devices" />{x.deviceMenu}</button>
        <button type="button" class="btn" data-act="leave" onClick={() => leaving.current?.showModal()}><Icon name="leave" flip />{x.leave}</button>
      </p>
      <dialog ref={devices} class="stage sheet" aria-labelledby="dd-h">
        <h2 id="dd-h">{x.devices}</h2>
        <DeviceList call={call} />
        {call.stand.formal.value ? (
          <label class="check"><input type="checkbox" class="box" data-act="cue" checked={call.devices.choice.value.cue} onChange={(e) => void call.devices.choose({ cue: e.currentTarget.checked })} /><span>{x.toneCue}<br /><span class="q sm">{x.toneCueHelp}</span></span></label>
        ) : null}
        <form method="dialog" class="row end"><button class="btn primary" autofocus>{x.close}</button></form>
      </dialog>
      <dialog ref={leaving} class="stage sheet" aria-labelledby="lv-h">
        <h2 id="lv-h">{x.leaveTitle}</h2>
        <p>{x.leaveHelp}</p>
        <form method="dialog" class="row end">
          <button class="btn big primary" autofocus>{x.stay}</button>
          <button type="button" class="btn big" data-act="leave-now" onClick={() => void call.leave()}>{x.leaveNow}</button>
        </form>
      </dialog>
    </section>
  );
}

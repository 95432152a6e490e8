// Rehearsal: microphone, camera and return sound are tried one after the other; the own node is told of each.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { tone } from "../call/level";
import { Act } from "./controls";
import { Heard, Panel } from "./floorpanel";
import { Icon } from "./icons";
import { Meter, Say } from "./parts";
import { t } from "./words";

const loud = -42, enough = 6; // dBFS, and how many of the last looks (10 a second): half a second of speech

export function Rehearsal({ call }: { call: Call }) {
  const x = t.value, mic = useSignal(false), sound = useSignal(false), playing = useSignal(false), nothing = useSignal(false);
  const camera = call.camera.value && call.devices.camera.value !== null, level = call.devices.level.value;
  useEffect(() => {
    if (mic.value || !level) return undefined;
    let heard = 0;
    const timer = setInterval(() => {
      heard = level.db.peek() > loud ? heard + 1 : 0;
      if (heard >= enough) mic.value = true;
    }, 100);
    return () => clearInterval(timer);
  }, [level, mic.value]);
  useEffect(() => call.check({ mic: mic.value, camera, sound: sound.value }), [mic.value, camera, sound.value, call.phase.value]);
  const play = async () => {
    playing.value = true;
    await tone(call.devices.choice.value.speaker).catch(() => undefined);
    playing.value = false;
  };
  const hear = (yes: boolean) => {
    sound.value = yes;
    nothing.value = !yes;
    if (!yes) void call.act("help");
  };
  const step = !mic.value ? "say" : !sound.value ? "tone" : "done";
  const line = (ok: boolean, icon: "mic" | "camera" | "ear", word: string) => (
    <li data-check={icon} data-ok={ok}><Say icon={ok ? "check" : icon} tone={ok ? "live" : "q"}>{word}<span class="vh">, {ok ? x.checked : x.unchecked}</span></Say></li>
  );
  return (
    <Panel call={call} s={{
      key: `rehearsal-${step}`, tone: "gold", label: x.rehearsal,
      head: step === "say" ? x.rehearseSay : step === "tone" ? x.rehearseTone : x.rehearseDone,
      help: nothing.value ? x.hearNothingHelp : x.rehearseHelp,
      body: <>
        {call.mic.value ? <><p class="row"><span class="lamp"><Icon name="mic" />{x.lampOn}</span></p><Heard call={call} /></> : <div class="heard"><span class="q sm">{x.voiceHere}</span><Meter level={level} label={x.voiceHere} /></div>}
        <Dimmed call={call} />
      </>,
      clock: <ul class="checklist">{line(mic.value, "mic", x.checkMic)}{line(camera, "camera", x.checkCamera)}{line(sound.value, "ear", x.checkSound)}</ul>,
      acts: (
        <>
          {step === "tone" ? (
            <>
              <button type="button" class="btn big primary" data-act="hear-tone" onClick={() => hear(true)}>{x.hearTone}</button>
              <button type="button" class="btn big" data-act="hear-nothing" onClick={() => hear(false)}>{x.hearNothing}</button>
            </>
          ) : null}
          {call.dimmed.value ? <button type="button" class="btn big" data-act="camera" data-on={false} onClick={() => void call.setCamera(true)}><Icon name="camera" />{x.cameraSwitchOn}</button> : null}
          <button type="button" class="btn big" data-act="tone" disabled={playing.value} onClick={() => void play()}><Icon name="tone" />{x.playTone}</button>
          <button type="button" class="btn big" data-act="mic" data-on={call.mic.value} onClick={() => void call.setMic(!call.mic.value)}><Icon name={call.mic.value ? "micoff" : "mic"} />{call.mic.value ? x.closeMic : x.openMic}</button>
        </>
      ),
    }} />
  );
}

/** Dimmed says that the rehearsal has switched the camera off, and who will see it. */
export function Dimmed({ call }: { call: Call }) {
  return <div role="status">{call.dimmed.value ? <Say icon="cameraoff" tone="gold"><span data-says="dimmed">{t.value.cameraDimmed}</span></Say> : null}</div>;
}

/** Help is "I cannot hear", to the own technician: on every member's page, in every phase. */
export function Help({ call }: { call: Call }) {
  const told = useSignal(false);
  useEffect(() => {
    if (!told.value) return undefined;
    const timer = setTimeout(() => { told.value = false; }, 15_000);
    return () => clearTimeout(timer);
  }, [told.value]);
  return (
    <>
      <Act call={call} what="help" icon="earoff" done={() => { told.value = true; }}>{t.value.cannotHear}</Act>
      <p class="sm live" role="status">{told.value ? t.value.cannotHearSent : ""}</p>
    </>
  );
}

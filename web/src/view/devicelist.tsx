// The person's devices: camera, microphone, headset, network. Used on the invitation and in the meeting.
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect } from "preact/hooks";
import type { Call } from "../call/call";
import { probe, type Probe } from "../call/connection";
import type { Capture } from "../call/devices";
import { tone } from "../call/level";
import { node } from "../call/node";
import { fill } from "../lang";
import { Icon, type IconName } from "./icons";
import { Meter, Say } from "./parts";
import { t, type Table } from "./words";

const trouble: Partial<Record<Capture, { video: keyof Table; audio: keyof Table }>> = {
  denied: { video: "cameraDenied", audio: "micDenied" },
  none: { video: "cameraNone", audio: "micNone" },
  busy: { video: "cameraBusy", audio: "micBusy" },
  lost: { video: "cameraLost", audio: "micLost" },
  insecure: { video: "insecure", audio: "insecure" },
};

/** problem says in words what keeps a device away, or "". */
export function problem(state: Capture, kind: "audio" | "video"): string {
  const k = trouble[state];
  return k ? t.value[k[kind]] : "";
}

function Row({ icon, name, children, action }: { icon: IconName; name: string; children: ComponentChildren; action?: ComponentChildren }) {
  return <li><Icon name={icon} /><strong>{name}</strong><div class="stack t">{children}</div>{action}</li>;
}

function Pick({ call, kind, of, label }: { call: Call; kind: "camera" | "mic" | "speaker"; of: MediaDeviceKind; label: string }) {
  const { devices } = call, all = devices.of(of);
  if (kind !== "speaker" && all.length === 0) return null;
  const track = kind === "camera" ? devices.camera.value : kind === "mic" ? devices.mic.value : null;
  const unnamed = kind === "speaker" && !all.some((d) => d.deviceId === "default"); // Firefox lists no default
  const chosen = track?.getSettings().deviceId ?? devices.choice.value[kind];
  const now = all.some((d) => d.deviceId === chosen) ? chosen : unnamed ? "" : (all[0]?.deviceId ?? "");
  const change = (id: string) => {
    void devices.choose({ [kind]: id });
    if (kind === "speaker") void call.playout.through(id);
  };
  return (
    <select aria-label={label} data-device={kind} value={now} onChange={(e) => change(e.currentTarget.value)}>
      {unnamed ? <option value="">{t.value.headsetDefault}</option> : null}
      {all.map((d) => <option key={d.deviceId} value={d.deviceId} selected={d.deviceId === now}>{d.label || label}</option>)}
    </select>
  );
}

function MicWord({ call }: { call: Call }) {
  const { devices } = call, heard = useSignal(-60);
  const level = devices.level.value;
  // The word follows the loudest of the last seconds: it must not flicker with every syllable.
  useEffect(() => {
    const timer = setInterval(() => { heard.value = Math.max(heard.value - 1.5, level?.db.value ?? -60); }, 250);
    return () => clearInterval(timer);
  }, [level]);
  const bluetooth = /bluetooth|hands-?free|airpods|\bBT\b/i.test(devices.mic.value?.label ?? "");
  if (bluetooth) return <Say icon="warn" tone="warn sm">{t.value.micBluetooth}</Say>;
  if ((level?.peak.value ?? -60) > -1) return <Say icon="warn" tone="warn sm">{t.value.micLoud}</Say>;
  if (heard.value > -42) return <Say icon="check" tone="live sm">{t.value.micGood}</Say>;
  if (heard.value > -52) return <Say icon="warn" tone="warn sm">{t.value.micQuiet}</Say>;
  return <span class="q sm">{t.value.micSpeak}</span>;
}

function Treatment({ call }: { call: Call }) {
  const { choice } = call.devices;
  const box = (k: "echo" | "noise" | "gain") => (
    <label class="check"><input type="checkbox" class="box" data-treatment={k} checked={choice.value[k]} onChange={(e) => void call.devices.choose({ [k]: e.currentTarget.checked })} /><span>{t.value[k]}</span></label>
  );
  return <details><summary>{t.value.soundTreatment}</summary><div class="stack t">{box("echo")}{box("noise")}{box("gain")}<p class="q sm">{t.value.treatmentHelp}</p></div></details>;
}

export function DeviceList({ call, children }: { call: Call; children?: ComponentChildren }) {
  const { devices } = call, video = devices.cameraState.value, sound = devices.micState.value;
  const playing = useSignal(false);
  const play = async () => {
    playing.value = true;
    await tone(devices.choice.value.speaker).catch(() => undefined);
    playing.value = false;
  };
  const again = (kind: "audio" | "video", state: Capture) => (problem(state, kind) && state !== "insecure"
    ? <button type="button" class="btn" data-again={kind} onClick={() => void devices.open(kind)}>{t.value.tryAgain}</button> : null);
  return (
    <ul class="checks">
      <Row icon="camera" name={t.value.camera} action={again("video", video)}>
        <Pick call={call} kind="camera" of="videoinput" label={t.value.camera} />
        {problem(video, "video") ? <Say icon="warn" tone="warn sm">{problem(video, "video")}</Say> : null}
      </Row>
      <Row icon="mic" name={t.value.microphone} action={again("audio", sound)}>
        <Pick call={call} kind="mic" of="audioinput" label={t.value.microphone} />
        {problem(sound, "audio") ? <Say icon="warn" tone="warn sm">{problem(sound, "audio")}</Say> : null}
        {sound === "on" ? <><MicWord call={call} /><Meter level={devices.level.value} label={t.value.micLevel} /></> : null}
        <Treatment call={call} />
      </Row>
      <Row icon="ear" name={t.value.headset} action={<button type="button" class="btn" data-act="tone" disabled={playing.value} onClick={() => void play()}>{t.value.playTone}</button>}>
        <Pick call={call} kind="speaker" of="audiooutput" label={t.value.headset} />
        {playing.value ? <span class="q sm" role="status">{t.value.tonePlaying}</span> : null}
      </Row>
      {children}
    </ul>
  );
}

/** Network measures whether UDP reaches the node, once on its own and again when asked. */
export function Network({ code }: { code: string }) {
  const found = useSignal<Probe | null>(null);
  const look = async () => {
    found.value = null;
    found.value = await probe((offer) => node.probe(code, offer));
  };
  useEffect(() => void look(), []);
  const f = found.value;
  return (
    <Row icon="link" name={t.value.network} action={<button type="button" class="btn" data-act="probe" disabled={f === null} onClick={() => void look()}>{t.value.measureAgain}</button>}>
      <div role="status" data-probe={f?.result ?? "running"}>
        {f === null ? <span class="q sm">{t.value.probing}</span> : null}
        {f?.result === "good" ? <Say icon="check" tone="live sm">{fill(t.value.probeGood, { ms: `${f.ms}\u00a0ms` })}</Say> : null}
        {f?.result === "server" ? <Say icon="warn" tone="alarm sm">{t.value.probeServer}</Say> : null}
        {f?.result === "blocked" ? <><Say icon="warn" tone="alarm sm">{t.value.probeBlocked}</Say><p class="sm">{fill(t.value.probeBlockedHelp, { host: location.hostname })}</p></> : null}
      </div>
    </Row>
  );
}

// The embargo: when it ends at both places, what is left, what comes of it; held texts; and its setting while the text is written.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Fragment } from "preact";
import { clock, day, fill, plain } from "../../lang";
import { instant, local } from "../../arrange/when";
import { refusal } from "../codes";
import type { Desk } from "../desk";
import { comma, partyIn, unset } from "../parts";
import { b } from "./book";
import { prove } from "./prove";
import { Asked, Refused } from "./refused";
import { cityOf, left, places } from "./when";

const over = (stage: string) => ["published", "corrected", "withdrawn"].includes(stage);

/** ends is when the embargo of the text ends: of what is agreed, else of the draft; "" if there is none. */
function ends(desk: Desk): string {
  const v = desk.view.value!, at = desk.writing.value ? desk.doc.value?.release : v.life.release;
  return unset(at) ? "" : at!;
}

/** useNow is the node's clock as the page knows it, ms: what it said last, and what has gone by here since. */
function useNow(desk: Desk): number {
  const said = desk.view.value?.now ?? "", now = useSignal(0), base = useSignal({ said: "", far: 0 });
  if (base.peek().said !== said) base.value = { said, far: Date.parse(said) - Date.now() };
  useEffect(() => {
    const tick = () => { now.value = Date.now(); };
    tick();
    const timer = setInterval(tick, 1000);
    return () => clearInterval(timer);
  }, []);
  return (now.value || Date.now()) + base.value.far;
}

/** Clock stands in the top bar. */
export function Clock({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, at = ends(desk), now = useNow(desk);
  if (over(v.life.stage)) return null;
  if (!at) return <div class="embargo"><p class="q">{x.embargoNone}</p></div>;
  const moment = new Date(at), seconds = (moment.getTime() - now) / 1000;
  const comes = v.life.held ? x.held : v.life.stage === "scheduled" ? x.goesOut : seconds > 0 ? x.unlessSigned : x.signedLate;
  const [own, other] = places(desk), same = own && other && local(moment, own.zone).date === local(moment, other.zone).date;
  return (
    <div class="embargo" data-says="embargo" data-held={v.life.held ?? ""}>
      <p class="q">{x.embargo}: {places(desk).map((p, i) => <Fragment key={p.id}>{i ? comma() : null}<span>{fill(x.at, { time: `${same && i ? "" : `${day(moment, p.zone)}${comma()}`}${clock(moment, p.zone)}`, city: cityOf(p) })}</span></Fragment>)}</p>
      <p><strong role="timer" aria-label={x.timeLeft} data-left={Math.max(0, Math.round(seconds))}>{seconds > 0 ? left(seconds) : x.over}</strong> <span class={v.life.held ? "alarm" : "warn"}>{comes}</span></p>
    </div>
  );
}

/** Embargo stands at the side: why a text is held, or the embargo's setting. */
export function Embargo({ desk }: { desk: Desk }) {
  const v = desk.view.value!;
  if (v.life.stage === "scheduled" && (v.life.held || v.fault)) return <Held desk={desk} />;
  return desk.writing.value ? <Setting desk={desk} /> : null;
}

function Held({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, l = v.life, asking = useSignal(false);
  return (
    <section class="panel" aria-labelledby="held" data-says="held" data-held={l.held ?? ""}>
      <h2 id="held">{l.held ? x.held : x.publication}</h2>
      <div class="stack">
        {l.held ? <p class="alarm" role="alert">{refusal(l.held)}</p> : null}
        {v.fault ? <p class="alarm" data-fault={v.fault}>{x.fault} {refusal(v.fault)}</p> : null}
        {l.held === "readout.withdrawn" ? <p class="q">{x.notOut}</p> : l.held ? (
          <>
            <p class="q" id="confirmhelp">{x.confirmHelp}</p>
            <p><button type="button" class="btn" data-act="confirm" aria-describedby="confirmhelp" aria-disabled={desk.busy.value || asking.value || undefined} onClick={() => { if (!asking.value) void prove(desk, "confirm", l.hash, "held", (now) => { asking.value = now; }); }}>{x.confirm}</button></p>
          </>
        ) : null}
        <Asked asking={asking.value} />
        <Refused desk={desk} at="held" />
      </div>
    </section>
  );
}

function Setting({ desk }: { desk: Desk }) {
  const x = b.value, v = desk.view.value!, at = ends(desk), own = partyIn(desk.doc.value!, v.self), zone = own?.zone ?? "UTC", city = own ? cityOf(own) : "";
  const here = at ? local(new Date(at), zone) : { date: "", time: "" }, date = useSignal<string | null>(null), time = useSignal<string | null>(null), bad = useSignal(false);
  const set = async (e: Event) => {
    e.preventDefault();
    const moment = instant(date.value ?? here.date, time.value ?? here.time, zone);
    bad.value = !moment;
    if (moment && await desk.replace({ release: moment.toISOString().replace(/\.\d+Z$/, "Z") }, "embargo")) date.value = time.value = null;
  };
  const field = (id: string, label: string, value: string, put: (s: string) => void, max: number) => (
    <div class="field"><label for={id}>{plain(label, { city })}</label><input id={id} type="text" dir="ltr" inputMode={max === 10 ? "numeric" : undefined} autocomplete="off" maxLength={max} value={value} aria-invalid={bad.value || undefined} aria-describedby={bad.value ? "badmoment" : undefined} onInput={(e) => put(e.currentTarget.value)} /></div>
  );
  return (
    <section class="panel" aria-labelledby="setting" data-says="setting">
      <h2 id="setting">{x.setEmbargo}</h2>
      <form class="stack" onSubmit={(e) => void set(e)}>
        <div class="pairfields">
          {field("embargo-date", x.date, date.value ?? here.date, (s) => { date.value = s; }, 10)}
          {field("embargo-time", x.time, time.value ?? here.time, (s) => { time.value = s; }, 5)}
        </div>
        {bad.value ? <p class="alarm" id="badmoment" role="alert">{x.badMoment}</p> : null}
        <p class="row"><button class="btn" data-act="embargo" aria-disabled={desk.busy.value || undefined}>{x.set}</button>
          {at ? <button type="button" class="btn bare" data-act="noembargo" onClick={() => void desk.replace({ release: "0001-01-01T00:00:00Z" }, "embargo")}>{x.clear}</button> : null}</p>
        <Refused desk={desk} at="embargo" />
      </form>
    </section>
  );
}

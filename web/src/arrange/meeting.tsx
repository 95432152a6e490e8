// What the meeting is: its title, how it begins, how the floor is given; when it is, at both places.
import { useSignal } from "@preact/signals";
import { Choices } from "../view/controls";
import { clock, day, fill, languages, pick, plain, Words } from "../lang";
import { Icon } from "../view/icons";
import type { ArrangeDefinition, Party } from "../wire.gen";
import { a } from "./book";
import { planned, type Desk } from "./desk";
import { Bad, Field, Section, Select, Texts, tongue } from "./fields";
import { hours, instant, local, utc, validDate, validTime, zones } from "./when";

const spokenChoices = ["ar", "zh", "en", "fr", "ru", "es"];

export function About({ desk }: { desk: Desk }) {
  const x = a.value, d = desk.draft.value!, left = languages.filter((l) => !desk.tags.value.includes(l.lang));
  const spoken = d.languages ?? [], all = [...new Set([...spokenChoices, ...spoken])];
  return (
    <Section id="about" title={x.theMeeting}>
      <Texts desk={desk} path="title" label={x.titleIn} value={d.title} set={(title) => desk.edit({ title })} wide />
      {left.length ? (
        <Select path="more" label={x.addLanguage} value="" options={[{ value: "", text: "" }, ...left.map((l) => ({ value: l.lang, text: l.own, tag: l.lang }))]}
          set={(v) => { if (v) desk.more.value = [...desk.more.value, v]; }} />
      ) : null}
      <div class="pair">
        <div class="stack t"><p class="label">{x.mode}</p>
          <Choices name="mode" label={x.mode} value={d.mode || "free"} kind="two" choose={(mode) => desk.edit({ mode })}
            options={[{ value: "statements", text: x.modeStatements }, { value: "precedence", text: x.modePrecedence }, { value: "free", text: x.modeFree }, { value: "chair", text: x.modeChair }]} />
        </div>
        <div class="stack">
          <div class="stack t"><p class="label">{x.doorsFirst}</p>
            <Choices name="begin" label={x.doorsFirst} value={d.begin || "closed"} kind="two" choose={(begin) => desk.edit({ begin })}
              options={[{ value: "closed", text: x.beginClosed }, { value: "open", text: x.beginOpen }]} />
          </div>
          <fieldset><legend>{x.spoken}</legend>
            <div class="row">
              {all.map((tag) => (
                <label class="check" key={tag}><input class="box" type="checkbox" data-spoken={tag} checked={spoken.includes(tag)}
                  onChange={(e) => desk.edit({ languages: e.currentTarget.checked ? [...spoken, tag] : spoken.filter((s) => s !== tag) })} />{tongue(tag, true)}</label>
              ))}
            </div>
          </fieldset>
        </div>
      </div>
      <div class="fields">
        <Field desk={desk} path="ours" label={x.ourParty} value={pick(partyIn(d, desk.self.value)?.name)} readOnly />
        <Field desk={desk} path="theirs" label={x.withWhom} value={pick(partyIn(d, desk.other.value)?.name)} readOnly />
        <Select path="host" label={x.host} value={d.host} options={d.parties.map((p) => ({ value: p.id, text: pick(p.name) }))} set={(host) => desk.edit({ host })} />
        <Select path="chair" label={x.chair} value={d.chair ?? ""} options={[{ value: "", text: x.chairHost }, ...d.members.filter((m) => m.role === "principal" || m.role === "delegate").map((m) => ({ value: m.id, text: pick(m.name) }))]} set={(chair) => desk.edit({ chair })} />
        <Minutes desk={desk} />
      </div>
    </Section>
  );
}

function Minutes({ desk }: { desk: Desk }) {
  const x = a.value, d = desk.draft.value!;
  return <Field desk={desk} path="limit" label={`${x.limit} (${x.limitHelp})`} numeric dir="ltr" value={String(Math.round((d.limit ?? 0) / 60))} max={2} set={(v) => desk.edit({ limit: 60 * (Number.parseInt(v, 10) || 0) })} />;
}

export const partyIn = (d: ArrangeDefinition, id: string): Party | undefined => d.parties.find((p) => p.id === id);

/** sides are the two parties, our own first. */
export const sides = (desk: Desk): Party[] => [partyIn(desk.draft.value!, desk.self.value)!, partyIn(desk.draft.value!, desk.other.value)!];

export const placeOf = (p: Party): string => pick(p.city) || pick(p.name);

export function When({ desk }: { desk: Desk }) {
  const x = a.value, d = desk.draft.value!, start = new Date(d.start), end = new Date(start.getTime() + planned(d) * 60000);
  const [own, other] = sides(desk) as [Party, Party];
  const days = [own, other].map((p) => day(start, p.zone)) as [string, string];
  return (
    <Section id="when" title={x.when}>
      <div class="pair">
        {[own, other].map((p) => <Place key={p.id} desk={desk} party={p} start={start} fixed={p.id === other.id && desk.theirs.value} />)}
      </div>
      <div class="stack t" data-says="hours">
        {[own, other].map((p) => (
          <p key={p.id} data-at={p.id}>{fill(x.bothTimes, { from: clock(start, p.zone), to: clock(end, p.zone), city: placeOf(p), day: day(start, p.zone) })} <span class="q">(<bdi>{utc(start, p.zone)}</bdi>)</span></p>
        ))}
        {local(start, own.zone).date === local(start, other.zone).date ? <p class="q">{x.sameDay}</p>
          : <p class="warn say" data-warn="days"><Icon name="warn" /><span>{fill(x.otherDays, { day: days[0], city: placeOf(own), otherDay: days[1], otherCity: placeOf(other) })}</span></p>}
        {[own, other].map((p) => {
          const h = hours(start, end, p.zone);
          return h === "inside" ? null : <p key={p.id} class="warn say" data-warn={h} data-at={p.id}><Icon name="warn" /><span>{fill(h === "night" ? x.night : x.outside, { city: placeOf(p) })}</span></p>;
        })}
        {[own, other].every((p) => hours(start, end, p.zone) === "inside") ? <p class="q">{x.inside}</p> : null}
        {start.getTime() < Date.now() ? <p class="warn say" data-warn="past"><Icon name="warn" /><span>{x.past}</span></p> : null}
      </div>
      <Ruler start={start} end={end} own={own} other={other} />
      <Bad desk={desk} path="start" />
    </Section>
  );
}

/** Place is one party's city and clock. Writing on either clock moves the meeting. */
function Place({ desk, party, start, fixed }: { desk: Desk; party: Party; start: Date; fixed: boolean }) {
  const x = a.value, d = desk.draft.value!, here = local(start, party.zone), at = `parties.${party.id}`;
  const date = useSignal<string | null>(null), time = useSignal<string | null>(null);
  const move = (day: string, hour: string) => {
    const moment = instant(day, hour, party.zone);
    if (moment) desk.edit({ start: moment.toISOString().replace(/\.\d+Z$/, "Z") });
  };
  const change = (more: Partial<Party>) => desk.edit({ parties: d.parties.map((p) => (p.id === party.id ? { ...p, ...more } : p)) });
  const rezone = (zone: string) => {
    const moment = instant(here.date, here.time, zone);
    desk.edit({ parties: d.parties.map((p) => (p.id === party.id ? { ...p, zone } : p)), ...(party.id === desk.self.value && moment ? { start: moment.toISOString().replace(/\.\d+Z$/, "Z") } : {}) });
  };
  return (
    <div class="stack" data-place={party.id}>
      <h3><bdi>{pick(party.longName) || pick(party.name)}</bdi>{pick(party.city) ? <span class="q"> · <Words of={party.city} /></span> : null}</h3>
      <div class="fields tight">
        <Field desk={desk} path={`${at}.date`} label={x.date} dir="ltr" numeric max={10} value={date.value ?? here.date} bad={date.value !== null && !validDate(date.value) ? x.badDate : undefined}
          set={(v) => { date.value = validDate(v) && v.trim().length === 10 ? null : v; move(v, here.time); }} />
        <Field desk={desk} path={`${at}.time`} label={x.startAt} dir="ltr" max={5} value={time.value ?? here.time} bad={time.value !== null && !validTime(time.value) ? x.badTime : undefined}
          set={(v) => { time.value = validTime(v) && v.trim().length === 5 ? null : v; move(here.date, v); }} />
        <Select path={`${at}.zone`} label={x.zone} dir="ltr" value={party.zone} disabled={fixed} options={zones([party.zone]).map((z) => ({ value: z, text: z === party.zone ? `${z}, ${utc(start, z)}` : z }))} set={rezone} />
      </div>
      {fixed ? null : <Texts desk={desk} path={`${at}.city`} label={x.cityIn} value={party.city} set={(city) => change({ city })} />}
    </div>
  );
}

/** Ruler is the day at both places, hour under hour, from three in the morning of the first. */
function Ruler({ start, end, own, other }: { start: Date; end: Date; own: Party; other: Party }) {
  const x = a.value, shift = Math.round((new Date(instant(local(start, other.zone).date, local(start, other.zone).time, "UTC")!).getTime() - new Date(instant(local(start, own.zone).date, local(start, own.zone).time, "UTC")!).getTime()) / 60000);
  const first = local(start, own.zone).hour < 3 ? -21 : 3, at = (local(start, own.zone).hour - first) * 60, length = Math.min(1440 - at, (end.getTime() - start.getTime()) / 60000);
  const row = (offset: number) => Array.from({ length: 24 }, (_, i) => ((((first + i) * 60 + offset) % 1440) + 1440) % 1440);
  return (
    <div class="ruler" role="img" aria-label={plain(x.ruler, { from: clock(start, own.zone), to: clock(end, own.zone), city: placeOf(own), otherFrom: clock(start, other.zone), otherTo: clock(end, other.zone), otherCity: placeOf(other) })}>
      {[{ p: own, o: 0 }, { p: other, o: shift }].map(({ p, o }, i) => (
        <div key={p.id} aria-hidden="true">
          <span class="sm q"><bdi>{placeOf(p)}</bdi></span>
          <div class="hours" dir="ltr">{row(o).map((m, h) => <span key={h} class={`${m < 480 || m >= 1080 ? "off" : ""} ${h % 6 === 1 ? "tell" : ""}`}>{String(Math.floor(m / 60)).padStart(2, "0")}{m % 60 ? <small>{m % 60}</small> : null}</span>)}</div>
          {i === 0 ? <svg class="span" viewBox="0 0 1440 12" preserveAspectRatio="none"><rect x={at} y="1" width={Math.max(8, length)} height="10" /></svg> : null}
        </div>
      ))}
    </div>
  );
}

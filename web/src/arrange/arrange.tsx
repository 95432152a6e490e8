// The officer's pages for arranging: the list of meetings, and one meeting.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { clock, day, fill, lang, pick, t, title } from "../lang";
import { LanguageMenu } from "../view/controls";
import { Notice } from "../view/parts";
import type { ArrangeRow } from "../wire.gen";
import { a } from "./book";
import { Agenda } from "./agenda";
import { Desk } from "./desk";
import { Select } from "./fields";
import { Invitations } from "./invitations";
import { About, When, partyIn } from "./meeting";
import { Delegations } from "./people";
import { utc } from "./when";
import { Standing, comma, refusal, stamp, stateName } from "./standing";

const desk = new Desk();

export function Page() {
  const x = a.value;
  useEffect(() => {
    void desk.start();
    const leave = (e: BeforeUnloadEvent) => { if (desk.dirty.value) e.preventDefault(); };
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, []);
  title.value = desk.where.value === "meeting" ? pick(desk.draft.value?.title) || x.untitled : x.arranging;
  switch (desk.where.value) {
    case "loading": return <Notice title={t.value.loading} />;
    case "server": return <Notice title={t.value.serverTitle} help={t.value.serverHelp} />;
    case "none": return <Notice title={x.notFound}><button type="button" class="btn big primary" onClick={() => void desk.home()}>{x.toMeetings}</button></Notice>;
    case "signin": case "role": return <Notice title={x.signInFirst}><a class="btn big primary" href={`/signin?lang=${document.documentElement.lang}&to=${encodeURIComponent(location.pathname + location.search)}`}>{x.signIn}</a></Notice>;
    case "list": return <List />;
    default: return <One />;
  }
}

function Top({ children }: { children?: preact.ComponentChildren }) {
  return <header class="top"><p class="mark" lang="en">Visavis</p>{children}<LanguageMenu /></header>;
}

function List() {
  const x = a.value, l = desk.list.value!, other = useSignal(l.others[0]?.id ?? "");
  return (
    <div class="paper arrange" data-says="list">
      <Top><div class="title"><h1 tabIndex={-1}>{x.meetings}</h1></div><a class="btn" href={`/draft?lang=${lang.value}`} data-act="readouts">{x.readouts}</a></Top>
      <main class="arr">
        <section aria-label={x.meetings}>
          {l.meetings.length ? <ul class="meetings">{l.meetings.map((m) => <Row key={m.id} row={m} />)}</ul> : <p class="q">{x.noMeetings}</p>}
        </section>
        <section aria-labelledby="new"><h2 id="new">{x.newMeeting}</h2>
          {l.others.length ? (
            <form class="row beginform" onSubmit={(e) => { e.preventDefault(); void desk.begin(other.value); }}>
              <Select path="with" label={x.withWhom} value={other.value} options={l.others.map((o) => ({ value: o.id, text: pick(o.name) }))} set={(v) => { other.value = v; }} />
              <button class="btn primary" data-act="begin" aria-disabled={desk.busy.value || undefined}>{x.begin}</button>
            </form>
          ) : <p class="q">{x.noParties}</p>}
          <p class="refusal alarm" role="alert" data-refused={desk.error.value?.code}>{desk.error.value ? refusal(desk.error.value.code, "") : ""}</p>
        </section>
      </main>
    </div>
  );
}

function Row({ row }: { row: ArrangeRow }) {
  const x = a.value, l = desk.list.value!, other = pick(l.others.find((o) => o.id === row.other)?.name) || row.other;
  const zone = row.zone || "UTC", at = new Date(row.start), city = pick(row.city) || pick(l.self.name); // our own place's clock, wherever the reader's computer is
  return (
    <li data-meeting={row.id} data-state={row.state}>
      <a href={`/arrange?m=${encodeURIComponent(row.id)}`} onClick={(e) => { e.preventDefault(); void desk.open(row.id); }}><bdi>{pick(row.title) || x.untitled}</bdi></a>
      <p class="q"><bdi>{other}</bdi> · <span data-when={row.zone}>{day(at, zone)}{comma()}{fill(t.value.timeIn, { time: clock(at, zone), city })} (<bdi>{utc(at, zone)}</bdi>)</span> · {row.state === "open" ? (row.ours ? x.rowSent : x.rowTheirs) : stateName(row.state)}{row.edited && row.state ? <> · {x.rowEdited}</> : null}</p>
    </li>
  );
}

function One() {
  const x = a.value, c = desk.kase.value, d = desk.draft.value;
  if (!c || !d) return <Notice title={t.value.loading} />;
  const other = pick(partyIn(d, c.other)?.name);
  return (
    <div class="paper arrange" data-says="meeting" data-version={c.version}>
      <a class="skip" href="#work" onClick={(e) => { e.preventDefault(); document.getElementById("work")?.focus(); }}>{x.toWork}</a>
      <Top>
        <div class="title"><p class="q sm"><button type="button" class="btn bare back" data-act="home" onClick={() => void desk.home()}>{x.toMeetings}</button> <bdi>{other}</bdi></p><h1 tabIndex={-1}><bdi>{pick(d.title) || x.untitled}</bdi></h1></div>
        <p class="q sm saved" data-says={desk.dirty.value ? "unsaved" : "saved"}>{desk.dirty.value ? x.unsaved : c.saved ? fill(x.saved, { date: stamp(desk, c.saved), name: c.savedBy }) : ""}</p>
        {c.begun ? null : <button type="button" class="btn" data-act="save" aria-disabled={desk.busy.value || !desk.dirty.value || undefined} onClick={() => { if (desk.dirty.value) void desk.save(); }}>{x.save}</button>}
      </Top>
      <main class="arr" id="work" tabIndex={-1}>
        <Standing desk={desk} />
        <fieldset class="pass" disabled={c.begun} aria-label={x.theMeeting}>
          <About desk={desk} />
          <When desk={desk} />
          <Delegations desk={desk} />
          <Agenda desk={desk} />
        </fieldset>
        <Invitations desk={desk} />
        {c.begun ? <p><a class="btn" href={`/draft?m=${encodeURIComponent(c.id)}&lang=${lang.value}`} data-act="draft">{x.draftReadout}</a></p> : null}
      </main>
    </div>
  );
}

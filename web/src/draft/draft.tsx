// The officer's pages for readouts: the list, beginning one, and one readout.
import { useEffect } from "preact/hooks";
import { pick, plain, t, title } from "../lang";
import { Notice } from "../view/parts";
import { Away, signIn } from "./away";
import { d } from "./book";
import { Desk } from "./desk";
import { later } from "./later";
import { One } from "./one";
import { refusal } from "./codes";
import { Top, comma, modeName, stageName } from "./parts";
import type { Row } from "./types.gen";

const desk = new Desk();
const Begin = later(async () => (await import("./begin")).Begin, true);

export function Page() {
  const x = d.value;
  useEffect(() => {
    void desk.start();
    const leave = (e: BeforeUnloadEvent) => { if (desk.dirty.value) e.preventDefault(); };
    addEventListener("beforeunload", leave);
    return () => removeEventListener("beforeunload", leave);
  }, []);
  title.value = desk.where.value === "readout" ? pick(desk.doc.value?.title) || x.untitled : x.readouts;
  switch (desk.where.value) {
    case "loading": return <Notice title={t.value.loading} />;
    case "server": return <Notice title={t.value.serverTitle} help={t.value.serverHelp} />;
    case "none": return <Notice title={x.notFound}><button type="button" class="btn big primary" data-act="home" onClick={() => void desk.home()}>{x.toReadouts}</button></Notice>;
    case "signin": case "role": return <Notice title={x.signInFirst}><a class="btn big primary" href={signIn()}>{x.signIn}</a></Notice>;
    case "list": return <List />;
    default: return desk.view.value ? <One desk={desk} /> : <Notice title={t.value.loading} />;
  }
}

function List() {
  const x = d.value, rows = desk.list.value;
  return (
    <div class="paper drafting" data-says="list">
      <Top><div class="title"><h1 tabIndex={-1}>{x.readouts}</h1></div></Top>
      <Away desk={desk} />
      <main class="listing">
        <section aria-label={x.readouts}>
          {rows.length ? <ul class="rows">{rows.map((r) => <Line key={r.id} row={r} />)}</ul> : <p class="q">{x.noReadouts}</p>}
        </section>
        <Begin desk={desk} />
      </main>
    </div>
  );
}

function Line({ row }: { row: Row }) {
  const x = d.value, m = desk.meetings.value.find((y) => y.id === row.meeting);
  const other = row.other ? pick(m?.parties.find((p) => p.id === row.other)?.name) || row.other : "";
  return (
    <li data-readout={row.id} data-stage={row.stage}>
      <a href={`/draft?r=${encodeURIComponent(row.id)}`} onClick={(e) => { e.preventDefault(); void desk.open(row.id); }}><bdi>{pick(row.title) || x.untitled}</bdi></a>
      <p class="q"><bdi class="n">{row.id}</bdi> · {row.fault === "readout.unreadable" ? <b class="warn" data-says="unreadable">{refusal(row.fault)}</b> : <>{modeName(row.mode)}{other ? <>{comma()}{plain(x.with, { party: other })}</> : null} · <b class={row.held ? "warn" : undefined}>{stageName(row.stage)}{row.held ? <>{comma()}{x.held}</> : null}</b></>}</p>
    </li>
  );
}

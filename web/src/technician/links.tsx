// The links to the other nodes: each path with what goes there and how it does, and how far the other node's clock is off.
import type { ComponentChildren } from "preact";
import type { Call } from "../call/call";
import { fill, span, t, Words } from "../lang";
import type { IconName } from "../view/icons";
import { partyOf, Say } from "../view/parts";
import type { LinkStats, PathStats } from "../wire.gen";
import { grade, k, percent, signed, tenth, whole, worst, type Grade } from "./words";

const late = 1000; // ms without a packet from which on that is said
const apart = 1000; // ms of offset from which on a clock is a warning; the node refuses keys at 2000 (docs/link.md)

/** Value is a figure of a path with its name and unit; what is poor has a word, too. */
function Value({ word, unit, mark, children }: { word: string; unit: string; mark: Grade; children: ComponentChildren }) {
  return <span class={`value ${mark}`} data-grade={mark || undefined}>{word} <bdi class="num">{children}{"\u00a0"}{unit}</bdi>{mark ? <span class="vh"> ({mark === "alarm" ? k.value.bad : k.value.poor})</span> : null}</span>;
}

function Path({ path, n }: { path: PathStats; n: number }) {
  const x = k.value, tls = path.name === "tls";
  const what = path.sound && path.sight ? x.carriesBoth : path.sound ? x.carriesSound : path.sight ? x.carriesSight : x.carriesNone;
  const [tone, icon, word] = (path.state === "lost" ? ["alarm", "warn", x.pathLost] : path.state === "idle" ? ["q", "clock", x.pathIdle] : ["live", "check", what]) as [string, IconName, string];
  return (
    <li class="path" data-path={path.name} data-state={path.state}>
      <span class="pathname"><strong>{fill(x.path, { n: String(n) })}</strong> <span class="q sm">{tls ? x.insideTls : <bdi dir="ltr" class="address">{path.name}</bdi>}</span></span>
      <span class="sm"><Say icon={icon} tone={tone}>{word}</Say></span>
      <span class="sm values">
        {path.state === "lost" ? null : <><Value word={x.roundTrip} unit="ms" mark={grade("rtt", path.rttMs)}>{whole(path.rttMs)}</Value><Value word={x.loss} unit="%" mark={grade("loss", path.loss)}>{percent(path.loss)}</Value><Value word={x.jitter} unit="ms" mark={grade("jitter", path.jitterMs)}>{tenth(path.jitterMs)}</Value></>}
        {path.heardMs < 0 ? <span class="q">{x.heardNever}</span> : path.heardMs < late ? <span class="q">{x.heardNow}</span> : <span class={path.state === "idle" ? "q" : "warn"}>{fill(x.heardAgo, { time: span(path.heardMs / 1000) })}</span>}
      </span>
    </li>
  );
}

/** way of a link in words: how many paths carry, or that it goes inside TLS. */
function way(l: LinkStats): [string, string] {
  const up = l.paths.filter((p) => p.state === "up");
  if (up.length && up.every((p) => p.name === "tls")) return ["tls", t.value.wayTls];
  return up.length > 1 ? ["two", t.value.wayTwo] : ["one", t.value.wayOne];
}

function Link({ call, party, link }: { call: Call; party: string; link: LinkStats | undefined }) {
  const x = k.value, state = link?.state ?? call.state.value.links.find((l) => l.party === party)?.state ?? "down", [kind, word] = link ? way(link) : ["", ""];
  const off: Grade = link && Math.abs(link.offsetMs) >= apart ? "warn" : "";
  const poor = worst(...(link?.paths ?? []).filter((p) => p.state === "up").map((p) => worst(grade("loss", p.loss), grade("rtt", p.rttMs), grade("jitter", p.jitterMs))));
  const sign = state === "up" ? <Say icon={kind === "tls" || poor ? "warn" : "check"} tone={kind === "tls" || poor ? "warn" : "live"}>{word || x.linkUp}</Say>
    : <Say icon="warn" tone={state === "interrupted" ? "alarm" : "q"}>{state === "interrupted" ? t.value.down : t.value.notUp}</Say>;
  return (
    <section class="panel" aria-labelledby={`link-${party}`} data-link={party} data-state={state} data-way={kind}>
      <div class="head"><h2 id={`link-${party}`}>{fill(t.value.linkTo, { party: <Words of={partyOf(call.meeting.value, party)?.name} /> })}</h2><span class="sm">{sign}</span></div>
      {link?.paths.length ? <ul>{link.paths.map((p, i) => <Path key={p.name} path={p} n={i + 1} />)}</ul> : <p class="sm q">{x.noPaths}</p>}
      {link ? <dl class="kv sm"><dt>{x.clockOf}</dt><dd class={off} data-grade={off || undefined}><bdi class="num">{signed(link.offsetMs)}{"\u00a0ms"}</bdi></dd></dl> : null}
    </section>
  );
}

export function Links({ call }: { call: Call }) {
  return <>{call.stand.others.value.map((p) => <Link key={p} call={call} party={p} link={call.figures.value?.links.find((l) => l.party === p)} />)}</>;
}

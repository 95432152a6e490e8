// The security log: what the node found as it checked the chain, and its entries, the newest first.
import { fill } from "../lang";
import type { SecurityEntry, SecurityLog } from "../wire.gen";
import { Said } from "./accounts";
import { busy, log, older, read } from "./desk";
import { kind } from "./kinds";
import { w } from "./words";

export function Log() {
  const x = w.value, l = log.value, last = l?.entries.at(-1)?.n ?? 0;
  return (
    <section aria-labelledby="log-h" data-log={l ? (l.broken ? "broken" : "whole") : "unread"}>
      <h2 id="log-h">{x.log}</h2>
      <p class="q">{x.logHelp}</p>
      <p class="row"><button type="button" class="btn" data-act="read" aria-disabled={busy.value || undefined} onClick={() => void read()}>{x.read}</button></p>
      <Said inLog={true} />
      {l ? <><Found l={l} /><Entries list={l.entries} /></> : null}
      {l && last > l.first ? <p class="row"><button type="button" class="btn" data-act="older" aria-disabled={busy.value || undefined} onClick={() => void older()}>{x.older}</button></p> : null}
    </section>
  );
}

/** Found says whether the chain holds; the hash proves later, noted elsewhere, that nothing before it was changed. */
function Found({ l }: { l: SecurityLog }) {
  const x = w.value, n = (v: number) => String(v);
  return (
    <div class="found" role="status">
      {l.broken ? <p class="alarm"><strong>{fill(x.broken, { n: n(l.last) })}</strong></p> : <p>{l.last ? fill(x.whole, { first: n(l.first), last: n(l.last) }) : x.empty}</p>}
      {l.head ? <p class="sm"><span class="q">{x.hash}</span><br /><bdi class="mono hash">{l.head}</bdi></p> : null}
    </div>
  );
}

/** at is a moment as the log is read beside others: to the second, in UTC, as the heading says. */
const at = (e: SecurityEntry) => e.at.slice(0, 19).replace("T", " ");

function Entries({ list }: { list: SecurityEntry[] }) {
  const x = w.value;
  if (!list.length) return null;
  return (
    <table class="entries sm">
      <thead><tr><th scope="col">{x.time}</th><th scope="col">{x.what}</th><th scope="col">{x.who}</th><th scope="col">{x.by}</th><th scope="col">{x.where}</th></tr></thead>
      <tbody>
        {list.map((e) => (
          <tr key={e.n} data-entry={e.n} data-kind={e.kind}>
            <td data-h={x.time}><bdi class="n" dir="ltr">{at(e)}</bdi></td>
            <th scope="row">{kind(e.kind)}{e.code ? <span class="q"> · <bdi class="mono">{e.code}</bdi></span> : null}{e.count ? <span class="q"> · {fill(x.count, { n: String(e.count) })}</span> : null}</th>
            <td data-h={x.who}><Id of={e.person || e.party || e.source} /></td>
            <td data-h={x.by}><Id of={e.by} /></td>
            <td data-h={x.where}><Id of={e.meeting} /></td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const Id = ({ of }: { of: string | undefined }) => (of ? <bdi class="mono" dir="ltr">{of}</bdi> : null);

// The record beside the text: who had the floor and when, who was there and is listed.
import { useSignal } from "@preact/signals";
import { clock, fill, pick, plain, span } from "../lang";
import { d } from "./book";
import type { Desk } from "./desk";
import { Refused, comma, exactly, ownZone, partyIn, tongue, unset } from "./parts";
import type { Member, RecordSpoken, Speaker } from "./types.gen";

export function SpeakingLog({ desk }: { desk: Desk }) {
  const x = d.value, r = desk.record.value, doc = desk.doc.value!, zone = ownZone(desk), active = desk.block(desk.active.value);
  const city = pick((partyIn(doc, desk.view.value!.self) ?? doc.parties[0])?.city);
  const name = (id: string) => pick(r?.members.find((m) => m.id === id)?.name) || id;
  const source = (s: RecordSpoken) => (active?.sources ?? []).some((o) => o.member === s.member && Date.parse(o.start) === Math.floor(Date.parse(s.start) / 1000) * 1000);
  return (
    <section class="panel" aria-labelledby="log-h" data-says="log">
      <h2 id="log-h">{x.speakingLog}</h2>
      {r?.spoken.length ? (
        <>
          <div class="scroll" tabIndex={0} role="region" aria-label={x.logEntries}>
            <table>
              <thead><tr><th scope="col">{x.start}</th><th scope="col">{x.floor}</th><th scope="col">{x.itemHead}</th><th scope="col">{x.for}</th></tr></thead>
              <tbody>
                {r.spoken.map((s, i) => (
                  <tr key={i} data-member={s.member} data-source={source(s) || undefined}>
                    <td><bdi class="n">{exactly(s.start, zone)}</bdi></td>
                    <th scope="row"><bdi>{name(s.member)}</bdi>{s.language ? <> <abbr class="q" title={tongue(s.language)} lang="en">{s.language}</abbr></> : null}{s.open ? <span class="q sm"> {x.openPart}</span> : null}{source(s) ? <span class="vh"> {x.source}</span> : null}</th>
                    <td>{s.item || ""}</td><td>{s.seconds < 0 ? "" : <bdi class="n">{span(s.seconds)}</bdi>}</td>
                  </tr>
                ))}
              </tbody>
            </table>
          </div>
          <p class="q sm">{active?.sources?.length ? <>{plain(x.logHelp, { n: String(doc.blocks.indexOf(active) + 1) })} </> : null}{city ? fill(x.logPlace, { city }) : null}</p>
        </>
      ) : <p class="q">{x.noLog}</p>}
    </section>
  );
}

/** Attendance is who was there; whoever is ticked is listed in the block of the text that names those present. */
export function Attendance({ desk }: { desk: Desk }) {
  const x = d.value, r = desk.record.value, doc = desk.doc.value!, block = doc.blocks.find((b) => b.kind === "attendance"), failed = useSignal("");
  if (!r) return null;
  const listed = (m: Member) => !!block?.listed?.some((s) => s.member === m.id);
  const tick = async (m: Member, on: boolean) => {
    if (!block || desk.busy.peek()) return;
    const rank = (id: string | undefined) => { const y = r.members.find((o) => o.id === id); return y ? doc.parties.findIndex((p) => p.id === y.party) * 1000 + y.precedence : 1e6; };
    const s: Speaker = { member: m.id, party: m.party, name: m.name, ...(pick(m.office) ? { office: m.office } : {}), ...(doc.parties[0] ? { asOf: doc.parties[0].start.slice(0, 10) } : {}) };
    const next = on ? [...(block.listed ?? []), s].sort((a, b) => rank(a.member) - rank(b.member)) : (block.listed ?? []).filter((o) => o.member !== m.id);
    failed.value = await desk.frame(block, { listed: next }) ? "" : m.id;
  };
  return (
    <section class="panel" aria-labelledby="att-h" data-says="attendance">
      <h2 id="att-h">{x.kindAttendance}</h2>
      <p class="q sm">{block ? x.listedHelp : x.noAttendance}</p>
      {doc.parties.map((p) => {
        const people = r.members.filter((m) => m.party === p.id && (listed(m) || r.present.some((i) => i.member === m.id)));
        return people.length ? (
          <div key={p.id}>
            <h3><bdi>{pick(p.name)}</bdi></h3>
            <ul class="todo">
              {people.map((m) => (
                <li key={m.id}>
                  {block ? <label class="tick"><input type="checkbox" data-listed={m.id} checked={listed(m)} disabled={!desk.writing.value || !!desk.leased(block.id)} onChange={(e) => { const box = e.currentTarget; void tick(m, box.checked).then(() => { box.checked = !!desk.doc.value?.blocks.find((b) => b.id === block.id)?.listed?.some((s) => s.member === m.id); }); }} /><bdi>{pick(m.name) || m.id}</bdi></label> : <bdi>{pick(m.name) || m.id}</bdi>}
                  <span class="q sm">{stays(desk, m.id)}</span>
                </li>
              ))}
            </ul>
          </div>
        ) : null;
      })}
      {block ? <Refused desk={desk} at={failed.value ? block.id : "-"} /> : null}
    </section>
  );
}

/** stays are the times at which a person was there, by the clock of our place. */
function stays(desk: Desk, id: string) {
  const x = d.value, zone = ownZone(desk), all = desk.record.value!.present.filter((p) => p.member === id);
  if (!all.length) return x.presentNever;
  return all.map((p) => plain(x.fromTo, { from: clock(new Date(p.from), zone), to: unset(p.to) ? "…" : clock(new Date(p.to), zone) })).join(comma());
}

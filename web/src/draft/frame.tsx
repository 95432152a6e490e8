// What a block is besides its texts: its kind, who speaks and in which office, what they did, what was undertaken, who is listed.
import { useSignal, type Signal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { fill, pick, plain } from "../lang";
import { validDate } from "../arrange/when";
import { d } from "./book";
import type { Desk } from "./desk";
import { Field, Select, Texts, Ticks } from "./fields";
import { type Framed } from "./forms";
import { actName, acts, comma, dated, kindName, kinds, nameOf, partyIn } from "./parts";
import type { Block, Speaker } from "./types.gen";

const spoken = ["statement", "quote", "exchange", "greeting", "commitment", "plain"];

/** Frame is the form; what is written in it is the desk's until it is saved or let go. n 0: the block is no longer there. */
export function Frame({ desk, form, n, done }: { desk: Desk; form: Framed; n: number; done: () => void }) {
  const x = d.value, b = form.own, block = form.was, tags = desk.tags.value, doc = desk.doc.value!;
  const lay = (change: (now: Framed) => Framed) => { const now = desk.frames.peek()[block.id]; if (now) desk.frames.value = { ...desk.frames.peek(), [block.id]: change(now) }; };
  const set = (change: Partial<Block>) => lay((now) => ({ ...now, own: { ...now.own, ...change } }));
  const agenda = desk.record.value?.agenda ?? [], topics = b.topics ?? [], others = topics.filter((t) => !/^item-\d+$/.test(t));
  const shut = !desk.writing.value || !n || !!desk.leased(block.id), c = b.commitment, badDue = !!c?.due && !validDate(c.due), badNext = !!c?.next && !validDate(c.next);
  const save = async () => {
    if (badDue || badNext || desk.busy.peek() || shut) return;
    const { texts: _, ...change } = shaped(b);
    if (!await desk.frame(block, change)) return;
    if ((desk.frames.peek()[block.id]?.own ?? b) === b) done();
    else lay((now) => ({ ...now, was: desk.block(block.id) ?? now.was })); // typed since
  };
  const changed = desk.error.value?.where === block.id && desk.error.value.code === "readout.changed";
  return (
    <form class="frame stack" aria-label={n ? plain(x.particularsOf, { n: String(n) }) : `${x.particulars}, ${kindName(block.kind)}`} data-frame={block.id} onSubmit={(e) => { e.preventDefault(); void save(); }}>
      <Select name="kind" label={x.kind} value={b.kind} set={(kind) => set({ kind, ...(kind === "commitment" && !b.commitment ? { commitment: { who: doc.parties.map((p) => p.id) } } : {}) })}
        options={(block.kind === "media" ? ["media", ...kinds] : kinds).map((k) => ({ value: k, text: kindName(k) }))} />
      {spoken.includes(b.kind) ? <People desk={desk} name="speakers" label={x.speakers} list={b.speakers ?? []} set={(speakers) => set({ speakers })} /> : null}
      {b.kind === "attendance" ? <People desk={desk} name="listed" label={x.kindAttendance} list={b.listed ?? []} set={(listed) => set({ listed })} /> : null}
      {spoken.includes(b.kind) ? <Ticks name="act" label={x.acts} value={b.acts ?? []} options={acts.map((a) => ({ value: a, text: actName(a) }))} set={(list) => set({ acts: list })} /> : null}
      {agenda.length ? <Ticks name="topic" label={x.topics} value={topics.filter((t) => !others.includes(t))} options={agenda.map((item, i) => ({ value: `item-${i + 1}`, text: <>{i + 1}. <bdi>{pick(item.title)}</bdi></> }))} set={(list) => set({ topics: [...list, ...others] })} /> : null}
      {b.kind === "commitment" && c ? (
        <>
          <Ticks name="who" label={x.who} value={c.who} options={doc.parties.map((p) => ({ value: p.id, text: <bdi>{pick(p.name)}</bdi> }))} set={(who) => set({ commitment: { ...c, who } })} />
          <Texts name="what" label={x.whatIn} tags={tags} value={c.what ?? {}} set={(what) => set({ commitment: { ...c, what } })} />
          <div class="fields"><Field name="due" label={x.due} value={c.due ?? ""} set={(due) => set({ commitment: { ...c, due } })} dir="ltr" help={x.dateHelp} bad={badDue} max={10} /><Field name="next" label={x.next} value={c.next ?? ""} set={(next) => set({ commitment: { ...c, next } })} dir="ltr" help={x.dateHelp} bad={badNext} max={10} /></div>
        </>
      ) : null}
      {b.picture ? <Texts name="alt" label={x.altIn} tags={tags} value={b.picture.alt} set={(alt) => set({ picture: { ...b.picture!, alt } })} /> : null}
      <p class="row">
        <button class="btn primary" data-act="frame-save" aria-disabled={desk.busy.value || shut || undefined}>{x.save}</button>
        {changed ? <button type="button" class="btn" data-act="frame-over" onClick={() => { lay((now) => ({ ...now, was: desk.block(block.id) ?? block })); desk.error.value = null; }}>{x.keepOwn}</button> : null}
        <button type="button" class="btn bare" data-act="frame-close" onClick={done}>{x.cancel}</button>
      </p>
    </form>
  );
}

/** shaped leaves out what the kind of a block does not have, and what is empty. */
function shaped(b: Block): Block {
  const next = { ...b };
  if (b.kind !== "commitment") delete next.commitment;
  else if (next.commitment) {
    const { who, what, due, next: date } = next.commitment;
    next.commitment = { who, ...(what && Object.keys(what).length ? { what } : {}), ...(due ? { due } : {}), ...(date ? { next: date } : {}) };
  }
  if (b.kind !== "attendance") delete next.listed;
  if (b.kind !== "media") delete next.picture;
  if (!spoken.includes(b.kind)) { delete next.speakers; delete next.acts; }
  for (const key of ["speakers", "acts", "topics", "listed"] as const) if (!next[key]?.length) delete next[key];
  return { ...undone, ...next };
}

/** undone takes out of a block what is not said any more: a change is laid over what stands there. */
const undone = { commitment: undefined, listed: undefined, picture: undefined, speakers: undefined, acts: undefined, topics: undefined } as unknown as Partial<Block>;

/** candidates are those who may be named: the members of the record, each in every office, and whoever the text names already. */
function candidates(desk: Desk): Speaker[] {
  const doc = desk.doc.value!, asOf = doc.parties[0]?.start.slice(0, 10) ?? "", out: Speaker[] = [];
  for (const m of desk.record.value?.members ?? []) {
    const of = (office: Record<string, string> | undefined, capacity: number): Speaker => ({ member: m.id, party: m.party, name: m.name, ...(pick(office) ? { office: office! } : {}), asOf, ...(capacity ? { capacity } : {}) });
    out.push(of(m.office, 0));
    if (pick(m.second)) out.push(of(m.second, 1));
  }
  for (const b of doc.blocks) {
    for (const s of [...(b.speakers ?? []), ...(b.listed ?? [])]) if (!out.some((o) => same(o, s))) out.push(s);
  }
  return out;
}

/** same reports whether two entries are one person in one office. */
const same = (a: Speaker, b: Speaker) => (a.member || b.member ? a.member === b.member : pick(a.name) === pick(b.name)) && (a.capacity ?? 0) === (b.capacity ?? 0);

/** People is a list of persons in their order, each with the office in which they speak, in every language. */
function People({ desk, name, label, list, set }: { desk: Desk; name: string; label: string; list: Speaker[]; set: (v: Speaker[]) => void }) {
  const x = d.value, free = candidates(desk).filter((c) => !list.some((s) => same(s, c))), chosen = useSignal("0");
  // Each row has a number of its own, so that it stays itself wherever it goes; the focus goes with it, or to what stands in its place.
  const rows = useRef<number[]>([]), last = useRef(0), all = useRef<HTMLFieldSetElement>(null), keys = rows.current;
  while (keys.length < list.length) keys.push(++last.current);
  keys.length = list.length;
  const put = (i: number, s: Speaker) => set(list.map((o, j) => (j === i ? s : o)));
  const focus = (row: number, what: string) => requestAnimationFrame(() => (all.current?.querySelectorAll(".people > li")[row]?.querySelector<HTMLElement>(`[data-act=${what}]`) ?? all.current?.querySelector<HTMLElement>("select"))?.focus());
  const swapped = <T,>(of: T[], i: number, j: number) => of.map((o, k) => (k === i ? of[j]! : k === j ? of[i]! : o));
  const swap = (i: number, j: number) => { rows.current = swapped(keys, i, j); set(swapped(list, i, j)); focus(j, j < i ? "person-up" : "person-down"); };
  const remove = (i: number) => { rows.current = keys.filter((_, j) => j !== i); set(list.filter((_, j) => j !== i)); focus(Math.min(i, list.length - 2), "remove-person"); };
  return (
    <fieldset data-people={name} ref={all}>
      <legend>{label}</legend>
      <ol class="people">{list.map((s, i) => <Person key={keys[i]} desk={desk} s={s} put={(v) => put(i, v)} up={i ? () => swap(i, i - 1) : undefined} down={i + 1 < list.length ? () => swap(i, i + 1) : undefined} remove={() => remove(i)} />)}</ol>
      {free.length ? <AddPerson desk={desk} name={name} free={free} chosen={chosen} add={(s) => set([...list, s])} label={x.addSpeaker} /> : null}
    </fieldset>
  );
}

function AddPerson({ desk, name, free, chosen, add, label }: { desk: Desk; name: string; free: Speaker[]; chosen: Signal<string>; add: (s: Speaker) => void; label: string }) {
  const doc = desk.doc.value!, at = Math.min(Number(chosen.value), free.length - 1);
  const words = (s: Speaker) => [nameOf(s), pick(s.office), pick(partyIn(doc, s.party ?? "")?.name)].filter(Boolean).join(comma());
  return <div class="row addperson"><Select name={`${name}-add`} label={label} value={String(at)} set={(v) => { chosen.value = v; }} options={free.map((s, i) => ({ value: String(i), text: words(s) }))} /><button type="button" class="btn" data-act={`add-${name}`} onClick={() => { add(free[at]!); chosen.value = "0"; }}>{d.value.add}</button></div>;
}

function Person({ desk, s, put, up, down, remove }: { desk: Desk; s: Speaker; put: (v: Speaker) => void; up: (() => void) | undefined; down: (() => void) | undefined; remove: () => void }) {
  const x = d.value, tags = desk.tags.value, name = nameOf(s);
  const lacks = useRef(tags.some((tag) => !s.name[tag] || s.office && !s.office[tag])); // as it was found: a field must not close while somebody types in it
  return (
    <li>
      <details open={lacks.current}>
        <summary><span><bdi>{name}</bdi>{pick(s.office) ? <>{comma()}<bdi>{pick(s.office)}</bdi></> : null} <span class="q sm">{s.asOf ? fill(x.asOf, { date: dated(s.asOf) }) : null}</span></span></summary>
        <Texts name={`person.${s.member ?? ""}.name`} label={x.nameIn} tags={tags} value={s.name} set={(v) => put({ ...s, name: v })} />
        <Texts name={`person.${s.member ?? ""}.office`} label={x.officeIn} tags={tags} value={s.office ?? {}} set={(v) => { const { office: _, ...rest } = s; put(Object.keys(v).length ? { ...rest, office: v } : rest); }} />
      </details>
      <span class="row">
        <button type="button" class="btn sq" data-act="person-up" aria-label={plain(x.moveUp, { name })} aria-disabled={!up || undefined} onClick={() => up?.()}>↑</button>
        <button type="button" class="btn sq" data-act="person-down" aria-label={plain(x.moveDown, { name })} aria-disabled={!down || undefined} onClick={() => down?.()}>↓</button>
        <button type="button" class="btn sq" data-act="remove-person" aria-label={plain(x.removeOf, { name })} onClick={remove}>×</button>
      </span>
    </li>
  );
}

// What an officer writes in forms, kept beside what the node has: the particulars of blocks, and the readout as a whole.
import type { Block, Document } from "./types.gen";

/** Frame is the particulars of a block that somebody is writing: the block as it was read, and as it is written. */
export interface Framed { was: Block; own: Block }
/** Form is the readout as a whole, likewise; version is that of the manuscript that was read. theirs are the parts that somebody else has saved
 * otherwise while they were written here: key → what is saved now. */
export interface Form { was: Document; own: Document; version: number; theirs: Record<string, string> }

const json = JSON.stringify;
export const framed = (f: Framed) => json({ ...f.own, texts: null }) !== json({ ...f.was, texts: null });
export const formed = (f: Form) => differing(flat(f.was), flat(f.own)).length > 0;

/** flat are the parts of the form by key: number, prevails, languages, title/TAG, correction/TAG, party/ID/name/TAG. A part that is not there is "". */
function flat(d: Document): Record<string, string> {
  const out: Record<string, string> = { number: d.number ?? "", prevails: d.prevails ?? "", languages: json(d.languages) };
  const texts = (key: string, t: Record<string, string> | undefined) => { for (const [tag, v] of Object.entries(t ?? {})) out[`${key}/${tag}`] = v; };
  texts("title", d.title);
  texts("correction", d.correction);
  for (const p of d.parties) for (const what of ["name", "longName", "city"] as const) texts(`party/${p.id}/${what}`, p[what]);
  return out;
}

const differing = (a: Record<string, string>, b: Record<string, string>) => [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => (a[key] ?? "") !== (b[key] ?? ""));

/** put is d with another part. */
function put(d: Document, key: string, value: string): Document {
  const [what, id = "", field = "", tag = ""] = key.split("/");
  const laid = (t: Record<string, string> | undefined, language: string) => { const { [language]: _, ...rest } = t ?? {}; return value ? { ...rest, [language]: value } : rest; };
  switch (what) {
    case "number": return { ...d, number: value };
    case "prevails": return { ...d, prevails: value };
    case "languages": return { ...d, languages: JSON.parse(value) as Document["languages"] };
    case "title": return { ...d, title: laid(d.title, id) };
    case "correction": return { ...d, correction: laid(d.correction, id) };
    default: return { ...d, parties: d.parties.map((p) => (p.id === id ? { ...p, [field]: laid(p[field as "name"], tag) } : p)) };
  }
}

/** rebased is the form upon what is saved now: a part that was not touched here follows; one that both have written is kept, and shown beside. */
export function rebased(f: Form, now: Document, version: number): Form {
  const was = flat(f.was), own = flat(f.own), saved = flat(now), theirs: Record<string, string> = {};
  let next = f.own;
  for (const key of differing(was, saved)) {
    if ((own[key] ?? "") === (was[key] ?? "")) next = put(next, key, saved[key] ?? "");
    else if ((own[key] ?? "") !== (saved[key] ?? "")) theirs[key] = saved[key] ?? "";
  }
  return Object.keys(theirs).length ? { ...f, own: next, theirs } : { was: now, own: next, version, theirs };
}

/** settled ends the conflict: with our own parts, or with what is saved now. */
export function settled(f: Form, now: Document, version: number, own: boolean): Form {
  const next = own ? f.own : Object.entries(f.theirs).reduce((d, [key, value]) => put(d, key, value), f.own);
  return { was: now, own: next, version, theirs: {} };
}

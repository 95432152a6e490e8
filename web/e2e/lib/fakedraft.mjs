// A node at which one readout is in some state: the routes of /api/readouts with a canned view, and what the page asked of them. Its rules are only those
// that a page can notice; the real ones are tested where they are, in internal/readout and internal/draft.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { FakeNode, headers } from './fakenode.mjs';

const sample = JSON.parse(await readFile(new URL('../../../internal/readout/testdata/avelmar-tolmeria-2025.json', import.meta.url), 'utf8'));
const sha256 = (s) => createHash('sha256').update(s).digest('hex'), zeros = '0'.repeat(64), hash = (n) => String(n).repeat(64).slice(0, 64);
export const copy = (x) => structuredClone(x);
export const id = sample.id;
/** soon is so many seconds from now, as the node writes times. */
export const soon = (s) => new Date(Date.now() + s * 1000).toISOString().replace(/\.\d+Z$/, 'Z');

/** document is the demo world's readout with few blocks: a headline, a statement, a commitment. */
export function document(change = {}) {
  const d = copy(sample);
  return { ...d, release: soon(5400), blocks: d.blocks.filter((b) => ['b01', 'b03', 'b09'].includes(b.id)), ...change };
}

export const round = (n, party, state, more = {}) => ({ id: hash(n), party, n, parent: zeros, agreed: zeros, state, at: '2026-11-20T08:30:00Z', by: party === 'avelmar' ? 'Oren Brask' : '', known: true, ...more });

/** file is what is signed of a document: small contents, and a manifest that fits them. */
export function file(d) {
  const contents = d.languages.map((l) => ({ language: l.tag, content: JSON.stringify({ id: d.id, meeting: d.meeting, revision: d.revision, mode: d.mode, language: l.tag, standing: l.standing, languages: d.languages, prevails: d.prevails,
    release: d.release, link: d.link, title: d.title[l.tag], number: d.number,
    parties: d.parties.map((p) => ({ id: p.id, name: p.name[l.tag], longName: p.longName?.[l.tag], city: p.city[l.tag], zone: p.zone, start: p.start, end: p.end })),
    blocks: d.blocks.map((b) => ({ id: b.id, kind: b.kind, text: b.texts[l.tag]?.text, acts: b.acts, topics: b.topics, commitment: b.commitment && { ...b.commitment, what: b.commitment.what?.[l.tag] },
      speakers: b.speakers?.map((s) => ({ ...s, name: s.name[l.tag], office: s.office?.[l.tag] })) })) }) }));
  const text = `visavis-readout/1\nid ${d.id}\nrevision ${d.revision}\nparent ${d.parent}\n${contents.map((c, i) => `${c.language} ${d.languages[i].standing} ${sha256(c.content)}\n`).join('')}`;
  return { hash: sha256(text), file: { purpose: 'visavis-readout-file/1', manifest: `${text}\n`, keys: [], contents } };
}

/** view is the readout in a stage. */
export function view(stage, { life = {}, doc = {}, rounds = [], ...more } = {}) {
  const d = document(doc), agreed = ['agreed', 'scheduled', 'published', 'withdrawn'].includes(stage);
  return { id, self: 'avelmar', other: 'tolmeria', version: 7, manuscript: { document: d, version: 3, versions: Object.fromEntries(d.blocks.map((b) => [b.id, 2])), leases: {} },
    life: { stage, mode: d.mode, self: 'avelmar', signers: ['avelmar', 'tolmeria'], hash: agreed ? file(d).hash : zeros, release: agreed ? d.release : '0001-01-01T00:00:00Z', seen: '0001-01-01T00:00:00Z', until: '2026-11-21T09:00:00Z', ...life },
    rounds, head: rounds.at(-1)?.id ?? zeros, standing: [], diverge: [], apart: false, points: [], told: false, past: [], stale: [], now: new Date().toISOString(), withdrawn: {}, ...more };
}

export class FakeDraft extends FakeNode {
  view = null;
  broken = false; // true: one byte of a text that is given out is another
  silent = false; // true: what is signed is not given out
  refuses = {}; // what → code
  asks = []; // [what, body]

  async serve(q, r) {
    const { pathname } = new URL(q.url, this.url);
    if (q.method === 'GET' && pathname === '/draft') return this.file(r, 'index.html');
    if (!pathname.startsWith('/api/')) return super.serve(q, r);
    const json = (status, body) => r.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(JSON.stringify(body));
    const no = (status, code) => json(status, { error: { code, args: {} } });
    let text = '';
    for await (const piece of q) text += piece;
    const body = text ? JSON.parse(text) : {}, what = pathname.split('/').slice(pathname === '/api/readouts/difference' ? 3 : 4).join('/');
    if (pathname === '/api/account') return json(200, { id: 'avelmar-brask', name: 'Oren Brask', role: 'officer' });
    if (pathname === '/api/meetings') return json(200, { meetings: [] });
    if (pathname === '/api/readouts') return json(200, { readouts: [] });
    if (!pathname.startsWith('/api/readouts/')) return no(404, 'route.unknown');
    if (q.method === 'GET' && what === '') return json(200, { ...this.view, now: new Date(Date.now() + this.ahead).toISOString() });
    if (q.method === 'GET' && what === 'file') return this.silent ? no(503, 'readout.store') : json(200, this.given());
    if (q.method === 'GET') return no(404, 'meeting.unknown');
    this.asks.push([what, body, q.headers['if-match'] ?? '']);
    if (this.refuses[what]) return no(401, this.refuses[what]);
    if (what === 'difference') return json(200, { differences: body.pairs.map((p) => [{ op: 'remove', text: p.before }, { op: 'insert', text: p.after }]) });
    if (what === 'passkey') return json(200, { options: { publicKey: { challenge: 'AA' } } });
    this.view = { ...this.view, version: this.view.version + 1, ...(this.next ?? {}) };
    return json(200, this.view);
  }

  given() {
    const f = file(this.view.manuscript.document).file;
    if (this.broken) f.contents[0].content = f.contents[0].content.replace(/\d/, (n) => String((Number(n) + 1) % 10));
    return f;
  }
}

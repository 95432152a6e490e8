// A node at which meetings are arranged: the routes of /api/arrange with canned cases, and what the page asked of them. Its rules are only
// those that a page can notice; the real ones are tested where they are, in internal/arrange.
import { FakeNode, headers } from './fakenode.mjs';
import { meeting } from './formal.mjs';

const copy = (x) => structuredClone(x);
export const party = (id) => meeting.parties.find((p) => p.id === id);

/** draft is the formal world's meeting as it is arranged; without the other party's people while that has said nothing. */
export function draft({ theirs = true, ...change } = {}) {
  const { id, title, start, parties, members, mode, begin, agenda, languages } = copy(meeting);
  return { id, title, host: 'avelmar', start, parties, members: theirs ? members : members.filter((m) => m.party === 'avelmar'), mode: mode || 'statements', begin: begin || 'open', agenda, languages, ...change };
}

const hash = (n) => String(n).repeat(64).slice(0, 64);
export const revision = (n, by, state, more = {}) => ({ id: hash(n), party: by, state, at: '2026-11-20T08:30:00Z', until: '2026-11-21T09:00:00Z', by: by === 'avelmar' ? 'Oren Brask' : '', code: '', reason: '', known: true, ...more });

/** kase is one meeting in arrangement. */
export function kase(revisions = [], more = {}) {
  const agreed = revisions.findLast((r) => r.state === 'agreed');
  return { id: meeting.id, self: 'avelmar', other: 'tolmeria', version: 5, draft: draft({ theirs: revisions.some((r) => r.party === 'tolmeria') }), edited: false, saved: '2026-11-20T08:20:00Z', savedBy: 'Oren Brask', begun: false,
    agreed: agreed?.id ?? '', revisions, head: revisions.at(-1)?.id ?? '', changes: [], own: [], more: false, problems: [], ...more };
}

export class FakeDesk extends FakeNode {
  kases = [];
  officer = true;
  up = true;
  problems = null; // (draft) => problems, of the next save
  refuses = {}; // what → code
  invitations = meeting.members.filter((m) => m.party === 'avelmar').map((m) => ({ member: m.id, role: m.role, name: '', state: m.role === 'officer' || m.role === 'technician' ? 'account' : 'none', expires: '', pin: false }));
  asks = []; // [what, body]
  proven = true; // false: who invites shows a passkey first
  accepts = true; // the passkey that is shown

  get arranging() {
    return { self: { id: 'avelmar', name: party('avelmar').name, up: true }, others: [{ id: 'tolmeria', name: party('tolmeria').name, up: this.up }],
      accounts: meeting.members.filter((m) => m.party === 'avelmar' && (m.role === 'officer' || m.role === 'technician')).map((m) => ({ id: m.id, name: m.name.en, role: m.role })).concat({ id: 'avelmar-spare', name: 'Dara Wenlow', role: 'officer' }),
      meetings: this.kases.map((c) => ({ id: c.id, other: c.other, title: c.draft.title, start: c.draft.start, state: c.revisions.at(-1)?.state ?? '', ours: c.revisions.at(-1)?.party === 'avelmar', edited: c.edited, agreed: c.agreed !== '' })) };
  }

  async serve(q, r) {
    const { pathname } = new URL(q.url, this.url);
    if (q.method === 'GET' && pathname === '/arrange') return this.file(r, 'index.html');
    if (!pathname.startsWith('/api/')) return super.serve(q, r);
    const json = (status, body) => r.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(body === null ? '' : JSON.stringify(body));
    const no = (status, code) => json(status, { error: { code, args: {} } });
    let text = '';
    for await (const piece of q) text += piece;
    const body = text ? JSON.parse(text) : {};
    if (!this.officer) return no(401, 'session.unknown');
    if (pathname.startsWith('/api/passkey/stepup')) { // the browser's own part is replaced by the test
      this.asks.push([pathname.slice('/api/passkey/'.length), body]);
      if (pathname.endsWith('/finish')) this.proven = this.accepts;
      return pathname.endsWith('/finish') ? (this.accepts ? json(204, null) : no(401, 'passkey.refused')) : json(200, { options: { publicKey: { challenge: 'AA' } } });
    }
    if (!pathname.startsWith('/api/arrange')) return no(404, 'route.unknown');
    const [, , , id, what] = pathname.split('/');
    if (q.method === 'POST') this.asks.push([what ?? 'begin', body]);
    if (!id && q.method === 'GET') return json(200, this.arranging);
    if (!id) {
      const from = this.kases.find((k) => k.id === body.copy);
      if (from) {
        this.kases.push(kase([], { id: 'avelmar-copy', version: 1, edited: true, saved: '', savedBy: '', draft: { ...copy(from.draft), id: 'avelmar-copy' } }));
        return json(200, this.kases.at(-1));
      }
      this.kases.push(kase([], { id: 'avelmar-new', version: 1, edited: true, saved: '', savedBy: '', problems: [{ path: 'title', code: 'text.empty', args: {} }], draft: draft({ theirs: false, id: 'avelmar-new', title: {}, members: [], agenda: [], languages: [] }) }));
      return json(200, this.kases.at(-1));
    }
    const c = this.kases.find((k) => k.id === id);
    if (!c) return no(404, 'meeting.unknown');
    if (q.method === 'GET') return json(200, what === 'invitations' ? { invitations: this.invitations } : c);
    if (this.refuses[what]) return no(400, this.refuses[what]);
    return this.act(c, what, body, json, no);
  }

  act(c, what, body, json, no) {
    const head = c.revisions.at(-1);
    switch (what) {
      case 'save':
        if (body.version !== c.version) return no(400, 'arrange.changed');
        c.draft = body.draft;
        c.edited = true;
        c.saved = new Date().toISOString();
        c.problems = this.problems?.(c.draft) ?? [];
        break;
      case 'propose':
        if (head?.state === 'open') head.state = head.party === 'avelmar' ? 'superseded' : 'countered';
        c.revisions.push(revision(c.revisions.length + 1, 'avelmar', 'open', { known: this.up }));
        c.edited = false;
        break;
      case 'accept': head.state = 'accepted'; break;
      case 'decline': head.state = 'declined'; head.reason = body.reason; break;
      case 'withdraw': head.state = 'withdrawn'; break;
      case 'calloff':
        if (body.revision !== c.agreed) return no(400, 'arrange.gone');
        c.agreed = '';
        c.revisions = c.revisions.map((r) => (r === head ? { ...r, state: 'calledoff', reason: body.reason } : r)); // other tests have the same one
        break;
      case 'reset': c.edited = false; break;
      case 'invite': {
        if (!this.proven) return no(403, 'stepup.needed');
        const i = body.member ? this.invitations.find((x) => x.member === body.member) : { member: 'press-1', role: 'press', name: body.name, state: 'none', expires: '', pin: false };
        if (!this.invitations.includes(i)) this.invitations.push(i);
        Object.assign(i, { state: 'open', expires: '2026-12-11T05:00:00Z', pin: i.role === 'principal' });
        return json(200, { member: i.member, url: `https://node.ilverne.example/join#${'k'.repeat(32)}`, pin: i.pin ? '482 913' : '', expires: i.expires });
      }
      default: return no(404, 'route.unknown');
    }
    c.version += 1;
    c.head = c.revisions.at(-1)?.id ?? '';
    return json(200, c);
  }
}

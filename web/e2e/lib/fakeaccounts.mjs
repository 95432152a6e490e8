// A node whose officers see accounts and the security log: the routes of internal/api/account.go and securitylog.go with canned answers. The real
// ones are tested where they are.
import { FakeNode, headers } from './fakenode.mjs';

const row = (id, name, role, change = {}) => ({ id, name, role, passkeys: 1, used: '2026-12-09T21:14:05Z', sessions: 0, own: false, ...change });
const entry = (n, kind, change = {}) => ({ n, at: `2026-12-09T${String(10 + Math.floor(n / 60) % 14).padStart(2, '0')}:${String(n % 60).padStart(2, '0')}:07.125Z`, kind, ...change });

/** entries of a log of many kinds, the newest first. */
export function entries(n) {
  const kinds = [
    ['signed.in', { person: 'avelmar-vost', source: '9f31c02a' }], ['refused', { code: 'pin.wrong', person: 'avelmar-tarroven', meeting: 'avelmar-tolmeria-2026', source: '12ab90ff' }],
    ['alarm', { code: 'link.lost', party: 'tolmeria', meeting: 'avelmar-tolmeria-2026' }], ['account.forget', { person: 'avelmar-ormeran', by: 'avelmar-vost' }], ['suppressed', { count: 214 }],
    ['key.turned.open', { person: 'avelmar-vost', meeting: 'avelmar-tolmeria-2026' }], ['invitation.issued', { person: 'avelmar-aldesh', meeting: 'avelmar-tolmeria-2026' }], ['party.trusted', { party: 'tolmeria' }],
  ];
  return Array.from({ length: n }, (_, i) => n - i).map((k) => entry(k, ...kinds[k % kinds.length]));
}

export class FakeAccounts extends FakeNode {
  rows = [
    row('avelmar-brask', 'Oren Brask', 'officer', { sessions: 2 }), row('avelmar-ormeran', 'Dask Ormeran', 'technician', { passkeys: 2 }),
    row('avelmar-spare', 'Dara Wenlow', 'officer', { passkeys: 0, used: '' }), row('avelmar-vost', 'Lirien Vost', 'officer', { own: true, sessions: 1 }),
  ];
  entries = entries(130);
  broken = false;
  officer = 'officer'; // who asks: '' nobody, 'technician'
  proven = true; // false: the passkey is shown first
  asks = []; // [what, body]
  refuses = {}; // what → code

  async serve(q, r) {
    const { pathname, searchParams } = new URL(q.url, this.url);
    if (q.method === 'GET' && pathname === '/accounts') return this.file(r, 'index.html');
    if (!/^\/api\/(accounts|security|passkey)/.test(pathname)) return super.serve(q, r);
    const json = (status, body) => r.writeHead(status, { ...headers, 'Content-Type': 'application/json' }).end(body === null ? '' : JSON.stringify(body));
    const no = (status, code) => json(status, { error: { code, args: {} } });
    let text = '';
    for await (const piece of q) text += piece;
    const body = text ? JSON.parse(text) : {}, what = `${q.method} ${pathname.slice('/api/'.length)}`;
    if (pathname.startsWith('/api/passkey/stepup')) { // the browser's own part is replaced by the test
      this.asks.push([pathname.slice('/api/passkey/'.length), body]);
      if (pathname.endsWith('/finish')) this.proven = true;
      return pathname.endsWith('/finish') ? json(204, null) : json(200, { options: { publicKey: { challenge: 'AA' } } });
    }
    if (what !== 'GET accounts') this.asks.push([what, q.method === 'GET' ? Object.fromEntries(searchParams) : body]);
    if (!this.officer) return no(401, 'session.unknown');
    if (this.officer !== 'officer') return no(403, 'member.role');
    if (what === 'GET accounts') return json(200, { accounts: this.rows });
    if (!this.proven) return no(403, 'stepup.needed');
    if (this.refuses[what]) return no(409, this.refuses[what]);
    return this.do(what, body, Number(searchParams.get('before') ?? 0), json, no);
  }

  do(what, { id, name, role, forget }, before, json, no) {
    const a = this.rows.find((x) => x.id === id);
    switch (what) {
      case 'GET security': {
        const last = this.entries[0].n;
        return json(200, { entries: this.entries.filter((e) => !before || e.n < before).slice(0, 100), first: 1, last, head: '5c'.repeat(32), broken: this.broken });
      }
      case 'POST accounts': this.rows.push(row(id, name, role, { passkeys: 0, used: '' })); break;
      case 'POST accounts/code': if (forget) Object.assign(a, { passkeys: 0, sessions: 0 }); break;
      case 'POST accounts/end': a.sessions = 0; return json(204, null);
      case 'POST accounts/remove': this.rows = this.rows.filter((x) => x !== a); return json(204, null);
      default: return no(404, 'route.unknown');
    }
    return json(200, { url: `https://meet.ilverne.example/enrol#${'k'.repeat(32)}`, expires: '2026-12-12T21:20:00Z' });
  }
}

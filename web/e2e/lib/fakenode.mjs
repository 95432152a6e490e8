// A node with canned words: the HTTP routes, the room's headers, and the WebSocket (RFC 6455) that the page speaks with.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { asDelegate, camera, emblems, meeting } from './world.mjs';

const dist = new URL('../../dist/', import.meta.url).pathname;
const types = { '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8', '.svg': 'image/svg+xml' };

/** The room's headers as docs/security.md has them, word for word. */
export const headers = {
  'Content-Security-Policy': "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; font-src 'self'; media-src 'self' blob:; connect-src 'self'; worker-src 'self'; manifest-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types visavis",
  'X-Content-Type-Options': 'nosniff', 'Referrer-Policy': 'no-referrer', 'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp', 'Cross-Origin-Resource-Policy': 'same-origin', 'Cache-Control': 'no-store',
  'Permissions-Policy': 'camera=(self), microphone=(self), display-capture=(self), hid=(self), speaker-selection=(self), screen-wake-lock=(self), fullscreen=(self), autoplay=(self), publickey-credentials-get=(self), geolocation=(), usb=(), serial=(), midi=(), payment=()',
};

export class FakeNode {
  /** what a test sets: who is invited, what is seen, who answers offers, and what is refused. */
  you = 'avelmar-aldesh';
  state = asDelegate();
  meeting = meeting;
  answer = null; // async (offer) => sdp; null: an offer is never answered
  codes = new Set(['good']);
  sessions = new Set();
  resumable = true; // false: as after a restart of the node
  meeting = meeting; // the meeting that pages are told of
  role = ''; // of the session, where it is no member's: "press"
  pin = ''; // the PIN that POST /api/session wants, '' none
  ahead = 0; // ms that the node's clock is ahead of this machine's
  gate = null; // { reason, since }: pages wait until admit()
  account = null; // of an officer or technician whose browser is signed in
  used = false; // the invitation has been used: no meeting is told
  refuse = () => null; // (act) => error to answer with, "mute" for no answer, null for done
  deaf = false; // true: switches of microphone and camera are refused, and the state does not follow them
  switches = { mic: false, camera: false }; // what the page has said last
  log = []; // everything asked: ['POST /api/session', …], ['ws', message]
  sockets = new Set();
  quality = { rttMs: 24, upLoss: 0, downLoss: 0, level: 'good', pictures: 'all' };

  async start(port = 0) {
    this.server = createServer((q, r) => this.serve(q, r).catch((err) => { r.writeHead(500).end(String(err)); }));
    this.server.on('upgrade', (q, s) => this.upgrade(q, s));
    await new Promise((done) => this.server.listen(port, '127.0.0.1', done));
    this.port = this.server.address().port;
    this.url = `http://localhost:${this.port}`;
    this.pulse = setInterval(() => this.send({ quality: this.quality }), 2000);
    return this;
  }

  /** stop ends at once, as kill -9 does. */
  async stop() {
    clearInterval(this.pulse);
    for (const s of this.sockets) s.raw.destroy();
    this.sockets.clear();
    this.server.closeAllConnections();
    await new Promise((done) => this.server.close(done));
  }

  /** send says m to every page. */
  send(m) {
    const said = m.state ? { state: this.seen(m.state) } : m;
    for (const s of this.sockets) if (s.welcomed) s.send(said);
  }

  /** seen is a state in which the person's own switches are as the page has said. */
  seen(state) {
    this.last = state = state.now === undefined ? state : { ...state, now: new Date(Date.now() + this.ahead).toISOString() };
    return { ...state, present: state.present.map((p) => (p.member === this.you ? { ...p, ...this.switches } : p)) };
  }

  /** signal keeps which test signals are on, as a node does. */
  signal({ do: kind, member, n }) {
    const signals = (this.last.signals ?? []).filter((s) => s.member !== member), was = (this.last.signals ?? []).find((s) => s.member === member);
    const now = { member, tone: false, card: false, ...was, [kind]: n === 1 };
    this.send({ state: { ...this.last, signals: now.tone || now.card ? [...signals, now] : signals } });
  }

  /** admit lets those in who wait at the gate. */
  admit() {
    this.gate = null;
    for (const s of this.sockets) s.admit?.();
  }

  asked(what) {
    return this.log.filter(([w]) => w === what);
  }

  said(key) {
    return this.log.filter(([w, m]) => w === 'ws' && key in m).map(([, m]) => (key === 'devices' ? { mic: m.devices.mic, camera: m.devices.camera } : m[key]));
  }

  get invited() {
    if (this.account) return { meeting: { id: '', title: {}, start: '', parties: [], members: [] }, you: '', role: '', camera, pin: false, used: false, waiting: '', account: this.account };
    if (this.used) return { meeting: { id: '', title: {}, start: '', parties: [], members: [] }, you: '', role: '', camera, pin: false, used: true, waiting: '' };
    return { meeting: this.meeting, you: this.you, camera, ...(this.role ? { role: this.role } : {}), ...(this.pin ? { pin: true } : {}) };
  }

  async serve(q, r) {
    const { pathname } = new URL(q.url, this.url);
    const json = (status, body, more = {}) => r.writeHead(status, { ...headers, 'Content-Type': 'application/json', ...more }).end(body === null ? '' : JSON.stringify(body));
    const no = (status, code) => json(status, { error: { code, args: {} } });
    const cookie = /visavis=(\w+)/.exec(q.headers.cookie ?? '')?.[1] ?? '';
    let body = '';
    for await (const piece of q) body += piece;
    this.log.push([`${q.method} ${pathname}`, body]);
    switch (`${q.method} ${pathname}`) {
      case 'GET /join': case 'GET /press': case 'GET /officer': case 'GET /technician': case 'GET /signin': case 'GET /enrol': case `GET /m/${this.meeting.id}`: return this.file(r, 'index.html');
      case 'POST /api/invitation': return this.codes.has(JSON.parse(body).code) ? json(200, this.invited) : no(404, 'invitation.unknown');
      case 'POST /api/session': {
        if (this.pin && JSON.parse(body).pin !== this.pin) return no(403, 'pin.wrong');
        if (!this.codes.delete(JSON.parse(body).code)) return no(404, 'invitation.unknown');
        const id = createHash('sha256').update(String(Math.random())).digest('hex').slice(0, 16);
        this.sessions.add(id);
        return json(204, null, { 'Set-Cookie': `visavis=${id}; Path=/; HttpOnly; SameSite=Strict` });
      }
      case 'GET /api/me': return this.account || this.sessions.has(cookie) ? json(200, this.invited) : no(401, 'session.unknown');
      case 'GET /api/meetings': return this.account ? json(200, { meetings: [this.meeting] }) : no(401, 'session.unknown');
      case 'POST /api/probe': {
        const { offer } = JSON.parse(body);
        return this.answer ? json(200, { answer: await this.answer(offer) }) : no(503, 'offer.full');
      }
      case 'POST /api/leave': this.sessions.delete(cookie); return json(204, null, { 'Set-Cookie': 'visavis=; Path=/; Max-Age=0' });
    }
    if (pathname.startsWith('/assets/')) return this.file(r, normalize(pathname).slice(1));
    if (pathname.startsWith('/emblem/')) return r.writeHead(200, { ...headers, 'Content-Type': 'image/svg+xml' }).end(pathname.includes('aaa') ? emblems.avelmar : emblems.tolmeria);
    return r.writeHead(404, headers).end();
  }

  async file(r, name) {
    r.writeHead(200, { ...headers, 'Content-Type': types[extname(name)] }).end(await readFile(join(dist, name)));
  }

  upgrade(q, raw) {
    const cookie = /visavis=(\w+)/.exec(q.headers.cookie ?? '')?.[1] ?? '';
    if (!this.sessions.has(cookie)) return raw.end('HTTP/1.1 401 Unauthorized\r\n\r\n');
    const accept = createHash('sha1').update(q.headers['sec-websocket-key'] + '258EAFA5-E914-47DA-95CA-C5AB0DC85B11').digest('base64');
    raw.write(`HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`);
    const socket = { raw, welcomed: false, send: (m) => { if (!raw.destroyed) raw.write(frame(JSON.stringify(m))); } };
    this.sockets.add(socket);
    raw.on('close', () => this.sockets.delete(socket));
    raw.on('error', () => this.sockets.delete(socket));
    let held = Buffer.alloc(0);
    raw.on('data', (d) => {
      held = Buffer.concat([held, d]);
      for (let f; (f = unframe(held)); held = held.subarray(f.length)) {
        if (f.op === 8) raw.end(Buffer.from([0x88, 0]));
        else void this.hear(socket, JSON.parse(f.text));
      }
    });
  }

  async hear(socket, m) {
    this.log.push(['ws', m]);
    if (m.hello) {
      const { offer, resume } = m.hello;
      if (resume && !this.resumable) return socket.send({ error: { code: 'resume.unknown', args: {} } });
      const answer = offer ? await this.answer?.(offer) : '';
      if (answer === undefined) return;
      const welcome = () => {
        socket.welcomed = true;
        socket.send({ welcome: { version: 1, you: this.role ? '' : this.you, role: this.role || (this.meeting.members.find((m) => m.id === this.you)?.role ?? ''), meeting: this.meeting, state: this.seen(this.state), answer, resume: `token${this.log.length}` } });
        socket.send({ quality: this.quality });
      };
      if (this.gate) {
        socket.admit = welcome;
        socket.send({ wait: this.gate });
      } else welcome();
    }
    if (m.act) {
      const error = this.refuse(m.act);
      if (!error && ['tone', 'card'].includes(m.act.do)) this.signal(m.act);
      if (error !== 'mute') socket.send({ done: { id: m.act.id, ...(error ? { error } : {}) } });
    }
    if (m.devices && this.deaf) return socket.send({ error: { code: 'devices.rate', args: {} } });
    if (m.devices) {
      this.switches = { mic: m.devices.mic, camera: m.devices.camera };
      this.send({ state: this.last });
    }
    if (m.offer && this.answer) socket.send({ answer: { sdp: await this.answer(m.offer) } });
  }
}

function frame(text) {
  const data = Buffer.from(text), n = data.length;
  const head = n < 126 ? Buffer.from([0x81, n]) : n < 65536 ? Buffer.from([0x81, 126, n >> 8, n & 255]) : Buffer.from([0x81, 127, 0, 0, 0, 0, n >>> 24, (n >> 16) & 255, (n >> 8) & 255, n & 255]);
  return Buffer.concat([head, data]);
}

// Browsers send messages of this size unfragmented, always masked.
function unframe(b) {
  if (b.length < 6) return null;
  let n = b[1] & 127, at = 2;
  if (n === 126) { n = b.readUInt16BE(2); at = 4; } else if (n === 127) { n = Number(b.readBigUInt64BE(2)); at = 10; }
  if (b.length < at + 4 + n) return null;
  const data = Buffer.from(b.subarray(at + 4, at + 4 + n));
  for (let i = 0; i < n; i++) data[i] ^= b[at + (i & 3)];
  return { op: b[0] & 15, text: data.toString(), length: at + 4 + n };
}

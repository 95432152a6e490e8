// The pictures that docs/ shows (make pictures): each console as the pages draw it, against a canned node, in a meeting of the invented world.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// The meeting's own day: 10:57 in Ilverne, 09:57 in Lanneth. Pages take their clocks from the node's, which is this process.
const Real = Date, ahead = Real.parse('2026-12-09T23:57:20Z') - Real.now();
globalThis.Date = class extends Real {
  constructor(...a) { if (a.length) super(...a); else super(Real.now() + ahead); }
  static now() { return Real.now() + ahead; }
};

const { answerer, drawnCamera, launch, open, until } = await import('./lib/browser.mjs');
const { FakeNode } = await import('./lib/fakenode.mjs');
const { ago, held, meeting, order, present, standing } = await import('./lib/formal.mjs');
const { doors, key, me, note, ready, shut, them, waiter } = await import('./lib/officer.mjs');
const { figures, levels, technician } = await import('./lib/technician.mjs');
const { wav } = await import('./lib/wav.mjs');

const folder = process.argv[2];
const wide = { width: 1440, height: 900 }, narrow = { width: 320, height: 900 };
const log = [{ member: me, start: ago(860), end: ago(392), item: 1, open: true }, { member: them, start: ago(385), end: ago(90), item: 1, open: true }];
const pair = [me, them];
const speaking = (change) => standing({ order: held(me, { item: 1, spoken: log, hands: ['tolmeria-thorrick'] }), present: present({ [me]: { mic: true, maySpeak: true } }), doors: doors({ state: 'open' }), ...change });
const heard = { levels: { list: [{ member: me, db: -16, far: -17, own: true }] } };

const message = { en: 'Our Minister of Ports asks for the floor after this statement.', ar: 'تطلب وزيرة الموانئ لدينا الكلمة بعد هذا البيان.' };

/** pictures by name: who looks, what the node says, what the person does first. */
const pictures = {
  member: { you: me, state: speaking, says: [heard], first: (page) => page.click('[data-act=mic]') },
  delegate: { you: 'avelmar-aldesh', state: () => speaking({ order: held(them, { item: 1 }), present: present({ [them]: { mic: true } }) }) },
  officer: { you: 'avelmar-vost', says: [heard], state: (tongue) => speaking({ notes: [note(1, 'message', 'tolmeria-quintar', message[tongue])], waiting: [waiter('w1', 'avelmar-kell', 'device')] }) },
  keys: { you: 'avelmar-vost', state: () => standing({ phase: 'closed', order: order({ item: 2, spoken: log }), doors: shut(), keys: [key('avelmar', 'open', 'avelmar-vost', 41)] }) },
  technician: { you: technician, state: speaking, says: [figures({ members: { 'avelmar-aldesh': { upLoss: 0.026, jitterMs: 24, rttMs: 170 } } }), levels([me, -16])] },
  rehearsal: { you: 'avelmar-vost', state: () => standing({ phase: 'rehearsal', ready: [ready(me), ready('avelmar-aldesh'), ready(them, { stated: true }), ready('avelmar-ombrand', { sound: false })] }) },
  press: { you: '', role: 'press', meeting: { ...meeting, members: meeting.members.filter((m) => pair.includes(m.id)) },
    state: () => ({ ...standing({ stage: [...pair, '', '', '', ''], head: '', order: held(me, { item: 0 }) }), present: present({ [me]: { mic: true } }).filter((p) => pair.includes(p.member)) }) },
  invitation: { you: me, state: speaking, before: true, pin: '482615' },
};

/** shown are the pictures that are kept: English and Arabic, wide and narrow. */
const shown = [
  ['member', 'en', wide], ['member', 'en', narrow], ['member', 'ar', narrow], ['delegate', 'ar', wide],
  ['officer', 'en', wide], ['officer', 'ar', wide], ['keys', 'en', wide], ['rehearsal', 'ar', wide],
  ['technician', 'en', wide], ['technician', 'ar', wide], ['press', 'en', wide], ['press', 'ar', narrow], ['invitation', 'en', wide], ['invitation', 'ar', narrow],
];

async function picture(browser, answer, name, tongue, viewport) {
  const { you, role = '', state, says = [], first, before, pin = '', meeting: told = meeting } = pictures[name];
  const node = await new FakeNode().start(), page = await open(browser, { viewport });
  const tick = setInterval(() => { for (const m of says) node.send(m); }, 200);
  try {
    Object.assign(node, { answer, meeting: told, you, role, state: state(tongue), pin });
    await page.addInitScript(drawnCamera(you === me ? 0 : 2, !first && !before));
    await page.goto(`${node.url}/${role || 'join'}?lang=${tongue}#good`);
    await until(page, (sends) => document.querySelector('[data-act=sit]') && (!sends || document.querySelector('[data-probe=good]')), before === true);
    if (!before) {
      await page.click('[data-act=sit]');
      await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 15_000, 'the page is live');
      await first?.(page);
    }
    await page.evaluate(() => document.activeElement?.blur());
    await page.waitForTimeout(2500); // frames, meters, the sentence that stands when all has settled
    const size = viewport === wide ? 'wide' : 'narrow';
    await page.screenshot({ path: join(folder, `${name}-${tongue}-${size}.jpg`), type: 'jpeg', quality: 86, clip: { x: 0, y: 0, ...viewport } });
    if (page.errors.length) throw new Error(`${name} in ${tongue}: ${page.errors.join('; ')}`);
    console.log(`${name}-${tongue}-${size}`);
  } finally {
    clearInterval(tick);
    await page.context().close();
    await node.stop();
  }
}

await mkdir(folder, { recursive: true });
const sounds = await mkdtemp(join(tmpdir(), 'visavis-pictures-'));
await writeFile(join(sounds, 'voice.wav'), wav(300, 4));
const browser = await launch({ more: [`--use-file-for-fake-audio-capture=${join(sounds, 'voice.wav')}`] });
try {
  const answer = await answerer(browser);
  const only = process.argv.slice(3);
  for (const [name, tongue, viewport] of shown) if (!only.length || only.includes(name)) await picture(browser, answer, name, tongue, viewport);
} finally {
  await browser.close();
  await rm(sounds, { recursive: true, force: true });
}

// The protocol officer's console: every state in six languages, wide and narrow; its colours are the same in both lights. axe finds nothing, nothing scrolls
// sideways, in English all stands on one screen of 1440 × 900. What its buttons do is in officeracts.test.mjs.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { alike, answerer, launch, looks, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { cut, held, order, present, standing } from './lib/formal.mjs';
import { alarm, ago, beyond, doors, foreign, key, me, note, ready, seated, shut, them, waiter, widest } from './lib/officer.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

const log = [{ member: me, start: ago(900), end: ago(400), item: 1, open: true }, { member: them, start: ago(390), end: '', item: 2, open: true }];
const levels = { levels: { list: [{ member: them, db: -19, far: -21, own: false }] } };

/** states of the console: what the node says, what must stand there. */
const states = {
  planned: { state: () => standing({ phase: 'planned', since: '', present: present({}).slice(0, 7) }), has: ['[data-act="phase.rehearsal"]', '[data-sees=card]'] },
  rehearsal: { state: () => standing({ phase: 'rehearsal', ready: [ready(me), ready(them, { stated: true }), ready('avelmar-aldesh', { sound: false })] }), has: ['[data-ready=yes]', '[data-ready=no]', '[data-ready=none]'] },
  waiting: { state: () => standing({ phase: 'waiting', ready: [ready(me)], waiting: [waiter('w1', 'avelmar-kell', 'device')] }), has: ['[data-action=start]', '[data-waiter=w1]'] },
  open: { state: () => standing({ order: held(them, { hands: ['avelmar-ombrand'], orders: ['tolmeria-thorrick'], next: 'avelmar-aldesh', spoken: log }), present: present({ [them]: { mic: true } }), doors: doors({ state: 'open', press: 14 }), notes: [note(1, 'message', them, 'Our minister asks for the floor after yours.'), note(2, 'request', '', 'slow')], waiting: [waiter('press-1', '', 'press')] }), levels, has: ['[data-act="phase.closed"]', '[data-ack=yes]', '[data-turn="tolmeria-thorrick"]', '[data-heard=yes]', '[data-sees=pictures]'] },
  closed: { state: () => standing({ phase: 'closed', order: held(me, { next: 'tolmeria-kosvane' }), doors: shut(), keys: [key('avelmar', 'open', 'avelmar-vost', 41)] }), has: ['[data-key=avelmar][data-turned]', '[data-key=tolmeria]:not([data-turned])', '[data-after="0"]', '[data-kind=proof]', '[data-kind=statement]'] },
  idle: { state: () => standing({ phase: 'closed', order: order({ mode: 'free' }), doors: shut() }), has: ['[data-action=open]', '[data-holder=""]'] },
  unacknowledged: { state: () => standing({ phase: 'closed', order: held(me, { acknowledged: false, since: ago(7) }), doors: shut(), muted: ['avelmar-aldesh'], alarms: [alarm('floor.unacknowledged', { member: me })] }), has: ['[data-alarm="floor.unacknowledged"]', '[data-ack=late]', '[data-alarm=muted]'] },
  overtime: { state: () => standing({ order: held(them, { since: ago(340) }), doors: doors({ state: 'open' }) }), has: ['.clock.over'] },
  cut: { state: () => cut({ phase: 'closed', order: held(them), doors: shut(), alarms: [alarm('link.lost', { party: 'tolmeria' }), alarm('clock.apart', { party: 'tolmeria' }), alarm('event.refused', { party: 'tolmeria', code: 'member.foreign' }), alarm('doors.late', { after: '3' }), alarm('doors.unwritten', {}), alarm('log.forked', {}), alarm('log.withheld', {}), alarm('clock.off', { party: 'tolmeria' })] }), has: ['[data-alarm="doors.late"]', '[data-sees=cut]'], long: true },
  guest: { you: 'tolmeria-quintar', state: () => standing({ order: held(me, { hands: ['tolmeria-soste'] }), doors: { ...doors({ state: 'open' }), ours: { ...doors({}).ours, party: 'tolmeria', state: 'open' }, theirs: [] } }), has: ['[data-says=chair]', '[data-turn="tolmeria-soste"] [data-act="floor.given"][disabled]'], long: true },
  ended: { state: () => standing({ phase: 'ended', order: order({}), doors: shut() }), has: ['[data-act="phase.sealed"]'] },
  sealed: { state: () => standing({ phase: 'sealed', order: order({}), doors: shut() }), has: ['.keys.idle[data-phase=sealed]'] },
};

const asked = process.env.VISAVIS_SCREENS?.split(',');

for (const [name, s] of Object.entries(states)) {
  if (asked && !asked.includes(name)) continue;
  test(`${name} in ${tongues.join(', ')}`, { timeout: 300_000 }, async (t) => {
    const state = s.state(), { alarms } = state;
    const { node, page } = await seated(t, browser, answer, { tongue: tongues[0], ...s, state });
    const levels = s.levels && setInterval(() => node.send(s.levels), 300);
    t.after(() => clearInterval(levels));
    for (const tongue of tongues) {
      await speak(page, tongue);
      node.send({ state: { ...s.state(), alarms } }); // its times are counted from now; what is alarming goes on
      for (const what of s.has) await until(page, (q) => document.querySelector(q) !== null, what, 10_000, `${name}: ${what}`);
      if (['ar', 'zh', 'ru'].includes(tongue)) assert.deepEqual(await page.evaluate(foreign), [], `${tongue}: words in Latin letters`);
      for (const look of looks) await looked(page, `officer-${name}-${tongue}`, look, tongue === 'en' && !s.long);
    }
    assert.ok(await alike(page), 'the stage differs in light and dark');
    assert.deepEqual(page.errors, [], 'errors of the page');
  });
}

async function looked(page, name, [light, viewport], whole) {
  const where = `${name}-${light}-${viewport.width}`;
  await see(page, [light, viewport]);
  await shot(page, where);
  assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${where}: reports of the policy`);
  assert.deepEqual(await page.evaluate(beyond), [], `${where}: wider than the window`);
  assert.deepEqual(await violations(page), [], `${where}: axe`);
  if (viewport.width !== 1440) return;
  if (whole) assert.ok(await page.evaluate(widest) <= 900, `${where}: ${await page.evaluate(widest)} px high`);
  assert.deepEqual(await page.evaluate(under), [], `${where}: keys or floor are not on the screen`);
}

/** under: what of the keys and of the floor's holder stands below the window's edge. */
function under() {
  return [...document.querySelectorAll('.keys .btn, .holder, .holder .btn, .seg .btn')].filter((e) => e.getBoundingClientRect().bottom > innerHeight).map((e) => e.textContent);
}

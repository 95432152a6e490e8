// The technician's console: every state in six languages, wide and narrow, its colours the same in both lights; what each figure and cell of the matrix
// shows; what its tools ask the node for; all of it by keyboard. axe finds nothing, nothing scrolls sideways but the table in its
// region, in English a calm meeting stands on one screen of 1440 × 900.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { alike, answerer, launch, looks, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { cut, held, present, standing } from './lib/formal.mjs';
import { acts, alarm, asked, beyond, doors, note, ready, widest } from './lib/officer.mjs';
import { cell, figures, foreign, levels, link, me, path, seated, technician, them } from './lib/technician.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

const aldesh = 'avelmar-aldesh', thorrick = 'tolmeria-thorrick';
const shows = (page, q, limit) => until(page, (s) => document.querySelector(s) !== null, q, limit, q);
const gone = (page, q, limit) => until(page, (s) => document.querySelector(s) === null, q, limit, `no ${q}`);
const speaking = (change = {}) => standing({ order: held(me), present: present({ [me]: { mic: true } }), doors: doors({ state: 'open' }), ...change });
const loud = levels([me, -23]);
const ill = { [aldesh]: { upLoss: 0.026, jitterMs: 24, rttMs: 170 }, [them]: { upLoss: 0.09, downLoss: 0.09, rttMs: 420 } };

const states = {
  calm: { state: () => speaking(), says: [figures(), loud], has: [`[data-row="${me}"] .meter`, '[data-link=tolmeria][data-way=two]', `[data-row="${aldesh}"] [data-cell=hears]`] },
  alarm: { state: () => speaking({ muted: [aldesh], alarms: [alarm('clock.apart', { party: 'tolmeria' }), alarm('doors.late', { after: '3' })], notes: [note(1, 'help', aldesh, 'help', true)] }), says: [figures({ members: ill, cells: { [`${aldesh} ${me}`]: { sound: 'fault' } } }), loud], has: ['[data-alarm=muted]', '[data-alarm="doors.late"]', `[data-row="${aldesh}"][data-flag=alarm]`, '[data-cell=fault]', '[data-note="1"]'], long: true },
  cut: { state: () => cut({ phase: 'closed', order: held(me), doors: doors({ state: 'shut' }), alarms: [alarm('link.lost', { party: 'tolmeria' })] }), says: [figures({ links: [link({ state: 'interrupted', paths: [path('192.0.2.2:443', { state: 'lost', heardMs: 9200 }), path('tls', { state: 'lost', heardMs: -1 })] })], here: ['avelmar-tarroven', aldesh, technician] }), loud], has: ['[data-link=tolmeria][data-state=interrupted]', '[data-path=tls][data-state=lost]', '[data-alarm="link.lost"]'], long: true },
  tls: { state: () => speaking(), says: [figures({ links: [link({ offsetMs: 1400, paths: [path('192.0.2.2:443', { state: 'lost', heardMs: 61_000 }), path('tls', { rttMs: 160, loss: 0.02 })] })] }), loud], has: ['[data-link=tolmeria][data-way=tls]', '.kv [data-grade=warn]', '[data-path=tls] [data-grade=warn]'] },
  rehearsal: { state: () => standing({ phase: 'rehearsal', ready: [ready(me), ready(aldesh, { sound: false })] }), says: [figures({ heard: '' })], has: ['[data-ready=yes]', '[data-ready=no]', '[data-admitted=yes]'], then: async (page) => { await page.click(`[data-act=tone][data-member="${aldesh}"]`); await shows(page, '[data-signal=tone]'); await page.click(`[data-act=card][data-member="${me}"]`); await shows(page, '[data-signal=card]'); } },
};

const wanted = process.env.VISAVIS_SCREENS?.split(',');

for (const [name, s] of Object.entries(states)) {
  if (wanted && !wanted.includes(name)) continue;
  test(`${name} in ${tongues.join(', ')}`, { timeout: 300_000 }, async (t) => {
    const state = s.state(), { alarms } = state;
    const { node, page } = await seated(t, browser, answer, { tongue: tongues[0], says: s.says, state });
    for (const what of s.has) await shows(page, what);
    await s.then?.(page);
    for (const tongue of tongues) {
      await speak(page, tongue);
      node.send({ state: { ...s.state(), alarms, signals: node.last.signals } }); // its times are counted from now; what is alarming goes on
      for (const what of s.has) await shows(page, what);
      if (['ar', 'zh', 'ru'].includes(tongue)) assert.deepEqual(await page.evaluate(foreign), [], `${tongue}: words in Latin letters`);
      for (const look of looks) await looked(page, `technician-${name}-${tongue}`, look, tongue === 'en' && !s.long);
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
  assert.ok(await page.evaluate(() => { const r = document.querySelector('.scroll'); return r.scrollWidth <= r.clientWidth; }), `${where}: the table scrolls`);
}

const figure = (page, member, n) => page.evaluate(([m, i]) => { const e = document.querySelectorAll(`[data-row="${m}"] td.v`)[i]; return [e.querySelector('.num')?.textContent ?? '', e.dataset.grade ?? '']; }, [member, n]);

test('figures have their grade from where they are poor, and none below', { timeout: 60_000 }, async (t) => {
  const { node, page } = await seated(t, browser, answer, { state: speaking(), says: [figures({ members: { [me]: { upLoss: 0.0199, jitterMs: 19.9, rttMs: 149 }, [aldesh]: { downLoss: 0.02, jitterMs: 20, rttMs: 150 }, 'avelmar-ombrand': { upLoss: 0.08, jitterMs: 500, rttMs: 400 } } })] });
  await shows(page, `[data-row="${aldesh}"][data-flag=warn]`);
  const grades = async (id) => [await figure(page, id, 3), await figure(page, id, 4), await figure(page, id, 5)];
  assert.deepEqual(await grades(me), [['2.0', ''], ['20', ''], ['149', '']]);
  assert.deepEqual(await grades(aldesh), [['2.0', 'warn'], ['20', 'warn'], ['150', 'warn']]);
  assert.deepEqual(await grades('avelmar-ombrand'), [['8.0', 'alarm'], ['500', 'warn'], ['400', 'alarm']]);
  assert.deepEqual(await figure(page, me, 1), ['2\u202f610', '']);
  node.says = [figures()];
  await gone(page, '[data-flag]');
});

test('a level: sound fills the frame, silence leaves it empty, and a closed microphone has none', { timeout: 60_000 }, async (t) => {
  const both = present({ [me]: { mic: true }, [them]: { mic: true } });
  const { node, page } = await seated(t, browser, answer, { state: speaking({ present: both }), says: [figures(), levels([me, -24], [them, -127])] });
  await shows(page, `[data-row="${me}"] [data-level="\u221224"]`);
  await shows(page, `[data-row="${them}"] [data-level="\u2212\u221e"]`);
  const fill = (id) => page.evaluate((m) => document.querySelector(`[data-row="${m}"] .meter`)?.style.getPropertyValue('--v') ?? null, id);
  assert.deepEqual([await fill(me), await fill(them), await fill(aldesh)], ['60', '0', null]);
  node.says = [figures(), levels()];
  await shows(page, `[data-row="${me}"] [data-level=none]`); // open, and no level of it: not measured
  assert.equal(await fill(me), null);
});

test('the matrix: each sound has its shape and its word, of theirs as they state it', { timeout: 60_000 }, async (t) => {
  const { page } = await seated(t, browser, answer, { state: speaking(), says: [figures({ cells: { [`${aldesh} ${them}`]: { sound: 'silent', sight: false }, [`${aldesh} ${thorrick}`]: { sound: 'open' }, [`avelmar-ombrand ${me}`]: { sound: 'fault', sight: false } } })] });
  await shows(page, '[data-row=avelmar-ombrand] [data-cell=fault]'); // the legend has one from the beginning
  const got = async (row, source) => { const { shape, sees } = await cell(page, row, source); return [shape, sees]; };
  assert.deepEqual(await got(aldesh, me), ['hears', true]);
  assert.deepEqual(await got(aldesh, them), ['silent', false]);
  assert.deepEqual(await got(aldesh, thorrick), ['hears', false]);
  assert.deepEqual(await got(aldesh, aldesh), ['never', false]);
  assert.deepEqual(await got(me, them), ['no', true]);
  assert.deepEqual(await got('avelmar-ombrand', me), ['fault', false]);
  assert.deepEqual(await got(thorrick, me), ['hears', true]);
  const said = await Promise.all([[aldesh, me], [aldesh, them], [aldesh, aldesh], [me, them], ['avelmar-ombrand', me]].map(async ([r, s]) => (await cell(page, r, s)).says.split(': ')[1]));
  assert.equal(new Set(said).size, 5, `five words: ${said}`);
  const sides = await page.evaluate(() => [...document.querySelectorAll('.members tbody')].map((b) => [b.dataset.side, b.querySelector('th .q').textContent, b.querySelectorAll('[data-act]').length > 0]));
  assert.deepEqual(sides, [['avelmar', 'our node', true], ['tolmeria', 'their node, stated by Tolmeria', false]]);
});

test('tone, card and restart are asked of the node, and shown once it has done them', { timeout: 60_000 }, async (t) => {
  const { node, page } = await seated(t, browser, answer, { state: standing({ phase: 'rehearsal', notes: [note(1, 'help', me, 'help', true), note(2, 'help', aldesh, 'help', true)] }) });
  const tone = `[data-act=tone][data-member="${aldesh}"]`, pressed = (q) => page.getAttribute(q, 'aria-pressed');
  await page.click(tone);
  await shows(page, `${tone}[aria-pressed=true]`);
  await page.click(`[data-act=card][data-member="${me}"]`);
  await shows(page, '[data-signal=card]');
  await page.click(tone);
  await gone(page, '[data-signal=tone]');
  await page.click(`.members [data-act=restart][data-member="${me}"]`);
  await page.click(`[data-note="2"] [data-act=restart]`);
  assert.deepEqual(await asked(node, 5), [{ do: 'tone', member: aldesh, n: 1 }, { do: 'card', member: me, n: 1 }, { do: 'tone', member: aldesh, n: 0 }, { do: 'restart', member: me }, { do: 'restart', member: aldesh }]);
  node.state = node.last;
  await page.reload(); // another technician, or the same after a reload, sees what is on
  await shows(page, `[data-act=card][data-member="${me}"][aria-pressed=true]`, 15_000);
  assert.equal(await pressed(tone), 'false');
  node.refuse = () => ({ code: 'member.absent', args: {} });
  await page.click(tone);
  await shows(page, '[data-refused="member.absent"]');
  assert.equal(await pressed(tone), 'false', 'refused, and shown as on');
  node.refuse = () => null;
  const state = standing({ phase: 'rehearsal' });
  node.send({ state: { ...state, present: state.present.filter((p) => p.member !== me) } });
  await gone(page, `[data-row="${me}"]`);
  node.send({ state });
  await shows(page, `[data-act=card][data-member="${me}"][aria-pressed=false]`);
});

test('nothing on the page does what an officer does', { timeout: 60_000 }, async (t) => {
  const { page } = await seated(t, browser, answer, { state: speaking({ waiting: [{ id: 'press-1', member: '', name: 'Ilverne Courier', since: '', reason: 'press' }] }) });
  const kinds = await page.evaluate(() => [...new Set([...document.querySelectorAll('[data-act]')].map((e) => e.dataset.act))].sort());
  assert.deepEqual(kinds, ['card', 'language', 'meetings', 'restart', 'sound', 'tone', 'tones']);
});

test('whether this person hears the meeting is said as the rules have it', { timeout: 60_000 }, async (t) => {
  const { node, page } = await seated(t, browser, answer, { state: speaking() });
  await shows(page, '[data-admitted=no]');
  node.send({ state: speaking({ present: present({ [technician]: { admitted: true } }) }) });
  await shows(page, '[data-admitted=yes]');
  node.send({ state: standing({ phase: 'waiting', present: present({ [technician]: { admitted: true } }) }) });
  await gone(page, '[data-admitted]');
});

test('by keyboard alone: to the table, a tone on and off, and all else in reach', { timeout: 60_000 }, async (t) => {
  const { node, page } = await seated(t, browser, answer, { state: speaking() });
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.className), 'skip');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement.id), 'members');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.act), 'tone');
  await page.keyboard.press('Space');
  await asked(node, 1);
  await shows(page, '[data-act=tone][aria-pressed=true]');
  await page.keyboard.press('Enter');
  assert.deepEqual((await asked(node, 2)).map((a) => [a.do, a.n]), [['tone', 1], ['tone', 0]]);
  const all = await page.evaluate(() => [...document.querySelectorAll('.technician main :is(button, a)')].length);
  await page.focus('.skip');
  const seen = new Set();
  for (let i = 0; i < all + 20; i++) {
    await page.keyboard.press('Tab');
    const at = await page.evaluate(() => { const e = document.activeElement; return e.matches('.technician main :is(button, a)') ? [e.dataset.act, e.dataset.member ?? ''].join(' ') : ''; });
    if (at) seen.add(at);
  }
  assert.equal(seen.size, all, 'buttons that Tab does not reach');
  assert.equal(acts(node).length, 2, 'moving the focus did something');
});

// The member's console in a formal meeting: every state of the floor in six languages, wide and narrow, its colours the same in both lights. axe finds
// nothing, nothing scrolls sideways, the policy reports nothing. VISAVIS_SHOTS=folder keeps pictures; VISAVIS_SCREENS names a few states.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { alike, answerer, launch, looks, open, says, see, shot, tongues, until, violations } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { wav } from './lib/wav.mjs';
import { ago, cut, held, meeting, order, present, standing } from './lib/formal.mjs';

let browser, voice, answer, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-member-'));
  const microphone = async (name, peak) => {
    await writeFile(join(folder, name), wav(900, 4, peak));
    return launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, name)}`] });
  };
  browser = await microphone('quiet.wav', 0); // the browser's own microphone beeps, which is speech
  voice = await microphone('voice.wav', 8191);
  answer = await answerer(browser);
});
after(async () => { await browser?.close(); await voice?.close(); await rm(folder, { recursive: true, force: true }); });

const me = 'avelmar-tarroven', them = 'tolmeria-kosvane';
const far = (db, far) => ({ levels: { list: [{ member: me, db, own: true, ...(far === undefined ? {} : { far }) }] } });

/** states of the console: what the node says, what the person does, the key of the sentence. */
const states = {
  planned: { state: standing({ phase: 'planned', since: '' }), says: 'planned' },
  rehearsal: { state: standing({ phase: 'rehearsal' }), says: 'rehearsal-say' },
  waiting: { state: standing({ phase: 'waiting' }), says: 'waiting' },
  listening: { state: standing({ order: held(them, { hands: [me] }), present: present({ [them]: { mic: true, capacity: 1 } }) }), says: 'listening' },
  offered: { state: standing({ phase: 'closed', order: held(me, { acknowledged: false, since: ago(1) }) }), says: 'offered' },
  holding: { state: standing({ phase: 'closed', order: held(me), present: present({ [me]: { maySpeak: true } }) }), mic: true, levels: far(-16, -17), says: 'holding' },
  closed: { state: standing({ order: held(me) }), says: 'closed' },
  free: { state: standing({ phase: 'closed', order: order({ mode: 'free' }) }), says: 'free' },
  link: { state: cut({ phase: 'closed', order: held(them) }), says: 'link' },
  ended: { state: standing({ phase: 'ended' }), says: 'ended' },
  muted: { state: standing({ phase: 'closed', order: held(me) }), voice: true, says: 'muted' },
  delegate: { state: standing({ order: held(me) }), you: 'avelmar-aldesh', says: 'listening' },
  second: { state: standing({ phase: 'closed', order: held(them), present: present({ [them]: { capacity: 1 } }) }), you: them, says: 'closed' },
};

async function seated(t, tongue, { state, you = me, browser: b = browser, fakes }) {
  const node = await new FakeNode().start();
  Object.assign(node, { answer, meeting, you, state });
  const page = await open(b, fakes);
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  await page.goto(`${node.url}/join?lang=${tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]') && document.querySelector('[data-slot=preview]'));
  await page.click('[data-act=sit]');
  await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 15_000, 'the page is live');
  return { node, page };
}

const asked = process.env.VISAVIS_SCREENS?.split(',');

const every = Object.entries(states).filter(([name]) => !asked || asked.includes(name));
for (const tongue of tongues) {
  for (const [you, speaks] of [[me, false], [me, true], ['avelmar-aldesh', false], [them, false]]) {
    const own = every.filter(([, s]) => (s.you ?? me) === you && (s.voice ?? false) === speaks);
    if (!own.length) continue;
    test(`${you}${speaks ? ', speaking,' : ''} in ${tongue}`, { timeout: 300_000 }, async (t) => {
      const { node, page } = await seated(t, tongue, { state: standing({ phase: 'planned', since: '' }), you, browser: speaks ? voice : browser });
      let levels = null;
      const timer = setInterval(() => { if (levels) node.send(levels); }, 300);
      t.after(() => clearInterval(timer));
      for (const [name, s] of own) {
        levels = s.levels;
        node.send({ state: s.state });
        if (s.mic) await page.click('[data-act=mic][data-on=false]');
        const source = s.says.source ?? `^${s.says}$`;
        await until(page, (k) => new RegExp(k).test(document.querySelector('#now')?.dataset.says ?? ''), source, 10_000, `${name}: the page says ${source}`);
        if (s.levels) await until(page, () => document.querySelector('[data-heard=yes]'));
        if (['ar', 'zh', 'ru'].includes(tongue)) assert.deepEqual(await page.evaluate(foreign), [], `${name}: words in Latin letters`);
        for (const [colorScheme, viewport] of looks) await look(page, `member-${name}-${tongue}-${colorScheme}-${viewport.width}`, colorScheme, viewport, tongue === 'en');
        if (s.mic) await page.click('[data-act=mic][data-on=true]');
      }
      assert.ok(await alike(page), 'the stage differs in light and dark');
      assert.deepEqual(page.errors, [], 'errors of the page');
    });
  }
}

async function look(page, where, colorScheme, viewport, english) {
  await see(page, [colorScheme, viewport]);
  await shot(page, where);
  assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${where}: reports of the policy`);
  assert.deepEqual(await page.evaluate(beyond), [], `${where}: wider than the window`);
  assert.deepEqual(await violations(page), [], `${where}: axe`);
  if (viewport.width === 1440 && english) assert.deepEqual(await page.evaluate(below), [], `${where}: the floor is not on one screen`);
}

/** foreign words in Latin letters that the page shows, beyond the product's name, units and the names of languages. */
function foreign() {
  const seen = new Set();
  const walk = document.createTreeWalker(document.querySelector('#page'), NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    if (n.parentElement.closest('option, [lang=en], select, dialog') || !n.parentElement.checkVisibility()) continue;
    for (const w of n.data.match(/[A-Za-z]{2,}/g) ?? []) if (!['dB', 'ms', 'PIN', 'UDP'].includes(w)) seen.add(w);
  }
  return [...seen];
}

function beyond() {
  const w = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= w) return [];
  return [...document.querySelectorAll('#page *')].filter((e) => { const r = e.getBoundingClientRect(); return r.width && (r.right > w + 1 || r.left < -1); }).map((e) => `${e.tagName}.${e.className}`).slice(0, 5);
}

/** below: what of the floor's sentence and buttons stands under the window's edge. */
function below() {
  scrollTo(0, 0);
  return [...document.querySelectorAll('#now h2, #now .acts .btn')].filter((e) => e.getBoundingClientRect().bottom > innerHeight).map((e) => e.textContent);
}

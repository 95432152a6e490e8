// What a page is looked at for in each of its states, languages, lights and widths.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { alike, looks, see, shot, speak, tongues, until, violations } from './browser.mjs';

/** named are those states that VISAVIS_SCREENS names (a,b,…), or all of them. */
export function named(states) {
  const asked = process.env.VISAVIS_SCREENS?.split(',');
  return Object.entries(states).filter(([name]) => !asked || asked.includes(name));
}

/** looked brings the page into one look and keeps a picture of it: the policy has nothing to report, nothing is wider than the window, axe finds nothing. */
export async function looked(page, name, look) {
  const [light, { width }] = look, where = `${name}-${light}-${width}`;
  await see(page, look);
  await shot(page, where);
  assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${where}: reports of the policy`);
  assert.deepEqual(await page.evaluate(beyond), [], `${where}: wider than the window`);
  assert.deepEqual(await violations(page), [], `${where}: axe`);
  return where;
}

function beyond() {
  const w = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= w) return [];
  return [...document.querySelectorAll('#page *')].filter((e) => { const r = e.getBoundingClientRect(); return r.width && (r.right > w + 1 || r.left < -1); }).map((e) => `${e.tagName}.${e.className}`).slice(0, 5);
}

/**
 * native fails where a page in another script than ours shows words in Latin letters: beyond the product's name, units, what others have written,
 * what stands in places (selectors) and words.
 */
export async function native(page, tongue, name, { places = [], words = [] } = {}) {
  if (!['ar', 'zh', 'ru'].includes(tongue)) return;
  assert.deepEqual(await page.evaluate(foreign, [['option', '[lang=en]', 'select', ...places].join(), ['dB', 'ms', 'UDP', ...words]]), [], `${name} in ${tongue}: words in Latin letters`);
}

function foreign([places, words]) {
  const seen = new Set();
  const walk = document.createTreeWalker(document.querySelector('#page'), NodeFilter.SHOW_TEXT);
  for (let n; (n = walk.nextNode());) {
    if (n.parentElement.closest(places) || !n.parentElement.checkVisibility()) continue;
    for (const w of n.data.match(/[A-Za-z]{2,}/g) ?? []) if (!words.includes(w)) seen.add(w);
  }
  return [...seen];
}

/** tall is the height of the page, px. */
const tall = () => document.documentElement.scrollHeight;

/**
 * consoles makes a test of every state of a console: what the node says, what must stand there, in all languages, wide and narrow, its colours the
 * same in both lights; in English all but the long ones stand on one screen of 1440 × 900. enter gives the node and the page in its seat, keeps
 * what the node goes on saying beside the state, whole checks a wide window.
 */
export function consoles(kind, states, { enter, keeps = () => ({}), whole, latin }) {
  for (const [name, s] of named(states)) {
    test(`${name} in ${tongues.join(', ')}`, { timeout: 300_000 }, async (t) => {
      const state = s.state(), { alarms } = state;
      const { node, page } = await enter(t, s, { tongue: tongues[0], state });
      for (const tongue of tongues) {
        await speak(page, tongue);
        node.send({ state: { ...s.state(), alarms, ...keeps(node) } }); // its times are counted from now; what is alarming goes on
        for (const what of s.has) await until(page, (q) => document.querySelector(q) !== null, what, 10_000, `${name}: ${what}`);
        await native(page, tongue, name, latin);
        for (const look of looks) {
          const where = await looked(page, `${kind}-${name}-${tongue}`, look);
          if (look[1].width !== 1440) continue;
          if (tongue === 'en' && !s.long) assert.ok(await page.evaluate(tall) <= 900, `${where}: ${await page.evaluate(tall)} px high`);
          await whole(page, where);
        }
      }
      assert.ok(await alike(page), 'the stage differs in light and dark');
      assert.deepEqual(page.errors, [], 'errors of the page');
    });
  }
}

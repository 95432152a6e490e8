// A page on a narrow path is shown fewer pictures and says so, and says it no longer when it is shown all.
import assert from 'node:assert/strict';
import { loadavg } from 'node:os';
import { after, before, test } from 'node:test';
import { launch, until } from './lib/browser.mjs';
import { demo, enter, leave, links, relayed } from './lib/call.mjs';

let browser;
before(async () => { if (links) browser = await launch(); });
after(() => browser?.close());

/** pictures that move: how many of the page's videos decoded something in the last second. */
const moving = (page) => page.evaluate(async () => {
  const all = [...document.querySelectorAll('[data-member] video')].filter((v) => v.srcObject), was = all.map((v) => v.getVideoPlaybackQuality().totalVideoFrames);
  await new Promise((done) => setTimeout(done, 1000));
  return all.filter((v, i) => v.getVideoPlaybackQuality().totalVideoFrames > was[i]).length;
});

const word = (page) => page.evaluate(() => { const e = document.querySelector('[data-pictures]'); return e && e.offsetParent ? { is: e.dataset.pictures, says: e.textContent } : null; });

test('a page on a narrow path says that pictures rest, and no longer when they are back', demo(120_000), async (t) => {
  const { page, net } = await relayed(t, browser);
  await enter(page, links['tolmeria-delegate-3']); // a seat that no other call test takes: a link is good for one
  await until(page, () => document.querySelector('[data-way=own][data-level=good], [data-way=own][data-level=fair]'), null, 20_000, 'the page knows its connection');
  let all = 0;
  for (const end = Date.now() + 20_000; all < 3 && Date.now() < end;) all = await moving(page);
  assert.ok(all >= 3, `${all} pictures move, the test needs three`);
  for (const end = Date.now() + 5000; Date.now() < end; await new Promise((r) => setTimeout(r, 100))) assert.equal(await word(page), null, 'control: a wide path, and the page speaks of pictures');

  net.rate = 450_000;
  await until(page, () => document.querySelector('[data-pictures]'), null, 20_000, 'the page says that it is shown fewer pictures');
  const said = await word(page);
  await new Promise((r) => setTimeout(r, 3000));
  const left = await moving(page);
  t.diagnostic(`load ${loadavg()[0].toFixed(1)}; ${all} pictures, ${left} on the narrow path (${net.dropped} datagrams dropped); the page: ${JSON.stringify(said)}`);
  assert.ok(said && ['less', 'paused'].includes(said.is), `it says ${JSON.stringify(said)}`);
  assert.equal(said.says, said.is === 'paused' ? 'Slow connection: some pictures are paused, sound goes on' : 'Slow connection: some pictures are coarser');
  assert.ok(left < all, `${left} of ${all} pictures move on a path that takes few`);
  assert.ok(net.dropped > 0, 'nothing was dropped: the path was not narrow');

  net.rate = 0;
  await until(page, () => !document.querySelector('[data-pictures]'), null, 40_000, 'the page speaks of pictures no longer');
  for (const end = Date.now() + 10_000; left < all && Date.now() < end;) if (await moving(page) >= all) break;
  assert.ok(await moving(page) >= all, 'all pictures are back');
  assert.deepEqual(page.errors, []);
  await leave(page);
});

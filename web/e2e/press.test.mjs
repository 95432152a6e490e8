// The page of the press: the open part and nothing else. Every state in six languages, and what the page does when the doors close.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { alike, answerer, launch, looks, open, says, see, shot, tongues, until, violations } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { ago, cut, held, meeting, order, standing } from './lib/formal.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

// What the public may know: principals and phase, no keys, no list, no log.
const told = { ...meeting, members: meeting.members.filter((m) => m.role === 'principal') };
const pair = ['avelmar-tarroven', 'tolmeria-kosvane'];
const seen = (change = {}) => {
  const s = standing({ stage: [...pair, '', '', '', ''], head: '', order: held(pair[1]), ...change });
  return { ...s, present: s.present.filter((p) => pair.includes(p.member)) };
};
const shut = (phase) => seen({ phase, stage: ['', '', '', '', '', ''], order: order() });

async function following(t, tongue = 'en', state = seen()) {
  const node = await new FakeNode().start();
  Object.assign(node, { answer, meeting: told, you: '', role: 'press', state });
  const page = await open(browser);
  await page.addInitScript(() => { // counts every wish for a device
    globalThis.wishes = 0;
    for (const f of ['getUserMedia', 'getDisplayMedia']) navigator.mediaDevices[f] = () => { globalThis.wishes++; return Promise.reject(new Error('no')); };
  });
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  await page.goto(`${node.url}/press?lang=${tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]'));
  await page.click('[data-act=sit]');
  await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 15_000, 'the page is live');
  return { node, page };
}

const states = { before: [shut('waiting'), 'before'], open: [seen(), 'open'], closed: [shut('closed'), 'closed'], cut: [{ ...cut(), present: [], stage: ['', '', '', '', '', ''] }, 'link'], ended: [shut('ended'), 'ended'] };

for (const tongue of tongues) {
  test(`press in ${tongue}`, { timeout: 180_000 }, async (t) => {
    const { node, page } = await following(t, tongue);
    for (const [name, [state, key]] of Object.entries(states)) {
      node.send({ state });
      await says(page, key);
      for (const [colorScheme, viewport] of looks) {
        await see(page, [colorScheme, viewport]);
        const where = `press-${name}-${tongue}-${viewport.width}`;
        await shot(page, where);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${where}: wider than the window`);
        assert.deepEqual(await violations(page), [], `${where}: axe`);
        assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${where}: reports of the policy`);
      }
    }
    assert.ok(await alike(page), 'the stage differs in light and dark');
    assert.deepEqual(page.errors, []);
  });

  test(`the press invitation in ${tongue}`, { timeout: 60_000 }, async (t) => {
    const node = await new FakeNode().start();
    Object.assign(node, { answer, meeting: told, you: '', role: 'press', state: seen() });
    const page = await open(browser);
    t.after(async () => { await page.context().close(); await node.stop(); });
    await page.goto(`${node.url}/press?lang=${tongue}#good`);
    await until(page, () => document.querySelector('[data-act=sit]'));
    for (const [colorScheme, viewport] of looks) {
      await see(page, [colorScheme, viewport]);
      await shot(page, `press-join-${tongue}-${viewport.width}`);
      assert.deepEqual(await violations(page), [], `${tongue} ${viewport.width}: axe`);
      assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false);
    }
    assert.equal(await alike(page), false, 'the control: paper is light or dark');
  });
}

/** plays is how loud the floor slots sound in this page, with what the page lets out: 0 where elements are muted. */
const plays = (page, ms = 700) => page.evaluate(async (ms) => {
  const out = [...document.querySelectorAll('audio[data-slot]')].filter((a) => a.srcObject && !a.paused && !a.muted && a.volume > 0);
  if (!out.length) return 0;
  const context = globalThis.tester ??= new AudioContext(), analysers = out.map((a) => { const n = context.createAnalyser(); context.createMediaStreamSource(a.srcObject).connect(n); return n; });
  await context.resume();
  let top = 0;
  for (const end = performance.now() + ms; performance.now() < end;) {
    for (const n of analysers) { const b = new Float32Array(n.fftSize); n.getFloatTimeDomainData(b); for (const s of b) top = Math.max(top, Math.abs(s)); }
    await new Promise((done) => setTimeout(done, 20));
  }
  return top;
}, ms);

test('the page follows the open part, goes silent at once when the doors close, and comes back when they open', async (t) => {
  const { node, page } = await following(t);
  await says(page, 'open');
  await until(page, () => performance.getEntriesByName('visavis:frame').length);
  assert.ok(await plays(page) > 0.01, 'the control: the open part is heard');
  const began = Date.now();
  node.send({ state: shut('closed') }); // this canned node goes on sending: the page must be silent by itself
  await says(page, 'closed', 1000);
  t.diagnostic(`card after ${Date.now() - began} ms`);
  assert.equal(await plays(page), 0, 'sound after the doors closed');
  assert.equal(await page.evaluate(() => document.querySelectorAll('video').length), 0, 'pictures after the doors closed');
  assert.match(await page.evaluate(() => document.querySelector('#now').textContent), /^The meeting continues behind closed doors\./);
  node.send({ state: seen() });
  await says(page, 'open');
  assert.ok(await plays(page) > 0.01, 'and heard again');
});

test('no device is asked for, and the offer has nothing to send in', async (t) => {
  const { node, page } = await following(t);
  assert.equal(await page.evaluate(() => globalThis.wishes), 0);
  const { names, sdp } = node.said('hello')[0].offer;
  assert.deepEqual(names.filter((n) => !/^(floor|stage)\d$/.test(n)), []);
  assert.doesNotMatch(sdp, /a=(sendonly|sendrecv)/);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-act=mic], [data-act=camera], [data-act^="floor."], [data-act^="hand."]').length), 0);
});

test('what ends the seat of the press is said', async (t) => {
  const { node, page } = await following(t);
  node.send({ bye: { code: 'excluded' } });
  await until(page, () => document.querySelector('[data-says=excluded]'));
  assert.equal(await plays(page, 100), 0);
});

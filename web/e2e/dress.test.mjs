// Each role's page has a style sheet of its own: fetched with the page, no other role's with it, and the page is never seen without.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerer, launch, open, until } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { meeting, standing } from './lib/formal.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

/** entering opens the invitation of somebody; dress decides about each fetch of a role's style sheet. */
async function entering(t, you, role, dress) {
  const node = await new FakeNode().start();
  Object.assign(node, { answer, meeting, you: role ? '' : you, role, state: standing({ phase: 'waiting' }) });
  const page = await open(browser), fetched = [];
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  await page.route(/\/assets\/[a-z]+-\w+\.css$/, async (route) => {
    const name = /assets\/(\w+)-/.exec(route.request().url())[1];
    fetched.push(name);
    await (name === 'page' ? route.continue() : dress(route, fetched.length));
  });
  await page.goto(`${node.url}/join?lang=en#good`);
  return { page, fetched };
}

/** bare is what of a role's page stands in the document while its style sheet is not there. */
const bare = () => document.querySelector('#page')?.textContent ?? '';

for (const [you, role, sheet] of [['avelmar-tarroven', '', 'member'], ['avelmar-vost', '', 'officer'], ['avelmar-ormeran', '', 'technician'], ['', 'press', 'press']]) {
  test(`the page of ${role || you} waits for its style sheet, and fetches no other`, { timeout: 30_000 }, async (t) => {
    let give;
    const held = new Promise((done) => { give = done; });
    const { page, fetched } = await entering(t, you, role, async (route) => { await held; await route.continue(); });
    await until(page, () => performance.getEntriesByType('resource').some((r) => /invitation/.test(r.name) && r.responseEnd));
    for (let i = 0; i < 10; i++) { // as long as the sheet is held nothing of the page may come
      assert.equal(await page.evaluate(() => document.querySelector('[data-act=sit]')), null, await page.evaluate(bare));
      await page.waitForTimeout(50);
    }
    give();
    await until(page, () => document.querySelector('[data-act=sit]'));
    assert.equal(await page.evaluate(() => getComputedStyle(document.querySelector('.join main')).display), 'grid', 'the page is seen without its style');
    assert.deepEqual(fetched, ['page', sheet]);
    assert.deepEqual(await page.evaluate(() => globalThis.reports), [], 'reports of the policy');
  });
}

test('a style sheet that does not come is asked for again', { timeout: 30_000 }, async (t) => {
  let failed = 0;
  const { page, fetched } = await entering(t, 'avelmar-vost', '', (route) => (failed++ ? route.continue() : route.abort()));
  await until(page, () => document.querySelector('[data-act=sit]'));
  assert.deepEqual(fetched, ['page', 'officer', 'officer']);
  assert.equal(await page.evaluate(() => document.querySelectorAll('link[rel=stylesheet]').length), 2, 'the failed one is still there');
});

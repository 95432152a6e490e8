// A file of the page that does not come: the page loads anew, once, keeps what it was for, and else says so. The controls: the file is served.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { all, answerer, launch, open, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

/** joined opens an invitation; take says of each file whether it comes. */
async function joined(t, take, lang = 'en') {
  const node = await new FakeNode().start();
  node.answer = answer;
  const page = await open(browser);
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  page.loads = 0;
  page.asked = [];
  page.failures = 0; // attempts that did not bring the page
  page.on('console', (m) => { if (m.type() === 'warning' && m.text().startsWith('page ')) page.failures++; });
  await page.route(/\/(join|assets\/[\w-]+\.js)/, async (route) => {
    const name = /\/(join|[\w-]+)(\.js|$|\?)/.exec(route.request().url())[1].replace(/-\w{8}$/, '');
    if (name === 'join') page.loads++;
    page.asked.push(name);
    await (take(name, page.asked.filter((n) => n === name).length, page) ? route.continue() : route.abort());
  });
  await page.goto(`${node.url}/join?lang=${lang}#good`);
  return { node, page };
}

const sit = (page) => until(page, () => document.querySelector('[data-act=sit]'));
const lost = (page) => until(page, () => document.querySelector('[data-says=lost]'), null, 15_000, 'the page says that a part of it is lost');
const files = [['the page of the role', 'member'], ['the language', 'en']];

for (const [what, file] of files) {
  test(`${what} is served: the page loads once`, async (t) => {
    const { node, page } = await joined(t, () => true);
    await sit(page);
    assert.equal(page.loads, 1);
    assert.ok(page.asked.includes(file), `the file that the other tests take away is fetched: ${page.asked}`);
    assert.equal(node.asked('POST /api/invitation').length, 1);
    assert.equal(await page.evaluate(() => history.state), null);
  });

  test(`${what} is lost until the page is loaded anew: it does so by itself, and the invitation is still good`, { timeout: 30_000 }, async (t) => {
    const { node, page } = await joined(t, (name, n, p) => name !== file || p.asked.filter((x) => x === 'join').length > 2); // opened, looked for, loaded anew
    await sit(page);
    assert.deepEqual(node.asked('POST /api/invitation').map(([, b]) => JSON.parse(b).code), ['good', 'good'], 'the code went along');
    assert.deepEqual(await page.evaluate(() => [location.hash, history.state]), ['', null], 'and is not in the address, nor left in the entry');
  });

  test(`${what} stays lost: loaded anew once, then a sentence with a button, which helps when the file is back`, { timeout: 60_000 }, async (t) => {
    let back = false;
    const { page } = await joined(t, (name) => name !== file || back);
    await lost(page);
    assert.equal(page.loads, 3, 'opened, looked for, loaded anew');
    assert.ok(await page.evaluate(() => document.querySelector('h1').textContent.length > 10 && document.activeElement === document.querySelector('h1')));
    const before = page.failures;
    while (page.failures < before + 2) await page.waitForEvent('console');
    assert.equal(page.loads, 3, 'and not once more');
    back = true;
    await page.click('[data-act=again]');
    await sit(page);
    assert.equal(page.loads, 4);
  });
}

test('a node that is down says so in words, and the page comes when it is up', { timeout: 60_000 }, async (t) => {
  let up = false;
  const { page } = await joined(t, (name, n) => up || (name !== 'member' && (name !== 'join' || n === 1)));
  await lost(page);
  assert.equal(await page.evaluate(() => history.state), null, 'not loaded anew while nobody answers');
  up = true;
  await sit(page);
});

test(`a page that is lost in ${tongues.join(', ')}`, { timeout: 120_000 }, async (t) => {
  for (const lang of tongues) {
    const { page } = await joined(t, (name) => name !== lang, lang);
    await lost(page);
    assert.equal(await page.evaluate(() => document.documentElement.lang), lang);
    for (const look of all) {
      await see(page, look);
      const where = `lost-${lang}-${look[0]}-${look[1].width}`;
      await shot(page, where);
      assert.deepEqual(await violations(page), [], where);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), where);
    }
  }
});

test('a language that does not come leaves the page as it is, and the page says so', { timeout: 60_000 }, async (t) => {
  let back = false;
  const { page } = await joined(t, (name) => name !== 'ar' || back);
  await sit(page);
  await page.click('[data-lang=ar]');
  await until(page, () => document.querySelector('.unspoken')?.textContent.includes('العربية'));
  assert.deepEqual(await page.evaluate(() => [document.documentElement.lang, document.documentElement.dir]), ['en', 'ltr']);
  assert.equal(page.loads, 1);
  for (const look of all) {
    await see(page, look);
    await shot(page, `unspoken-${look[0]}-${look[1].width}`);
    assert.deepEqual(await violations(page), []);
  }
  await speak(page, 'fr');
  assert.equal(await page.evaluate(() => document.querySelector('.unspoken')), null, 'the control: a language that comes');
});

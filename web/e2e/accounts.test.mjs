// The officer's page for accounts and the security log, at a canned node: in six languages, what it asks, and what it says when it is refused.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { all, launch, open, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { FakeAccounts, entries } from './lib/fakeaccounts.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

async function at(t, { setup = () => undefined, lang = 'en', ready = 'accounts', ...options } = {}) {
  const node = await new FakeAccounts().start();
  setup(node);
  const page = await open(browser, options);
  t.after(async () => { await page.context().close(); await node.stop(); });
  await page.addInitScript(() => {
    globalThis.ceremonies = 0;
    PublicKeyCredential.parseRequestOptionsFromJSON = (o) => o;
    navigator.credentials.get = async () => { globalThis.ceremonies++; return { toJSON: () => ({ id: 'x' }) }; };
  });
  await page.goto(`${node.url}/accounts?lang=${lang}`);
  await until(page, (s) => document.querySelector(`[data-says=${s}]`), ready);
  return { node, page };
}
const rowOf = (id) => `[data-account=${id}]`;
const shows = (page, q) => until(page, (s) => document.querySelector(s) !== null, q, 5000, q);
const posts = (node) => node.asks.filter(([what]) => what.startsWith('POST'));
const settled = (node, n) => new Promise((done, failed) => {
  const end = Date.now() + 5000;
  const look = () => (posts(node).length >= n ? done(posts(node)) : Date.now() > end ? failed(new Error(`not ${n}: ${JSON.stringify(node.asks)}`)) : setTimeout(look, 20));
  look();
});

test(`the page in ${tongues.join(', ')}: axe finds nothing, nothing scrolls sideways`, { timeout: 300_000 }, async (t) => {
  const { page } = await at(t, { lang: tongues[0] });
  await page.click('[data-act=read]');
  await shows(page, '[data-log=whole] [data-entry="130"]');
  for (const lang of tongues) {
    await speak(page, lang);
    for (const look of all) {
      await see(page, look);
      const where = `accounts-${lang}-${look[0]}-${look[1].width}`;
      await shot(page, where);
      assert.deepEqual(await violations(page), [], where);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${where}: scrolls sideways by ${wide}`);
    }
  }
  assert.deepEqual([page.errors, await page.evaluate(() => globalThis.reports)], [[], []]);
});

test('an account is made with its code, which is shown once', async (t) => {
  const { node, page } = await at(t);
  await page.click('[data-act=add]', { force: true }); // it says that it is disabled, and takes the press
  assert.deepEqual(node.asks, [], 'nothing is made without a name');
  await page.fill('#acc-name', 'Sela Törnquist');
  assert.equal(await page.inputValue('#acc-id'), 'avelmar-tornquist', 'as the own identifier begins');
  await page.fill('#acc-id', 'avelmar-sela');
  await page.selectOption('#acc-role', 'technician');
  await page.click('[data-act=add]');
  await shows(page, 'dialog[open] [data-once=link]');
  assert.deepEqual(node.asks, [['POST accounts', { id: 'avelmar-sela', name: 'Sela Törnquist', role: 'technician' }]]);
  assert.match(await page.inputValue('[data-once=link]'), /\/enrol#k{32}$/);
  for (const look of all) {
    await see(page, look);
    await shot(page, `accounts-code-${look[0]}-${look[1].width}`);
    assert.deepEqual(await violations(page), []);
  }
  await page.click('[data-act=issued-done]');
  await until(page, () => !document.querySelector('[data-once]'), null, 3000, 'the code is gone from the page');
  assert.ok(!(await page.content()).includes('kkkkkkkk'));
  await shows(page, `${rowOf('avelmar-sela')} [data-passkeys="0"]`);
});

test('what takes something away is asked once more, and Cancel does nothing', async (t) => {
  const { node, page } = await at(t);
  const away = [['avelmar-ormeran', 'lost', 'POST accounts/code', { id: 'avelmar-ormeran', forget: true }], ['avelmar-brask', 'end', 'POST accounts/end', { id: 'avelmar-brask' }], ['avelmar-brask', 'remove', 'POST accounts/remove', { id: 'avelmar-brask' }]];
  for (const [id, act] of away) {
    await page.click(`${rowOf(id)} [data-act=${act}]`);
    await shows(page, `dialog[open][data-ask=${act}]`);
    await page.click('[data-ask] [data-act=cancel]');
    await page.click(`${rowOf(id)} [data-act=${act}]`);
    await shows(page, `dialog[open][data-ask=${act}]`);
    await page.keyboard.press('Escape');
    await until(page, () => !document.querySelector('[data-ask]'), null, 3000, 'the question is gone');
  }
  assert.deepEqual(posts(node), [], 'nothing was asked of the node');
  for (const [i, [id, act, what, body]] of away.entries()) {
    await page.click(`${rowOf(id)} [data-act=${act}]`);
    await page.click(`[data-ask=${act}] [data-act=yes]`);
    assert.deepEqual((await settled(node, i + 1)).at(-1), [what, body]);
    if (act === 'lost') await page.click('[data-act=issued-done]');
    if (act === 'end') await shows(page, `${rowOf(id)} [data-sessions="0"]`);
  }
  await until(page, () => !document.querySelector('[data-account=avelmar-brask]'), null, 3000, 'the account is gone');
});

test('nobody voids, ends or removes the own account here; one without a passkey has nothing to void', async (t) => {
  const { page } = await at(t);
  const acts = (id) => page.$$eval(`${rowOf(id)} [data-act]`, (l) => l.map((b) => b.dataset.act));
  assert.deepEqual(await acts('avelmar-vost'), ['code']);
  assert.deepEqual(await acts('avelmar-spare'), ['code', 'remove']);
  assert.deepEqual(await acts('avelmar-brask'), ['lost', 'end', 'remove']);
});

test('the passkey is asked for, then the same is done; a refusal is said in words', async (t) => {
  const { node, page } = await at(t, { setup: (n) => { n.proven = false; } });
  await page.click(`${rowOf('avelmar-spare')} [data-act=code]`);
  await shows(page, 'dialog[open] [data-once=link]');
  assert.deepEqual(node.asks.map(([what]) => what), ['POST accounts/code', 'stepup', 'stepup/finish', 'POST accounts/code']);
  await page.click('[data-act=issued-done]');
  node.refuses['POST accounts/remove'] = 'account.last';
  await page.click(`${rowOf('avelmar-brask')} [data-act=remove]`);
  await page.click('[data-ask] [data-act=yes]');
  await shows(page, '[aria-labelledby=acc-h] [data-refused="account.last"]');
  assert.match(await page.textContent('[data-refused]'), /last officer/);
  assert.equal(await page.$('[aria-labelledby=log-h] [data-refused]'), null, 'it is said where the button is');
  node.refuses = {};
  await page.click(`${rowOf('avelmar-spare')} [data-act=code]`);
  await until(page, () => !document.querySelector('[data-refused]'), null, 3000, 'the control: nothing is refused any more');
});

test('the log is read when it is asked for, earlier entries after it; a changed one is said to be', async (t) => {
  const { node, page } = await at(t);
  assert.equal(node.asks.length, 0, 'opening the page reads no log: that would be an entry');
  await page.click('[data-act=read]');
  await shows(page, '[data-log=whole] [data-entry="31"]');
  assert.equal(await page.$$eval('[data-entry]', (l) => l.length), 100);
  assert.match(await page.textContent('[data-entry="130"]'), /^2026-12-09 \d\d:\d\d:07/);
  assert.match(await page.textContent('.found'), /1 to 130/);
  await page.click('[data-act=older]');
  await shows(page, '[data-entry="1"]');
  assert.deepEqual(node.asks.at(-1), ['GET security', { before: '31' }]);
  assert.equal(await page.$$eval('[data-entry]', (l) => new Set(l.map((e) => e.dataset.entry)).size), 130);
  assert.equal(await page.$('[data-act=older]'), null, 'there is nothing before the first');
  Object.assign(node, { broken: true, entries: entries(57) });
  await page.click('[data-act=read]');
  await shows(page, '[data-log=broken] .alarm');
  assert.match(await page.textContent('.found'), /follows entry 57/);
  for (const look of all) {
    await see(page, look);
    await shot(page, `accounts-broken-${look[0]}-${look[1].width}`);
    assert.deepEqual(await violations(page), []);
  }
});

for (const [who, says] of [['', 'signin'], ['technician', 'role']]) {
  test(`${who || 'nobody'} is shown no account`, async (t) => {
    const { page } = await at(t, { setup: (n) => { n.officer = who; }, ready: says });
    assert.equal(await page.$('[data-account]'), null);
    assert.match(await page.getAttribute('main a', 'href'), /^\/signin\?.*to=\/accounts$/);
  });
}

// The public site in Chromium: every page, six languages, light and dark, wide and narrow; weight, requests, cookies over a crawl; dates against
// Intl; the check in the browser; the form with and without script.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { gzipSync } from 'node:zlib';
import { all, launch, looks, open, shot, until, violations } from './lib/browser.mjs';
import { site } from './lib/site.mjs';

let browser, plain, asking;
before(async () => {
  browser = await launch({ real: true });
  [plain, asking] = await Promise.all([site(), site({ purpose: true })]);
});
after(async () => { await browser?.close(); await plain?.stop(); await asking?.stop(); });

const tongues = process.env.VISAVIS_TONGUES?.split(',') ?? ['en', 'ar', 'zh', 'fr', 'ru', 'es'];
const paper = (n) => `/readout/avelmar-${n}`;
const pages = { home: '/', year: '/year/2025', readout: paper('tolmeria-2025'), corrected: paper('tolmeria-corrected'), older: `${paper('tolmeria-corrected')}/1`, withdrawn: paper('tolmeria-withdrawn'), changed: paper('tolmeria-changed'), alone: paper('alone-2025'), privacy: '/privacy', nothing: '/readout/never-was' };

for (const tongue of tongues) {
  test(`pages in ${tongue}`, { timeout: 240_000 }, async (t) => {
    const page = await open(browser);
    t.after(() => page.context().close());
    for (const [name, path] of [...Object.entries(pages), ['form', null]]) {
      await page.goto(path === null ? `${asking.url}/${tongue}/privacy` : `${plain.url}/${tongue}${path}`);
      for (const [light, size] of process.env.VISAVIS_EVERY || tongue === 'en' || tongue === 'ar' ? all : looks) { // VISAVIS_EVERY: every light and width in every language
        await page.emulateMedia({ colorScheme: light });
        await page.setViewportSize(size);
        const where = `site-${name}-${tongue}-${light}-${size.width}`;
        await shot(page, where);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${where}: wider than the window`);
        assert.deepEqual(await violations(page), [], `${where}: axe`);
      }
      assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${name} ${tongue}: reports of the policy`);
    }
    assert.deepEqual(page.errors, []);
  });
}

test('axe sees a fault', async (t) => { // the control of the tests above
  const page = await open(browser);
  t.after(() => page.context().close());
  await page.goto(`${plain.url}/en/`);
  await page.evaluate(() => { document.documentElement.lang = ''; document.querySelector('.kind').style.color = '#bbb'; });
  const found = await violations(page);
  assert.ok(found.some((v) => v.startsWith('html-has-lang')) && found.some((v) => v.startsWith('color-contrast')), found.join('\n'));
});

test('a readout is light, needs no script and sets nothing', async (t) => {
  for (const tongue of tongues) {
    const context = await browser.newContext({ javaScriptEnabled: false });
    t.after(() => context.close());
    const page = await context.newPage(), sizes = [];
    page.on('response', (r) => { if (!r.url().startsWith('data:')) sizes.push(r); });
    await page.goto(`${plain.url}/${tongue}${pages.readout}`, { waitUntil: 'networkidle' });
    const weights = await Promise.all(sizes.map(async (r) => gzipSync(await r.body()).length)), sum = weights.reduce((a, b) => a + b, 0);
    assert.ok(sizes.length <= 2, `${tongue}: ${sizes.map((r) => r.url())}`);
    assert.ok(sum <= 15 * 1024, `${tongue}: ${sum} bytes`);
    assert.ok((await page.innerText('main')).length > 1000, tongue);
    assert.equal(await page.isVisible('#check'), false, `${tongue}: a button that needs script is shown without it`);
    assert.deepEqual(await context.cookies(), []);
  }
});

/** crawl follows every link of a site that is its own, and gives all addresses. */
async function crawl(context, url) {
  const page = await context.newPage(), todo = [`${url}/`], seen = new Set(todo);
  while (todo.length > 0) {
    const at = todo.pop();
    if (/\.(ics|json|note)$/.test(at)) { await context.request.get(at); continue; }
    const r = await page.goto(at);
    assert.ok(r.ok(), `${at}: ${r.status()}`);
    for (const link of await page.$$eval('a[href], link[href]', (all) => all.map((a) => a.href.split('#')[0]))) {
      if (link.startsWith(url) && !seen.has(link)) { seen.add(link); todo.push(link); }
    }
  }
  await page.close();
  return seen;
}

test('no cookie over the whole site', { timeout: 240_000 }, async (t) => {
  const context = await browser.newContext();
  t.after(() => context.close());
  const seen = await crawl(context, plain.url);
  assert.ok(seen.size > 100, `${seen.size} addresses only`);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(await context.storageState().then((s) => s.origins), []);
});

test('the form sets one cookie, and only when it is sent', { timeout: 240_000 }, async (t) => {
  const context = await browser.newContext({ javaScriptEnabled: false });
  t.after(() => context.close());
  await crawl(context, asking.url);
  assert.deepEqual(await context.cookies(), [], 'before the form');
  const page = await context.newPage();
  await page.goto(`${asking.url}/en/privacy`);
  const [refuse, accept] = await Promise.all(['refuse', 'accept'].map((v) => page.locator(`button[value=${v}]`).boundingBox()));
  assert.deepEqual([Math.round(refuse.width), Math.round(refuse.height)], [Math.round(accept.width), Math.round(accept.height)], 'accept and refuse weigh the same');
  assert.ok(refuse.x < accept.x || refuse.y < accept.y, 'refuse is first');
  assert.equal(await page.isChecked('input[name=purpose]'), false);
  await page.click('button[value=ticked]'); // nothing was ticked
  assert.match(await page.innerText('main'), /All refused/);
  assert.match((await context.cookies())[0].value, /^1\.\./);
  await page.click('button[value=accept]');
  assert.match(await page.innerText('main'), /Accepted: Audience measurement/);
  await crawl(context, asking.url);
  const cookies = await context.cookies(); // the control of the test above: a crawl finds a cookie where there is one
  assert.deepEqual(cookies.map((c) => c.name), ['visavis-choice']);
  assert.ok(cookies[0].httpOnly && cookies[0].sameSite === 'Lax' && cookies[0].expires - Date.now() / 1000 <= 183 * 86400);
  const records = (await readFile(join(asking.dir, 'records', 'choices.jsonl'), 'utf8')).trim().split('\n').map(JSON.parse);
  assert.deepEqual(records.map((r) => r.accepted), [['measure']]);
  assert.ok(cookies[0].value.includes(records[0].text) && cookies[0].value.includes(records[0].id));
  await page.goto(`${asking.url}/en/privacy`);
  await page.click('button[value=withdraw]');
  assert.deepEqual(await context.cookies(), []);
});

test('Global Privacy Control is a refusal', async (t) => {
  const context = await browser.newContext({ extraHTTPHeaders: { 'Sec-GPC': '1' } });
  t.after(() => context.close());
  const page = await context.newPage();
  await page.goto(`${asking.url}/en/privacy`);
  assert.match(await page.innerText('main'), /Global Privacy Control/);
});

test('dates are those of Intl in the browser', async (t) => {
  const days = JSON.parse(await readFile(new URL('../../internal/site/testdata/dates.json', import.meta.url), 'utf8'));
  const page = await open(browser);
  t.after(() => page.context().close());
  const differ = await page.evaluate((days) => {
    const out = [];
    for (const [lang, all] of Object.entries(days)) {
      const form = (style) => new Intl.DateTimeFormat(`${lang === 'en' ? 'en-GB' : lang}-u-ca-gregory-nu-latn`, { dateStyle: style, timeZone: 'UTC' });
      const long = form('long'), full = form('full');
      all.forEach(([a, b], i) => {
        const d = new Date(Date.UTC(2028, 0, 1 + i));
        if (long.format(d) !== a || full.format(d) !== b) out.push(`${lang} ${i}: ${a} | ${b}, Intl ${long.format(d)} | ${full.format(d)}`);
      });
    }
    return out.slice(0, 5);
  }, days);
  assert.deepEqual(differ, []);
  assert.deepEqual(Object.values(days).map((d) => d.length), Array(6).fill(366));
});

const checked = async (page) => {
  await page.click('#check button');
  return until(page, () => document.querySelector('#check [role=status]').dataset.says, null, 10_000, 'the check says something');
};

test('the check in the browser', { timeout: 120_000 }, async (t) => {
  const page = await open(browser);
  t.after(() => page.context().close());
  for (const tongue of tongues) {
    for (const [name, says] of Object.entries({ readout: 'ok', corrected: 'ok', older: 'ok', withdrawn: 'ok', alone: 'ok', changed: 'bad' })) {
      await page.goto(`${plain.url}/${tongue}${pages[name]}`);
      assert.equal(await checked(page), says, `${name} in ${tongue}`);
    }
  }
  await page.goto(`${plain.url}/en${pages.readout}`); // what is shown is compared too
  await page.evaluate(() => { const p = document.querySelector('[data-v="blocks.2.text"] p'); p.textContent = p.textContent.replace('341', '311'); });
  assert.equal(await checked(page), 'bad');
  await page.route('**/file/**', (r) => r.abort());
  assert.equal(await checked(page), 'cannot', 'a file that does not come');
  assert.deepEqual(page.errors, []);
});

test('a changed byte in text, manifest or signature is refused in the browser', { timeout: 300_000 }, async (t) => {
  const rounds = Number(process.env.VISAVIS_BYTES ?? 200), page = await open(browser);
  t.after(() => page.context().close());
  const whole = await (await fetch(`${plain.url}/file/avelmar-tolmeria-2025/1.json`)).text(), begin = whole.indexOf('"keys":'), end = whole.indexOf('"manifest":');
  let body = whole;
  await page.route('**/file/**', (r) => r.fulfill({ body, contentType: 'application/json' }));
  await page.goto(`${plain.url}/en${pages.readout}`);
  assert.equal(await checked(page), 'ok', 'the control: unchanged');
  const bytes = Buffer.from(whole), says = {};
  const keys = [Buffer.byteLength(whole.slice(0, begin)), Buffer.byteLength(whole.slice(0, end))]; // the fingerprints beside the keys are words of the file, not signed
  for (let i = 0; i < rounds; i++) {
    let at = Math.floor((i + 0.5) * bytes.length / rounds);
    if (at >= keys[0] && at < keys[1]) at = keys[1] + (at - keys[0]);
    const changed = Buffer.from(bytes);
    changed[at] ^= 1 << (i % 7);
    body = changed;
    await page.evaluate(() => { document.querySelector('#check [role=status]').removeAttribute('data-says'); });
    const word = await checked(page);
    says[word] = (says[word] ?? 0) + 1;
    assert.equal(word, 'bad', `byte ${at}: ${JSON.stringify(bytes.subarray(at - 5, at + 5).toString())}`);
  }
  t.diagnostic(JSON.stringify(says));
});

test('a readout prints', async (t) => {
  const page = await open(browser);
  t.after(() => page.context().close());
  for (const tongue of ['en', 'ar', 'zh']) {
    await page.goto(`${plain.url}/${tongue}${pages.readout}`);
    await page.emulateMedia({ media: 'print' });
    const seen = await page.evaluate(() => Object.fromEntries(['.langs', '.foot', '#files', '#check', 'pre', '.printonly'].map((s) => [s, document.querySelector(s)?.checkVisibility({ contentVisibilityAuto: true }) ?? false])));
    assert.deepEqual(seen, { '.langs': false, '.foot': false, '#files': false, '#check': false, pre: true, '.printonly': true }, tongue);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    if (process.env.VISAVIS_SHOTS) await (await import('node:fs/promises')).writeFile(join(process.env.VISAVIS_SHOTS, `site-print-${tongue}.pdf`), pdf);
    assert.ok(pdf.length > 10_000);
    await page.emulateMedia({ media: 'screen' });
  }
});

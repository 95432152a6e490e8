// What the public site promises of its pages, measured in Chromium; one JSON object on standard output. VISAVIS_BIN and VISAVIS_STORE name the programs.
import { readFile } from 'node:fs/promises';
import { gzipSync } from 'node:zlib';
import { all, launch, open, until, violations } from '../../../web/e2e/lib/browser.mjs';
import { site } from '../../../web/e2e/lib/site.mjs';

const tongues = ['ar', 'zh', 'en', 'fr', 'ru', 'es'], rounds = Number(process.argv[2] ?? 1000);
const paper = (n) => `/readout/avelmar-${n}`, readout = paper('tolmeria-2025');
const pages = ['/', '/year/2025', readout, paper('tolmeria-corrected'), `${paper('tolmeria-corrected')}/1`, paper('tolmeria-withdrawn'), paper('tolmeria-changed'), paper('alone-2025'), '/privacy', '/readout/never-was'];
const out = {};
const note = (s) => process.stderr.write(`${s}\n`);

async function weight(browser, url) {
  let bytes = 0, requests = 0, missing = 0;
  for (const tongue of tongues) {
    const texts = [];
    for (const javaScriptEnabled of [false, true]) {
      const context = await browser.newContext({ javaScriptEnabled }), page = await context.newPage(), got = [];
      page.on('response', (r) => { if (!r.url().startsWith('data:')) got.push(r); });
      await page.goto(`${url}/${tongue}${readout}`, { waitUntil: 'networkidle' });
      texts.push(await page.locator('article > header, article > section:not(:has(#check))').allInnerTexts());
      if (!javaScriptEnabled) {
        bytes = Math.max(bytes, (await Promise.all(got.map(async (r) => gzipSync(await r.body()).length))).reduce((a, b) => a + b, 0));
        requests = Math.max(requests, got.length);
      }
      await context.close();
    }
    if (JSON.stringify(texts[0]) !== JSON.stringify(texts[1]) || texts[0].join('').length < 500) missing++;
  }
  Object.assign(out, { bytes, requests, scripts: missing });
}

/** crawl follows every link of the site and gives how many addresses there are. */
async function crawl(context, url) {
  const page = await context.newPage(), todo = [`${url}/`], seen = new Set(todo);
  while (todo.length > 0) {
    const at = todo.pop();
    if (/\.(ics|json|note)$/.test(at)) { await context.request.get(at); continue; }
    await page.goto(at);
    for (const link of await page.$$eval('a[href], link[href]', (all) => all.map((a) => a.href.split('#')[0]))) {
      if (link.startsWith(url) && !seen.has(link)) { seen.add(link); todo.push(link); }
    }
  }
  await page.close();
  return seen.size;
}

async function cookies(browser, plain, asking) {
  const one = await browser.newContext();
  out.addresses = await crawl(one, plain.url);
  const state = await one.storageState();
  out.cookies = state.cookies.length + state.origins.length;
  const two = await browser.newContext(), page = await two.newPage();
  await page.goto(`${asking.url}/en/privacy`);
  await page.click('button[value=accept]');
  await crawl(two, asking.url);
  out.cookiesControl = (await two.cookies()).length;
  await one.close(); await two.close();
}

async function seen(browser, plain, asking) {
  const page = await open(browser);
  let views = 0, axe = 0, sideways = 0, policy = 0;
  for (const tongue of tongues) {
    for (const url of [...pages.map((p) => `${plain.url}/${tongue}${p}`), `${asking.url}/${tongue}/privacy`]) {
      await page.goto(url);
      for (const [light, size] of all) {
        await page.emulateMedia({ colorScheme: light });
        await page.setViewportSize(size);
        views++;
        const found = await violations(page);
        if (found.length > 0) note(`${url} ${light} ${size.width}: ${found.join('; ')}`);
        axe += found.length;
        if (await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)) { sideways++; note(`${url} ${light} ${size.width}: sideways`); }
      }
      policy += (await page.evaluate(() => globalThis.reports)).length;
    }
  }
  await page.evaluate(() => { document.documentElement.removeAttribute('lang'); document.querySelector('.kind').style.color = '#bbb'; });
  Object.assign(out, { views, axe, sideways, policy, axeControl: (await violations(page)).length });
  await page.context().close();
}

// WCAG 2.2, relative luminance and contrast ratio
const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = (hex) => [1, 3, 5].map((i) => channel(parseInt(hex.slice(i, i + 2), 16) / 255)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };

async function contrast(browser, url) {
  const page = await open(browser);
  await page.goto(`${url}/en/`);
  out.contrast = 21;
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    const c = await page.evaluate(() => Object.fromEntries(['bg', 'raised', 'ink', 'quiet', 'accent', 'on-accent', 'live', 'warn', 'alarm'].map((k) => [k, getComputedStyle(document.body).getPropertyValue(`--${k}`).trim()])));
    for (const text of ['ink', 'quiet', 'accent', 'live', 'warn', 'alarm']) for (const ground of ['bg', 'raised']) out.contrast = Math.min(out.contrast, ratio(c[text], c[ground]));
    out.contrast = Math.min(out.contrast, ratio(c['on-accent'], c.accent));
  }
  await page.context().close();
}

async function dates(browser, url) {
  const days = JSON.parse(await readFile(new URL('../../../internal/site/testdata/dates.json', import.meta.url), 'utf8')); // what TestDatesEqualIntl holds the site to
  const page = await open(browser);
  await page.goto(url);
  [out.dates, out.datesDiffer] = await page.evaluate((days) => {
    let all = 0, differ = 0;
    for (const [lang, list] of Object.entries(days)) {
      const form = (dateStyle) => new Intl.DateTimeFormat(`${lang === 'en' ? 'en-GB' : lang}-u-ca-gregory-nu-latn`, { dateStyle, timeZone: 'UTC' });
      list.forEach(([a, b], i) => { const d = new Date(Date.UTC(2028, 0, 1 + i)); all++; if (form('long').format(d) !== a || form('full').format(d) !== b) differ++; });
    }
    return [all, differ];
  }, days);
  await page.context().close();
}

async function changes(browser, url) {
  const whole = await (await fetch(`${url}/file/avelmar-tolmeria-2025/1.json`)).text(), bytes = Buffer.from(whole), page = await open(browser);
  const [begin, end] = ['"keys":', '"manifest":'].map((s) => Buffer.byteLength(whole.slice(0, whole.indexOf(s)))); // the keys are no part of what is signed
  let body = whole;
  await page.route('**/file/**', (r) => r.fulfill({ body, contentType: 'application/json' }));
  await page.goto(`${url}/en${readout}`);
  const check = async () => {
    await page.evaluate(() => { document.querySelector('#check [role=status]').removeAttribute('data-says'); document.querySelector('#check button').click(); });
    return until(page, () => document.querySelector('#check [role=status]').dataset.says);
  };
  out.unchanged = await check() === 'ok' ? 1 : 0;
  out.refused = 0;
  for (let i = 0; i < rounds; i++) {
    let at = Math.floor((i + 0.5) * (bytes.length - (end - begin)) / rounds);
    if (at >= begin) at += end - begin;
    body = Buffer.from(bytes);
    body[at] ^= 1 << (i % 7);
    const word = await check();
    if (word === 'bad') out.refused++; else note(`byte ${at}: ${word}`);
  }
  out.changes = rounds;
  await page.context().close();
}

const browser = await launch({ real: true }), [plain, asking] = [await site(), await site({ purpose: true })];
try {
  await weight(browser, plain.url);
  await cookies(browser, plain, asking);
  await contrast(browser, plain.url);
  await dates(browser, plain.url);
  await changes(browser, plain.url);
  await seen(browser, plain, asking);
} finally {
  await browser.close(); await plain.stop(); await asking.stop();
}
process.stdout.write(`${JSON.stringify(out)}\n`);

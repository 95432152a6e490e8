// Every screen, in English and Arabic, light and dark, wide and narrow: axe finds nothing, nothing scrolls sideways, the policy has
// nothing to report. With VISAVIS_SHOTS=folder each leaves a picture.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerer, launch, open, says, shot, until, violations } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { asDelegate, asPrincipal, cut } from './lib/world.mjs';

let browser, bare, answer;
before(async () => {
  browser = await launch();
  bare = await launch({ real: true }); // no camera, no microphone
  answer = await answerer(browser);
});
after(() => Promise.all([browser?.close(), bare?.close()]));

const inMeeting = async (page, node) => {
  await page.goto(`${node.url}/join?lang=${page.tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]'));
  await page.click('[data-act=sit]');
  await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open' && performance.getEntriesByName('visavis:frame').length);
};

const screens = {
  async join(page, node) {
    await page.goto(`${node.url}/join?lang=${page.tongue}#good`);
    await until(page, () => document.querySelector('[data-probe=good]') && document.querySelector('[data-slot=preview]'));
  },
  async 'join-trouble'(page, node) {
    node.answer = async () => 'v=0\r\n'; // no answer that ICE could use: as if the node were not there
    await page.goto(`${node.url}/join?lang=${page.tongue}#good`);
    await until(page, () => document.querySelector('[data-probe]:not([data-probe=running])'));
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
  },
  async 'join-blocked'(page, node) {
    node.answer = async (offer) => (await answer(offer)).replaceAll(/a=candidate.*\r\n/g, '');
    await page.goto(`${node.url}/join?lang=${page.tongue}#good`);
    await until(page, () => document.querySelector('[data-probe=blocked]'));
  },
  async unknown(page, node) {
    await page.goto(`${node.url}/join?lang=${page.tongue}#forged`);
    await until(page, () => document.querySelector('.notice .lead'));
  },
  async delegate(page, node) {
    await inMeeting(page, node);
    node.send({ floor: { slots: ['tolmeria-kosvane', '', ''] } });
    await until(page, () => document.querySelector('.nameplate[data-floor]'));
  },
  async open(page, node) {
    await inMeeting(page, node);
    const s = asDelegate(); // and somebody's page is away
    node.send({ state: { ...s, present: s.present.map((p) => (p.member === 'avelmar-ombrand' ? { ...p, far: 'away' } : p)) } });
    await until(page, () => document.querySelector('[data-member=avelmar-ombrand][data-far=away]'));
    await page.click('[data-act=mic]');
    await says(page, 'open');
  },
  async principal(page, node) {
    node.you = 'avelmar-tarroven';
    node.state = asPrincipal();
    await inMeeting(page, node);
    await page.click('[data-act=mic]');
    await says(page, 'open');
  },
  async alone(page, node) {
    const s = asDelegate();
    node.state = asDelegate({ present: s.present.filter((p) => p.member === 'avelmar-aldesh' || p.member === 'avelmar-tarroven').map((p) => ({ ...p, camera: false, mic: true })), stage: ['avelmar-tarroven', '', '', '', '', ''], links: [{ ...s.links[0], state: 'down' }] });
    await page.goto(`${node.url}/join?lang=${page.tongue}#good`);
    await until(page, () => document.querySelector('[data-act=sit]'));
    await page.click('[data-act=sit]');
    await says(page, 'nolink');
  },
  async 'link-cut'(page, node) {
    await inMeeting(page, node);
    node.send({ state: cut() });
    await says(page, 'link');
  },
  async forked(page, node) { // the longest text below the sentence, and a link without UDP
    await inMeeting(page, node);
    const [up] = asDelegate().links;
    node.send({ state: asDelegate({ alarm: 'log.forked', links: [{ ...up, way: 'tls', loss: 0.012 }] }) });
    await until(page, () => document.querySelector('[data-alarm]') && document.querySelector('[data-media=tls]'));
  },
  async 'own-cut'(page, node) {
    await inMeeting(page, node);
    await node.stop();
    await says(page, 'server');
  },
  async devices(page, node) {
    await inMeeting(page, node);
    await page.click('[data-act=devices]');
    await until(page, () => document.querySelector('dialog[open]'));
  },
  async leaving(page, node) {
    await inMeeting(page, node);
    await page.click('[data-act=leave]');
    await until(page, () => document.querySelector('dialog[open]'));
  },
  async left(page, node) {
    await inMeeting(page, node);
    await page.click('[data-act=leave]');
    await page.click('[data-act=leave-now]');
    await until(page, () => document.querySelector('.notice'));
  },
  async moved(page, node) {
    await inMeeting(page, node);
    node.send({ bye: { code: 'moved' } });
    await until(page, () => document.querySelector('[data-act=back]'));
  },
};

const narrow = { width: 320, height: 740 }, wide = { width: 1440, height: 900 };
const whole = new Set(['delegate', 'open', 'principal', 'link-cut']); // longer languages and alarms may scroll the last panel
const asked = process.env.VISAVIS_SCREENS?.split(',');

for (const [name, show] of Object.entries(screens)) {
  if (asked && !asked.includes(name)) continue;
  for (const tongue of ['en', 'ar']) {
    test(`${name} in ${tongue}`, { timeout: 180_000 }, async (t) => {
      const node = await new FakeNode().start();
      node.answer = answer;
      const page = await open(name === 'join-trouble' ? bare : browser, { viewport: wide });
      t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
      page.tongue = tongue;
      await show(page, node);
      await page.waitForTimeout(300); // fades
      assert.equal(await page.evaluate(() => document.documentElement.dir), tongue === 'ar' ? 'rtl' : 'ltr');
      for (const colorScheme of ['light', 'dark']) {
        for (const viewport of [wide, narrow]) {
          await page.emulateMedia({ colorScheme });
          await page.setViewportSize(viewport);
          await page.waitForTimeout(250);
          const where = `${name}-${tongue}-${colorScheme}-${viewport.width}`;
          await shot(page, where);
          assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${where}: reports of the policy`);
          const beyond = await page.evaluate(() => {
            const w = document.documentElement.clientWidth;
            if (document.documentElement.scrollWidth <= w) return [];
            return [...document.querySelectorAll('#page *')].filter((e) => { const r = e.getBoundingClientRect(); return r.width && (r.right > w + 1 || r.left < -1); }).map((e) => `${e.tagName}.${e.className}`).slice(0, 5);
          });
          assert.deepEqual(beyond, [], `${where}: wider than the window`);
          assert.deepEqual(await violations(page), [], `${where}: axe`);
          if (whole.has(name) && tongue === 'en' && viewport === wide) assert.ok(await page.evaluate(() => document.documentElement.scrollHeight) <= wide.height, `${where}: all that a role needs is on one screen`);
        }
      }
      assert.deepEqual(page.errors, [], 'errors of the page');
    });
  }
}

// Every screen, in English and Arabic, light and dark, wide and narrow: axe finds nothing, nothing scrolls sideways, the policy has
// nothing to report. With VISAVIS_SHOTS=folder each leaves a picture.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { all, answerer, launch, open, says, until } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { looked, named } from './lib/screens.mjs';
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

const whole = new Set(['delegate', 'open', 'principal', 'link-cut']); // longer languages and alarms may scroll the last panel

for (const [name, show] of named(screens)) {
  for (const tongue of ['en', 'ar']) {
    test(`${name} in ${tongue}`, { timeout: 180_000 }, async (t) => {
      const node = await new FakeNode().start();
      node.answer = answer;
      const page = await open(name === 'join-trouble' ? bare : browser);
      t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
      page.tongue = tongue;
      await show(page, node);
      assert.equal(await page.evaluate(() => document.documentElement.dir), tongue === 'ar' ? 'rtl' : 'ltr');
      for (const look of all) {
        const where = await looked(page, `${name}-${tongue}`, look);
        if (whole.has(name) && tongue === 'en' && look[1].width === 1440) assert.ok(await page.evaluate(() => document.documentElement.scrollHeight) <= 900, `${where}: all that a role needs is on one screen`);
      }
      assert.deepEqual(page.errors, [], 'errors of the page');
    });
  }
}

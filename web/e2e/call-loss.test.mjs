// Sound that is lost between a browser and its node is sent again, by the browser and by the node: Chromium does not offer that for Opus and
// does it when the answer says so. VISAVIS_DEMO_LINKS names the file with the links that visavis-demo has written.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { loadavg } from 'node:os';
import { after, before, test } from 'node:test';
import { launch, open, until } from './lib/browser.mjs';
import { relay } from './lib/relay.mjs';

const file = process.env.VISAVIS_DEMO_LINKS;
const options = { skip: file ? false : 'VISAVIS_DEMO_LINKS names no file of links', timeout: 90_000 };
let links, browser;

before(async () => {
  if (!file) return;
  links = JSON.parse(await readFile(file, 'utf8')).links;
  browser = await launch();
});
after(() => browser?.close());

for (const [seat, feedback] of [['avelmar-delegate-2', true], ['avelmar-delegate-3', false]]) {
  test(feedback ? 'lost sound is sent again, both ways' : 'control: without feedback nothing is sent again', options, async (t) => {
    const page = await open(browser), net = await relay(page, { feedback });
    try {
      await page.goto(links[seat]);
      await until(page, () => document.querySelector('[data-probe=good]'), null, 15_000, 'UDP reaches the node');
      await page.check('[data-enter=open]', { force: true });
      await page.click('[data-act=sit]');
      await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 20_000, 'the page is live');
      net.losing = true;
      const ways = ['up', 'down'], got = () => ways.map((way) => net.share(way));
      for (const end = Date.now() + 40_000; got().some((g) => g.of < 40) && Date.now() < end;) await new Promise((r) => setTimeout(r, 100));
      const [up, down] = got();
      t.diagnostic(`load ${loadavg()[0].toFixed(1)}; up ${JSON.stringify(up)} down ${JSON.stringify(down)}`);
      for (const [way, g] of [['up', up], ['down', down]]) {
        assert.ok(g.of >= 40, `${way}: only ${g.of} packets of sound were lost: the test shows nothing`);
        if (feedback) assert.ok(g.again >= 0.9, `${way}: ${g.again} of ${g.of} lost packets came again`);
        else assert.equal(g.again, 0, `${way}: lost packets came again without a request`);
      }
      assert.deepEqual([...net.sizes], [240], 'bytes of Opus in a packet of 20 ms: 96 kbit/s, each the same');
      await page.click('[data-act=leave]');
      await page.click('[data-act=leave-now]');
    } finally {
      await page.context().close();
      net.close();
    }
  });
}

// Sound that is lost between a browser and its node is sent again, by the browser and by the node: Chromium does not offer that for Opus and
// does it when the answer says so.
import assert from 'node:assert/strict';
import { loadavg } from 'node:os';
import { after, before, test } from 'node:test';
import { launch } from './lib/browser.mjs';
import { demo, enter, leave, links, relayed } from './lib/call.mjs';

let browser;
before(async () => { if (links) browser = await launch(); });
after(() => browser?.close());

for (const [seat, feedback] of [['avelmar-delegate-2', true], ['avelmar-delegate-3', false]]) {
  test(feedback ? 'lost sound is sent again, both ways' : 'control: without feedback nothing is sent again', demo(90_000), async (t) => {
    const { page, net } = await relayed(t, browser, { feedback });
    await enter(page, links[seat]);
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
    await leave(page);
  });
}

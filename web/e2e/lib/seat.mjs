// A person in a formal meeting: a canned node, a page that has taken its seat, and what tests measure on it.
import { open, until } from './browser.mjs';
import { FakeNode } from './fakenode.mjs';
import { meeting, standing } from './formal.mjs';

/** seated gives a node and a page in its seat; more is set on the node before, init runs in the page first. */
export async function seated(t, { browser, answer, state = standing(), you = 'avelmar-tarroven', tongue = 'en', init = null, more = {}, sit = true }) {
  const node = await new FakeNode().start();
  Object.assign(node, { answer, meeting, you, state, ...more });
  const page = await open(browser);
  if (init) await page.addInitScript(init);
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  await page.goto(`${node.url}/join?lang=${tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]'));
  if (sit) {
    await page.click('[data-act=sit]');
    await live(page);
  }
  return { node, page };
}

export const live = (page) => until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 15_000, 'the page is live');

/** energy is the sound that the page has sent so far. */
export const energy = (page) => page.evaluate(async () => {
  for (const s of (await globalThis.visavis.stats()).values()) if (s.type === 'media-source' && s.kind === 'audio') return s.totalAudioEnergy;
  return 0;
});

/** sounds is the energy sent within ms. */
export async function sounds(page, ms = 800) {
  const before = await energy(page);
  await page.waitForTimeout(ms);
  return (await energy(page)) - before;
}

/** heard waits until the node has been told something that f accepts. */
export async function heard(node, key, f, limit = 5000) {
  for (const end = Date.now() + limit; Date.now() < end;) {
    const found = node.said(key).find(f);
    if (found) return found;
    await new Promise((done) => setTimeout(done, 20));
  }
  throw new Error(`the node was not told within ${limit} ms: ${key} ${f}; it was told ${JSON.stringify(node.said(key))}`);
}

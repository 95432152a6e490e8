// What the tests of the officer's console share: states of doors, keys, notes, and a page that has its seat.
import { open, until } from './browser.mjs';
import { FakeNode } from './fakenode.mjs';
import { ago, meeting } from './formal.mjs';

export { ago } from './formal.mjs';
export const me = 'avelmar-tarroven', them = 'tolmeria-kosvane', officer = 'avelmar-vost';

const door = (change) => ({ party: 'avelmar', state: 'shut', at: ago(300), lastMs: 4, after: 0, egresses: 12, press: 14, ...change });

/** doors of both nodes: ours as changed, theirs alike. */
export const doors = (change) => ({ ours: door(change), theirs: [door({ ...change, party: 'tolmeria', lastMs: -3, press: 9 })] });
export const shut = (change = {}) => doors(change);

/** key that a party has turned; left is what remains of its minute, s. */
export const key = (party, action, by, left = 50) => ({ action, party, by, at: ago(60 - left), expires: new Date(Date.now() + left * 1000).toISOString() });
export const ready = (member, change = {}) => ({ member, mic: true, camera: true, sound: true, stated: false, ...change });
export const alarm = (code, args, since = ago(4)) => ({ code, since, args });
export const note = (id, kind, member, text, own = false) => ({ id, kind, party: own ? 'avelmar' : 'tolmeria', member, text, at: ago(60 - id), own });
export const waiter = (id, member, reason) => ({ id, member, name: member ? '' : 'Ilverne Courier', since: ago(30), reason });

/** seated gives the officer's page in its seat, and its node. */
export async function seated(t, browser, answer, { state, tongue = 'en', you = officer, options, ready: prepare, node: change }) {
  const node = await new FakeNode().start();
  Object.assign(node, { answer, meeting, you, state }, change);
  const page = await open(browser, options);
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  await prepare?.(page);
  await page.goto(`${node.url}/join?lang=${tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]'));
  await page.click('[data-act=sit]');
  await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open' && document.querySelector('.officer .keys'), null, 15_000, 'the console is there');
  return { node, page };
}

/** acts are what the page has asked for, without their numbers. */
export const acts = (node) => node.said('act').map(({ id, ...rest }) => rest);

/** asked waits until the page has asked for n acts and gives them. */
export async function asked(node, n, limit = 5000) {
  const end = Date.now() + limit;
  while (acts(node).length < n) {
    if (Date.now() > end) throw new Error(`not ${n} acts within ${limit} ms: ${JSON.stringify(acts(node))}`);
    await new Promise((r) => setTimeout(r, 20));
  }
  return acts(node);
}

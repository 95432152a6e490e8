// What the tests of a call between the two nodes of visavis-demo share. VISAVIS_DEMO_LINKS names the file with the links that it has written.
import { readFile } from 'node:fs/promises';
import { open, until } from './browser.mjs';
import { relay } from './relay.mjs';

const file = process.env.VISAVIS_DEMO_LINKS;

/** links are good for one seat each, "PARTY-SEAT"; none without the demo. */
export const links = file ? JSON.parse(await readFile(file, 'utf8')).links : null;

/** demo gives the options of a test that needs it; timeout in ms. */
export const demo = (timeout) => ({ skip: links ? false : 'VISAVIS_DEMO_LINKS names no file of links', timeout });

/** enter takes the seat that a link is for, with the microphone open. */
export async function enter(page, link) {
  await page.goto(link);
  await until(page, () => document.querySelector('[data-probe=good]'), null, 15_000, 'UDP reaches the node');
  await page.check('[data-enter=open]', { force: true });
  await page.click('[data-act=sit]');
  await live(page);
}

export const live = (page) => until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 20_000, 'the page is live');

export async function leave(page) {
  await page.click('[data-act=leave]');
  await page.click('[data-act=leave-now]');
}

/** relayed gives a page and the network between it and its node (relay.mjs), both until the test ends. */
export async function relayed(t, browser, how) {
  const page = await open(browser), net = await relay(page, how);
  t.after(async () => { await page.context().close(); net.close(); });
  return { page, net };
}

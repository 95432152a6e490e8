// A device that slept, and a way that held messages back: what comes then is old. The microphone closes before anything of it is believed,
// and the page asks the node anew. The page's process is stopped as a sleeping laptop stops it; its socket goes on being filled.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { answerer, launch, says, until } from './lib/browser.mjs';
import { held, standing } from './lib/formal.mjs';
import { seated as sit, sounds } from './lib/seat.mjs';
import { wav } from './lib/wav.mjs';

const me = 'avelmar-tarroven', them = 'tolmeria-kosvane';
let browser, other, answer, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-sleep-'));
  await writeFile(join(folder, 'voice.wav'), wav(900, 4));
  browser = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, 'voice.wav')}`] });
  other = await launch(); // it answers, and does not sleep
  answer = await answerer(other);
});
after(async () => { await browser?.close(); await other?.close(); await rm(folder, { recursive: true, force: true }); });

const mine = () => standing({ phase: 'closed', order: held(me) });
const theirs = () => standing({ phase: 'closed', order: held(them) });
const pause = (ms) => new Promise((done) => setTimeout(done, ms));

/** speaking is a page whose person has the floor and is heard; hold() keeps the node from answering further hellos until what it gives is called. */
async function speaking(t) {
  const { node, page } = await sit(t, { browser, answer, state: mine() });
  await page.click('[data-act=mic]');
  await says(page, 'holding');
  assert.ok(await sounds(page) > 0.001, 'the control: sound is sent');
  const hear = node.hear.bind(node);
  let gate = Promise.resolve();
  node.hear = async (socket, m) => { if (m.hello) await gate; return hear(socket, m); };
  const hold = () => { let free; gate = new Promise((done) => { free = done; }); return free; };
  return { node, page, hold };
}

/** asleep stops every page of the browser for ms; what happens meanwhile is f. */
async function asleep(ms, f) {
  const cdp = await browser.newBrowserCDPSession();
  const pages = (await cdp.send('SystemInfo.getProcessInfo')).processInfo.filter((p) => p.type === 'renderer').map((p) => p.id);
  assert.ok(pages.length > 0, 'no process of a page');
  const stop = (signal) => { for (const id of pages) process.kill(id, signal); };
  stop('SIGSTOP');
  try {
    await f();
    await pause(ms);
  } finally {
    stop('SIGCONT');
    await cdp.detach();
  }
}

const silent = async (page) => { let sent = -1; for (const end = Date.now() + 5000; sent !== 0 && Date.now() < end;) sent = await sounds(page); return sent; };
const closed = (page) => until(page, () => document.querySelector('.lamp') === null, null, 10_000, 'no lamp: the microphone is closed');

test('a device that slept wakes up with a closed microphone, and believes nothing until the node has answered', { timeout: 60_000 }, async (t) => {
  const { node, page, hold } = await speaking(t), free = hold();
  await asleep(5500, async () => { node.send({ state: mine() }); await pause(500); node.send({ state: mine() }); }); // so it was while it slept
  node.state = theirs();
  await closed(page);
  assert.equal(await silent(page), 0, 'sound is sent on old word');
  free();
  await says(page, 'listening');
  assert.equal(await sounds(page), 0);
  assert.deepEqual(node.said('devices').at(-1), { mic: false, camera: true });
  assert.equal(node.said('hello').length, 2, 'one question after waking');
});

test('who still has the floor after the sleep opens the microphone again', { timeout: 60_000 }, async (t) => {
  const { node, page } = await speaking(t);
  await asleep(6500, async () => undefined);
  await until(page, () => globalThis.visavis.phase() === 'live' && document.querySelector('#now').dataset.says !== 'holding', null, 10_000, 'awake, and closed');
  assert.equal(await silent(page), 0);
  await page.click('[data-act=mic]');
  await says(page, 'holding');
  assert.equal(node.said('hello').length, 2);
});

test('the control: who nods off for two seconds goes on speaking', { timeout: 60_000 }, async (t) => {
  const { node, page } = await speaking(t);
  await asleep(2000, async () => { node.send({ state: mine() }); });
  await pause(1500);
  await says(page, 'holding');
  assert.ok(await sounds(page) > 0.001);
  assert.equal(node.said('hello').length, 1);
});

test('a State that was held back on the way closes the microphone; one that is a little late does not', { timeout: 60_000 }, async (t) => {
  const { node, page } = await speaking(t);
  node.ahead = -3000;
  node.send({ state: mine() });
  await pause(500);
  await says(page, 'holding');
  assert.equal(node.said('hello').length, 1, 'the control');
  node.ahead = -7000;
  node.send({ state: mine() });
  node.ahead = 0;
  await closed(page);
  await until(page, () => globalThis.visavis.phase() === 'live' && document.querySelector('#now').dataset.says !== 'holding', null, 10_000, 'live again, and closed');
  assert.equal(node.said('hello').length, 2);
  await page.click('[data-act=mic]'); // and what comes now is believed
  await says(page, 'holding');
  node.send({ state: mine() });
  await pause(500);
  await says(page, 'holding');
});

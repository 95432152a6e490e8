// The whole way in the demo with the keyboard alone: from the end of a meeting over draft, answer, sign-off, offline key and embargo to the public page,
// which is verified there and by the command. The other side is the demo's simulated officer. VISAVIS_BIN and VISAVIS_DEMO name the programs.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch, open, shot, until } from './lib/browser.mjs';
import { demo, startDemo } from './lib/demo.mjs';
import { choose, press, reach, unpointed } from './lib/keyboard.mjs';
import { bin } from './lib/nodes.mjs';

const options = { skip: bin && demo ? false : 'VISAVIS_BIN or VISAVIS_DEMO names no program', timeout: 600_000 };
const embargo = 60; // s from the other side's answer: four times what reaching every control with the Tab key takes on two cores
const id = 'avelmar-tolmeria-2026';
const run = promisify(execFile);
let world, browser;

before(async () => {
  if (!bin || !demo) return;
  world = await startDemo('--embargo', `${embargo}s`, '--simulate', 'avelmar-officer,avelmar-principal,tolmeria-officer,tolmeria-principal');
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await world?.stop();
});

/** ask fetches from a public site by its address: only browsers know that *.localhost is this machine. */
const ask = (url) => fetch(url.replace(/^http:\/\/[^:/]+/, 'http://127.0.0.1'));

async function fresh() {
  const page = await open(browser, { acceptDownloads: true });
  await unpointed(page);
  return page;
}

/** officer is Avelmar's, with a passkey of the browser's own, in the meeting. */
async function officer() {
  const page = await fresh(), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.goto(world.links['avelmar-officer']);
  await press(page, '[data-act=register]');
  await press(page, '[data-says=home] li a', 15_000);
  await until(page, () => globalThis.visavis?.phase() === 'live' && globalThis.visavis.media() === 'open', null, 20_000, 'the page is live');
  return page;
}

const step = (page, phase) => until(page, (p) => document.querySelector(`[data-phase="${p}"][aria-current=step]`), phase, 20_000, `the meeting is ${phase}`);

/** meet brings the meeting to its end: one statement is made, which the record then has. */
async function meet(a) {
  await press(a, '[data-act="phase.rehearsal"]');
  await step(a, 'rehearsal');
  await press(a, '[data-act="phase.waiting"]');
  await step(a, 'waiting');
  await press(a, '[data-act="key.turned"]');
  await step(a, 'open'); // the other side's officer turns the second key
  await press(a, '[data-act="floor.mode"][data-value=chair]');
  await choose(a, '[data-act=another]', 'tolmeria-kosvane');
  await press(a, '[data-act=give-another]');
  await until(a, () => document.querySelector('[data-ack=yes]'), null, 15_000, 'the principal has taken the floor');
  await until(a, () => document.querySelector('[data-holder=""]'), null, 40_000, 'the statement is made');
  await press(a, '[data-act="phase.ended"]');
  await press(a, 'dialog[open] [data-act=end]');
  await step(a, 'ended');
}

const shown = (page, selector, limit = 15_000) => until(page, (s) => document.querySelector(s), selector, limit, `the page has ${selector}`);
const says = { en: (b) => `English text of ${b}.`, ar: (b) => `نص ${b} بالعربية.` };

/** writeAll writes every text, and finds those ready that another authentic text has made stale. */
async function writeAll(a) {
  const blocks = await a.evaluate(() => [...document.querySelectorAll('[data-block]')].map((e) => e.dataset.block));
  assert.ok(blocks.length >= 4, `headline, lede, statement and attendance, of ${blocks}`);
  for (const b of blocks) {
    for (const tag of ['ar', 'en']) {
      const cell = `[data-block="${b}"] [data-cell="${tag}"]`;
      await press(a, `${cell} [data-act=write]`);
      await reach(a, `${cell} textarea`);
      await a.keyboard.press('Control+A');
      await a.keyboard.insertText(says[tag](b)); // as an input method does: the keyboard of the test has no Arabic letters
      await press(a, `${cell} [data-act=save-ready]`);
      await shown(a, `${cell}[data-state=ready]`);
    }
    const ar = `[data-block="${b}"] [data-cell=ar]`;
    await shown(a, `${ar}[data-state=stale]`);
    await press(a, `${ar} [data-act=finish]`);
    await shown(a, `${ar}[data-state=ready]`);
  }
}

/** signOffline does what a person does at the machine with the key: reads, and types the first eight signs of the hash that the page shows. */
async function signOffline(file, hash) {
  const out = join(world.dir, 'signed.json'), { key, document } = world.sign.avelmar;
  const p = spawn(bin, ['sign', file, '--key', key, '--document', document, '--out', out], { stdio: ['pipe', 'pipe', 'inherit'] });
  let text = '';
  p.stdout.on('data', (b) => { text += b; });
  p.stdin.end(`${hash.slice(0, 8)}\n`);
  assert.equal(await new Promise((done) => p.once('exit', done)), 0, text);
  assert.match(text, /English text of b01/, 'the command shows what is signed');
  return out;
}

/** negotiated proposes, takes in what the other side answers, and accepts. */
async function negotiated(a) {
  await shown(a, '[data-says=nopoints]');
  await press(a, '[data-act=propose]');
  await shown(a, '[data-says=between][data-stand=theirs]', 30_000);
  await press(a, '[data-theirs="thanks-tolmeria"] [data-act=takein]');
  await shown(a, '[data-differ="1"] ~ [data-says=diverged] [data-diverge=release]'); // the embargo that they propose
  await press(a, '[data-act=accept]');
  await shown(a, '[data-says=signing][data-stage=agreed]', 20_000);
}

/** signed signs off with the passkey, takes the file to the offline key and brings it back. */
async function signed(a) {
  await shown(a, '[data-fits=true]');
  await press(a, '[data-content=en] summary');
  assert.ok(await a.evaluate(() => document.querySelector('[data-content=en]').open), 'the text that is signed can be read');
  const hash = await a.evaluate(() => document.querySelector('[data-hash]').dataset.hash);
  await press(a, '[data-act=signoff]');
  await shown(a, '[data-key=avelmar][data-state=approved]');
  const file = join(world.dir, 'unsigned.json'), got = a.waitForEvent('download');
  await press(a, '[data-act=download]');
  await (await got).saveAs(file);
  const out = await signOffline(file, hash), chooser = a.waitForEvent('filechooser');
  await press(a, '[data-act=upload]');
  await (await chooser).setFiles(out);
  await shown(a, '[data-key=avelmar][data-state=signed]');
}

/** clicked is what the count of pointing says of one real click: the control. */
async function clicked() {
  const page = await fresh();
  await page.goto(`${world.sites.avelmar}/en/`);
  await page.mouse.click(40, 40);
  const n = await page.evaluate(() => globalThis.pointed.length);
  await page.context().close();
  return n;
}

/** verified reads the page that is open as the public does, has the browser check it, and the command the site's file. */
async function verified(page, site) {
  assert.equal(page.url(), `${site}/en/readout/${id}`);
  await shown(page, '#check button');
  const check = async (want) => {
    await press(page, '#check button');
    await shown(page, `#check [data-says=${want}]`);
  };
  await check('ok');
  await page.evaluate(() => { document.querySelector('[data-v="blocks.0.text"]').append('!'); });
  await check('bad'); // the control
  const raw = await (await ask(`${site}/file/${id}/1.json`)).text(), name = join(world.dir, 'public.json');
  const verify = async (text) => {
    await writeFile(name, text);
    return run(bin, ['verify', 'readout', name, '--keys', world.sign.avelmar.document, '--keys', world.sign.tolmeria.document]).then((r) => r.stdout, (e) => `FAILED ${e.stdout}`);
  };
  assert.match(await verify(raw), /^[^]*every signature/);
  assert.match(await verify(raw.replace('English text of b01', 'English text of b02')), /^FAILED/, 'control: a changed text');
}

test('a readout is drafted, negotiated, signed, published and verified with the keyboard alone', options, async (t) => {
  let pointed = 0; // in every document of a page: counted before it is left
  const tally = async (page) => { pointed += await page.evaluate(() => globalThis.pointed.length); };
  const a = await officer();
  await meet(a);
  await tally(a);
  const began = Date.now();
  await press(a, '[data-act=draft]');
  await choose(a, '[data-field="language.es"]', '');
  await choose(a, '[data-field=prevails]', 'en');
  await press(a, '[data-act=begin]');
  await shown(a, '[data-says=readout][data-stage=private]');
  await writeAll(a);
  await shot(a, 'way-draft');
  await negotiated(a);
  await signed(a);
  await shown(a, '[data-key=tolmeria][data-state=signed]', 40_000);
  await shown(a, '[data-says=readout][data-stage=scheduled]');
  await shot(a, 'way-scheduled');
  assert.equal(await a.evaluate(() => document.querySelector('[data-says=embargo]').dataset.held), '', 'signed in time');
  for (const site of Object.values(world.sites)) assert.equal((await ask(`${site}/en/readout/${id}`)).status, 404, 'nothing is public before the embargo ends');
  await shown(a, '[data-says=readout][data-stage=published]', (embargo + 20) * 1000);
  const reader = await fresh(), opened = (page, want) => until(page, (w) => location.href === w, want, 15_000, `${want} is open`);
  await reader.goto(`${world.sites.tolmeria}/en/`); // the other side's site, from its first page
  await press(reader, `a[href$="/en/readout/${id}"]`);
  await tally(a);
  await press(a, 'a.address'); // our own, from the officer's page
  for (const [page, party] of [[reader, 'tolmeria'], [a, 'avelmar']]) {
    await opened(page, `${world.sites[party]}/en/readout/${id}`);
    await verified(page, world.sites[party]);
  }
  const seconds = Math.round((Date.now() - began) / 1000);
  for (const page of [a, reader]) {
    await tally(page);
    assert.deepEqual(page.errors, []);
  }
  const control = await clicked();
  t.diagnostic(`way.keyboard ${JSON.stringify({ done: 1, pointed, control, sites: 2, seconds })}`);
  assert.equal(pointed, 0, 'nothing was pointed at');
  assert.ok(control > 0, 'control: a click is counted');
});

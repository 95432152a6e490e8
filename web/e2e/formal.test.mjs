// A formal meeting on two real nodes: officers with passkeys, principals with PINs, press. VISAVIS_BIN names the program.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, says, shot, until, violations } from './lib/browser.mjs';
import { bin, start } from './lib/nodes.mjs';
import { wav } from './lib/wav.mjs';

const options = { skip: bin ? false : 'VISAVIS_BIN names no program', timeout: 180_000 };
const sides = { avelmar: { hertz: 700, principal: 'avelmar-tarroven', tongue: 'en' }, tolmeria: { hertz: 1300, principal: 'tolmeria-kosvane', tongue: 'es' } };
let nodes, folder, officer;

before(async () => {
  if (!bin) return;
  nodes = await start();
  folder = await mkdtemp(join(tmpdir(), 'visavis-formal-'));
  for (const [name, side] of Object.entries(sides)) {
    await writeFile(join(folder, `${name}.wav`), wav(side.hertz, 4));
    side.browser = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, `${name}.wav`)}`] });
  }
});
after(async () => {
  for (const side of Object.values(sides)) await side.browser?.close();
  await nodes?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** spied gives a page whose sockets a test can speak through, and that keeps the answers to acts. */
async function spied(browser) {
  const page = await open(browser);
  await page.addInitScript(() => {
    globalThis.sockets = [];
    globalThis.dones = {};
    globalThis.WebSocket = class extends WebSocket {
      constructor(...a) {
        super(...a);
        globalThis.sockets.push(this);
        this.addEventListener('message', (e) => { const m = JSON.parse(e.data); if (m.done) globalThis.dones[m.done.id] = m.done; if (m.state ?? m.welcome?.state) globalThis.last = m.state ?? m.welcome.state; });
      }
    };
  });
  return page;
}

/** enrolled is an officer who has made a passkey with the code that the node printed, and sits in the meeting. */
async function enrolled(name) {
  const page = await spied(sides[name].browser), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.goto(nodes[name].enrol);
  assert.ok(!page.url().includes('#'), 'the code has left the address');
  await page.click('[data-act=register]');
  await until(page, () => document.querySelector('[data-says=home] li a'), null, 15_000, 'the list of meetings');
  await page.click('[data-says=home] li a');
  await live(page);
  return page;
}

const live = (page) => until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, 20_000, 'the page is live');

let number = 1_000_000;
/** act speaks through the page's own socket, as its buttons do, and gives the node's answer. */
async function act(page, what, more = {}) {
  const id = ++number;
  await page.evaluate(([m]) => globalThis.sockets.at(-1).send(JSON.stringify(m)), [{ act: { id, do: what, ...more } }]);
  const done = await until(page, (id) => globalThis.dones[id], id, 8000, `an answer to ${what}`);
  return done.error?.code ?? '';
}
const must = async (...a) => assert.equal(await act(...a), '', a[1]);

async function principal(name) {
  const side = sides[name], page = await spied(side.browser), link = new URL(nodes[name].links[side.principal]);
  link.searchParams.set('lang', side.tongue);
  await page.goto(link.href);
  await until(page, () => document.querySelector('[data-act=pin]') && document.querySelector('[data-probe=good]'), null, 15_000, 'the invitation asks for a PIN');
  await page.fill('[data-act=pin]', '000000');
  await page.click('[data-act=sit]');
  await until(page, () => document.querySelector('.enter [role=alert]')?.textContent, null, 8000, 'a wrong PIN is said');
  await page.fill('[data-act=pin]', nodes[name].pins[side.principal]);
  await page.click('[data-act=sit]');
  await live(page);
  return page;
}

async function press(name) {
  const page = await spied(sides[name].browser);
  await page.goto(nodes[name].press);
  await until(page, () => document.querySelector('[data-act=sit]'));
  await page.click('[data-act=sit]');
  await live(page);
  return page;
}

/** hears is how loud tones of hertz come out of the page's floor slots within ms, 0 to 1; what the page mutes does not count. */
const hears = (page, hertz, ms = 1200) => page.evaluate(async ([hertz, ms]) => {
  const out = [...document.querySelectorAll('audio[data-slot]')].filter((a) => a.srcObject && !a.muted);
  const context = globalThis.tester ??= new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const list = out.map((a) => { const n = context.createAnalyser(); n.fftSize = 4096; n.smoothingTimeConstant = 0; context.createMediaStreamSource(a.srcObject).connect(n); return n; });
  let top = -200;
  for (const end = performance.now() + ms; performance.now() < end;) {
    for (const n of list) { const b = new Float32Array(n.frequencyBinCount); n.getFloatFrequencyData(b); top = Math.max(top, b[Math.round(hertz / (48000 / 4096))]); }
    await new Promise((done) => setTimeout(done, 50));
  }
  return top; // dB of the bin
}, [hertz, ms]);

const packets = (page) => page.evaluate(async () => {
  let n = 0;
  for (const s of (await globalThis.visavis.stats()).values()) if (s.type === 'inbound-rtp') n += s.packetsReceived;
  return n;
});

test('from rehearsal to the end: who hears whom, on two nodes', options, async (t) => {
  const [officerA, officerB] = [await enrolled('avelmar'), await enrolled('tolmeria')];
  officer = officerA;
  const a = await principal('avelmar'), b = await principal('tolmeria'), p = await press('avelmar');
  await says(a, 'planned');
  await says(p, 'before');

  await must(officerA, 'phase.rehearsal');
  await until(a, () => document.querySelector('#now')?.dataset.says.startsWith('rehearsal'));
  await until(a, () => document.querySelector('[data-check=mic][data-ok=true]'), null, 8000, 'the microphone is heard');
  for (const page of [a, b]) { // the rehearsal has switched both cameras off; each is switched on by its own person
    await until(page, () => document.querySelector('[data-says=dimmed]'), null, 8000, 'the page says that the camera is off');
    await page.click('[data-act=camera]');
  }
  await a.click('[data-act=hear-tone]');
  await until(officerA, (m) => globalThis.last.ready.some((r) => r.member === m && r.mic && r.camera && r.sound), sides.avelmar.principal, 8000, 'the officer sees that all three are ready');
  await a.click('[data-act=mic]');
  assert.ok(await hears(b, sides.avelmar.hertz) < -80, 'in rehearsal the other side hears nothing');

  await must(officerA, 'phase.waiting');
  await says(a, 'waiting');
  await says(b, 'waiting');
  assert.ok(await hears(b, sides.avelmar.hertz) < -80, 'nor while waiting');

  await must(officerA, 'key.turned', { value: 'start' });
  await says(a, 'waiting'); // nothing happens on one key
  await must(officerB, 'key.turned', { value: 'start' });
  await says(p, 'open', 5000);
  assert.equal(await a.evaluate(() => document.querySelector('[data-act=mic][data-on=true]')), null, 'the beginning closes every microphone');
  assert.ok(await hears(b, sides.avelmar.hertz) < -80);

  await must(officerA, 'floor.given', { member: sides.avelmar.principal });
  await says(a, 'offered');
  assert.ok(await hears(b, sides.avelmar.hertz) < -80, 'an offer opens nothing');
  const pressed = Date.now();
  await a.click('[data-act="floor.acknowledged"]');
  await says(a, 'holding');
  await until(a, () => document.querySelector('[data-heard=yes]'), null, 8000, '"they hear you" with the other node\'s measure');
  t.diagnostic(`"they hear you" ${Date.now() - pressed} ms after the press`);
  assert.ok(await hears(b, sides.avelmar.hertz) > -60, 'the other side hears the holder');
  assert.ok(await hears(p, sides.avelmar.hertz) > -60, 'and so does the press');
  await says(b, 'muted', 8000); // the other principal speaks without the floor
  await shot(a, 'real-holding');

  for (const o of [officerA, officerB]) assert.deepEqual(await o.evaluate(() => globalThis.last.muted), [], 'the control: nobody speaks muted who has the floor');
  await a.click('[data-act=mic]'); // the tone goes on: the holder speaks at a closed microphone
  const shut = Date.now();
  await says(a, 'muted', 3000);
  for (const o of [officerA, officerB]) await until(o, (m) => globalThis.last.muted.includes(m), sides.avelmar.principal, 3000, 'both officers see it');
  t.diagnostic(`muted speech on the own page and both consoles ${Date.now() - shut} ms after the microphone was closed`);
  await a.click('[data-act=mic]');
  for (const o of [officerA, officerB]) await until(o, () => globalThis.last.muted.length === 0, null, 3000, 'and that it is over');

  await must(officerB, 'phase.closed');
  await says(p, 'closed', 3000);
  await p.waitForTimeout(300);
  const still = await packets(p);
  await p.waitForTimeout(1500);
  assert.equal(await packets(p), still, 'packets to the press behind closed doors');
  assert.equal(await a.evaluate(() => document.querySelector('.doors')?.dataset.doors), 'closed');
  await says(a, 'holding');
  assert.ok(await hears(b, sides.avelmar.hertz) > -60, 'the delegations go on');

  await must(officerB, 'phase.ended');
  await says(a, 'ended');
  await says(p, 'ended');
  await says(b, 'ended');
  const level = await hears(b, sides.avelmar.hertz);
  assert.ok(level < -80, `${level} dBFS of the other side after the end`);
  for (const page of [a, b, p]) assert.deepEqual(page.errors, []);
  assert.deepEqual(await violations(a), []);
});

test('a second device of the same person waits at the door, an officer lets it in', options, async () => {
  const name = 'avelmar', first = await open(sides[name].browser), link = nodes[name].links['avelmar-aldesh'];
  await first.goto(link);
  await until(first, () => document.querySelector('[data-act=sit]'));
  await first.click('[data-act=sit]');
  await live(first);
  const second = await open(sides[name].browser);
  await second.goto(link);
  await until(second, () => document.querySelector('[data-act=sit]'));
  assert.doesNotMatch(await second.evaluate(() => document.body.innerText), /Avelmar|Tolmeria|Ninth/, 'nothing of the meeting is told');
  await second.click('[data-act=sit]');
  await until(second, () => document.querySelector('[data-says=device]'), null, 8000, 'it waits');
  assert.doesNotMatch(await second.evaluate(() => document.body.innerText), /Avelmar|Tolmeria|Ninth/);
  const who = await until(officer, () => globalThis.last.waiting.find((w) => w.reason === 'device')?.id, null, 5000, 'the officer sees who waits');
  await must(officer, 'admit', { value: who });
  await live(second);
  await until(first, () => document.querySelector('[data-act=back]'), null, 5000, 'the first device has given up the seat');
});

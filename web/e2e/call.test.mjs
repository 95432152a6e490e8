// The real thing: two nodes, a person on each side in a browser of their own, one page in English, one in Arabic.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, shot, until, violations } from './lib/browser.mjs';
import { demo, enter, leave, links, live } from './lib/call.mjs';
import { wav } from './lib/wav.mjs';

const options = demo(120_000);

// Each side's microphone is one tone, so that a page hears who speaks.
const sides = { avelmar: { hertz: 700, tongue: 'en', principal: 'avelmar-tarroven' }, tolmeria: { hertz: 1300, tongue: 'ar', principal: 'tolmeria-kosvane' } };
let folder, A, B;

before(async () => {
  if (!links) return;
  folder = await mkdtemp(join(tmpdir(), 'visavis-call-'));
  for (const [name, side] of Object.entries(sides)) {
    await writeFile(join(folder, `${name}.wav`), wav(side.hertz, 4));
    side.browser = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, `${name}.wav`)}`] });
  }
});
after(async () => {
  for (const side of Object.values(sides)) await side.browser?.close();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function sit(name, seat) {
  const side = sides[name], page = await open(side.browser), link = new URL(links[`${name}-${seat}`]);
  link.searchParams.set('lang', side.tongue);
  await page.addInitScript(() => { // keeps the page's sockets and the first word of each, so that a test can cut one
    const sockets = globalThis.sockets = [];
    globalThis.WebSocket = class extends WebSocket {
      constructor(...a) { super(...a); sockets.push(this); }
      send(m) { this.first ??= m; super.send(m); }
    };
  });
  await enter(page, link.href);
  return page;
}

/** hears measures for ms how loud each tone comes out of the page's floor slots, dBFS. */
const hears = (page, ms = 1500) => page.evaluate(async ([tones, ms]) => {
  const context = globalThis.tester ??= new AudioContext({ sampleRate: 48000 });
  await context.resume();
  const analysers = [...document.querySelectorAll('audio[data-slot]')].filter((a) => a.srcObject).map((a) => {
    const n = context.createAnalyser();
    n.fftSize = 4096; n.smoothingTimeConstant = 0;
    context.createMediaStreamSource(a.srcObject).connect(n);
    return n;
  });
  const loudest = tones.map(() => -120), bins = new Float32Array(2048);
  for (const end = performance.now() + ms; performance.now() < end;) {
    for (const n of analysers) {
      n.getFloatFrequencyData(bins);
      tones.forEach((hertz, i) => { const b = Math.round(hertz / (48000 / 4096)); loudest[i] = Math.max(loudest[i], bins[b - 1], bins[b], bins[b + 1]); });
    }
    await new Promise((r) => setTimeout(r, 20));
  }
  return { avelmar: Math.round(loudest[0]), tolmeria: Math.round(loudest[1]) };
}, [Object.values(sides).map((s) => s.hertz), ms]);

/** sees counts for ms the frames of a member's picture, and says whether its contents changed. */
const sees = (page, member, ms = 3000) => page.evaluate(async ([member, ms]) => {
  const v = document.querySelector(`[data-member=${member}] video`);
  if (!v) return { fps: 0, moved: false, gap: ms };
  const look = () => { const c = document.createElement('canvas'); c.width = 64; c.height = 36; const g = c.getContext('2d'); g.drawImage(v, 0, 0, 64, 36); return g.getImageData(0, 0, 64, 36).data; };
  let frames = 0, last = performance.now(), gap = 0, first = null, moved = false;
  const began = last;
  const frame = () => {
    const now = performance.now(), pixels = look();
    frames++; gap = Math.max(gap, now - last); last = now;
    if (!first) first = pixels; else if (pixels.some((p, i) => Math.abs(p - first[i]) > 24)) moved = true;
    v.requestVideoFrameCallback(frame);
  };
  v.requestVideoFrameCallback(frame);
  await new Promise((r) => setTimeout(r, ms));
  return { fps: frames / ((performance.now() - began) / 1000), moved, gap: Math.max(gap, performance.now() - last) };
}, [member, ms]);

const heard = -45, silent = -60; // dBFS: a tone that is there, and one that is not: a starved machine splutters up to −65
/** eventually repeats a measurement until it is right or limit ms have gone. */
async function eventually(what, measure, right, limit = 8000) {
  let got;
  for (const end = Date.now() + limit; Date.now() < end;) if (right(got = await measure())) return got;
  assert.fail(`${what}: ${JSON.stringify(got)} (load ${loadavg()[0].toFixed(1)})`);
}

test('a person on each side, in English and in Arabic, see and hear each other', options, async (t) => {
  [A, B] = [await sit('avelmar', 'principal'), await sit('tolmeria', 'principal')];
  const a = await eventually('Avelmar hears Tolmeria and not itself', () => hears(A), (h) => h.tolmeria > heard && h.avelmar < silent);
  const b = await eventually('Tolmeria hears Avelmar and not itself', () => hears(B), (h) => h.avelmar > heard && h.tolmeria < silent);
  const see = (s) => s.fps > 5 && s.moved;
  const pa = await eventually('Avelmar sees Tolmeria move', () => sees(A, sides.tolmeria.principal), see, 15_000);
  const pb = await eventually('Tolmeria sees Avelmar move', () => sees(B, sides.avelmar.principal), see, 15_000);
  t.diagnostic(`load ${loadavg()[0].toFixed(1)}; heard at A ${JSON.stringify(a)} B ${JSON.stringify(b)} dBFS; frames/s at A ${pa.fps.toFixed(1)} B ${pb.fps.toFixed(1)}`);
  for (const [page, tongue, own, far] of [[A, 'en', 'Maelin Tarroven', 'Edran Kosvane'], [B, 'ar', 'إدران كوسفان', 'مايلين تاروفن']]) {
    assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.sides .name bdi')].map((n) => n.textContent).filter(Boolean)).then((n) => [n[0], n[n.length - 1]]), [own, far], `${tongue}: own side first`);
    const [x0, x1] = await page.evaluate(() => [...document.querySelectorAll('.sides > .place')].map((p) => p.getBoundingClientRect().x));
    assert.ok(tongue === 'ar' ? x0 > x1 : x0 < x1, `${tongue}: own side at the inline start`);
    await until(page, (id) => document.querySelector(`[data-member=${id}] .nameplate[data-floor]`), tongue === 'en' ? sides.tolmeria.principal : sides.avelmar.principal, 10_000, 'the speaker is marked');
    await shot(page, `call-${tongue}`);
    assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${tongue}: reports of the policy`);
    assert.deepEqual(await violations(page), [], `${tongue}: axe`);
  }
});

/** apart is how far the sound and the picture in the slots of number n are apart as they are played, in ms of their sender's clock; null where
 * the browser does not play them in step. Sections: mic, cam, floor0 to floor2, stage0 to stage5. */
const apart = (page, n) => page.evaluate(async (n) => {
  const at = {};
  for (const s of (await globalThis.visavis.stats()).values()) if (s.type === 'inbound-rtp') at[s.mid] = s.estimatedPlayoutTimestamp;
  const sound = at[2 + n], picture = at[5 + n];
  return sound && picture ? Math.round(Math.abs(sound - picture)) : null;
}, n);

test('the sound of a person is beside the picture, so that the browser plays them in step', options, async (t) => {
  for (const [page, far] of [[A, sides.tolmeria.principal], [B, sides.avelmar.principal]]) {
    await until(page, (id) => document.querySelector(`[data-member=${id}] .nameplate[data-floor]`), far, 10_000, 'the speaker is marked');
    const ms = await eventually('sound and picture in step', () => apart(page, 1), (d) => d !== null && d <= 125, 15_000); // nobody sees less (ITU-R BT.1359)
    t.diagnostic(`${ms} ms apart; in slot 0: ${await apart(page, 0)}`);
    assert.equal(await apart(page, 0), null, 'control: nobody is in the place of the own principal');
  }
});

test('a closed microphone is silent at the other side, and sounds again when it is opened', options, async () => {
  await A.click('[data-act=mic]');
  await eventually('silence', () => hears(B, 600), (h) => h.avelmar < silent);
  await until(B, () => document.querySelector('[data-member=avelmar-tarroven] .sign')?.textContent.includes('الميكروفون مغلق'));
  await A.click('[data-act=mic]');
  await eventually('the tone again', () => hears(B, 600), (h) => h.avelmar > heard);
});

test('a camera that is switched off gives place to the emblem', options, async () => {
  await A.click('[data-act=camera]');
  await until(B, () => !document.querySelector('[data-member=avelmar-tarroven] video'));
  await A.click('[data-act=camera]');
  await eventually('moving again', () => sees(B, sides.avelmar.principal, 1500), (s) => s.fps > 5, 15_000);
});

test('a reload takes the seat again', options, async () => {
  await A.reload();
  await live(A);
  await eventually('A hears B', () => hears(A), (h) => h.tolmeria > heard && h.avelmar < silent, 15_000);
  await eventually('B hears A', () => hears(B), (h) => h.avelmar > heard, 15_000);
  await eventually('B sees A', () => sees(B, sides.avelmar.principal), (s) => s.fps > 5 && s.moved, 15_000);
});

test('a lost socket is resumed: nobody hears a gap', options, async () => {
  const n = await A.evaluate(() => { globalThis.sockets.at(-1).close(); return globalThis.sockets.length; });
  const during = await hears(B, 1500);
  assert.ok(during.avelmar > heard, `B hears A while the socket is gone: ${JSON.stringify(during)}`);
  await until(A, (n) => globalThis.sockets.length > n && globalThis.visavis.phase() === 'live', n);
  assert.deepEqual(await A.evaluate((n) => globalThis.sockets.slice(n).map((s) => Object.keys(JSON.parse(s.first).hello).join()), n), ['version,resume']);
  await live(A);
});

test('leaving leaves: the page releases everything, the other side sees an empty seat', options, async () => {
  await leave(A);
  await until(A, () => document.body.innerText.includes('You have left the meeting'));
  await until(B, () => document.querySelector('.sides > .place:last-child .picture video') === null || document.querySelector('[data-member=avelmar-tarroven] video') === null, null, 10_000);
  await eventually('silence', () => hears(B, 600), (h) => h.avelmar < silent);
  const back = await open(sides.avelmar.browser);
  await back.goto(new URL('/m/avelmar-tolmeria-2026?lang=en', links['avelmar-principal']).href);
  await until(back, () => document.body.innerText.includes('Your access to this meeting has ended'));
  assert.deepEqual(A.errors.concat(B.errors), []);
});

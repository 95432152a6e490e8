// What the page does: joining, muting, cuts and restarts, leaving. Against a canned node whose second page really sends and receives.
import assert from 'node:assert/strict';
import { writeFile, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import { answerer, launch, open, says, until } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { asDelegate, cut, meeting as agreed } from './lib/world.mjs';
import { wav } from './lib/wav.mjs';

let browser, answer, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-e2e-'));
  await writeFile(join(folder, 'voice.wav'), wav(900, 4));
  browser = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, 'voice.wav')}`] });
  answer = await answerer(browser);
});
after(async () => { await browser?.close(); await rm(folder, { recursive: true, force: true }); });

const live = (page, limit) => until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open', null, limit, 'the page is live');

/** seated gives a node and a page; sit presses the button too. */
async function seated(t, { sit = true, tongue = 'en', mic = false, meeting } = {}) {
  const node = await new FakeNode().start();
  if (meeting) node.meeting = meeting;
  node.answer = answer;
  const page = await open(browser);
  t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
  await page.goto(`${node.url}/join?lang=${tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]') && document.querySelector('[data-slot=preview]'));
  if (mic) await page.check('[data-enter=open]', { force: true });
  if (sit) {
    await page.click('[data-act=sit]');
    await live(page);
  }
  return { node, page };
}

const energy = (page) => page.evaluate(async () => {
  for (const s of (await globalThis.visavis.stats()).values()) if (s.type === 'media-source' && s.kind === 'audio') return s.totalAudioEnergy;
  return 0;
});
const framesSent = (page) => page.evaluate(async () => {
  let sent = 0; // of all layers: which of them flow is the node's and the browser's choice
  for (const s of (await globalThis.visavis.stats()).values()) if (s.type === 'outbound-rtp' && s.kind === 'video') sent += s.framesSent ?? 0;
  return sent;
});
const gain = async (page, f, ms = 800) => { const a = await f(page); await page.waitForTimeout(ms); return (await f(page)) - a; };

/** told waits until what the page has said last of its switches is want: its message comes a moment after the page has changed. */
async function told(node, want, what) {
  const is = () => isDeepStrictEqual(node.said('devices').at(-1), want);
  for (const end = Date.now() + 15_000; !is() && Date.now() < end;) await new Promise((r) => setTimeout(r, 20));
  assert.deepEqual(node.said('devices').at(-1), want, what);
}

test('an invitation is looked at without being used up, and its code leaves the address', async (t) => {
  const { node, page } = await seated(t, { sit: false });
  assert.equal(node.asked('POST /api/session').length, 0, 'sessions asked for before the button');
  assert.ok(node.codes.has('good'));
  assert.ok(!(await page.evaluate(() => location.href + JSON.stringify({ ...sessionStorage, ...localStorage }) + document.cookie)).includes('good'));
  assert.deepEqual(await page.evaluate(() => [...document.querySelectorAll('.when bdi')].map((b) => b.textContent)), ['Ilverne', '10:30', 'Thursday 10 December 2026', 'Lanneth', '09:30', 'Thursday 10 December 2026']);
});

test('the button joins: one session, one offer of the agreed sections with narrowed codecs', async (t) => {
  const { node, page } = await seated(t);
  assert.equal(node.asked('POST /api/session').length, 1);
  const hellos = node.said('hello');
  assert.equal(hellos.length, 1);
  assert.equal(hellos[0].version, 1);
  assert.deepEqual(hellos[0].offer.names, ['mic', 'cam', 'floor0', 'floor1', 'floor2', 'stage0', 'stage1', 'stage2', 'stage3', 'stage4', 'stage5']);
  const { sdp } = hellos[0].offer, codecs = new Set([...sdp.matchAll(/a=rtpmap:\d+ ([\w-]+)/g)].map((m) => m[1]));
  assert.deepEqual([...codecs].sort(), ['VP8', 'opus', 'rtx']);
  assert.equal(sdp.match(/^m=/gm).length, 11);
  assert.equal(sdp.match(/^a=sendonly/gm).length, 2);
  assert.equal(sdp.match(/^a=recvonly/gm).length, 9);
  assert.ok(sdp.length < 24_000, `offer of ${sdp.length} bytes`);
  await until(page, () => performance.getEntriesByName('visavis:frame').length);
  const ms = await page.evaluate(() => performance.getEntriesByName('visavis:frame')[0].startTime - performance.getEntriesByName('visavis:sit')[0].startTime);
  t.diagnostic(`session to first frame ${Math.round(ms)} ms, offer ${sdp.length} bytes`);
  assert.match(page.url(), /\/m\/avelmar-tolmeria-2026\?lang=en$/);
  await told(node, { mic: false, camera: true });
});

test('a used, a forged and a missing invitation give the same page', async (t) => {
  const { node, page } = await seated(t);
  const text = async (path) => {
    const other = await open(browser);
    t.after(() => other.context().close());
    await other.goto(node.url + path);
    await until(other, () => document.querySelector('.notice .lead'));
    return other.evaluate(() => document.body.innerText);
  };
  const [used, forged, none] = [await text('/join?lang=en#good'), await text('/join?lang=en#forged'), await text('/join?lang=en')];
  assert.equal(used, forged);
  assert.equal(used, none);
  assert.match(used, /This invitation cannot be used/);
  assert.doesNotMatch(used, /Avelmar|Tolmeria/);
  await live(page); // and the seat that was taken with it is not disturbed
});

test('an invitation used by another while the page was open gives that page too', async (t) => {
  const { node, page } = await seated(t, { sit: false });
  node.codes.delete('good');
  await page.click('[data-act=sit]');
  await until(page, () => document.body.innerText.includes('This invitation cannot be used'));
  assert.equal(await page.evaluate(() => document.querySelectorAll('video').length), 0);
});

test('a closed microphone sends silence, an open one is heard, the node is told of both', async (t) => {
  const { node, page } = await seated(t);
  assert.equal(await gain(page, energy), 0, 'energy sent while closed');
  await page.click('[data-act=mic]');
  await until(page, () => document.querySelector('[data-act=mic][data-on=true]'));
  assert.ok(await gain(page, energy) > 0.001, 'the control: an open microphone sends sound');
  await told(node, { mic: true, camera: true });
  await page.click('[data-act=mic]');
  let sent = -1; // what was in flight may take a moment on a busy machine; then there is nothing at all
  for (const end = Date.now() + 5000; sent !== 0 && Date.now() < end;) sent = await gain(page, energy);
  assert.equal(sent, 0, 'energy sent after closing');
  await told(node, { mic: false, camera: true });
});

test('entering with the microphone open is a choice of the person', async (t) => {
  const { node, page } = await seated(t, { mic: true });
  await told(node, { mic: true, camera: true });
  assert.ok(await gain(page, energy) > 0.001);
});

test('speech at a closed microphone is said within a second, and opening it ends the warning', async (t) => {
  const { page } = await seated(t, { sit: false });
  await page.click('[data-act=sit]');
  await until(page, () => document.querySelector('#now'));
  const began = Date.now();
  await says(page, 'nobody', 3000);
  t.diagnostic(`said after ${Date.now() - began} ms`);
  await page.click('[data-act=mic]');
  await says(page, 'open');
});

test('a switched-off camera sends nothing and is released', async (t) => {
  const { node, page } = await seated(t);
  assert.ok(await gain(page, framesSent) > 3, 'the control: frames are sent');
  await page.click('[data-act=camera]');
  await until(page, () => document.querySelector('[data-act=camera][data-on=false]'));
  await page.waitForTimeout(200);
  assert.equal(await gain(page, framesSent), 0);
  await told(node, { mic: false, camera: false });
  assert.equal(await page.evaluate(() => document.querySelector('[data-slot=self]')), null);
  await page.click('[data-act=camera]');
  await until(page, () => document.querySelector('[data-slot=self]'));
  assert.ok(await gain(page, framesSent) > 3, 'frames again');
});

test('a lost socket resumes the seat; pictures never stop', async (t) => {
  const { node, page } = await seated(t, { mic: true });
  const token = node.log.findIndex(([w, m]) => w === 'ws' && m.hello) + 1;
  for (const s of node.sockets) s.raw.destroy();
  await until(page, () => globalThis.visavis.phase() === 'cut', null, 3000).catch(() => undefined); // may be over before it is seen
  const end = Date.now() + 5000;
  while (node.said('hello').length < 2 && Date.now() < end) await page.waitForTimeout(20);
  assert.deepEqual(node.said('hello')[1], { version: 1, resume: `token${token}` });
  await live(page);
  await told(node, { mic: true, camera: true }, 'switches are as before');
  assert.equal(node.said('hello').length, 2);
});

test('a restarted node has its member back by itself', async (t) => {
  const { node, page } = await seated(t, { mic: true });
  const { port, sessions } = node;
  await node.stop();
  await says(page, 'server', 8000);
  const again = new FakeNode();
  Object.assign(again, { sessions, resumable: false, answer });
  await page.waitForTimeout(4000); // long enough for the longest wait
  await again.start(port);
  t.after(() => again.stop());
  const began = Date.now();
  await until(page, () => globalThis.visavis.phase() === 'live', null, 5000, 'back within 5 s');
  await live(page);
  t.diagnostic(`live ${Date.now() - began} ms after the node was up`);
  assert.ok(again.said('hello').at(-1).offer, 'a new seat is offered');
  await told(again, { mic: true, camera: true });
});

test('a member whose session has ended is told so, once', async (t) => {
  const { node, page } = await seated(t);
  node.sessions.clear();
  for (const s of node.sockets) s.raw.destroy();
  await until(page, () => document.body.innerText.includes('Your access to this meeting has ended'));
  assert.equal(await page.evaluate(() => globalThis.visavis.phase()), 'over');
});

test('a reload takes the seat again, with the switches as they were', async (t) => {
  const { node, page } = await seated(t, { mic: true });
  await page.reload();
  await live(page);
  await until(page, () => document.querySelector('.member [data-act=mic][data-on=true]'));
  assert.equal(node.asked('POST /api/session').length, 1, 'the invitation is used once');
  await told(node, { mic: true, camera: true });
});

test('media that are lost on the own way are opened again by an ICE restart or a new seat', async (t) => {
  const { node, page } = await seated(t);
  const offers = () => node.said('offer').length + node.said('hello').length;
  const before = offers();
  await answer.drop();
  const end = Date.now() + 30_000;
  while (offers() === before && Date.now() < end) await page.waitForTimeout(100);
  assert.ok(offers() > before, 'a new offer was made');
  await live(page, 30_000);
});

test('a seat taken elsewhere closes this one, and can be taken back', async (t) => {
  const { node, page } = await seated(t);
  node.send({ bye: { code: 'moved' } });
  await until(page, () => document.querySelector('[data-act=back]'));
  assert.equal(await page.evaluate(() => globalThis.visavis.stats()), null, 'nothing is sent any more');
  const n = node.said('hello').length;
  await page.waitForTimeout(1500);
  assert.equal(node.said('hello').length, n, 'the page does not fight for its seat');
  await page.click('[data-act=back]');
  await live(page);
});

test('leaving asks once, says so to the node and releases the devices', async (t) => {
  const { node, page } = await seated(t);
  await page.click('[data-act=leave]');
  assert.equal(node.said('leave').length, 0);
  await page.click('[data-act=leave-now]');
  await until(page, () => document.body.innerText.includes('You have left the meeting'));
  const end = Date.now() + 3000;
  while (!node.asked('POST /api/leave').length && Date.now() < end) await page.waitForTimeout(20);
  assert.equal(node.said('leave').length, 1);
  assert.equal(node.asked('POST /api/leave').length, 1);
  assert.equal(await page.evaluate(() => document.querySelectorAll('video').length + [...document.querySelectorAll('audio')].filter((a) => a.srcObject).length), 0);
});

test('the language is switched live, with direction, names and address', async (t) => {
  const { node, page } = await seated(t);
  node.send({ floor: { slots: ['tolmeria-kosvane', '', ''] } });
  await until(page, () => document.querySelector('.nameplate[data-floor] .name')?.textContent === 'Edran Kosvane');
  const box = () => page.evaluate(() => document.querySelector('[data-member=avelmar-tarroven]').getBoundingClientRect().x);
  const left = await box();
  await page.selectOption('[data-act=language]', 'ar');
  await until(page, () => document.querySelector('.nameplate[data-floor] .name')?.textContent === 'إدران كوسفان');
  assert.ok(await box() > left, 'the own side stands at the inline start: left in English, right in Arabic');
  assert.equal(await page.evaluate(() => document.documentElement.lang + document.documentElement.dir), 'arrtl');
  assert.match(page.url(), /lang=ar/);
  await live(page);
  const bare = await page.evaluate(() => [...document.querySelectorAll('.name, .office, .clocks dt, .clocks dd, h1')].filter((e) => !e.closest('bdi') && !e.querySelector('bdi')).map((e) => e.outerHTML));
  assert.deepEqual(bare, [], 'every name and time is isolated');
});

test('a text that has no form in the language of the page says which language it is in', async (t) => {
  const meeting = structuredClone(agreed), member = (id) => meeting.members.find((m) => m.id === id);
  meeting.title = { en: meeting.title.en };
  meeting.parties[1].city = { en: 'Lanneth' };
  member('tolmeria-kosvane').name = { ko: '에드란 코스반' };
  member('tolmeria-kosvane').office = { 'fa-AF': 'صدراعظم' };
  member('avelmar-tarroven').name = { en: 'Maelin Tarroven', 'ar-EG': 'مايلين تاروفن' };
  const { page } = await seated(t, { tongue: 'ar', meeting, sit: false });
  const tongues = (selector) => page.evaluate((s) => [...document.querySelectorAll(s)].map((e) => { const w = e.closest('[lang]'); return `${e.textContent} ${w.lang} ${getComputedStyle(e).direction}`; }), selector);
  assert.deepEqual(await tongues('h1 bdi'), [`${agreed.title.en} en ltr`]);
  await page.click('[data-act=sit]');
  await live(page);
  assert.deepEqual(await tongues('.top h1 bdi'), [`${agreed.title.en} en ltr`]);
  assert.deepEqual(await tongues('[data-member=tolmeria-kosvane] .who bdi'), ['에드란 코스반 ko ltr', 'صدراعظم fa-AF rtl', 'تولميريا ar rtl']);
  assert.deepEqual(await tongues('[data-member=avelmar-tarroven] .who .name bdi'), ['مايلين تاروفن ar-EG rtl']);
  assert.deepEqual(await tongues('[data-member=avelmar-ombrand] .who .name bdi'), ['سيرينا أومبراند ar rtl'], 'the control: a text in the language of the page needs no word about it');
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-member=avelmar-ombrand] bdi[lang]').length), 0);
  assert.deepEqual(await tongues('.clocks dt bdi'), ['إلفيرن ar rtl', 'Lanneth en ltr']);
});

test('what is wrong with the record is said, and what it means', async (t) => {
  const { node, page } = await seated(t);
  const alarm = () => page.evaluate(() => document.querySelector('#now .record')?.innerText ?? null);
  assert.equal(await alarm(), '', 'the control: nothing is wrong, and the region is there to be read out');
  const texts = {
    'log.withheld': /^The shared record is behind\.[^]*host party[^]*protocol officer; you can go on speaking\.$/,
    'log.forked': /^The records of the two sides differ\.[^]*does not reach the other side[^]*protocol officer/,
    'log.later': /^The record of the meeting needs your protocol officer\.$/, // a code of a later node
  };
  for (const [code, text] of Object.entries(texts)) {
    node.send({ state: asDelegate({ alarm: code }) });
    await until(page, (c) => document.querySelector('[data-alarm]')?.dataset.alarm === c, code);
    assert.match((await alarm()).replaceAll(/\s+/g, ' '), text);
  }
  node.send({ state: asDelegate() });
  await until(page, () => document.querySelector('#now .record')?.innerText === '');
});

test('the link to the other party says which way sound and pictures go', async (t) => {
  const { node, page } = await seated(t);
  const [up] = asDelegate().links;
  for (const [way, bars, text] of [['one', 3, 'Good 38 ms one path'], ['two', 3, 'Good 38 ms two paths'], ['tls', 2, 'Fair 38 ms No UDP: inside TLS'], ['', 0, 'Measuring']]) {
    node.send({ state: asDelegate({ links: [{ ...up, way }] }) });
    await until(page, (w) => document.querySelector('[data-way=tolmeria] dd')?.dataset.media === (w || 'none'), way);
    const shown = await page.evaluate(() => { const d = document.querySelector('[data-way=tolmeria] dd'); return [d.querySelector('.bars').className, d.innerText.replaceAll(/\s+/g, ' ').trim()]; });
    assert.deepEqual(shown, [`bars q${bars}`, text]);
  }
});

test('an interrupted far side is shown as such, own side and all', async (t) => {
  const { node, page } = await seated(t);
  node.send({ state: cut() });
  await until(page, () => /^Interrupted 0:0\d ago$/.test(document.querySelector('[data-member=tolmeria-kosvane] .say')?.textContent ?? ''));
  assert.equal(await page.evaluate(() => document.querySelector('[data-member=avelmar-tarroven]').dataset.far), undefined);
});

test('a switch that the node refuses is no lamp: the page says that nobody hears, and asks again', async (t) => {
  const { node, page } = await seated(t);
  node.deaf = true;
  await page.click('[data-act=mic]');
  await says(page, 'unheard');
  assert.equal(await page.evaluate(() => document.querySelectorAll('.lamp').length), 0, 'no lamp while the node has the microphone closed');
  node.deaf = false; // the control: taken, the lamp is on
  await says(page, 'open');
  await told(node, { mic: true, camera: true });
});

test('the link in the mail, pressed again by the one who used it, brings back', async (t) => {
  const { node, page } = await seated(t);
  await page.goto('about:blank');
  await page.goto(`${node.url}/join?lang=en#good`);
  await until(page, () => document.querySelector('[data-act=sit]')?.innerText === 'Return to your seat');
  await page.click('[data-act=sit]');
  await live(page);
  node.sessions.clear(); // the control: without the session it is a used invitation like any other
  await page.goto('about:blank');
  await page.goto(`${node.url}/join?lang=en#good`);
  await until(page, () => document.body.innerText.includes('This invitation cannot be used'));
});

test('fewer pictures are said when three reports in a row have it so, and no longer at the first of all', async (t) => {
  const { node, page } = await seated(t);
  clearInterval(node.pulse);
  let rttMs = 100;
  for (const [pictures, says] of [['paused', null], ['less', null], ['all', null], ['less', null], ['paused', null], ['less', 'less'], ['paused', 'paused'], ['all', null], ['less', null]]) {
    node.send({ quality: { ...node.quality, rttMs: ++rttMs, pictures } });
    await until(page, (ms) => document.querySelector('[data-way=own]').textContent.includes(ms), `${rttMs}`, 4000, 'the report has come');
    assert.equal(await page.evaluate(() => document.querySelector('[data-pictures]')?.dataset.pictures ?? null), says, `report ${rttMs - 100}: ${pictures}`);
  }
});

test('a picture whose frames stop says so', async (t) => {
  const { page } = await seated(t);
  // Of this very place: another place's first picture says nothing about it.
  await until(page, () => document.querySelector('[data-member=tolmeria-kosvane] video') && !document.querySelector('[data-member=tolmeria-kosvane] .wait'));
  await answer.silence();
  await until(page, () => document.querySelector('[data-member=tolmeria-kosvane]').innerText.includes('The picture has stopped'), null, 8000);
});

/** late lets one frame through to the place of a member, as of who had the slot before it, and no more until more() is called. */
const late = (member) => {
  const real = HTMLVideoElement.prototype.requestVideoFrameCallback, held = [];
  globalThis.frames = 0;
  globalThis.more = () => { globalThis.frames = Infinity; for (const [v, f] of held) real.call(v, f); };
  HTMLVideoElement.prototype.requestVideoFrameCallback = function (f) {
    if (globalThis.frames === Infinity || !this.closest(`[data-member=${member}]`)) return real.call(this, f);
    if (globalThis.frames === 0) setTimeout(() => { globalThis.frames++; f(); });
    else held.push([this, f]);
    return 0;
  };
};

for (const [how, given] of [['', ['tolmeria-soste']], [', nor after a while in which nobody had the slot', ['', 'tolmeria-soste']]]) {
  test(`the last frame of somebody else does not stand under a name${how}`, async (t) => {
    const { node, page } = await seated(t, { sit: false });
    await page.evaluate(late, 'tolmeria-soste');
    await page.click('[data-act=sit]');
    const waits = ([member, want]) => { const p = document.querySelector(`[data-member=${member}]`); return p?.querySelector('video') && (p.querySelector('.wait') !== null) === want; };
    await until(page, waits, ['tolmeria-thorrick', false]);
    const { present, stage } = node.state, slot = stage.indexOf('tolmeria-thorrick');
    const more = { ...present.find((p) => p.member === 'tolmeria-thorrick'), member: 'tolmeria-soste' };
    for (const who of given) node.send({ state: { ...node.state, stage: stage.with(slot, who), present: [...present, more] } });
    await until(page, () => globalThis.frames === 1, null, 5000, 'a frame of the one before came');
    await until(page, waits, ['tolmeria-soste', true], 2000, 'the frozen picture of the one before is gone');
    await page.evaluate(() => globalThis.more());
    await until(page, waits, ['tolmeria-soste', false], 2000, 'the control: with frames of its own the place has its picture');
  });
}

test('the keyboard alone takes the seat, opens the microphone and leaves', async (t) => {
  const { node, page } = await seated(t, { sit: false });
  const to = async (act) => {
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const at = await page.evaluate(() => ({ act: document.activeElement?.dataset.act, ring: getComputedStyle(document.activeElement).outlineStyle }));
      if (at.act === act) return assert.equal(at.ring, 'solid', `focus on ${act} is seen`);
    }
    throw new Error(`no way to ${act} by keyboard`);
  };
  await to('sit');
  await page.keyboard.press('Enter');
  await live(page);
  await to('mic');
  await page.keyboard.press('Space');
  await says(page, 'open');
  await to('leave');
  await page.keyboard.press('Enter');
  await until(page, () => document.activeElement?.closest('dialog[open]'));
  await page.keyboard.press('Escape');
  assert.equal(node.said('leave').length, 0, 'Escape stays');
});

test('a refused microphone and camera are said, and the seat can still be taken', async (t) => {
  const node = await new FakeNode().start();
  node.answer = answer;
  t.after(() => node.stop());
  const page = await open(browser);
  t.after(() => page.context().close());
  await page.addInitScript(() => { navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('denied', 'NotAllowedError'); }; }); // headless browsers cannot ask
  await page.goto(`${node.url}/join?lang=en#good`);
  await until(page, () => document.querySelector('[data-again=audio]') && document.querySelector('[data-again=video]'));
  assert.match(await page.evaluate(() => document.body.innerText), /does not allow the camera[\s\S]*does not allow the microphone/);
  await page.click('[data-act=sit]');
  await live(page);
  await told(node, { mic: false, camera: false });
});

test('UDP that is blocked is said within five seconds', async (t) => {
  const node = await new FakeNode().start();
  node.answer = async (offer) => (await answer(offer)).replaceAll(/a=candidate.*\r\n/g, '');
  t.after(() => node.stop());
  const page = await open(browser);
  t.after(() => page.context().close());
  await page.goto(`${node.url}/join?lang=en#good`);
  const began = Date.now();
  await until(page, () => document.querySelector('[data-probe=blocked]'), null, 8000);
  assert.ok(Date.now() - began < 5000, `said after ${Date.now() - began} ms`);
  assert.match(await page.evaluate(() => document.body.innerText), /UDP is blocked[\s\S]*Ask your technician/);
});

test('the own network is told apart from the own node', async (t) => {
  const { node, page } = await seated(t);
  await page.context().setOffline(true);
  for (const s of node.sockets) s.raw.destroy();
  await says(page, 'network', 8000);
  await page.context().setOffline(false);
  await live(page);
});

test('an unplugged camera switches itself off, and comes back only when the person wants it', async (t) => {
  const { node, page } = await seated(t);
  await page.evaluate(() => document.querySelector('[data-slot=self]').srcObject.getTracks()[0].dispatchEvent(new Event('ended')));
  await says(page, 'device');
  assert.match(await page.evaluate(() => document.querySelector('#now').innerText), /The camera was unplugged/);
  await told(node, { mic: false, camera: false });
  await page.click('[data-act=camera]');
  await until(page, () => document.querySelector('[data-slot=self]'));
  await told(node, { mic: false, camera: true });
});

test('sound that the browser holds back after a reload is let out by one press', async (t) => {
  const { page } = await seated(t);
  await page.addInitScript(() => { // what browsers do at their discretion, always
    const play = HTMLMediaElement.prototype.play;
    let touched = false;
    addEventListener('pointerdown', () => { touched = true; }, { capture: true });
    HTMLMediaElement.prototype.play = function () {
      if (touched || this.tagName !== 'AUDIO') return play.call(this);
      this.autoplay = false;
      this.pause();
      return Promise.reject(new DOMException('not before a gesture', 'NotAllowedError'));
    };
  });
  await page.reload();
  await live(page);
  await says(page, 'held');
  await page.click('[data-act=hear]');
  await until(page, () => document.querySelector('#now').dataset.says !== 'held' && [...document.querySelectorAll('audio[data-slot]')].every((a) => !a.paused));
});

// What a member's page does in a formal meeting: the floor, the microphone, signs, rehearsal, the door. Against a canned node.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { answerer, launch, says, until } from './lib/browser.mjs';
import { ago, cut, held, meeting, order, present, standing } from './lib/formal.mjs';
import { heard, live, seated as sit, sounds } from './lib/seat.mjs';
import { wav } from './lib/wav.mjs';

const me = 'avelmar-tarroven', them = 'tolmeria-kosvane';
let voice, quiet, answer, folder;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'visavis-floor-'));
  await writeFile(join(folder, 'voice.wav'), wav(900, 4));
  await writeFile(join(folder, 'quiet.wav'), wav(900, 4, 0));
  voice = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, 'voice.wav')}`] });
  quiet = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, 'quiet.wav')}`] });
  answer = await answerer(voice);
});
after(async () => { await voice?.close(); await quiet?.close(); await rm(folder, { recursive: true, force: true }); });

const seated = (t, more = {}) => sit(t, { browser: voice, answer, ...more });
const offer = (change = {}) => standing({ phase: 'closed', order: held(me, { acknowledged: false, since: ago(0), ...change }) });
const mine = (change = {}) => standing({ phase: 'closed', order: held(me, change) });
const acts = (node, what) => node.said('act').filter((a) => a.do === what);
const silent = async (page) => { let sent = -1; for (const end = Date.now() + 5000; sent !== 0 && Date.now() < end;) sent = await sounds(page); return sent; };

test('the floor given opens nothing; one press takes it, opens the microphone and says so to the node', async (t) => {
  const { node, page } = await seated(t);
  await says(page, 'muted'); // a principal who speaks without the floor is told so
  assert.deepEqual(await page.evaluate(() => globalThis.visavis.cues()), [], 'the control: no sign before the floor is given');
  node.send({ state: offer() });
  await says(page, 'offered');
  assert.equal(await sounds(page), 0, 'sound sent by an offer');
  assert.deepEqual(node.said('devices').at(-1), { mic: false, camera: true });
  assert.deepEqual(await page.evaluate(() => globalThis.visavis.cues()), [1], 'one soft tone');
  const from = node.log.length;
  await page.click('[data-act="floor.acknowledged"]');
  await heard(node, 'act', (a) => a.do === 'floor.acknowledged');
  const said = node.log.slice(from).filter(([w]) => w === 'ws').map(([, m]) => Object.keys(m)[0]).filter((k) => k !== 'sense');
  assert.deepEqual(said.slice(0, 2), ['devices', 'act'], 'first the microphone, then the word');
  node.send({ state: mine() });
  await says(page, 'holding');
  assert.ok(await sounds(page) > 0.001, 'sound is sent');
});

test('the floor not taken is given back, and the microphone stays closed', async (t) => {
  const { node, page } = await seated(t, { state: offer() });
  await says(page, 'offered');
  await page.click('[data-act="floor.yielded"]');
  await heard(node, 'act', (a) => a.do === 'floor.yielded');
  assert.equal(await sounds(page), 0);
});

for (const [how, state] of Object.entries({
  'given to another': standing({ phase: 'closed', order: held(them) }), 'taken': standing({ phase: 'closed' }), 'ended with the meeting': standing({ phase: 'ended' }),
})) {
  test(`a floor ${how} closes the microphone on its holder's own page`, async (t) => {
    const { node, page } = await seated(t, { state: mine() });
    await page.click('[data-act=mic]');
    await says(page, 'holding');
    assert.ok(await sounds(page) > 0.001, 'the control: sound is sent before');
    node.send({ state });
    if (state.phase !== 'ended') await heard(node, 'devices', (d, i, all) => i === all.length - 1 && !d.mic); // at the end the node has closed all
    assert.equal(await silent(page), 0, 'sound sent afterwards');
  });
}

test('a microphone that was open before the meeting is closed when it begins', async (t) => {
  const { node, page } = await seated(t, { state: standing({ phase: 'waiting' }) });
  await page.click('[data-act=mic]');
  assert.ok(await sounds(page) > 0.001, 'the control: the own side hears');
  node.send({ state: standing({ phase: 'closed', order: order({ mode: 'free' }) }) }); // in free exchange it would be admitted
  await until(page, () => document.querySelector('[data-act=mic][data-on=false]'));
  assert.equal(await silent(page), 0);
  await page.click('[data-act=mic]'); // and the person's own act opens it again
  await says(page, 'speaking');
  assert.ok(await sounds(page) > 0.001);
});

test('the browser asks for the microphone, the floor goes meanwhile: nothing opens', async (t) => {
  const init = `const get = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (c) => { if (globalThis.hold) await globalThis.hold; return get(c); };`;
  const { node, page } = await seated(t, { init, state: mine() });
  await page.evaluate(() => { globalThis.hold = new Promise((go) => { globalThis.go = go; }); });
  node.send({ state: standing({ phase: 'ended' }) }); // the devices are let go, so that the next press asks anew
  await says(page, 'ended');
  node.send({ state: mine() });
  await says(page, 'closed');
  await page.click('[data-act=mic]');
  node.send({ state: standing({ phase: 'closed', order: held(them) }) });
  await until(page, () => !document.querySelector('[data-act=mic]'));
  const from = node.said('devices').length;
  await page.evaluate(() => globalThis.go());
  assert.equal(await sounds(page, 1500), 0);
  assert.deepEqual(node.said('devices').slice(from).filter((d) => d.mic), []);
  node.send({ state: mine() });
  await page.click('[data-act=mic]'); // the control: with the floor it opens
  await says(page, 'holding');
  assert.ok(await sounds(page) > 0.001);
});

test('a double click takes the floor and does no more; an open microphone is said when the floor comes', async (t) => {
  const { node, page } = await seated(t, { state: offer() });
  await says(page, 'offered');
  await page.click('[data-act="floor.acknowledged"]');
  await heard(node, 'act', (a) => a.do === 'floor.acknowledged');
  await until(page, () => document.querySelector('#now .lamp') && document.querySelector('[data-act=mic][data-on=true]'), null, 3000, 'the lamp, and how to close it');
  node.send({ state: mine() });
  await says(page, 'holding');
  for (const what of ['mic', 'floor.yielded']) { // whichever of them stands under the pointer
    await page.hover(`[data-act="${what}"]`);
    await page.mouse.down({ clickCount: 2 });
    await page.mouse.up({ clickCount: 2 });
  }
  await says(page, 'holding');
  assert.ok(await sounds(page) > 0.001, 'it is still open');
  assert.deepEqual(acts(node, 'floor.yielded'), []);
  await page.click('[data-act="floor.yielded"]'); // the control: a first click is taken
  await heard(node, 'act', (a) => a.do === 'floor.yielded');
});

test('without the floor there is no way to open the microphone', async (t) => {
  const { node, page } = await seated(t, { state: standing({ phase: 'closed', order: held(them) }), you: 'avelmar-aldesh' });
  await says(page, 'listening');
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-act=mic], [data-act="floor.acknowledged"]').length), 0);
  assert.equal(await sounds(page), 0);
  node.send({ state: standing({ phase: 'closed', order: held('avelmar-aldesh') }) });
  await until(page, () => document.querySelector('[data-act=mic]'), null, 3000, 'the control: with the floor there is');
});

test('speech at a closed microphone is told to the node within a second, and ended when it opens', async (t) => {
  const { node, page } = await seated(t, { state: mine() });
  const before = node.said('sense').length, began = Date.now();
  await says(page, 'muted', 3000);
  await heard(node, 'sense', (s) => s.speaking === true, 1000);
  t.diagnostic(`told after ${Date.now() - began} ms`);
  await page.click('[data-act=mic]');
  await says(page, 'holding');
  await heard(node, 'sense', (s, i, all) => i === all.length - 1 && i >= before && s.speaking === false);
});

test('silence at a closed microphone is no speech', async (t) => {
  const { node, page } = await seated(t, { browser: quiet, state: mine() });
  await says(page, 'closed');
  await page.waitForTimeout(2500);
  await says(page, 'closed');
  assert.deepEqual(node.said('sense').filter((s) => s.speaking), []);
});

test('a delegate who whispers is not alarmed', async (t) => {
  const { page } = await seated(t, { state: standing({ order: held(them) }), you: 'avelmar-aldesh' });
  await until(page, () => document.querySelector('#now .say.warn'));
  assert.equal(await page.evaluate(() => document.querySelector('#now').dataset.tone ?? ''), '');
});

test('"they hear you" follows what the other node measures, and nothing else', async (t) => {
  const { node, page } = await seated(t, { state: mine() });
  await page.click('[data-act=mic]');
  const is = (k) => until(page, (k) => document.querySelector('[data-heard]')?.dataset.heard === k, k, 8000, `heard: ${k}`);
  await is('unknown');
  let far = -17;
  const timer = setInterval(() => node.send({ levels: { list: [{ member: me, db: -15, far, own: true }] } }), 200);
  t.after(() => clearInterval(timer));
  await is('yes');
  assert.match(await page.evaluate(() => document.querySelector('[data-heard]').textContent), /They hear you in Tolmeria.*measured there −17\u00a0dB/);
  far = -90;
  await is('no');
  clearInterval(timer);
  await is('unknown');
});

test('hand, point of order and requests are asked of the node and can be taken back', async (t) => {
  const { node, page } = await seated(t, { browser: quiet, state: standing({ order: held(them), present: present({ [them]: { mic: false } }) }) });
  for (const [selector, want] of [
    ['[data-act="hand.raised"]', { do: 'hand.raised' }], ['[data-act="order.raised"]', { do: 'order.raised' }], ['[data-value=repeat]', { do: 'request', value: 'repeat' }],
    ['[data-value=slow]', { do: 'request', value: 'slow' }], ['[data-value=mic-please]', { do: 'request', value: 'mic-please' }],
  ]) {
    await page.click(selector);
    const { id, ...rest } = await heard(node, 'act', (a) => a.do === want.do && a.value === want.value);
    assert.deepEqual(rest, want);
    assert.ok(id > 0);
  }
  node.send({ state: standing({ order: held(them, { hands: [me], orders: [me] }) }) });
  await page.click('[data-act="hand.lowered"]');
  await page.click('[data-act="order.lowered"]');
  await heard(node, 'act', (a) => a.do === 'order.lowered');
  const ids = node.said('act').map((a) => a.id);
  assert.equal(new Set(ids).size, ids.length, 'every act has a number of its own');
});

test('what is asked of the speaker stands before the holder of the floor alone, without a name, and not for long', { timeout: 60_000 }, async (t) => {
  const slow = (member, at) => [{ id: 1, kind: 'request', party: 'tolmeria', member, text: 'slow', at: ago(at), own: false }];
  const { node, page } = await seated(t, { state: standing({ phase: 'closed', order: held(them), notes: slow('', 1) }) }); // no node sends it to another; a page that gets it is silent all the same
  await says(page, 'muted');
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-request]').length), 0, 'the control: shown to who has no floor');
  node.send({ state: { ...mine(), notes: slow('tolmeria-thorrick', 12) } });
  await until(page, () => document.querySelector('[role=status] [data-request=slow]')?.textContent === 'Please speak more slowly.');
  assert.doesNotMatch(await page.textContent('#now'), /Thorrick/);
  await until(page, () => document.querySelector('[data-request]') === null, null, 6000, 'gone after 15 s');
  node.send({ state: { ...mine(), notes: slow('', 20) } });
  await page.waitForTimeout(600);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-request]').length), 0, 'an old request');
});

test('what the node refuses is said, and what it does not answer too', async (t) => {
  const { node, page } = await seated(t, { browser: quiet, state: standing({ order: held(them) }) });
  node.refuse = () => ({ code: 'phase.wrong', args: {} });
  await page.click('[data-act="hand.raised"]');
  await until(page, () => document.querySelector('[role=alert][data-refused="phase.wrong"]')?.textContent.includes('not possible in the present phase'));
  node.refuse = () => 'mute';
  await page.click('[data-act="hand.raised"]');
  await until(page, () => document.querySelector('[data-act="hand.raised"][aria-disabled=true]') && !document.querySelector('[data-refused]'), null, 3000, 'the button rests, the old word is gone');
  await until(page, () => document.querySelector('[data-refused=silent]'), null, 7000, 'no answer is said');
});

test('"I cannot hear" reaches the own technician and is answered in words', async (t) => {
  const { node, page } = await seated(t);
  await page.click('[data-act=help]');
  await heard(node, 'act', (a) => a.do === 'help');
  await until(page, () => document.querySelector('.connection [role=status]')?.textContent === 'Your technician has been told.');
});

test('who holds two offices chooses in which one to speak, and the nameplate follows the node', async (t) => {
  const { node, page } = await seated(t, { browser: quiet, state: standing({ phase: 'closed', order: held(them) }), you: them });
  await page.check('[name=capacity][value="1"]', { force: true });
  const { n } = await heard(node, 'act', (a) => a.do === 'capacity');
  assert.equal(n, 1);
  const office = () => page.evaluate((m) => document.querySelector(`[data-member=${m}] .office`).textContent, them);
  assert.match(await office(), /Prime Minister/, 'the node has not said so yet');
  node.send({ state: standing({ phase: 'closed', order: held(them), present: present({ [them]: { capacity: 1 } }) }) });
  await until(page, (m) => /Chair of the Conference/.test(document.querySelector(`[data-member=${m}] .office`).textContent), them);
});

test('rehearsal tries microphone, camera and headset, and tells the node of each', async (t) => {
  const { node, page } = await seated(t, { state: standing({ phase: 'rehearsal' }) });
  await says(page, 'rehearsal-tone');
  await heard(node, 'check', (c) => c.mic && !c.camera && !c.sound);
  await page.click('[data-act=camera]');
  await heard(node, 'check', (c) => c.mic && c.camera && !c.sound);
  await page.click('[data-act=hear-nothing]');
  await heard(node, 'act', (a) => a.do === 'help');
  await page.click('[data-act=hear-tone]');
  await says(page, 'rehearsal-done');
  await heard(node, 'check', (c) => c.mic && c.camera && c.sound);
  await page.click('[data-act=camera]');
  await heard(node, 'check', (c, i, all) => i === all.length - 1 && !c.camera);
});

test('the rehearsal switches the camera off, once, and the person switches it on; a reload in it keeps it on', { timeout: 60_000 }, async (t) => {
  const camera = (node) => node.log.filter(([w, m]) => w === 'ws' && m.devices).map(([, m]) => [m.devices.camera, m.devices.epoch]);
  const { node, page } = await seated(t, { state: standing({ phase: 'waiting', epoch: 3 }) });
  await heard(node, 'devices', (d) => d.camera);
  node.send({ state: standing({ phase: 'open', epoch: 4 }) });
  await says(page, 'muted');
  assert.deepEqual(camera(node).at(-1)[0], true, 'the control: another phase leaves it on');
  node.send({ state: standing({ phase: 'waiting', epoch: 5 }) });
  await says(page, 'waiting');
  node.send({ state: standing({ phase: 'rehearsal', epoch: 6 }) });
  await until(page, () => document.querySelector('[data-says=dimmed]'));
  await heard(node, 'devices', (d, i, all) => i === all.length - 1 && !d.camera);
  assert.deepEqual(camera(node).at(-1), [false, 6]);
  const from = camera(node).length;
  await page.waitForTimeout(2500); // the page compares its switches with the node's each second
  assert.deepEqual(camera(node).slice(from).filter(([on]) => on), [], 'switched on again by itself');
  assert.equal(await page.evaluate(() => document.querySelector('[data-slot=self]')), null, 'the device is still open');
  await page.click('[data-act=camera]');
  await until(page, () => !document.querySelector('[data-says=dimmed]') && document.querySelector('[data-slot=self]'));
  await heard(node, 'devices', (d, i, all) => i === all.length - 1 && d.camera);
  assert.deepEqual(camera(node).at(-1), [true, 6]);
  node.state = standing({ phase: 'rehearsal', epoch: 6 });
  const before = camera(node).length;
  await page.reload();
  await live(page);
  await until(page, () => document.querySelector('[data-slot=self]'));
  await heard(node, 'devices', (d, i) => i >= before && d.camera);
});

// The node of these tests switches nothing off by itself: what a real one does where more people begin to hear is written into switches.
for (const [name, { from, to, kept }] of Object.entries({
  'the doors open again': { from: { phase: 'closed', epoch: 4, order: order({ mode: 'free' }) }, to: { phase: 'open', epoch: 5, order: order({ mode: 'free' }) } },
  'a rehearsal begins': { from: { phase: 'waiting', epoch: 2 }, to: { phase: 'rehearsal', epoch: 3 } },
  'a rehearsal begins anew, unseen': { from: { phase: 'rehearsal', epoch: 3 }, to: { phase: 'rehearsal', epoch: 5 } },
  'the doors close, the control': { from: { phase: 'open', epoch: 3, order: order({ mode: 'free' }) }, to: { phase: 'closed', epoch: 4, order: order({ mode: 'free' }) }, kept: true },
})) {
  test(`a microphone that is open when more people begin to hear stays closed: ${name}`, { timeout: 60_000 }, async (t) => {
    const { node, page } = await seated(t, { state: standing(from) });
    await page.click('[data-act=mic]');
    await heard(node, 'devices', (d) => d.mic);
    if (!kept) node.switches = { mic: false, camera: node.switches.camera && to.phase !== 'rehearsal' };
    const before = node.said('devices').length;
    node.state = standing(to);
    node.send({ state: node.state });
    await page.waitForTimeout(3500); // the page compares its switches with the node's each second, and says them again at the second difference
    const said = node.said('devices').slice(before).map((d) => d.mic);
    if (kept) assert.deepEqual(said.filter((mic) => !mic), [], 'the microphone was closed although nobody more hears');
    else {
      assert.deepEqual(said.filter(Boolean), [], 'the microphone opened by itself');
      assert.ok(said.length > 0, 'the page did not close its microphone');
    }
  });
}

test('who comes after the end opens no device, and says nothing of one', { timeout: 60_000 }, async (t) => {
  const count = () => { globalThis.wishes = 0; const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices); navigator.mediaDevices.getUserMedia = (c) => { globalThis.wishes++; return ask(c); }; };
  const { node, page } = await seated(t, { state: standing({ phase: 'closed' }), init: count });
  assert.ok(await page.evaluate(() => globalThis.wishes) > 0, 'the control: a meeting that goes on opens them');
  const fed = () => page.evaluate(() => [...document.querySelectorAll('audio[data-slot]')].filter((s) => s.srcObject).length);
  assert.ok(await fed() > 0, 'the control: in a meeting that goes on the elements have their streams');
  node.state = standing({ phase: 'ended' });
  await page.reload();
  await says(page, 'ended');
  const from = node.said('devices').length;
  await page.waitForTimeout(2500);
  assert.equal(await page.evaluate(() => globalThis.wishes), 0);
  assert.equal(node.said('devices').length, from);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-act=camera], [data-act=mic]').length), 0);
  assert.equal(await fed(), 0, 'and nothing could sound');
  const before = node.said('hello').length;
  node.resumable = false; // as after a restart of the node: the page makes another connection, in the phase that it knows
  for (const socket of [...node.sockets]) socket.raw.destroy();
  await heard(node, 'hello', (h, i) => i >= before && h.offer, 15_000);
  for (const end = Date.now() + 10_000; ![...node.sockets].some((s) => s.welcomed) && Date.now() < end;) await new Promise((done) => setTimeout(done, 20));
  assert.ok([...node.sockets].some((s) => s.welcomed), 'the page came anew');
  await says(page, 'ended');
  assert.equal(await fed(), 0, 'nor on a connection that was made after the end');
});

test('who comes by the invitation after the end keeps no device open', { timeout: 60_000 }, async (t) => {
  const { node, page } = await seated(t, { state: standing({ phase: 'ended' }), sit: false });
  await until(page, () => document.querySelector('[data-slot=preview]')); // the control: the check of devices has opened them
  await page.click('[data-act=sit]');
  await says(page, 'ended');
  await until(page, () => !document.querySelector('[data-slot=self]'));
  await page.waitForTimeout(1500);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-slot=self], [data-slot=preview]').length), 0);
  assert.equal(node.said('devices').length, 0);
});

test('a microphone that hears nothing does not pass the rehearsal', async (t) => {
  const { node, page } = await seated(t, { browser: quiet, state: standing({ phase: 'rehearsal' }) });
  await says(page, 'rehearsal-say');
  await page.waitForTimeout(2000);
  await says(page, 'rehearsal-say');
  assert.deepEqual(node.said('check').filter((c) => c.mic), []);
});

const figure = (page) => page.evaluate(() => { const [m, s] = document.querySelector('#now .clock').textContent.split(':').map(Number); return m * 60 + s; });

test('the floor clock runs by the node\'s clock and stands while the link is lost', async (t) => {
  const ahead = 40_000, at = (s) => new Date(Date.now() + ahead - s * 1000).toISOString();
  const { node, page } = await seated(t, { browser: quiet, more: { ahead }, state: standing({ order: held(them, { since: at(60) }) }) });
  await until(page, () => document.querySelector('#now .clock'));
  const first = await figure(page);
  assert.ok(first <= 240 && first > 225, `${first} s left of 300 after 60 s by the node's clock`);
  await until(page, (f) => { const [m, s] = document.querySelector('#now .clock').textContent.split(':').map(Number); return m * 60 + s < f; }, first, 3000, 'the control: it runs');
  node.send({ state: cut({ order: held(them, { since: at(70) }) }) });
  await says(page, 'link');
  const stood = await figure(page);
  await page.waitForTimeout(2200);
  assert.equal(await figure(page), stood);
});

for (const [what, label, want] of [['a headset', 'USB Headset', [2]], ['a loudspeaker', 'Conference loudspeaker', []]]) {
  test(`a minute before the end ${what} has ${want.length ? 'two soft tones' : 'none: the microphone would carry them'}`, async (t) => {
    const init = `navigator.mediaDevices.enumerateDevices = async () => [['audioinput', 'Microphone'], ['videoinput', 'Camera'], ['audiooutput', ${JSON.stringify(label)}]].map(([kind, label]) => ({ kind, label, deviceId: kind === 'audiooutput' ? 'out' : '', groupId: '', toJSON() { return this; } }));`;
    const { node, page } = await seated(t, { browser: quiet, init, state: mine({ since: ago(10) }) });
    await page.click('[data-act=mic]');
    await says(page, 'holding');
    node.send({ state: mine({ since: ago(230) }) });
    await until(page, () => /^0:(5[0-8]|[0-4]\d)$/.test(document.querySelector('#now .clock')?.textContent ?? ''), null, 20_000, 'less than a minute is left');
    await page.waitForTimeout(500);
    assert.deepEqual(await page.evaluate(() => globalThis.visavis.cues()), want);
  });
}

test('who waits at the door sees nothing of the meeting, and is in as soon as an officer says so', async (t) => {
  const { node, page } = await seated(t, { more: { gate: { reason: 'device', since: ago(0) } }, sit: false });
  await page.click('[data-act=sit]');
  await until(page, () => document.querySelector('[data-says=device]'));
  await page.waitForTimeout(6000); // longer than a page waits for an answer
  const text = await page.evaluate(() => document.body.innerText);
  assert.match(text, /another device/);
  assert.doesNotMatch(text, /Avelmar|Tolmeria|Ninth/);
  assert.equal(node.said('hello').length, 1, 'it asks once and waits');
  node.admit();
  await live(page);
  await until(page, () => document.querySelector('#now'));
});

test('who is sent out of the meeting keeps nothing open, and may ask at the door', async (t) => {
  const { node, page } = await seated(t, { state: mine() });
  await page.click('[data-act=mic]');
  await says(page, 'holding');
  node.gate = { reason: 'excluded', since: ago(0) };
  node.send({ bye: { code: 'excluded' } });
  await until(page, () => document.querySelector('[data-says=excluded] [data-act=back]'));
  assert.equal(await page.evaluate(() => document.querySelectorAll('video').length), 0);
  assert.equal(await page.evaluate(() => globalThis.visavis.stats()), null, 'the connection is gone');
  await page.click('[data-act=back]');
  await until(page, () => document.querySelector('[data-says=excluded]') && !document.querySelector('[data-act=back]'), null, 8000, 'it waits at the door');
  node.admit();
  await live(page);
  await says(page, 'muted', 8000);
  assert.equal(node.said('devices').at(-1).mic, false, 'and comes back with a closed microphone');
});

test('a PIN is asked for, a wrong one is said, and none is kept', async (t) => {
  const { node, page } = await seated(t, { more: { pin: '482615' }, sit: false });
  await page.click('[data-act=sit]');
  assert.equal(node.asked('POST /api/session').length, 0, 'without a PIN nothing is asked');
  await page.fill('[data-act=pin]', '111111');
  await page.click('[data-act=sit]');
  await until(page, () => document.querySelector('[role=alert]')?.textContent.includes('PIN is not right'));
  await page.fill('[data-act=pin]', '482 615');
  await page.click('[data-act=sit]');
  await live(page);
  const kept = await page.evaluate(() => location.href + JSON.stringify({ ...sessionStorage, ...localStorage }) + document.cookie + document.body.innerHTML);
  assert.ok(!kept.includes('482615') && !kept.includes('482 615'));
});

test('an invitation that somebody has used lets a second device ask at the door', async (t) => {
  const { node, page } = await seated(t, { more: { used: true, gate: { reason: 'device', since: ago(0) } }, sit: false });
  assert.doesNotMatch(await page.evaluate(() => document.body.innerText), /Avelmar|Tolmeria|Ninth/);
  await page.click('[data-act=sit]');
  await until(page, () => document.querySelector('[data-says=device]'));
  node.admit();
  await live(page);
  await until(page, () => document.querySelector('#now') && document.querySelector('h1').textContent.startsWith('Ninth'));
});

test('the keyboard alone takes the floor, asks, changes the language and yields', async (t) => {
  const { node, page } = await seated(t, { browser: quiet, state: standing({ order: held(them) }) });
  const to = async (selector) => {
    for (let i = 0; i < 40; i++) {
      if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${selector}`);
  };
  await to('[data-act="hand.raised"]');
  await page.keyboard.press('Enter');
  await heard(node, 'act', (a) => a.do === 'hand.raised');
  node.send({ state: offer() });
  await says(page, 'offered');
  await to('[data-act="floor.acknowledged"]');
  await page.keyboard.press('Space');
  await heard(node, 'act', (a) => a.do === 'floor.acknowledged');
  node.send({ state: mine() });
  await says(page, 'holding');
  await to('[data-act="floor.yielded"]');
  await page.keyboard.press('Enter');
  await heard(node, 'act', (a) => a.do === 'floor.yielded');
  await to('[data-act=language]');
  await page.keyboard.press('End');
  await until(page, () => document.documentElement.lang === 'es');
  assert.equal(await page.evaluate(() => document.activeElement?.matches('[data-act=language]')), true, 'the focus stays where it was');
});

test('the technician\'s card and tone are seen and heard on this page alone', async (t) => {
  const { node, page } = await seated(t, { state: standing({ phase: 'rehearsal' }) });
  node.send({ signal: { kind: 'card', on: true } });
  await until(page, () => document.querySelector('[data-says=card]'));
  node.send({ signal: { kind: 'tone', on: true } });
  assert.equal(await sounds(page, 1500), 0, 'a tone in what is sent');
  node.send({ signal: { kind: 'card', on: false } });
  node.send({ signal: { kind: 'tone', on: false } });
  await until(page, () => !document.querySelector('[data-says=card]'));
  const hellos = node.said('hello').length;
  node.send({ signal: { kind: 'restart', on: true } });
  await heard(node, 'hello', (h, i) => i >= hellos && h.offer);
  await live(page);
});

// What the protocol officer's console does: every act and its message to the node, keys with the passkey, what is asked once more,
// alarms with their tones, and a meeting from rehearsal to the end by keyboard alone. Each act has its control: what sends nothing.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { answerer, launch, until } from './lib/browser.mjs';
import { held, order, present, standing } from './lib/formal.mjs';
import { acts, ago, alarm, asked, doors, key, me, note, officer, ready, seated, shut, them, waiter } from './lib/officer.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

const sit = (t, state, more = {}) => seated(t, browser, answer, { state, ...more });
const shows = (page, q, limit) => until(page, (s) => document.querySelector(s) !== null, q, limit, q);
const gone = (page, q, limit) => until(page, (s) => document.querySelector(s) === null, q, limit, `no ${q}`);
const quiet = { timeout: 60_000 };

test('phases that one key changes', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ phase: 'planned', since: '' }));
  await page.click('[data-act="phase.rehearsal"]');
  node.send({ state: standing({ phase: 'rehearsal' }) });
  await shows(page, '.keys[data-phase=rehearsal]');
  await page.click('[data-act="phase.waiting"]');
  node.send({ state: standing({ phase: 'open' }) });
  await shows(page, '.keys[data-phase=open]');
  await page.click('[data-act="phase.closed"]');
  assert.deepEqual(await asked(node, 3), [{ do: 'phase.rehearsal' }, { do: 'phase.waiting' }, { do: 'phase.closed' }]);
});

test('the end is asked once more, and Cancel ends nothing', quiet, async (t) => {
  const { node, page } = await sit(t, standing());
  await page.click('[data-act="phase.ended"]');
  await shows(page, '[data-ask=end][open]');
  await page.click('[data-ask=end] [data-act=cancel]');
  await gone(page, '[data-ask]');
  await page.click('[data-act="phase.ended"]');
  await shows(page, '[data-ask=end][open]');
  await page.keyboard.press('Escape');
  await gone(page, '[data-ask]');
  await page.focus('[data-act="phase.ended"]');
  await page.keyboard.press('Enter');
  await shows(page, '[data-ask=end][open]');
  await page.keyboard.press('Enter'); // a key that is held down
  assert.equal(await page.evaluate(() => document.activeElement.id), 'ask-h', 'no answer has the focus');
  assert.deepEqual(acts(node), [], 'nothing was asked of the node');
  await page.click('[data-ask=end] [data-act=end]');
  assert.deepEqual(await asked(node, 1), [{ do: 'phase.ended' }]);
  node.send({ state: standing({ phase: 'ended', order: order() }) });
  await page.click('[data-act="phase.sealed"]');
  await page.click('[data-ask=seal] [data-act=seal]');
  assert.deepEqual((await asked(node, 2))[1], { do: 'phase.sealed' });
});

test('a key is turned for the phase that the page shows, and taken back', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ phase: 'waiting', epoch: 7 }));
  await page.click('[data-act="key.turned"]');
  assert.deepEqual(await asked(node, 1), [{ do: 'key.turned', value: 'start', n: 7 }]);
  node.send({ state: standing({ phase: 'waiting', epoch: 7, keys: [key('avelmar', 'start', officer)] }) });
  await shows(page, '[data-key=avelmar][data-turned]');
  assert.equal(await page.$('[data-act="key.turned"]'), null, 'a turned key cannot be turned again');
  await page.click('[data-act="key.returned"]');
  assert.deepEqual((await asked(node, 2))[1], { do: 'key.returned', value: 'start' });
  node.send({ state: standing({ phase: 'waiting', epoch: 7 }) });
  await shows(page, '[data-act="key.turned"]');
  assert.equal(await page.$('.keys.lapsed'), null, 'a key taken back has not lapsed');
});

test('their key shows, ours is asked for; both together open the doors', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ phase: 'closed', epoch: 4, doors: shut(), keys: [key('tolmeria', 'open', 'tolmeria-quintar')] }));
  await shows(page, '[data-key=tolmeria][data-turned]');
  await page.click('[data-act="key.turned"]');
  assert.deepEqual(await asked(node, 1), [{ do: 'key.turned', value: 'open', n: 4 }]);
  node.send({ state: standing({ phase: 'open', epoch: 5, doors: doors({ state: 'open' }) }) });
  await shows(page, '.keys[data-phase=open]');
});

test('a key that runs out says so and can be turned again', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ phase: 'waiting', epoch: 2 }));
  node.send({ state: standing({ phase: 'waiting', epoch: 2, keys: [key('avelmar', 'start', officer, 4)] }) });
  await shows(page, '[data-key=avelmar][data-turned]');
  await gone(page, '[data-key][data-turned]', 8000);
  await shows(page, '.keys.lapsed', 3000);
  node.send({ state: standing({ phase: 'waiting', epoch: 2 }) });
  await page.click('.keys.lapsed [data-act="key.turned"]');
  await asked(node, 1);
  node.send({ state: standing({ phase: 'waiting', epoch: 2, keys: [key('avelmar', 'start', officer)] }) });
  await gone(page, '.keys.lapsed');
});

/** passkeys gives the page an authenticator whose answer the test chooses: the node's part is played by routes. */
const passkeys = (answers) => async (page) => {
  await page.addInitScript(() => {
    PublicKeyCredential.parseRequestOptionsFromJSON = (j) => j;
    let n = 0;
    navigator.credentials.get = async () => {
      if (n++ === 0 && globalThis.refuseOnce) throw new DOMException('no', 'NotAllowedError');
      return { toJSON: () => ({ id: 'k' }) };
    };
  });
  if (answers.refuseOnce) await page.addInitScript(() => { globalThis.refuseOnce = true; });
  await page.route('**/api/passkey/stepup', (r) => { answers.log.push('begin'); return r.fulfill({ json: { options: { challenge: 'AAAA' } } }); });
  await page.route('**/api/passkey/stepup/finish', (r) => { answers.log.push(r.request().postDataJSON().credential.id); answers.proven = true; return r.fulfill({ status: 204 }); });
};

test('where the node wants the passkey, it is shown first and the same key turned after it', quiet, async (t) => {
  const answers = { log: [], proven: false };
  const { node, page } = await sit(t, standing({ phase: 'waiting', epoch: 9 }), { ready: passkeys(answers) });
  node.refuse = (act) => (act.do === 'key.turned' && !answers.proven ? { code: 'stepup.needed', args: {} } : null);
  await page.click('[data-act="key.turned"]');
  assert.deepEqual(await asked(node, 2), [{ do: 'key.turned', value: 'start', n: 9 }, { do: 'key.turned', value: 'start', n: 9 }]);
  assert.deepEqual(answers.log, ['begin', 'k']);
  assert.equal(await page.$('[data-refused]'), null);
});

test('a passkey that is not shown turns no key', quiet, async (t) => {
  const answers = { log: [], refuseOnce: true, proven: false };
  const { node, page } = await sit(t, standing({ phase: 'waiting', epoch: 9 }), { ready: passkeys(answers) });
  node.refuse = (act) => (act.do === 'key.turned' && !answers.proven ? { code: 'stepup.needed', args: {} } : null);
  await page.click('[data-act="key.turned"]');
  await shows(page, '[data-confirm=failed]');
  assert.deepEqual(answers.log, ['begin']);
  assert.equal(acts(node).length, 1, 'no second attempt without the passkey');
  await page.click('[data-act="key.turned"]'); // the control: shown, it turns
  assert.equal((await asked(node, 3)).length, 3);
  await gone(page, '[data-confirm=failed]');
});

test('the floor is given at once when nobody has it, with the time chosen', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ order: order({ next: them, hands: ['avelmar-ombrand'] }) }));
  await page.click(`[data-turn="${them}"] [data-act="floor.given"]`);
  assert.deepEqual(await asked(node, 1), [{ do: 'floor.given', member: them, n: 0 }]);
  assert.equal(await page.$eval('[data-turn="avelmar-ombrand"] [data-act="floor.given"]', (b) => b.disabled), true, 'out of the fixed order nobody gets it');
  node.send({ state: standing({ order: order({ mode: 'free', hands: ['avelmar-ombrand'] }) }) });
  await page.selectOption('[data-act=limit]', '120');
  await page.click('[data-turn="avelmar-ombrand"] [data-act="floor.given"]:not([disabled])');
  assert.deepEqual((await asked(node, 2))[1], { do: 'floor.given', member: 'avelmar-ombrand', n: 120 });
  await page.selectOption('[data-act=another]', 'tolmeria-soste');
  await page.click('[data-act="give-another"]');
  assert.deepEqual((await asked(node, 3))[2], { do: 'floor.given', member: 'tolmeria-soste', n: 120 });
});

test('giving it while somebody has it asks once more and names both', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ order: held(them, { next: me }) }));
  await page.click(`[data-turn="${me}"] [data-act="floor.given"]`);
  await shows(page, '[data-ask=give][open]');
  const words = await page.textContent('[data-ask=give]');
  assert.match(words, /Edran Kosvane/);
  assert.match(words, /Maelin Tarroven/);
  await page.click('[data-ask=give] [data-act=cancel]');
  assert.deepEqual(acts(node), []);
  await page.click(`[data-turn="${me}"] [data-act="floor.given"]`);
  await page.click('[data-ask=give] [data-act=give]');
  assert.deepEqual(await asked(node, 1), [{ do: 'floor.given', member: me, n: 0 }]);
});

test('the holder who changed while the question stood is asked about anew', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ order: held(them, { mode: 'free', hands: [me] }) }));
  await page.click(`[data-turn="${me}"] [data-act="floor.given"]`);
  await shows(page, '[data-ask=give][open]');
  assert.doesNotMatch(await page.textContent('[data-ask=give]'), /closes at once/, 'in free exchange a principal keeps the microphone');
  node.send({ state: standing({ order: held('tolmeria-soste', { mode: 'free', hands: [me] }) }) });
  await shows(page, '[data-holder="tolmeria-soste"]');
  await page.click('[data-ask=give] [data-act=give]');
  await until(page, () => document.querySelector('[data-ask=give][open]') && !document.querySelector('[data-ask=give]').textContent.includes('Edran Kosvane'));
  assert.match(await page.textContent('[data-ask=give]'), /closes at once/, 'a delegate does not');
  assert.deepEqual(acts(node), []);
  await page.click('[data-ask=give] [data-act=give]');
  assert.deepEqual(await asked(node, 1), [{ do: 'floor.given', member: me, n: 0 }]);
});

test('the floor is withdrawn, the microphone asked for, mode and item set; an arrow key sets nothing', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ order: held(them) }));
  await page.click('[data-act="floor.taken"]');
  await page.click('[data-act=request][data-value="mic-please"]');
  await page.click('[data-act="floor.mode"][data-value=chair]');
  await page.focus('[data-act="floor.mode"][data-value=statements]');
  await page.keyboard.press('ArrowRight');
  await page.click('[data-act="floor.mode"][data-value=statements]'); // the present mode: nothing to do
  await page.selectOption('[data-act=item]', '3');
  assert.equal(acts(node).length, 3, 'an item is chosen first and called by the button');
  await page.click('[data-act="agenda.item"]');
  assert.deepEqual(await asked(node, 4), [{ do: 'floor.taken', member: them }, { do: 'request', value: 'mic-please' }, { do: 'floor.mode', value: 'chair' }, { do: 'agenda.item', n: 3 }]);
});

test('hands and points of order of the own side are taken down, those of the other side are not ours', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ order: order({ mode: 'free', hands: ['avelmar-ombrand', 'tolmeria-soste'], orders: ['avelmar-kell'] }) }));
  assert.deepEqual(await page.$$eval('[data-turn]', (l) => l.map((e) => `${e.dataset.why} ${e.dataset.turn}`)), ['order avelmar-kell', 'hand avelmar-ombrand', 'hand tolmeria-soste']);
  await page.click('[data-act="hand.lowered"]');
  await page.click('[data-act="order.lowered"]');
  assert.deepEqual(await asked(node, 2), [{ do: 'hand.lowered', member: 'avelmar-ombrand' }, { do: 'order.lowered', member: 'avelmar-kell' }]);
  assert.equal(await page.$('[data-turn="tolmeria-soste"] [data-act="hand.lowered"]'), null);
});

test('the other party\'s officer gives the floor to own people, and only while nobody has it', quiet, async (t) => {
  const hands = ['tolmeria-soste', 'avelmar-kell'];
  const { node, page } = await sit(t, standing({ order: order({ mode: 'free', hands }) }), { you: 'tolmeria-quintar' });
  const may = (id) => page.$eval(`[data-turn="${id}"] [data-act="floor.given"]`, (b) => !b.disabled);
  assert.deepEqual([await may('tolmeria-soste'), await may('avelmar-kell')], [true, false]);
  assert.equal(await page.$eval('[data-act="floor.mode"]', (b) => b.disabled), true);
  await page.click('[data-turn="tolmeria-soste"] [data-act="floor.given"]');
  assert.deepEqual(await asked(node, 1), [{ do: 'floor.given', member: 'tolmeria-soste', n: 0 }]);
  node.send({ state: standing({ order: held(me, { mode: 'free', hands }) }) });
  await shows(page, `[data-holder="${me}"]`);
  assert.equal(await may('tolmeria-soste'), false);
  assert.equal(await page.$eval('[data-act="floor.taken"]', (b) => b.disabled), true);
});

test('admission: let in, refused; a press seat ended', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ waiting: [waiter('w1', 'avelmar-kell', 'device'), waiter('w2', 'avelmar-ombrand', 'excluded'), waiter('press-9', '', 'press')], doors: doors({ state: 'open', press: 1 }) }));
  assert.equal((await page.$$('[data-waiter]')).length, 2, 'the press in its seat does not stand at the door');
  await page.click('[data-waiter=w1] [data-act=admit]');
  await page.click('[data-waiter=w2] [data-act=exclude]');
  await page.click('[data-seat="press-9"] [data-act=exclude]');
  assert.deepEqual(await asked(node, 3), [{ do: 'admit', value: 'w1' }, { do: 'exclude', value: 'w2' }, { do: 'exclude', value: 'press-9' }]);
  node.send({ state: standing() });
  await gone(page, '[data-waiter]');
});

test('a person is sent out or the access ended, each after being asked; the other side has no such button', quiet, async (t) => {
  const { node, page } = await sit(t, standing());
  await page.click('[data-act=remove][data-member="avelmar-kell"]');
  await shows(page, '[data-ask=remove][open]');
  await page.click('[data-ask=remove] [data-act=cancel]');
  assert.deepEqual(acts(node), []);
  await page.click('[data-act=remove][data-member="avelmar-kell"]');
  await page.click('[data-ask=remove] [data-act=exclude]');
  await page.click('[data-act=remove][data-member="avelmar-aldesh"]');
  await page.click('[data-ask=remove] [data-act="session.end"]');
  assert.deepEqual(await asked(node, 2), [{ do: 'exclude', member: 'avelmar-kell' }, { do: 'session.end', member: 'avelmar-aldesh' }]);
  assert.equal(await page.$('[data-side=tolmeria] [data-act=remove]'), null);
  assert.equal(await page.$(`[data-act=remove][data-member="${officer}"]`), null, 'nobody throws himself out');
});

test('the own technician hears when let, and no longer', quiet, async (t) => {
  const { node, page } = await sit(t, standing());
  await page.click('[data-act="technician.admitted"]');
  node.send({ state: standing({ present: present({ 'avelmar-ormeran': { admitted: true } }) }) });
  await until(page, () => document.querySelector('[data-side=avelmar] .staff')?.textContent.includes('Hears the meeting'));
  await page.click('[data-act="technician.admitted"]');
  assert.deepEqual(await asked(node, 2), [{ do: 'technician.admitted', member: 'avelmar-ormeran', n: 1 }, { do: 'technician.admitted', member: 'avelmar-ormeran', n: 0 }]);
  assert.equal((await page.$$('[data-act="technician.admitted"]')).length, 1, 'theirs is not ours to admit');
});

test('sessions are listed and ended', quiet, async (t) => {
  const list = [{ id: 's1', member: 'avelmar-kell', role: 'delegate', name: '', created: ago(900), seen: ago(2), waiting: '', here: true, own: false }, { id: 's2', member: officer, role: 'officer', name: '', created: ago(900), seen: ago(2), waiting: '', here: true, own: true }];
  const ended = [];
  const routes = async (page) => {
    await page.route('**/api/sessions?*', (r) => r.fulfill({ json: { sessions: list.filter((s) => !ended.some((e) => e.id === s.id)) } }));
    await page.route('**/api/sessions/end', (r) => { ended.push(r.request().postDataJSON()); return r.fulfill({ status: 204 }); });
  };
  const { page } = await sit(t, standing(), { ready: routes });
  await page.click('[data-act=sessions]');
  await shows(page, '[data-session=s1]');
  assert.equal(await page.$('[data-session=s2] [data-act="end-session"]'), null, 'not the own one');
  await page.click('[data-session=s1] [data-act="end-session"]');
  await gone(page, '[data-session=s1]');
  assert.deepEqual(ended, [{ meeting: 'avelmar-tolmeria-2026', id: 's1' }]);
});

test('messages go out as written, quick ones too; what others write is never markup', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ notes: [note(1, 'message', 'tolmeria-quintar', '<b>now</b>'), note(2, 'request', '', 'repeat'), note(3, 'help', 'avelmar-kell', 'help', true)] }));
  assert.match(await page.textContent('[data-note=message]'), /Lothen Quintar: <b>now<\/b>/);
  assert.match(await page.textContent('[data-note=request]'), /A booth: Please repeat\./);
  assert.match(await page.textContent('[data-note=help]'), /Tibren Kell cannot hear/);
  assert.equal(await page.$('.log b'), null);
  await page.click('[data-act=quick][data-n="1"]');
  await asked(node, 1);
  await page.fill('.send input', '  Agreed for item 3.  ');
  await page.keyboard.press('Enter');
  assert.deepEqual(await asked(node, 2), [{ do: 'message', value: 'Two more minutes, please.' }, { do: 'message', value: 'Agreed for item 3.' }]);
  await until(page, () => document.querySelector('.send input').value === '');
  await page.keyboard.press('Enter');
  node.refuse = () => ({ code: 'act.rate', args: {} });
  await page.fill('.send input', 'Once more');
  await page.keyboard.press('Enter');
  await shows(page, '[data-refused="act.rate"]');
  assert.equal(await page.inputValue('.send input'), 'Once more', 'what was refused is not lost');
  assert.equal(acts(node).length, 3, 'an empty message is none');
});

test('doors: ours is proof, theirs a statement, to the millisecond; a late packet is an alarm', quiet, async (t) => {
  const at = '2026-12-09T23:58:07.398Z', s = shut({ at });
  const { node, page } = await sit(t, standing({ phase: 'closed', doors: s }));
  assert.deepEqual(await page.$$eval('.proof thead th', (l) => l.map((e) => e.textContent)), ['Avelmar · proof', 'Tolmeria · statement']);
  const row = (n) => page.$$eval(`.proof tbody tr:nth-child(${n}) td`, (l) => l.map((e) => e.textContent));
  assert.deepEqual(await row(2), ['10:58:07.402', '10:58:07.395']);
  assert.deepEqual(await row(3), ['0', '0']);
  node.send({ state: standing({ phase: 'closed', doors: { ...s, ours: { ...s.ours, after: 3 } }, alarms: [alarm('doors.late', { after: '3' })] }) });
  await shows(page, '[data-alarm="doors.late"]');
  await shows(page, '[data-door=avelmar] .alarm[data-after="3"]');
});

const tonesOf = (page) => page.evaluate(() => globalThis.low);
const countTones = (page) => page.addInitScript(() => {
  globalThis.low = 0;
  const start = OscillatorNode.prototype.start;
  OscillatorNode.prototype.start = function (...a) { if (this.frequency.value === 320) globalThis.low++; return start.apply(this, a); };
});

test('what was alarming stands in a list with its times, the last first, and at most fifty of them', quiet, async (t) => {
  const { node, page } = await sit(t, standing({ alarms: [alarm('clock.off', { party: 'tolmeria' }, ago(600))] }));
  await shows(page, '[data-alarm="clock.off"]');
  assert.equal(await page.evaluate(() => document.querySelector('[data-past]')), null, 'the control: what still is, is not past');
  node.send({ state: standing({ muted: ['avelmar-kell'] }) });
  await shows(page, '[data-past="1"] [data-was="clock.off"]');
  node.send({ state: standing() });
  await shows(page, '[data-past="2"] li:first-child[data-was=muted]');
  assert.match(await page.textContent('[data-was="clock.off"]'), /^\d\d:\d\d to \d\d:\d\d/);
  for (let i = 0; i < 52; i++) {
    node.send({ state: standing({ alarms: [alarm('doors.late', { after: String(i + 1) })] }) });
    await shows(page, '[data-alarm="doors.late"]');
    node.send({ state: standing() });
    await gone(page, '[data-alarm]');
  }
  await shows(page, '[data-past="50"]');
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-was=muted], [data-was="clock.off"]').length), 0, 'the oldest went first');
  await page.selectOption('[data-act=language]', 'fr');
  await until(page, () => /Après la fermeture/.test(document.querySelector('[data-past] li').textContent), null, 5000, 'the list follows the language');
});

test('an alarm is read out at once, sounds once, and again after ten seconds unless it is noted', quiet, async (t) => {
  const { node, page } = await sit(t, standing(), { ready: countTones });
  node.send({ state: standing({ order: held(me, { acknowledged: false, since: ago(0) }) }) });
  await shows(page, '[data-ack=no]');
  assert.equal(await tonesOf(page), 0, 'no alarm, no tone');
  const late = standing({ order: held(me, { acknowledged: false, since: ago(5) }), alarms: [alarm('floor.unacknowledged', { member: me }, ago(1))] });
  node.send({ state: late });
  await shows(page, '.alarms[aria-live=assertive] [data-alarm="floor.unacknowledged"]');
  await shows(page, '[data-ack=late]');
  await until(page, () => globalThis.low === 1);
  node.send({ state: late });
  await until(page, () => globalThis.low === 2, null, 12_000, 'the second tone');
  await page.click('[data-act=noted]');
  await gone(page, '[data-act=noted]');
  await page.waitForTimeout(10_500); // nothing must come in this time
  assert.equal(await tonesOf(page), 2);
  await shows(page, '[data-alarm="floor.unacknowledged"]'); // it stands until its cause is gone
  node.send({ state: standing({ order: held(me) }) });
  await gone(page, '[data-alarm]');
  await page.click('[data-act=tones]');
  node.send({ state: standing({ order: held(me), muted: ['avelmar-kell'] }) });
  await shows(page, '[data-alarm=muted]');
  assert.match(await page.textContent('[data-alarm=muted]'), /Tibren Kell/);
  assert.equal(await tonesOf(page), 2, 'turned off: no tone');
});

test('what the node refuses is said, and nothing has changed', quiet, async (t) => {
  const { node, page } = await sit(t, standing());
  node.refuse = () => ({ code: 'phase.wrong', args: {} });
  await page.click('[data-act="phase.closed"]');
  await shows(page, '[data-refused="phase.wrong"]');
  await shows(page, '.keys[data-phase=open]');
});

test('readiness is shown for both sides, theirs as stated', quiet, async (t) => {
  const { page } = await sit(t, standing({ phase: 'rehearsal', ready: [ready(me), ready(them, { stated: true }), ready('avelmar-kell', { mic: false, sound: false })] }));
  assert.match(await page.textContent(`[data-member="${them}"] .state`), /Ready as they state/);
  assert.doesNotMatch(await page.textContent(`[data-member="${me}"] .state`), /state/);
  assert.match(await page.textContent('[data-member="avelmar-kell"] .state'), /Not checked: Microphone and Return sound/);
});

test('a whole meeting by keyboard alone', { timeout: 120_000 }, async (t) => {
  const { node, page } = await sit(t, standing({ phase: 'planned', since: '' }));
  /** reach presses Tab until the focus stands on what the selector means, then Enter. */
  const press = async (q) => {
    for (let i = 0; i < 120; i++) {
      if (await page.evaluate((s) => document.activeElement?.matches(s), q)) {
        const ring = await page.evaluate(() => getComputedStyle(document.activeElement).outlineStyle);
        assert.notEqual(ring, 'none', `the focus on ${q} is seen`);
        return page.keyboard.press('Enter');
      }
      await page.keyboard.press('Tab');
    }
    throw new Error(`Tab does not reach ${q}`);
  };
  const next = async (state, q) => { node.send({ state }); await shows(page, q); };
  await press('[data-act="phase.rehearsal"]');
  await next(standing({ phase: 'rehearsal' }), '.keys[data-phase=rehearsal]');
  await press('[data-act="phase.waiting"]');
  await next(standing({ phase: 'waiting', epoch: 2, waiting: [waiter('w1', 'avelmar-kell', 'device')] }), '[data-action=start]');
  await press('[data-waiter=w1] [data-act=admit]');
  await press('[data-act="key.turned"]');
  await next(standing({ order: order({ next: me }) }), '.keys[data-phase=open]');
  await press(`[data-turn="${me}"] [data-act="floor.given"]`);
  await next(standing({ order: held(me, { next: them }) }), `[data-holder="${me}"]`);
  await press('[data-act="phase.closed"]');
  await next(standing({ phase: 'closed', epoch: 4, order: held(me, { next: them }), doors: shut() }), '[data-action=open]');
  await press(`[data-turn="${them}"] [data-act="floor.given"]`);
  await press('[data-ask=give] [data-act=give]');
  await press('.quick [data-n="0"]');
  await press('[data-act="phase.ended"]');
  await press('[data-ask=end] [data-act=end]');
  assert.deepEqual((await asked(node, 9)).map((a) => a.do), ['phase.rehearsal', 'phase.waiting', 'admit', 'key.turned', 'floor.given', 'phase.closed', 'floor.given', 'message', 'phase.ended']);
});

// The officer's pages for arranging, at a canned node: every state in six languages, and what the page does with what comes in between.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { all, launch, looks, open, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { FakeDesk, draft, kase, revision } from './lib/fakedesk.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const change = (path, old, now) => ({ path, old, new: now });
const changes = [change('agenda.1.minutes', '15', '20'), change('begin', 'closed', 'open'), change('chair', '', 'avelmar-tarroven'), change('members.tolmeria-kosvane.name.ar', '', 'إدران كوسفان'),
  change('members.tolmeria-kosvane.role', '', 'principal'), change('mode', 'free', 'statements'), change('start', '2026-12-09T05:00:00Z', '2026-12-09T23:30:00Z'), change('title.en', 'Ninth Meeting', 'Ninth Annual Meeting')];
const agreed = [revision(1, 'avelmar', 'countered'), revision(2, 'tolmeria', 'agreed')];
const states = {
  none: () => kase([], { edited: true, saved: '', savedBy: '', draft: draft({ theirs: false, title: {}, members: [], agenda: [] }), problems: [{ path: 'title', code: 'text.empty', args: {} }, { path: 'members', code: 'meeting.members', args: {} }] }),
  sent: () => kase([revision(1, 'avelmar', 'open')]),
  waits: () => kase([revision(1, 'avelmar', 'open', { known: false })]),
  theirs: () => kase([revision(1, 'avelmar', 'countered'), revision(2, 'tolmeria', 'open')], { changes, edited: true, own: [change('title.en', 'Ninth Annual Meeting', 'Ninth')] }),
  accepted: () => kase([revision(1, 'avelmar', 'countered'), revision(2, 'tolmeria', 'accepted')]),
  agreed: () => kase(agreed),
  declined: () => kase([revision(1, 'avelmar', 'declined', { reason: 'The week before is better.' })]),
  refused: () => kase([revision(1, 'avelmar', 'refused', { code: 'arrange.delegation' })]),
  begun: () => kase(agreed, { begun: true }),
};

async function at(t, c, { lang = 'en', setup = () => undefined, ...options } = {}) {
  const node = await new FakeDesk().start();
  if (c) node.kases = [c];
  setup(node);
  const page = await open(browser, options);
  t.after(async () => { await page.context().close(); await node.stop(); });
  await page.goto(`${node.url}/arrange?lang=${lang}${c ? `&m=${c.id}` : ''}`);
  await until(page, () => document.querySelector('[data-says=meeting], [data-says=list]'));
  return { node, page };
}
const clean = async (page, what) => {
  assert.deepEqual(await violations(page), [], what);
  const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(wide <= 0, `${what}: scrolls sideways by ${wide}`);
  assert.deepEqual([page.errors, await page.evaluate(() => globalThis.reports)], [[], []], what);
};

for (const [name, make] of Object.entries(states)) {
  test(`${name} in ${tongues.join(', ')}: axe finds nothing, nothing scrolls sideways`, { timeout: 300_000 }, async (t) => {
    const { page } = await at(t, make(), { lang: tongues[0] });
    await until(page, (s) => document.querySelector('.standing')?.dataset.stand === s, name);
    if (name === 'theirs') await page.click('li[data-member=avelmar-aldesh] [data-act=edit]');
    await page.evaluate(() => document.querySelectorAll('details').forEach((d) => { d.open = true; }));
    for (const lang of tongues) {
      await speak(page, lang);
      for (const look of name === 'theirs' ? all : looks) {
        await see(page, look);
        const where = `arrange-${name}-${lang}-${look[0]}-${look[1].width}`;
        await shot(page, where);
        await clean(page, where);
      }
    }
  });
}

test(`the list in ${tongues.join(', ')}`, { timeout: 120_000 }, async (t) => {
  const { page } = await at(t, null, { setup: (n) => { n.kases = [states.theirs()]; } });
  for (const lang of tongues) {
    await speak(page, lang);
    for (const look of looks) {
      await see(page, look);
      await shot(page, `arrange-list-${lang}-${look[0]}`);
      await clean(page, `list ${lang}`);
    }
  }
});

test('what is wrong leads to its field, and the field says it', async (t) => {
  const { page, node } = await at(t, kase([revision(1, 'avelmar', 'open')]));
  node.problems = (d) => (d.members[0].name.en === 'x' ? [{ path: `members.${d.members[0].id}.name.en`, code: 'text.invisible', args: {} }] : []);
  await page.click('li[data-member=avelmar-tarroven] [data-act=edit]');
  await page.fill('[data-field="members.avelmar-tarroven.name.en"]', 'x');
  await page.click('[data-act=save]');
  await until(page, () => document.querySelector('[data-bad="members.avelmar-tarroven.name.en"]'));
  await page.click('.problems a');
  assert.equal(await page.evaluate(() => document.activeElement.dataset.field), 'members.avelmar-tarroven.name.en');
  assert.equal(await page.getAttribute('[data-field="members.avelmar-tarroven.name.en"]', 'aria-invalid'), 'true');
  await page.fill('[data-field="members.avelmar-tarroven.name.en"]', 'Maelin Tarroven');
  await page.click('[data-act=save]');
  await until(page, () => !document.querySelector('.problems') && !document.querySelector('[aria-invalid]'), null, 4000, 'the control: nothing is wrong any more');
});

test('moving by keys: the principal stays first, the moved person keeps the focus', async (t) => {
  const { page } = await at(t, kase([revision(1, 'avelmar', 'open')]));
  const order = () => page.evaluate(() => [...document.querySelectorAll('[data-rank=own] > li')].map((l) => l.dataset.member));
  const was = await order();
  await page.focus(`li[data-member=${was[1]}] [data-act=up]`);
  await page.keyboard.press('Enter');
  assert.deepEqual(await order(), was, 'nobody passes the head of delegation');
  await page.focus(`li[data-member=${was[2]}] [data-act=edit]`);
  await page.keyboard.press('Alt+ArrowUp');
  assert.deepEqual(await order(), [was[0], was[2], was[1], ...was.slice(3)]);
  assert.equal(await page.evaluate(() => document.activeElement.closest('li').dataset.member), was[2]);
  await page.keyboard.press('Alt+ArrowDown');
  await page.keyboard.press('Alt+ArrowDown');
  assert.deepEqual(await order(), [was[0], was[1], was[3], was[2], ...was.slice(4)]);
});

test('hours: both clocks follow each other, nights and days that differ are said, a clock that is changed is heeded', async (t) => {
  const c = kase([]);
  c.draft.parties[0].zone = 'Europe/Berlin';
  c.draft.parties[1].zone = 'America/New_York';
  c.draft.start = '2026-03-10T09:00:00Z';
  const { page } = await at(t, c);
  const field = (p, what) => page.inputValue(`[data-field="parties.${p}.${what}"]`);
  assert.deepEqual([await field('avelmar', 'time'), await field('tolmeria', 'time')], ['10:00', '05:00'], 'five hours between 8 and 29 March');
  assert.ok(await page.$('[data-warn=night][data-at=tolmeria]'));
  await page.fill('[data-field="parties.avelmar.date"]', '2026-04-10');
  assert.deepEqual([await field('avelmar', 'time'), await field('tolmeria', 'time')], ['10:00', '04:00'], 'six in April, and the own clock stays');
  await page.fill('[data-field="parties.tolmeria.time"]', '10:00');
  assert.equal(await field('avelmar', 'time'), '16:00');
  assert.equal(await page.$('[data-warn=night]'), null, 'the control: no night any more');
  await page.fill('[data-field="parties.tolmeria.time"]', '20:00');
  assert.equal(await field('avelmar', 'date'), '2026-04-11');
  assert.ok(await page.$('[data-warn=days]'));
  await page.fill('[data-field="parties.avelmar.date"]', '2026-03-29');
  await page.fill('[data-field="parties.avelmar.time"]', '02:30');
  assert.equal(await field('avelmar', 'time'), '03:30', 'half past two does not exist that night in Berlin');
  await page.fill('[data-field="parties.avelmar.date"]', '2026-13-40');
  assert.equal(await page.getAttribute('[data-field="parties.avelmar.date"]', 'aria-invalid'), 'true');
  const summer = kase([]);
  summer.draft.parties[0].zone = 'Australia/Lord_Howe';
  summer.draft.start = '2026-12-09T23:30:00Z';
  const two = await at(t, summer);
  assert.match(await two.page.textContent('[data-says=hours] [data-at=avelmar]'), /10:30.*UTC\+11/s);
});

test('what comes in while the officer writes does not take the writing away', async (t) => {
  const c = states.sent();
  const { page, node } = await at(t, c);
  await page.fill('[data-field="title.en"]', 'Written and not saved');
  const newer = structuredClone(c);
  newer.version = 9;
  newer.revisions = [revision(1, 'avelmar', 'countered'), revision(2, 'tolmeria', 'open')];
  newer.head = newer.revisions[1].id;
  newer.draft = draft();
  newer.draft.members.find((m) => m.party === 'tolmeria').name = { en: 'Somebody new' };
  node.kases = [newer];
  await until(page, () => document.querySelector('.standing').dataset.stand === 'theirs', null, 8000, 'the proposal is seen');
  assert.equal(await page.inputValue('[data-field="title.en"]'), 'Written and not saved');
  assert.match(await page.textContent('[data-rank=other]'), /Somebody new/, 'their people are always as they sent them');
  await page.click('[data-act=propose]');
  await until(page, () => document.querySelector('.standing').dataset.stand === 'sent');
  const save = node.asks.find(([w]) => w === 'save')[1];
  assert.equal(save.version, 9);
  assert.equal(save.draft.title.en, 'Written and not saved');
});

test('two officers of one side: the later one is told and loses nothing', async (t) => {
  const c = states.sent();
  const { page, node } = await at(t, c);
  await page.fill('[data-field="title.en"]', 'Mine');
  const other = structuredClone(c);
  Object.assign(other, { version: 6, saved: '2026-11-21T10:00:00Z', savedBy: 'Dara Wenlow' });
  other.draft.title.en = 'Hers';
  node.kases = [other];
  await until(page, () => document.querySelector('[data-says=newer]'), null, 8000, 'somebody else has saved');
  assert.equal(await page.inputValue('[data-field="title.en"]'), 'Mine');
  await page.click('[data-act=take]');
  assert.equal(await page.inputValue('[data-field="title.en"]'), 'Hers');
});

test('a PIN is shown once, and only to who asked', async (t) => {
  const { page } = await at(t, states.agreed());
  await until(page, () => document.querySelector('.invited li'));
  assert.equal(await page.evaluate(() => document.querySelectorAll('.invited [data-state=account] [data-act=invite]').length), 0, 'who signs in is not invited');
  await page.click('.invited li[data-member=avelmar-tarroven] [data-act=invite]');
  await until(page, () => document.querySelector('[data-once=pin]')?.value === '482 913');
  await clean(page, 'the dialog');
  await shot(page, 'arrange-pin');
  await page.click('[data-act=issued-done]');
  await until(page, () => !document.querySelector('[data-once]'));
  assert.ok(!(await page.content()).includes('482'), 'nothing of it is left in the page');
  await page.fill('#press', 'Ilverne Courier');
  await page.click('[data-act=invite-press]');
  await until(page, () => document.querySelector('[data-once=link]') && !document.querySelector('[data-once=pin]'), null, 4000, 'the press has no PIN');
});

test('what is agreed is called off after a question, with a reason, and by nothing less', async (t) => {
  const { page, node } = await at(t, states.agreed());
  await page.click('[data-act=calloff]');
  await until(page, () => document.querySelector('dialog[open][data-ask=calloff]'));
  await clean(page, 'the question');
  await shot(page, 'arrange-calloff');
  await page.keyboard.press('Enter'); // the button that keeps the meeting has the focus
  await until(page, () => !document.querySelector('dialog[open]'));
  assert.deepEqual(node.asks, [], 'the control: called off by a key pressed too many');
  await page.click('[data-act=calloff]');
  await page.fill('#offwhy', 'The river is in flood.');
  await page.click('[data-act=calloff-now]');
  await until(page, () => document.querySelector('.standing').dataset.stand === 'calledoff');
  assert.deepEqual(node.asks, [['calloff', { revision: node.kases[0].head, reason: 'The river is in flood.' }]]);
  assert.match(await page.textContent('.standing'), /The river is in flood\./);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-act=calloff], [data-act=invite]').length), 0);
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-act=propose]').length), 1, 'it can be proposed anew');
  await clean(page, 'called off');
});

test('a meeting is copied into a new draft, which opens', async (t) => {
  const { page, node } = await at(t, { ...states.agreed(), begun: true });
  assert.equal(await page.evaluate(() => document.querySelectorAll('[data-act=calloff]').length), 0, 'what has begun is not called off');
  await page.click('[data-act=copy]');
  await until(page, () => document.querySelector('.standing')?.dataset.stand === 'none' && location.search.includes('avelmar-copy'));
  assert.deepEqual(node.asks, [['begin', { other: 'tolmeria', copy: node.kases[0].id }]]);
  assert.equal(await page.inputValue('[data-field="title.en"]'), node.kases[0].draft.title.en);
});

/** passkey stands in for the browser's part of a ceremony: shown, or given up by the person. */
const passkey = (shows) => {
  globalThis.ceremonies = 0;
  PublicKeyCredential.parseRequestOptionsFromJSON = (o) => o;
  navigator.credentials.get = async () => { globalThis.ceremonies++; if (!shows) throw new DOMException('no', 'NotAllowedError'); return { toJSON: () => ({ id: 'x' }) }; };
};

test('in a meeting that has begun the passkey is asked for, and the invitation made after it', async (t) => {
  const { page, node } = await at(t, { ...states.agreed(), begun: true });
  await page.evaluate(passkey, true);
  node.proven = false;
  const invite = '.invited li[data-member=avelmar-tarroven] [data-act=invite]';
  await until(page, (q) => document.querySelector(q), invite);
  await page.click(invite);
  await until(page, () => document.querySelector('[data-once=pin]')?.value === '482 913');
  assert.deepEqual(node.asks.map(([what]) => what), ['invite', 'stepup', 'stepup/finish', 'invite']);
  await page.click('[data-act=issued-done]');
  node.asks = [];
  await page.click(invite); // the control: who has just shown it is not asked again
  await until(page, () => document.querySelector('[data-once=pin]'));
  assert.deepEqual(node.asks.map(([what]) => what), ['invite']);
});

for (const [how, shows, accepts] of [['given up', false, true], ['refused', true, false]]) {
  test(`a passkey that is ${how} makes no invitation, and that is said beside it`, async (t) => {
    const { page, node } = await at(t, { ...states.agreed(), begun: true });
    await page.evaluate(passkey, shows);
    Object.assign(node, { proven: false, accepts });
    const invite = '.invited li[data-member=avelmar-tarroven] [data-act=invite]';
    await until(page, (q) => document.querySelector(q), invite);
    await page.click(invite);
    await until(page, () => document.querySelector('[aria-labelledby=invitations] [data-refused="stepup.failed"]'), null, 4000, 'it is said where the button is');
    assert.equal(node.asks.filter(([what]) => what === 'invite').length, 1);
    assert.equal(await page.evaluate(() => document.querySelector('.standing [role=alert]').textContent), '', 'said twice');
    await clean(page, how);
  });
}

test('hostile texts stay texts', async (t) => {
  const c = states.theirs();
  const evil = '<img src=x onerror=alert(1)>';
  c.draft.members.find((m) => m.party === 'tolmeria').name = { en: evil };
  c.draft.parties[1].city = { en: evil };
  c.changes = [change('title.en', evil, 'javascript:alert(1)')];
  c.revisions[0].reason = evil;
  const { page } = await at(t, c);
  assert.equal(await page.evaluate(() => document.querySelectorAll('img').length), 0);
  assert.match(await page.textContent('[data-rank=other]'), /<img src=x/);
  await clean(page, 'hostile');
});

test('a refusal is said, and an act that failed can be done again', async (t) => {
  const { page, node } = await at(t, states.theirs());
  node.refuses.accept = 'arrange.gone';
  await page.click('[data-act=accept]');
  await until(page, () => document.querySelector('[role=alert][data-refused="arrange.gone"]'));
  delete node.refuses.accept;
  await page.click('[data-act=accept]');
  await until(page, () => document.querySelector('.standing').dataset.stand === 'accepted');
  assert.equal(await page.getAttribute('[role=alert]', 'data-refused'), null);
});

// What an officer has written and not saved is kept, at a canned node: whatever the browser, another officer, the network or the session does meanwhile.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, looks, open, see, speak, tongues, until, violations } from './lib/browser.mjs';
import { FakeDraft, copy, id, view } from './lib/fakedraft.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

const options = { timeout: 60_000 }, one = `**/api/readouts/${id}`;
const there = (page, selector, limit = 10_000) => until(page, (s) => document.querySelector(s), selector, limit, `there is ${selector}`);
const gone = (page, selector, limit = 10_000) => until(page, (s) => !document.querySelector(s), selector, limit, `${selector} is gone`);
const has = (page, selector) => page.evaluate((s) => !!document.querySelector(s), selector);
const value = (page, selector) => page.evaluate((s) => document.querySelector(s).value, selector);
const cell = (block, tag) => `#block-${block} [data-cell=${tag}]`, field = `${cell('b03', 'en')} textarea`;
const gate = () => { let pass; const waits = new Promise((done) => { pass = done; }); return { waits, pass }; };

/** desk is a page at the list, or at the readout. */
async function desk(t, { list = false, clock = false } = {}) {
  const node = await new FakeDraft().start();
  node.view = view('private');
  const page = await open(browser);
  t.after(async () => { await page.context().close(); await node.stop(); });
  if (clock) await page.clock.install();
  await page.route('**/api/readouts', (r) => r.fulfill({ json: { readouts: [{ id, meeting: id, title: { en: 'Velune' }, mode: 'joint', other: 'tolmeria', revision: 1, stage: 'private', held: '', fault: '' }] } }));
  await page.goto(list ? `${node.url}/draft?lang=en` : `${node.url}/draft?r=${id}&lang=en`);
  await there(page, list ? '[data-says=list] [data-readout] a' : '[data-says=between]', 15_000);
  return { node, page };
}

/** change makes the node's readout another one, as an officer elsewhere would. */
function change(node, f) {
  const v = copy(node.view);
  f(v);
  node.view = { ...v, version: v.version + 1, manuscript: { ...v.manuscript, version: v.manuscript.version + 1 } };
}

async function writing(page, words) {
  await page.click(`${cell('b03', 'en')} [data-act=write]`);
  await there(page, `${field}:focus`);
  if (words) await page.fill(field, words);
}

test('Back asks before it loses what is not saved', options, async (t) => {
  const { page } = await desk(t, { list: true });
  await page.click('[data-readout] a');
  await there(page, '#block-b03');
  await page.goBack(); // control: nothing is written, nothing is asked
  await there(page, '[data-says=list]');
  await page.click('[data-readout] a');
  await writing(page, 'Not saved.');
  await page.goBack();
  await there(page, 'dialog[open] [data-act=leave]');
  assert.equal(new URL(page.url()).searchParams.get('r'), id, 'the address is that of what is shown');
  await page.keyboard.press('Escape');
  await gone(page, 'dialog[open]');
  assert.equal(await value(page, field), 'Not saved.');
  await page.goBack();
  await page.click('dialog[open] [data-act=leave]');
  await there(page, '[data-says=list]');
  assert.equal(new URL(page.url()).searchParams.get('r'), null);
});

test('what is typed while a text is saved stays, and is saved over that', options, async (t) => {
  const { node, page } = await desk(t);
  await writing(page, 'First.');
  const held = gate();
  await page.route(`${one}/text`, async (r) => { await held.waits; await r.continue(); });
  const saved = copy(node.view);
  saved.manuscript.document.blocks[1].texts.en = { text: 'First.', state: 'ready', based: '' };
  Object.assign(saved.manuscript, { version: 4, versions: { ...saved.manuscript.versions, b03: 3 } });
  node.next = { manuscript: saved.manuscript };
  await page.click(`${cell('b03', 'en')} [data-act=save-ready]`);
  await there(page, `${cell('b03', 'en')} [data-act=save-ready][aria-disabled=true]`);
  await page.fill(field, 'First. Second.');
  held.pass();
  await until(page, () => document.querySelector('#block-b03').dataset.version === '3', null, 8000, 'saved');
  assert.equal(await value(page, field), 'First. Second.');
  assert.deepEqual([await has(page, '[data-conflict]'), await has(page, `${cell('b03', 'en')} [data-says=unsaved]`)], [false, true]);
  await page.click(`${cell('b03', 'en')} [data-act=save-ready]`);
  await gone(page, field);
  const texts = node.asks.filter(([what]) => what === 'text');
  assert.deepEqual(texts.map(([, body, match]) => [body.text, match]), [['First.', '"2"'], ['First. Second.', '"3"']]);
});

test('control: a text to which nothing was added closes when it is saved', options, async (t) => {
  const { page } = await desk(t);
  await writing(page, 'First.');
  await page.click(`${cell('b03', 'en')} [data-act=save-ready]`);
  await gone(page, field);
});

test('a second press whose answer comes late does not undo what is typed', options, async (t) => {
  const { page } = await desk(t), gates = [gate(), gate()];
  let n = 0;
  await page.route(`${one}/lease`, async (r) => { await gates[n++]?.waits; await r.continue(); });
  await page.evaluate((s) => { const b = document.querySelector(s); b.click(); b.click(); }, `${cell('b03', 'en')} [data-act=write]`);
  gates[0].pass();
  await there(page, field);
  await page.fill(field, 'Typed between.');
  const late = page.waitForResponse(`${one}/lease`);
  gates[1].pass();
  const version = (await (await late).json()).version;
  await until(page, (v) => Number(document.querySelector('[data-says=readout]').dataset.version) >= v, version, 8000, 'the late answer is there');
  assert.equal(n, 2, 'two were asked');
  assert.equal(await value(page, field), 'Typed between.');
});

test('particulars count as not saved, and stay when writing ends', options, async (t) => {
  const { node, page } = await desk(t), tick = '#block-b03 [data-tick="act.noted"]';
  await page.click('#block-b03 [data-act=frame]');
  await there(page, tick);
  await page.click('#block-b03 [data-act=frame]'); // control: untouched, it closes
  await gone(page, '#block-b03 [data-frame]');
  await page.click('#block-b03 [data-act=frame]');
  await there(page, tick);
  const was = await page.isChecked(tick);
  await page.click(tick);
  await page.click('[data-act=home]');
  await there(page, 'dialog[open] [data-act=leave]');
  await page.keyboard.press('Escape');
  await page.click('#block-b03 [data-act=frame]'); // does not let it go
  change(node, (v) => { v.life.stage = 'published'; });
  await there(page, '[data-stage=published] #block-b03 [data-act=frame-save][aria-disabled=true]');
  assert.equal(await page.isChecked(tick), !was);
  change(node, (v) => { v.life.stage = 'private'; });
  await there(page, '#block-b03 [data-act=frame-save]:not([aria-disabled])');
  change(node, (v) => { v.manuscript.document.blocks = v.manuscript.document.blocks.filter((b) => b.id !== 'b03'); });
  await there(page, '[data-says=orphans] [data-frame=b03]');
  assert.equal(await page.isChecked('[data-says=orphans] [data-tick="act.noted"]'), !was);
  assert.deepEqual(await violations(page), []);
  await page.click('[data-says=orphans] [data-act=frame-close]');
  await page.click('[data-act=home]');
  await there(page, '[data-says=list]'); // nothing is left to ask for
});

test('a language goes only after a question', options, async (t) => {
  const { node, page } = await desk(t);
  await page.click('[data-act=whole]');
  await there(page, '[data-form=whole]');
  await page.selectOption('[data-form=whole] [data-field="language.es"]', '');
  await page.click('[data-act=whole-save]');
  await there(page, 'dialog[open] [data-act=drop-language]');
  assert.deepEqual(await violations(page), []);
  await page.keyboard.press('Escape');
  assert.deepEqual(node.asks.filter(([what]) => what === 'document'), [], 'nothing is gone');
  await page.click('[data-act=home]');
  await there(page, 'dialog[open] [data-act=leave]'); // the form counts
  await page.keyboard.press('Escape');
  await page.click('[data-act=whole-save]');
  const asked = page.waitForResponse(`${one}/document`);
  await page.click('dialog[open] [data-act=drop-language]');
  await asked;
  const [[, body]] = node.asks.filter(([what]) => what === 'document');
  assert.ok(body.document.blocks.every((b) => !b.texts.es && b.texts.en), 'that language alone');
});

test('of the readout as a whole, what another has saved is shown before ours is laid over it', options, async (t) => {
  const { node, page } = await desk(t), zh = '[data-form=whole] [data-field="title.zh"]', en = '[data-form=whole] [data-field="title.en"]';
  await page.click('[data-act=whole]');
  await there(page, zh);
  await page.fill(zh, '我方标题');
  change(node, (v) => { v.manuscript.document.title.en = 'Saved elsewhere'; });
  await until(page, (s) => document.querySelector(s).value === 'Saved elsewhere', en, 10_000, 'what was not touched follows');
  assert.deepEqual([await value(page, zh), await has(page, '[data-conflict=whole]')], ['我方标题', false]);
  change(node, (v) => { v.manuscript.document.title.zh = '对方标题'; });
  await there(page, '[data-conflict=whole] [data-theirs="title/zh"]');
  assert.equal(await page.textContent('[data-theirs="title/zh"]'), '对方标题');
  assert.deepEqual([await value(page, zh), await has(page, '[data-act=whole-save][aria-disabled=true]')], ['我方标题', true]);
  assert.deepEqual(await violations(page), []);
  await page.click('[data-act=whole-over]');
  await there(page, '[data-act=whole-save]:not([aria-disabled])');
  const asked = page.waitForResponse(`${one}/document`);
  await page.click('[data-act=whole-save]');
  await asked;
  const [[, body, match]] = node.asks.filter(([what]) => what === 'document');
  assert.deepEqual([body.document.title.zh, body.document.title.en, match], ['我方标题', 'Saved elsewhere', '"5"']);
});

test('a text whose block is gone stays in sight, and its block is not asked for any more', options, async (t) => {
  const { node, page } = await desk(t, { clock: true }), leases = () => node.asks.filter(([what]) => what === 'lease').length;
  await writing(page, 'Written here.');
  const again = page.waitForResponse(`${one}/lease`);
  await page.clock.runFor(31_000);
  await again;
  assert.ok(leases() >= 2, 'control: a block that is there is asked for again');
  change(node, (v) => { v.manuscript.document.blocks = v.manuscript.document.blocks.filter((b) => b.id !== 'b03'); });
  await page.clock.runFor(4000);
  await there(page, '[data-orphan="b03/en"]');
  assert.equal(await value(page, '[data-orphan="b03/en"] textarea'), 'Written here.');
  await until(page, () => document.activeElement?.id === 'orphans-h', null, 4000, 'the focus is there');
  const before = leases(), looked = page.waitForResponse(one);
  await page.clock.runFor(61_000);
  await looked;
  assert.equal(leases(), before);
  for (const tongue of tongues) {
    await speak(page, tongue);
    for (const look of looks) {
      await see(page, look);
      assert.deepEqual(await violations(page), [], `${tongue} ${look[0]}`);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= document.documentElement.clientWidth), `${tongue} ${look[0]}: scrolls sideways`);
    }
  }
  await page.click('[data-orphan="b03/en"] [data-act=discard]');
  await gone(page, '[data-says=orphans]');
  await page.click('[data-act=home]');
  await there(page, '[data-says=list]');
});

test('a name that is emptied stays open, and the focus goes with a person', options, async (t) => {
  const { node, page } = await desk(t), person = (i) => `#block-b03 .people > li:nth-child(${i})`;
  const b = node.view.manuscript.document.blocks[1];
  b.speakers = ['One', 'Two', 'Three'].map((name, i) => ({ member: `m${i}`, party: 'avelmar', name: Object.fromEntries(tongues.map((l) => [l, name])) }));
  await page.reload();
  await page.click('#block-b03 [data-act=frame]');
  await there(page, person(3));
  const name = `${person(1)} [data-field="person.m0.name.en"]`;
  assert.equal(await page.getAttribute(`${person(1)} details`, 'open'), null, 'nothing lacks');
  await page.click(`${person(1)} summary`);
  await page.fill(name, '');
  await page.type(name, 'Anew');
  assert.deepEqual([await value(page, name), await has(page, `${name}:focus`), await has(page, `${person(1)} details[open]`)], ['Anew', true, true]);
  await page.click(`${person(1)} [data-act=person-down]`);
  await there(page, `${person(2)} [data-act=person-down]:focus`);
  assert.equal(await has(page, `${person(2)} details[open]`), true, 'the row itself goes');
  await page.click(`${person(2)} [data-act=person-up]`);
  await there(page, `${person(1)} [data-act=person-up]:focus`);
  await page.click(`${person(3)} [data-act=remove-person]`);
  await gone(page, person(3));
  await there(page, `${person(2)} [data-act=remove-person]:focus`);
});

test('a form whose file does not come says so in its place, and loads nothing anew', options, async (t) => {
  const { page } = await desk(t, { clock: true });
  await writing(page, 'Kept.');
  await page.route('**/assets/*.js', (r) => r.abort());
  await page.click('#block-b03 [data-act=frame]');
  await page.clock.runFor(1000);
  assert.equal(await has(page, '[data-says=lost-part]'), false, 'once is not lost');
  await page.clock.runFor(3000);
  await there(page, '#block-b03 [data-says=lost-part] [data-act=again]');
  assert.equal(await value(page, field), 'Kept.');
  assert.deepEqual(await violations(page), []);
});

test('who is signed out, or hears nothing, is told beside the text', options, async (t) => {
  const { page } = await desk(t, { clock: true });
  await writing(page, 'Kept.');
  const out = (r) => (r.request().method() === 'GET' ? r.fulfill({ status: 401, json: { error: { code: 'session.unknown', args: {} } } }) : r.continue());
  await page.route(one, out);
  await page.clock.runFor(3100);
  await there(page, '[data-away=signin] a[href^="/signin"][target=_blank]');
  assert.match(await page.textContent('[data-away]'), /\d:\d\d/, 'with the time of the last answer');
  assert.equal(await value(page, field), 'Kept.');
  assert.deepEqual(await violations(page), []);
  await page.unroute(one, out);
  await page.clock.runFor(3100);
  await gone(page, '[data-away]');
  const silent = (r) => (r.request().method() === 'GET' ? r.abort() : r.continue());
  let failed = page.waitForEvent('requestfailed');
  await page.route(one, silent);
  await page.clock.runFor(3100);
  await failed;
  assert.equal(await has(page, '[data-away]'), false, 'once may happen');
  failed = page.waitForEvent('requestfailed');
  await page.clock.runFor(3100);
  await failed;
  await there(page, '[data-away=silent]');
  assert.equal(await value(page, field), 'Kept.');
});

test('a readout that the node could not give at first is asked for again', options, async (t) => {
  const { page } = await desk(t, { list: true, clock: true }), first = gate(), second = gate();
  let asked = 0;
  await page.route(one, async (r) => { if (asked++) return r.continue(); await first.waits; return r.fulfill({ status: 503, json: { error: { code: 'busy', args: {} } } }); });
  await page.route('**/api/readouts', async (r) => { await second.waits; await r.fallback(); });
  await page.click('[data-readout] a');
  await page.clock.runFor(3100); // the list would be looked for now
  first.pass();
  await until(page, () => document.querySelector('.notice h1'), null, 8000, 'the node cannot');
  second.pass();
  await page.clock.runFor(3100);
  await there(page, '#block-b03');
});

// Two officers of one delegation write a readout at a real node in Chromium, with the keyboard alone: from the record of a meeting to texts that are
// ready in three languages, with leases, a conflict in which nothing is lost, particulars, and the record beside. VISAVIS_BIN names the program.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { all, launch, open, see, shot, speak, tongues as six, until, violations } from './lib/browser.mjs';
import { choose as chooseAt, press, reach, unpointed, write } from './lib/keyboard.mjs';
import { bin, start } from './lib/nodes.mjs';

const id = 'avelmar-tolmeria-2026', options = { skip: bin ? false : 'VISAVIS_BIN names no program', timeout: 400_000 };
let nodes, browser;
before(async () => {
  if (!bin) return;
  nodes = await start();
  const { stdout } = await promisify(execFile)(bin, ['account', 'add', '--config', nodes.avelmar.config, '--role', 'officer', '--valid', '24h', 'avelmar-spare', 'Dara Wenlow']);
  nodes.avelmar.second = /http\S+\/enrol#\S+/.exec(stdout)[0];
  browser = await launch();
});
after(async () => { await browser?.close(); await nodes?.stop(); });

/** officer has made a passkey with the link and is at home. */
async function officer(enrol) {
  const page = await open(browser), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await unpointed(page);
  await page.goto(enrol);
  await press(page, '[data-act=register]');
  await until(page, () => document.querySelector('[data-says=home]'), null, 15_000, 'signed in');
  return page;
}

const cell = (block, tag) => `#block-${block} [data-cell=${tag}]`;
const state = (page, block, tag, want) => until(page, ([s, w]) => document.querySelector(s)?.dataset.state === w, [cell(block, tag), want], 10_000, `${block} ${tag} is ${want}`);
const text = (page, selector) => page.evaluate((s) => document.querySelector(s)?.textContent ?? '', selector);
const there = (page, selector, limit = 10_000) => until(page, (s) => document.querySelector(s), selector, limit, `there is ${selector}`);
const gone = (page, selector, limit = 10_000) => until(page, (s) => !document.querySelector(s), selector, limit, `${selector} is gone`);
const kinds = (page) => page.evaluate(() => [...document.querySelectorAll('[data-block]')].map((e) => e.dataset.kind));

const choose = (page, field, value) => chooseAt(page, `[data-field="${field}"]`, value);

/** save writes a text and saves it; ready or as a draft. */
async function save(page, block, tag, words, what = 'save-ready') {
  await press(page, `${cell(block, tag)} [data-act=write]`);
  await there(page, `${cell(block, tag)} textarea:focus`);
  await page.keyboard.press('Control+A');
  await page.keyboard.insertText(words);
  await press(page, `${cell(block, tag)} [data-act=${what}]`);
  await gone(page, `${cell(block, tag)} textarea`);
}

/** whole looks at the page in both lights and widths, in the languages: no violation, nothing sideways, no error. */
async function whole(page, what, tongues = ['en', 'ar']) {
  for (const tongue of tongues) {
    await speak(page, tongue);
    for (const look of all) {
      await see(page, look);
      const where = `draft-${what}-${tongue}-${look[0]}-${look[1].width}`;
      await shot(page, where);
      assert.deepEqual(await violations(page), [], where);
      const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
      assert.ok(wide <= 0, `${where}: scrolls sideways by ${wide}`);
    }
  }
  await speak(page, 'en');
  await see(page, all[0]);
  assert.deepEqual([page.errors, await page.evaluate(() => globalThis.reports)], [[], []], what);
}

test('two officers write a readout with the keyboard alone', options, async () => {
  const vost = await officer(nodes.avelmar.enrol), wenlow = await officer(nodes.avelmar.second);
  await press(vost, '[data-act=readouts]');
  await there(vost, '[data-says=list] [data-act=begin]', 15_000);
  await speak(vost, 'en');
  await whole(vost, 'list');

  // Begin: three languages, two of them authentic; the Arabic prevails.
  assert.equal(await vost.evaluate(() => document.querySelector('[data-field=id]').value), id, 'the name is the meeting\'s');
  await write(vost, '[data-field=number]', '2026/9');
  for (const tag of ['ar', 'zh', 'en', 'fr', 'ru', 'es']) await choose(vost, `language.${tag}`, { ar: 'authentic', zh: 'official', en: 'authentic' }[tag] ?? '');
  await choose(vost, 'prevails', 'ar');
  await press(vost, '[data-act=begin]');
  await there(vost, '[data-says=readout]', 15_000);
  assert.deepEqual((await kinds(vost)).slice(0, 2), ['headline', 'lede'], 'laid out from the record');
  assert.deepEqual(await vost.evaluate(() => [...document.querySelectorAll('#block-b01 [data-cell]')].map((e) => [e.dataset.cell, e.dataset.state])), [['ar', 'missing'], ['zh', 'missing'], ['en', 'missing']]);
  assert.ok(await vost.evaluate(() => document.querySelector('#block-b02 [data-cell=en] .prefill')), 'what was filled in from the record carries its mark');

  // A text with a mark that is not seen; then all languages ready.
  await press(vost, `${cell('b01', 'ar')} [data-act=write]`);
  await there(vost, `${cell('b01', 'ar')} textarea:focus`);
  await vost.keyboard.insertText('أفلمار وتولميريا\u200f تتفقان');
  assert.match(await text(vost, `${cell('b01', 'ar')} [data-says=unseen]`), /RLM/, 'the mark is written out');
  await press(vost, `${cell('b01', 'ar')} [data-act=save-ready]`);
  await state(vost, 'b01', 'ar', 'ready');
  await until(vost, (s) => document.activeElement?.matches(`${s} [data-act=write]`), cell('b01', 'ar'), 4000, 'the focus is at the button that opened the field');
  assert.match(await text(vost, cell('b01', 'ar')), /RLM/, 'and where it is read');
  await save(vost, 'b01', 'zh', '阿韦尔马与托尔梅里亚达成一致');
  await save(vost, 'b01', 'en', 'Avelmar and Tolmeria agree', 'save-draft');
  await state(vost, 'b01', 'en', 'draft');
  await press(vost, `${cell('b01', 'en')} [data-act=finish]`);
  await state(vost, 'b01', 'en', 'ready');

  // The Arabic changes: what rests on it is to be reviewed, and says what has changed.
  await press(vost, `${cell('b01', 'zh')} [data-act=finish]`); // the English was written after it
  await state(vost, 'b01', 'zh', 'ready');
  await save(vost, 'b01', 'ar', 'أفلمار وتولميريا\u200f توقّعان');
  for (const tag of ['en', 'zh']) await state(vost, 'b01', tag, 'stale');
  const differ = await vost.evaluate(() => { const e = document.querySelector('#block-b01 [data-cell=zh] [data-under=ar] .changes'); return { dir: e.dir, del: e.querySelector('del').textContent, ins: e.querySelector('ins').textContent, said: [...e.querySelectorAll('.vh')].map((x) => x.textContent.trim()) }; });
  assert.equal(differ.dir, 'rtl');
  assert.match(differ.del, /تتفقان/);
  assert.match(differ.ins, /^\s*توقّعان$/, 'whole words');
  assert.ok(differ.said.includes('removed:') && differ.said.includes('inserted:') && differ.said.includes('end of change'), `${differ.said}`);
  await whole(vost, 'stale', six);
  await press(vost, `${cell('b01', 'en')} [data-act=finish]`);
  await state(vost, 'b01', 'en', 'ready');
  await press(vost, `${cell('b02', 'en')} [data-act=finish]`);
  await state(vost, 'b02', 'en', 'ready');
  assert.ok(!await vost.evaluate(() => document.querySelector('#block-b02 [data-cell=en] .prefill')), 'the mark goes when somebody confirms');

  // What the gate refuses is said at its block, and stays in the field.
  await press(vost, `${cell('b02', 'zh')} [data-act=write]`);
  await there(vost, `${cell('b02', 'zh')} textarea:focus`);
  await vost.keyboard.press('Control+A');
  await vost.keyboard.insertText('会议\u202e');
  await press(vost, `${cell('b02', 'zh')} [data-act=save-ready]`);
  await there(vost, '#block-b02 > [data-refused="text.invisible"]');
  assert.equal(await vost.evaluate((s) => document.querySelector(s).value.length, `${cell('b02', 'zh')} textarea`), 3, 'nothing of it is lost');

  // A second officer: the block is taken, another is free.
  await press(wenlow, '[data-act=readouts]');
  await press(wenlow, `[data-readout=${id}] a`, 15_000);
  await there(wenlow, '#block-b02 [data-says=leased]');
  assert.match(await text(wenlow, '#block-b02 [data-says=leased]'), /Lirien Vost/);
  assert.equal(await wenlow.evaluate(() => document.querySelector('#block-b02 [data-act=write]')), null);
  await there(wenlow, `${cell('b01', 'en')} [data-act=write]`); // control
  await press(vost, '[data-act=home]');
  await there(vost, 'dialog[open] [data-act=leave]'); // who leaves is asked first
  await vost.keyboard.press('Escape');
  assert.ok(await vost.evaluate((s) => document.querySelector(s), `${cell('b02', 'zh')} textarea`), 'who stays goes on');
  await press(vost, '[data-act=home]');
  await press(vost, 'dialog[open] [data-act=leave]');
  await press(vost, `[data-readout=${id}] a`, 15_000);
  await there(wenlow, `${cell('b02', 'ar')} [data-act=write]`); // given back
  await there(vost, '#block-b02');

  await conflict(vost, wenlow);
  await particulars(vost);
  await record(vost);
  for (const page of [vost, wenlow]) assert.deepEqual(await page.evaluate(() => globalThis.pointed), [], 'no pointing device');
});

/** conflict: a lease ends while its officer writes, the other saves; both texts stay in sight, and nothing is saved over one that was not read. */
async function conflict(vost, wenlow) {
  await press(wenlow, `${cell('b02', 'ar')} [data-act=write]`);
  await there(wenlow, `${cell('b02', 'ar')} textarea:focus`);
  await wenlow.keyboard.press('Control+A');
  await wenlow.keyboard.insertText('نصّ الموظفة الثانية');
  await there(vost, '#block-b02 [data-says=leased]');
  assert.equal(await wenlow.evaluate((r) => fetch(`/api/readouts/${r}/release`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"block":"b02"}' }).then((a) => a.status), id), 200); // as if it had run out
  await save(vost, 'b02', 'ar', 'نصّ الموظف الأول');
  await there(wenlow, `${cell('b02', 'ar')} [data-conflict]`);
  const seen = await wenlow.evaluate((s) => ({ theirs: document.querySelector(`${s} .conflict .running`).textContent, own: document.querySelector(`${s} textarea`).value, save: document.querySelector(`${s} [data-act^=save]`) }), cell('b02', 'ar'));
  assert.deepEqual(seen, { theirs: 'نصّ الموظف الأول', own: 'نصّ الموظفة الثانية', save: null }, 'both texts are there, and neither is saved over');
  await whole(wenlow, 'conflict');
  await press(wenlow, `${cell('b02', 'ar')} [data-act=over]`);
  await press(wenlow, `${cell('b02', 'ar')} [data-act=save-ready]`);
  await state(wenlow, 'b02', 'ar', 'ready');
  await until(vost, (s) => document.querySelector(s)?.textContent.includes('نصّ الموظفة الثانية'), cell('b02', 'ar'), 10_000, 'the first officer sees it');

  // The same before the page has looked: the node refuses what was not read (If-Match).
  await press(wenlow, `${cell('b02', 'en')} [data-act=write]`);
  await there(wenlow, `${cell('b02', 'en')} textarea:focus`);
  await wenlow.keyboard.insertText('Not read. ');
  const blind = (r) => (r.request().method() === 'GET' ? r.abort() : r.continue());
  await wenlow.route(`**/api/readouts/${id}`, blind);
  await wenlow.evaluate((r) => fetch(`/api/readouts/${r}/release`, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"block":"b02"}' }), id);
  await gone(vost, '#block-b02 [data-says=leased]');
  await save(vost, 'b02', 'en', 'Saved by the first officer.');
  await press(wenlow, `${cell('b02', 'en')} [data-act=save-ready]`);
  await there(wenlow, '#block-b02 > [data-refused="readout.changed"]');
  await wenlow.unroute(`**/api/readouts/${id}`, blind);
  await there(wenlow, `${cell('b02', 'en')} [data-conflict]`);
  await press(wenlow, `${cell('b02', 'en')} [data-act=theirs]`);
  await gone(wenlow, `${cell('b02', 'en')} textarea`);
  assert.match(await text(wenlow, cell('b02', 'en')), /Saved by the first officer\./);
}

/** particulars: blocks come, move and go; who speaks, what was undertaken, the readout as a whole. */
async function particulars(page) {
  await press(page, '#block-b02 [data-act=add]');
  await chooseAt(page, '#block-b02 [data-field=new-kind]', 'commitment');
  await press(page, '#block-b02 dialog[open] [data-act=add-now]');
  await there(page, '[data-kind=commitment]');
  const block = await page.evaluate(() => document.querySelector('[data-kind=commitment]').dataset.block), here = `#block-${block}`;
  assert.deepEqual((await kinds(page)).slice(0, 3), ['headline', 'lede', 'commitment']);
  await press(page, `${here} [data-act=frame]`);
  await there(page, `${here} [data-frame]`);
  await reach(page, `${here} [data-tick="who.tolmeria"]`);
  await page.keyboard.press('Space'); // avelmar alone
  await write(page, `${here} [data-field="what.en"]`, 'Forty training places');
  await write(page, `${here} [data-field=due]`, '2027-02-30');
  await press(page, `${here} [data-act=frame-save]`);
  await there(page, `${here} [data-field=due][aria-invalid=true]`); // there is no such day
  await write(page, `${here} [data-field=due]`, '2027-06-01');
  await reach(page, `${here} [data-tick="act.committed"]`);
  await page.keyboard.press('Space');
  await press(page, `${here} [data-act=add-speakers]`);
  await whole(page, 'frame');
  await press(page, `${here} [data-act=frame-save]`);
  await gone(page, `${here} [data-frame]`);
  const said = await text(page, `${here} > header`);
  assert.match(said, /avelmar/i);
  assert.match(said, /1 June 2027/);
  assert.doesNotMatch(said, /tolmeria/i);
  assert.match(said, /undertook/);

  await press(page, `${here} [data-act=up]`);
  await until(page, () => [...document.querySelectorAll('[data-block]')][1]?.dataset.kind === 'commitment', null, 8000, 'moved up');
  await until(page, (s) => document.activeElement?.matches(`${s} [data-act=up]`), here, 4000, 'the focus goes with it');
  await press(page, `${here} [data-act=remove]`);
  await press(page, `${here} dialog[open] [data-act=remove-now]`);
  await gone(page, here);

  await press(page, '[data-act=whole]');
  await there(page, '[data-form=whole]');
  await write(page, '[data-form=whole] [data-field="title.zh"]', '韦卢讷河联合委员会');
  await choose(page, 'language.fr', 'courtesy');
  await press(page, '[data-act=whole-save]');
  await gone(page, '[data-form=whole]');
  await until(page, () => document.querySelectorAll('#block-b01 [data-cell]').length === 4, null, 8000, 'four languages');
  await state(page, 'b01', 'fr', 'missing');
  await state(page, 'b01', 'ar', 'ready');
}

/** record: nobody sat in this meeting, so that the answer of its record is canned; the block that names those present is written at the node. */
async function record(page) {
  const members = [['avelmar-aldesh', 'avelmar', 'Corvan Aldesh', 1], ['avelmar-kell', 'avelmar', 'Tibren Kell', 2], ['tolmeria-kosvane', 'tolmeria', 'Edran Kosvane', 1]]
    .map(([member, party, name, precedence]) => ({ id: member, party, role: precedence === 1 ? 'principal' : 'delegate', name: { en: name }, office: { en: 'Minister' }, precedence }));
  const at = (minute) => `2026-12-10T08:${minute}:00Z`;
  await page.route(`**/api/readouts/${id}/record`, (r) => r.fulfill({ json: { members, agenda: [{ title: { en: 'Dredging' }, minutes: 30 }],
    spoken: [{ member: 'avelmar-aldesh', capacity: 0, floor: true, start: at('04'), seconds: 380, item: 1, open: true, language: 'en' }, { member: 'tolmeria-kosvane', capacity: 0, floor: true, start: at('11'), seconds: -1, item: 1, open: false, language: 'ar' }],
    present: members.map((m) => ({ member: m.id, from: at('00'), to: at('59') })) } }));
  await page.reload();
  await there(page, '[data-says=log] tbody tr + tr', 15_000);
  assert.match(await text(page, '[data-says=log] tbody tr'), /Corvan Aldesh.*6:20/s);
  await press(page, '#block-b02 [data-act=add]');
  await chooseAt(page, '#block-b02 [data-field=new-kind]', 'attendance');
  await press(page, '#block-b02 dialog[open] [data-act=add-now]');
  await there(page, '[data-kind=attendance]');
  for (const who of ['tolmeria-kosvane', 'avelmar-aldesh']) {
    await reach(page, `[data-listed=${who}]`);
    await page.keyboard.press('Space');
    await until(page, async ([r, m]) => (await (await fetch(`/api/readouts/${r}`)).json()).manuscript.document.blocks.find((b) => b.kind === 'attendance').listed?.some((s) => s.member === m), [id, who], 8000, `${who} is listed`);
  }
  const listed = await page.evaluate(async (r) => (await (await fetch(`/api/readouts/${r}`)).json()).manuscript.document.blocks.find((b) => b.kind === 'attendance').listed.map((s) => s.member), id);
  assert.deepEqual(listed, ['avelmar-aldesh', 'tolmeria-kosvane'], 'party by party, by precedence');
  await whole(page, 'record');
}

test('an imported document becomes a readout, and only officers see any', options, async () => {
  const page = await officer(nodes.tolmeria.enrol);
  await page.goto(`${nodes.tolmeria.url}/draft?lang=en`);
  await there(page, '[data-says=list] [data-act=begin]', 15_000);
  await page.check('input[name=from][value=file]');
  const file = new URL('../../internal/readout/testdata/avelmar-tolmeria-2025.json', import.meta.url).pathname;
  await page.setInputFiles('[data-field=file]', { name: 'broken.json', mimeType: 'application/json', buffer: Buffer.from('{') });
  await there(page, '[data-refused="file.json"]');
  await page.setInputFiles('[data-field=file]', file);
  await press(page, '[data-act=begin]');
  await there(page, '[data-says=readout]', 15_000);
  assert.ok((await kinds(page)).length > 4);
  await whole(page, 'imported', ['en', 'ar', 'zh']);
  const stranger = await open(browser);
  await stranger.goto(`${nodes.avelmar.url}/draft?r=${id}&lang=en`);
  await until(stranger, () => document.querySelector('.notice a[href^="/signin"]'), null, 15_000, 'a stranger is asked to sign in');
  assert.doesNotMatch(await text(stranger, 'body'), /Velune|Avelmar/);
});

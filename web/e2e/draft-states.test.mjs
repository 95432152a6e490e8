// What the drafting page says between the parties, at a canned node: every state in six languages, and what it does with what does not fit.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, test } from 'node:test';
import { launch, looks, open, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { FakeDraft, copy, document, id, round, soon, view } from './lib/fakedraft.mjs';

let browser;
before(async () => { browser = await launch(); });
after(() => browser?.close());

/** theirs is a proposal that differs in every way: two texts, one block with other speakers, one that only ours has, one that only theirs has. */
function theirs() {
  const v = view('proposed', { rounds: [round(1, 'avelmar', 'countered'), round(2, 'tolmeria', 'open')] }), d = document();
  d.blocks[1].texts.ar.text = 'ورحّبت رئيسة الوزراء بالاتفاق.';
  d.blocks[1].texts.zh.text = '总理对协议表示欢迎。';
  d.blocks[2] = { ...copy(d.blocks[2]), id: 'b77' };
  d.release = soon(9000);
  d.title = { ...d.title, en: `${d.title.en}, held in Velune` };
  d.parties[1].city = { ...d.parties[1].city, fr: 'Velûne' };
  return { ...v, theirs: d, apart: true, diverge: [{ field: 'title' }, { field: 'release' }, { field: 'party', party: 'tolmeria' }], standing: [{ block: 'b01', verdict: 'same', frame: false }, { block: 'b03', verdict: 'differs', languages: ['ar', 'zh'], frame: true }, { block: 'b77', verdict: 'theirs', frame: false }, { block: 'b09', verdict: 'ours', frame: false }] };
}

function bracketed() {
  const v = view('countered', { rounds: [round(1, 'tolmeria', 'open')], points: [{ code: 'readout.open.bracket', block: 'b03', language: 'ar' }, { code: 'readout.open.correction', block: '', language: 'fr' }] });
  for (const tag of ['ar', 'zh', 'en']) v.manuscript.document.blocks[1].texts[tag] = { text: '', state: 'draft', based: '', bracket: { avelmar: v.manuscript.document.blocks[1].texts[tag].text, tolmeria: tag === 'en' ? '' : v.manuscript.document.title[tag] } };
  return v;
}

const past = (stage = 'published') => [{ revision: 1, hash: '1'.repeat(64), at: '2026-11-21T09:00:00Z', stage: 'corrected' }, { revision: 2, hash: '2'.repeat(64), at: '2026-11-22T09:00:00Z', stage }];
const gone = (known) => ({ manifest: '2'.repeat(64), at: '2026-11-23T09:00:00Z', known });
const states = {
  none: () => view('private', { points: [{ code: 'readout.open.missing', block: 'b03', language: 'ru' }, { code: 'readout.open.headline', block: '', language: '' }] }),
  waits: () => view('proposed', { rounds: [round(1, 'avelmar', 'open', { known: false })] }),
  theirs, bracketed,
  accepted: () => view('proposed', { rounds: [round(1, 'tolmeria', 'accepted')] }),
  refused: () => view('proposed', { rounds: [round(1, 'avelmar', 'refused', { code: 'readout.full' })] }),
  agreed: () => view('agreed', { rounds: [round(1, 'avelmar', 'agreed')] }),
  approved: () => view('agreed', { rounds: [round(1, 'avelmar', 'agreed')], life: { signedBy: 'Oren Brask', lines: { tolmeria: '—' } } }),
  scheduled: () => view('scheduled', { told: true, life: { signedBy: 'Oren Brask', lines: { avelmar: '—', tolmeria: '—' } } }),
  held: () => view('scheduled', { life: { held: 'readout.clock.far', lines: { avelmar: '—', tolmeria: '—' } } }),
  fault: () => view('scheduled', { fault: 'readout.disk', life: { lines: { avelmar: '—', tolmeria: '—' } } }),
  published: () => view('published', { past: past(), site: 'https://meetings.ilverne.example' }),
  told: () => view('published', { past: past(), withdrawn: { tolmeria: gone(true) } }),
  withdrawn: () => view('withdrawn', { past: past(), withdrawn: { avelmar: gone(false), tolmeria: gone(true) } }),
  beside: () => view('agreed', { doc: { mode: 'coordinated', by: 'avelmar', beside: 'text-of-tolmeria' }, life: { mode: 'coordinated', signers: ['avelmar'], beside: true }, withdrawn: { tolmeria: gone(true) } }),
};

async function at(t, v, { lang = 'en', setup = () => undefined, ...options } = {}) {
  const node = await new FakeDraft().start();
  node.view = v;
  setup(node);
  const page = await open(browser, options);
  t.after(async () => { await page.context().close(); await node.stop(); });
  await page.goto(`${node.url}/draft?r=${id}&lang=${lang}`);
  await until(page, () => document.querySelector('[data-says=between]'));
  return { node, page };
}

for (const [name, make] of Object.entries(states)) {
  test(`${name} in ${tongues.join(', ')}: axe finds nothing, nothing scrolls sideways`, { timeout: 300_000 }, async (t) => {
    const { page } = await at(t, make(), { lang: tongues[0] });
    if (name === 'agreed' || name === 'approved') await until(page, () => document.querySelector('[data-says=approve]')?.dataset.fits === 'true');
    if (name === 'theirs' || name === 'bracketed') await until(page, () => document.querySelectorAll('.answer ins').length >= 2, null, 8000, 'the differences');
    await page.evaluate(() => document.querySelectorAll('.rounds details, .signing details').forEach((d) => { d.open = true; }));
    for (const lang of tongues) {
      await speak(page, lang);
      for (const look of looks) {
        await see(page, look);
        const where = `between-${name}-${lang}-${look[0]}-${look[1].width}`;
        await shot(page, where);
        assert.deepEqual(await violations(page), [], where);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
        assert.ok(wide <= 0, `${where}: scrolls sideways by ${wide}`);
        assert.deepEqual([page.errors, await page.evaluate(() => globalThis.reports)], [[], []], where);
      }
    }
  });
}

/** passkey puts a canned device into the page: it shows a passkey, or the person does not. */
const passkey = (page, shows) => page.evaluate((yes) => {
  PublicKeyCredential.parseRequestOptionsFromJSON = (o) => o;
  navigator.credentials.get = async () => { if (!yes) throw new DOMException('no', 'NotAllowedError'); return { toJSON: () => ({ id: 'x' }) }; };
}, shows);

test('what does not fit its hash cannot be signed off', async (t) => {
  for (const broken of [true, false]) {
    const { page } = await at(t, states.agreed(), { setup: (n) => { n.broken = broken; } });
    await until(page, (fits) => document.querySelector('[data-says=approve]')?.dataset.fits === fits, String(!broken));
    assert.equal(await page.evaluate(() => !!document.querySelector('[data-act=signoff]')), !broken, `broken ${broken}`);
    assert.equal(await page.evaluate(() => !!document.querySelector('[data-says=approve] .alarm:not(:empty)')), broken);
  }
});

test('a held text goes out with a passkey over its hash, and not without', async (t) => {
  const { page, node } = await at(t, states.held());
  const hash = node.view.life.hash;
  await passkey(page, false);
  await page.click('[data-act=confirm]');
  await until(page, () => document.querySelector('[data-says=held] [data-refused="page.cancelled"]'));
  assert.deepEqual(node.asks.map(([what]) => what), ['passkey'], 'control: nothing is confirmed without it');
  await passkey(page, true);
  node.refuses.confirm = 'passkey.refused';
  await page.click('[data-act=confirm]');
  await until(page, () => document.querySelector('[data-says=held] [data-refused="passkey.refused"]'));
  delete node.refuses.confirm;
  node.next = { life: { ...node.view.life, held: '' } };
  await page.click('[data-act=confirm]');
  await until(page, () => !document.querySelector('[data-says=held]'), null, 8000, 'it is held no more');
  assert.deepEqual(node.asks.at(-1).slice(0, 2), ['confirm', { hash, credential: { id: 'x' } }]);
  assert.equal(await page.evaluate(() => document.querySelector('[data-says=embargo]').dataset.held), '');
});

test('what the other party has withdrawn is not confirmed, and no correction of it begins', async (t) => {
  const held = await at(t, view('scheduled', { life: { held: 'readout.withdrawn', lines: { avelmar: '—', tolmeria: '—' } }, withdrawn: { tolmeria: gone(true) } }));
  assert.deepEqual(await held.page.evaluate(() => ['confirm', 'reopen'].map((a) => !!document.querySelector(`[data-act=${a}]`))), [false, true]);
  for (const [name, can] of [['told', false], ['published', true]]) {
    const { page } = await at(t, states[name]());
    assert.deepEqual(await page.evaluate(() => ['correct', 'withdraw'].map((a) => !!document.querySelector(`[data-act=${a}]`))), [can, true], name);
  }
});

test('a withdrawal asks first, and then for the passkey over what is public', async (t) => {
  const { page, node } = await at(t, states.published());
  await passkey(page, true);
  await page.click('[data-act=withdraw]');
  await until(page, () => document.querySelector('[data-ask=withdraw]').open);
  await page.keyboard.press('Escape');
  await until(page, () => !document.querySelector('[data-ask=withdraw]').open);
  assert.deepEqual(node.asks, [], 'control: closed, nothing was done');
  await page.click('[data-act=withdraw]');
  await page.click('[data-act=withdraw-now]');
  await until(page, () => document.querySelector('[data-says=readout]')?.dataset.version === '8');
  assert.deepEqual(node.asks.map(([what, body]) => [what, body.hash]), [['passkey', '2'.repeat(64)], ['withdraw', '2'.repeat(64)]]);
  assert.equal(await page.getAttribute('[data-says=public] a', 'href'), `https://meetings.ilverne.example/en/readout/${id}`);
});

test('an answer to a block names the proposal and the version that was read', async (t) => {
  const { page, node } = await at(t, theirs());
  await until(page, () => document.querySelectorAll('#block-b03 ins').length === 2);
  await page.click('#block-b03 [data-act=keep]');
  await page.click('#block-b03 [data-act=take]');
  await until(page, () => document.querySelector('[data-says=readout]')?.dataset.version === '8');
  await page.click('[data-theirs=b77] [data-act=takein]');
  await until(page, () => document.querySelector('[data-says=readout]')?.dataset.version === '9');
  node.refuses.bracket = 'readout.superseded';
  await page.click('#block-b03 [data-act=bracket]');
  await until(page, () => document.querySelector('#block-b03 [data-refused="readout.superseded"]'));
  const acts = node.asks.filter(([what]) => what !== 'difference');
  assert.deepEqual(acts, ['b03', 'b77', 'b03'].map((block, i) => [i < 2 ? 'take' : 'bracket', { proposal: '2'.repeat(64), block, versions: { b01: 2, b03: 2, b09: 2 } }, '"3"']));
  assert.equal(node.asks.filter(([what]) => what === 'difference').length, 1, 'a difference is asked for once');
  assert.deepEqual(await page.evaluate(() => ['take', 'keep', 'bracket'].map((a) => !!document.querySelector(`#block-b09 [data-act=${a}]`))), [true, true, false], 'a block that only ours has: out, or kept');
});

test('what differs besides the blocks is shown, counted, and can be answered with', async (t) => {
  const { page, node } = await at(t, theirs());
  await until(page, () => document.querySelectorAll('[data-diverge]').length === 3);
  assert.equal(await page.getAttribute('[data-differ]', 'data-differ'), '6', 'three blocks and three fields');
  assert.match(await page.textContent('[data-diverge=title]'), /Tolmeria: .*held in Velune.*Avelmar: /s);
  assert.match(await page.textContent('[data-diverge=party]'), /Velûne/);
  assert.equal(await page.evaluate(() => document.querySelectorAll('#block-b03 [data-says=particulars] [data-of]').length), 2, 'kind, speakers and the like of both');
  assert.ok(await page.evaluate(() => document.querySelector('[data-theirs=b77] .particulars')), 'and of a block that only theirs has');
  const fields = { ...theirs(), standing: theirs().standing.filter((s) => s.verdict === 'same') };
  node.view = fields;
  await until(page, () => document.querySelector('[data-differ="3"]'), null, 10_000, 'the blocks are the same now');
  await page.click('[data-act=propose]');
  await until(page, () => document.querySelector('[data-says=readout]')?.dataset.version === '8');
  assert.deepEqual(node.asks.filter(([what]) => what === 'propose'), [['propose', { versions: { b01: 2, b03: 2, b09: 2 } }, '"3"']]);
  node.view = { ...node.view, diverge: [] };
  await until(page, () => document.querySelector('[data-differ="0"]'), null, 10_000, 'the same text');
  assert.ok(await page.evaluate(() => document.querySelector('[data-act=propose]')), 'not the same draft: it can be the answer');
  node.view = { ...node.view, apart: false };
  await until(page, () => !document.querySelector('[data-act=propose]'), null, 10_000, 'control: the same throughout');
});

test('a block that another officer is writing has no answer', async (t) => {
  const v = theirs();
  const { page, node } = await at(t, v);
  await until(page, () => document.querySelector('#block-b03 .answer'), null, 8000, 'control: nobody is writing it');
  node.view = { ...v, manuscript: { ...v.manuscript, leases: { b03: { by: 'Ilse Vost', until: soon(100) } } } };
  await until(page, () => !document.querySelector('#block-b03 .answer') && document.querySelector('#block-b09 .answer'), null, 10_000, 'while it is written');
});

test('what is signed shows all that is signed, and the file is the very one', async (t) => {
  const v = view('agreed', { life: { signedBy: 'Oren Brask' }, doc: { prevails: 'fr' } }), { page, node } = await at(t, v, { setup: (n) => { n.silent = true; } });
  await until(page, () => document.querySelector('[data-says=notgiven]'), null, 8000, 'it did not come');
  node.silent = false;
  await until(page, () => document.querySelector('[data-fits=true]') && !document.querySelector('[data-says=notgiven]'), null, 15_000, 'and is asked for again');
  await page.click('[data-content=en] summary');
  const shown = await page.evaluate(() => Object.fromEntries([...document.querySelectorAll('[data-content=en] [data-signed]')].map((e) => [e.dataset.signed, e.textContent])));
  const d = v.manuscript.document, [b] = d.blocks.filter((x) => x.id === 'b03');
  assert.match(shown.prevails, /French/);
  assert.equal(shown.languages.match(/authentic|translation/g).length, d.languages.length);
  assert.match(shown.mode, /Joint/);
  assert.match(shown.release, new RegExp(d.release));
  assert.ok(shown['party-avelmar'].includes(d.parties[0].zone) && shown['party-avelmar'].includes(d.parties[0].longName?.en ?? d.parties[0].name.en));
  assert.ok(shown.b03.includes(b.speakers[0].asOf ?? '') && shown.b03.includes(d.parties.find((p) => p.id === b.speakers[0].party).name.en), 'whose the speaker is');
  assert.equal(await page.getAttribute('[data-content=en] [data-signed=b03] [data-acts]', 'data-acts'), b.acts.join(' '));
  node.broken = true; // what is downloaded is not asked for again
  const got = page.waitForEvent('download');
  await page.click('[data-act=download]');
  assert.deepEqual(JSON.parse(await readFile(await (await got).path(), 'utf8')), (node.broken = false, node.given()));
});

test('the public address is of a language in which the text is', async (t) => {
  for (const [lang, want] of [['fr', 'fr'], ['ru', 'zh']]) {
    const v = states.published();
    v.manuscript.document.languages = ['zh', 'fr'].map((tag) => ({ tag, standing: 'authentic' }));
    const { page } = await at(t, v, { lang });
    assert.equal(await page.getAttribute('[data-says=public] .address', 'href'), `https://meetings.ilverne.example/${want}/readout/${id}`);
  }
});

test('a term in Russian is a date without a weekday', async (t) => {
  const { page } = await at(t, view('private', {}), { lang: 'ru' });
  assert.match(await page.textContent('#block-b09 header'), /не позднее \d{1,2} [а-я]+ \d{4} года/);
});

test('the clock is the node’s, not this machine’s, and says when it is over', async (t) => {
  for (const [ahead, least, most] of [[0, 5300, 5400], [3600, 1700, 1800], [7200, 0, 0]]) {
    const { page } = await at(t, states.scheduled(), { setup: (n) => { n.ahead = ahead * 1000; } });
    const left = Number(await page.getAttribute('[role=timer]', 'data-left'));
    assert.ok(left >= least && left <= most, `${ahead} s ahead: ${left} s are left`);
    const { page: open } = await at(t, view('private'), { setup: (n) => { n.ahead = ahead * 1000; } });
    assert.equal(/Not signed by then/.test(await open.textContent('[data-says=embargo]')), ahead < 5400, 'what comes of it');
  }
});

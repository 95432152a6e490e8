// What the drafting page says between the parties, at a canned node: every state in six languages, and what it does with what does not fit.
import assert from 'node:assert/strict';
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
  return { ...v, theirs: d, standing: [{ block: 'b01', verdict: 'same', frame: false }, { block: 'b03', verdict: 'differs', languages: ['ar', 'zh'], frame: true }, { block: 'b77', verdict: 'theirs', frame: false }, { block: 'b09', verdict: 'ours', frame: false }] };
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
  assert.deepEqual(acts, ['b03', 'b77', 'b03'].map((block, i) => [i < 2 ? 'take' : 'bracket', { proposal: '2'.repeat(64), block }, '"3"']));
  assert.equal(node.asks.filter(([what]) => what === 'difference').length, 1, 'a difference is asked for once');
  assert.deepEqual(await page.evaluate(() => ['take', 'keep', 'bracket'].map((a) => !!document.querySelector(`#block-b09 [data-act=${a}]`))), [true, true, false], 'a block that only ours has: out, or kept');
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

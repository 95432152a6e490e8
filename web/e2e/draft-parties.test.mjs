// Two officers at two real nodes negotiate a readout in Chromium, sign it off with passkeys, have it signed with the offline keys, and see it published
// and withdrawn; one reads English, one Arabic. VISAVIS_BIN names the program.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { access, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch, looks, open, see, shot, speak, until, violations } from './lib/browser.mjs';
import { bin, start } from './lib/nodes.mjs';

const run = promisify(execFile), id = 'velune-2026', ending = 'The commission will meet again in Lanneth.';
const options = { skip: bin ? false : 'VISAVIS_BIN names no program', timeout: 600_000 };
let nodes, browser;
before(async () => {
  if (!bin) return;
  nodes = await start({ meeting: false, publish: true });
  browser = await launch();
});
after(async () => { await browser?.close(); await nodes?.stop(); });

/** officer has made a passkey and looks at the list of readouts. */
async function officer(name, lang) {
  const page = await open(browser, { acceptDownloads: true }), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  page.verified = (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  page.party = name;
  await page.goto(nodes[name].enrol);
  await page.click('[data-act=register]');
  await until(page, () => document.querySelector('[data-says=home]'), null, 15_000, 'signed in');
  await page.goto(`${nodes[name].url}/draft?lang=${lang}`);
  await until(page, () => document.querySelector('[data-says=list]'), null, 10_000, 'the list');
  return page;
}

/** act presses a button once it can be pressed. */
async function act(page, selector) {
  await until(page, (s) => { const e = document.querySelector(s); return e && !e.disabled && e.getAttribute('aria-disabled') !== 'true'; }, selector, 10_000, `${selector} can be pressed`);
  await page.click(selector);
}

const stands = (page, state, limit = 15_000) => until(page, (s) => document.querySelector('[data-says=between]')?.dataset.stand === s, state, limit, `it stands as ${state}`);
const at = (page, r) => page.goto(`${nodes[page.party].url}/draft?r=${r}&lang=${page.party === 'tolmeria' ? 'ar' : 'en'}`);
const cell = (block, tag) => `#block-${block} [data-cell=${tag}]`;
const text = (page, selector) => page.evaluate((s) => document.querySelector(s)?.textContent ?? '', selector);

/** whole looks at a state of the page: no violation, nothing sideways, no error, in both lights and widths. */
async function whole(page, what) {
  for (const look of looks) {
    await see(page, look);
    const where = `${what}-${look[0]}-${look[1].width}`;
    await shot(page, where);
    assert.deepEqual(await violations(page), [], where);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    assert.ok(wide <= 0, `${where}: scrolls sideways by ${wide}`);
  }
  await see(page, looks[0]);
  assert.deepEqual([page.errors, await page.evaluate(() => globalThis.reports)], [[], []], what);
}

/** writes an officer's text of a block, and says of those that rest on it that they still fit. */
async function rewrite(page, block, tag, words) {
  await act(page, `${cell(block, tag)} [data-act=write]`);
  await page.fill(`${cell(block, tag)} textarea`, words);
  await act(page, `${cell(block, tag)} [data-act=save-ready]`);
  await until(page, (s) => document.querySelector(s)?.dataset.state === 'ready', cell(block, tag), 10_000, 'the text is ready');
  for (;;) {
    const stale = await page.evaluate((b) => document.querySelector(`#block-${b} [data-cell][data-state=stale]`)?.dataset.cell ?? '', block);
    if (!stale) break;
    await act(page, `${cell(block, stale)} [data-act=finish]`);
    await until(page, (s) => document.querySelector(s)?.dataset.state === 'ready', cell(block, stale), 10_000, `${stale} still fits`);
  }
}

/** signs goes from what both hold to the party's line: the text drawn from its bytes, the passkey, the file, the offline key. foreign is another's file. */
async function signs(page, foreign) {
  await stands(page, 'agreed');
  await until(page, () => document.querySelector('[data-says=approve]')?.dataset.fits === 'true', null, 10_000, 'the texts fit the hash');
  const hash = await page.evaluate(() => document.querySelector('[data-hash]').dataset.hash);
  await page.click('[data-content=en] > summary');
  assert.match(await text(page, '[data-content=en]'), /The commission will meet again/, 'the text that is signed is shown');
  assert.equal(await page.evaluate(() => document.querySelector('[data-act=upload]')), null, 'nothing is brought before the sign-off');
  await page.verified(false);
  await act(page, '[data-act=signoff]');
  await until(page, () => document.querySelector('.signing [data-refused]'), null, 15_000, 'control: a passkey without the person');
  await page.verified(true);
  await act(page, '[data-act=signoff]');
  await until(page, (p) => document.querySelector(`[data-key=${p}]`)?.dataset.state === 'approved', page.party, 15_000, 'signed off');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('[data-act=download]')]);
  const file = await download.path(), out = join(nodes[page.party].offline, 'signed.json');
  if (foreign) {
    await page.setInputFiles('[data-act=upload]', foreign);
    await until(page, () => document.querySelector('.signing [data-refused="readout.signature.missing"]'), null, 10_000, 'control: the other party’s file');
  }
  await run(bin, ['sign', file, '--key', join(nodes[page.party].offline, 'readout.key'), '--document', nodes[page.party].document, '--out', out, '--hash', hash]);
  await page.setInputFiles('[data-act=upload]', out);
  await until(page, (p) => document.querySelector(`[data-key=${p}]`)?.dataset.state === 'signed', page.party, 15_000, 'signed');
  return { hash, out };
}

/** draft begins the readout of the demo world as one that is imported, and sets its embargo to a whole minute, at least three minutes from now. */
async function draft(ours) {
  const document = JSON.parse(await readFile(new URL('../../internal/readout/testdata/avelmar-tolmeria-2025.json', import.meta.url), 'utf8'));
  const made = await ours.evaluate(async (d) => (await fetch('/api/readouts', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ document: d }) })).status, { ...document, id });
  assert.equal(made, 200, 'the draft is there');
  await at(ours, id);
  await stands(ours, 'none');
  const release = new Date(Math.ceil((Date.now() + 180_000) / 60_000) * 60_000);
  const part = (o) => new Intl.DateTimeFormat('en-CA', { timeZone: 'Australia/Lord_Howe', hourCycle: 'h23', ...o }).format(release);
  await ours.fill('#embargo-date', 'tomorrow');
  await act(ours, '[data-act=embargo]');
  await until(ours, () => document.querySelector('#badmoment'), null, 4000, 'what is no date is said');
  await ours.fill('#embargo-date', part({ year: 'numeric', month: '2-digit', day: '2-digit' }));
  await ours.fill('#embargo-time', part({ hour: '2-digit', minute: '2-digit' }));
  await act(ours, '[data-act=embargo]');
  await until(ours, () => Number(document.querySelector('[role=timer]')?.dataset.left) > 10, null, 8000, 'the embargo runs');
  assert.equal(await ours.evaluate(() => document.querySelector('[data-points]')), null, 'nothing is open');
  return release;
}

/** negotiate: a proposal, a counter-proposal, brackets and their end, acceptance. */
async function negotiate(ours, theirs) {
  await act(ours, '[data-act=propose]');
  await stands(ours, 'sent');
  await until(theirs, (r) => document.querySelector(`[data-readout=${r}]`), id, 15_000, 'theirs has it in its list');
  await at(theirs, id);
  await stands(theirs, 'theirs');
  await rewrite(theirs, 'b08', 'en', ending);
  await until(theirs, () => document.querySelector('[data-differ="1"]'), null, 8000, 'one block differs');
  await act(theirs, '[data-act=propose]');
  await stands(theirs, 'sent');

  await stands(ours, 'theirs');
  const differs = '#block-b08 [data-answer=differs]';
  await until(ours, (s) => document.querySelector(`${s} ins`) && document.querySelector(`${s} del`), differs, 10_000, 'the difference is shown by words');
  assert.match(await text(ours, differs), /removed[^]*inserted[^]*end of change/, 'and said in words');
  await whole(ours, 'parties-differs-en');
  await act(ours, `${differs} [data-act=bracket]`);
  const held = '#block-b08 [data-answer=bracketed]';
  await until(ours, (s) => document.querySelector(s), held, 10_000, 'both texts in brackets');
  assert.ok((await text(ours, `${cell('b08', 'en')} [data-bracket]`)).includes(ending), 'the cell has both');
  await until(ours, () => document.querySelector('[data-point="readout.open.bracket"]'), null, 8000, 'an open point');
  await ours.click('[data-point="readout.open.bracket"] a');
  assert.equal(await ours.evaluate(() => document.activeElement.id), 'block-b08', 'which leads to its block');
  await speak(ours, 'ar');
  await whole(ours, 'parties-bracket-ar');
  await speak(ours, 'en');
  await act(ours, `${held} [data-act=lift-tolmeria]`);
  await until(ours, () => document.querySelector('[data-differ="0"]'), null, 10_000, 'ours is theirs now');
  await act(ours, '[data-act=accept]');
  await stands(ours, 'agreed');
  await stands(theirs, 'agreed');
}

test('two officers negotiate, sign, publish and withdraw', options, async () => {
  const ours = await officer('avelmar', 'en'), theirs = await officer('tolmeria', 'ar');
  const release = await draft(ours);
  await negotiate(ours, theirs);
  const first = await signs(ours);
  await until(theirs, () => document.querySelector('[data-key=avelmar]')?.dataset.state === 'signed', null, 15_000, 'theirs sees our key turned');
  await until(theirs, () => document.querySelector('[data-says=approve]')?.dataset.fits === 'true', null, 10_000, 'the texts fit the hash');
  await whole(theirs, 'parties-sign-ar');
  const published = (party) => join(nodes[party].store, 'readouts', id, '1.published.json');
  assert.equal(ours.party, 'avelmar');
  await assert.rejects(access(published('avelmar')), 'one key publishes nothing');
  const second = await signs(theirs, first.out);
  assert.equal(second.hash, first.hash, 'both have signed the same');
  const early = Date.now() < release.getTime();
  for (const page of [ours, theirs]) await stands(page, 'scheduled');
  if (early && Date.now() < release.getTime()) await assert.rejects(access(published('avelmar')), 'nothing is public before its time');
  assert.ok(early, 'both have signed before the embargo ended: the test was quick enough');
  await whole(theirs, 'parties-scheduled-ar');
  for (const page of [ours, theirs]) {
    await stands(page, 'published', release.getTime() - Date.now() + 20_000);
    assert.ok(Date.now() >= release.getTime(), 'not before its time');
    await access(published(page.party));
  }
  await run(bin, ['verify', 'readout', join(nodes.avelmar.store, 'readouts', id, '1.json'), '--keys', nodes.avelmar.document, '--keys', nodes.tolmeria.document]);
  await whole(ours, 'parties-published-en');

  await act(ours, '[data-act=withdraw]');
  await act(ours, '[data-act=withdraw-now]');
  await stands(ours, 'withdrawn');
  await until(theirs, () => document.querySelector('[data-gone=theirs]'), null, 15_000, 'theirs is told');
  await until(ours, () => document.querySelector('[data-gone=ours]')?.dataset.known === 'true', null, 15_000, 'and ours knows it');
  await stands(theirs, 'published');
  await whole(theirs, 'parties-withdrawn-ar');
});

// Two officers at two real nodes arrange a meeting in Chromium, from the first draft to invitations, calendar and agreement, with the keyboard
// alone. VISAVIS_BIN names the program.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { launch, open, shot, until, violations } from './lib/browser.mjs';
import { bin, start } from './lib/nodes.mjs';

const options = { skip: bin ? false : 'VISAVIS_BIN names no program', timeout: 180_000 };
let nodes, browser;
before(async () => {
  if (!bin) return;
  nodes = await start();
  browser = await launch();
});
after(async () => { await browser?.close(); await nodes?.stop(); });

/** officer has made a passkey and looks at the list of meetings. */
async function officer(name, more = {}) {
  const page = await open(browser, { acceptDownloads: true, ...more }), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.goto(nodes[name].enrol);
  await page.click('[data-act=register]');
  await until(page, () => document.querySelector('[data-says=home]'), null, 15_000, 'signed in');
  await page.goto(`${nodes[name].url}/arrange?lang=en`);
  await until(page, () => document.querySelector('[data-says=list]'), null, 10_000, 'the list');
  return page;
}

/** write replaces what is in a field, by keys. */
async function write(page, field, text) {
  await page.focus(`[data-field="${field}"]`);
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.type(text);
}

/** press is the key on a button that has the focus. */
async function press(page, selector, key = 'Enter') {
  await until(page, (s) => { const e = document.querySelector(s); return e && e.getAttribute('aria-disabled') !== 'true'; }, selector, 8000, `${selector} can be pressed`);
  await page.focus(selector);
  await page.keyboard.press(key);
}

const stands = (page, state) => until(page, (s) => document.querySelector('.standing')?.dataset.stand === s, state, 15_000, `it stands as ${state}`);
const saved = (page) => until(page, () => document.querySelector('[data-says=saved]')?.textContent, null, 8000, 'saved');
const people = (page, rank) => page.evaluate((r) => [...document.querySelectorAll(`[data-rank=${r}] > li b`)].map((b) => b.textContent), rank);

/** add names somebody of the own delegation. */
async function add(page, name, office, role) {
  await press(page, '[data-act=add]');
  const id = await until(page, () => document.querySelector('[data-editor]')?.dataset.editor);
  await write(page, `members.${id}.name.en`, name);
  await write(page, `members.${id}.office.en`, office);
  if (role) {
    await page.focus(`[data-field="members.${id}.role"]`);
    await page.selectOption(`[data-field="members.${id}.role"]`, role); // a native list: its keys are the browser's
  }
  await press(page, '[data-editor] [data-act=done]');
}

test('two officers arrange a meeting with the keyboard alone', options, async () => {
  const ours = await officer('avelmar'), theirs = await officer('tolmeria', { colorScheme: 'dark' });
  await press(ours, '[data-act=begin]');
  await until(ours, () => document.querySelector('[data-says=meeting]'), null, 8000, 'a draft');
  await stands(ours, 'none');
  assert.ok(await ours.evaluate(() => !!document.querySelector('[data-says=problems]')), 'what is missing is named');

  await write(ours, 'title.en', 'Joint Commission on the Velune');
  await write(ours, 'parties.avelmar.date', '2027-01-14');
  await write(ours, 'parties.avelmar.time', '10:00');
  await ours.selectOption('[data-field="parties.avelmar.zone"]', 'Australia/Brisbane');
  await ours.selectOption('[data-field="parties.tolmeria.zone"]', 'Europe/Madrid');
  await until(ours, () => document.querySelector('[data-warn=night][data-at=tolmeria]'), null, 4000, 'ten in Brisbane is one at night in Madrid');
  await write(ours, 'parties.avelmar.time', '18:00');
  await until(ours, () => !document.querySelector('[data-warn=night]') && /09:00/.test(document.querySelector('[data-says=hours] [data-at=tolmeria]').textContent), null, 4000, 'six in the evening is nine in the morning');
  await add(ours, 'Corvan Aldesh', 'Minister of Transport');
  await add(ours, 'Tibren Kell', 'Director-General');
  await add(ours, 'Sirenna Ombrand', 'Minister of Education');
  await press(ours, 'li[data-member] + li + li [data-act=up]');
  assert.deepEqual(await people(ours, 'own'), ['Corvan Aldesh', 'Sirenna Ombrand', 'Tibren Kell'], 'moved up by a key');
  assert.match(await ours.evaluate(() => document.activeElement.getAttribute('aria-label')), /Sirenna Ombrand/, 'the moved person keeps the focus');
  await press(ours, '[data-act=add-item]');
  await write(ours, 'agenda.0.title.en', 'Dredging');
  await write(ours, 'agenda.0.minutes', '45');
  await press(ours, '[data-act=propose]');
  await stands(ours, 'sent');
  await shot(ours, 'arranging-sent');

  await until(theirs, () => document.querySelector('.meetings li[data-state=open]'), null, 10_000, 'it arrives by itself');
  await theirs.focus('.meetings li[data-state=open] a');
  await theirs.keyboard.press('Enter');
  await stands(theirs, 'theirs');
  await press(theirs, '[data-act=accept]');
  await until(theirs, () => document.querySelector('[data-refused="arrange.empty"]'), null, 6000, 'nobody can accept for a delegation without people');
  await add(theirs, 'Edran Kosvane', 'Prime Minister');
  await write(theirs, 'agenda.0.minutes', '60');
  await press(theirs, '[data-act=propose]');
  await stands(theirs, 'sent');

  await stands(ours, 'theirs');
  const changes = await ours.evaluate(() => [...document.querySelectorAll('[data-says=differences] tr[data-path]')].map((r) => r.dataset.path));
  assert.ok(changes.includes('agenda.0.minutes') && changes.some((c) => c.startsWith('members.tolmeria-')), `what differs is shown: ${changes}`);
  assert.deepEqual(await people(ours, 'other'), ['Edran Kosvane']);
  await shot(ours, 'arranging-differs');
  assert.deepEqual(await violations(ours), []);
  await press(ours, '[data-act=accept]');
  await stands(ours, 'agreed');
  await stands(theirs, 'agreed');
  assert.deepEqual(await violations(theirs), []);

  // Invitations and calendar: of our own people alone.
  const rows = await until(ours, () => { const l = [...document.querySelectorAll('.invited li')]; return l.length && l.map((e) => e.dataset.state); }, null, 8000, 'the list of invitations');
  assert.deepEqual(rows, ['none', 'none', 'none']);
  await press(ours, '.invited li:first-child [data-act=invite]');
  const link = await until(ours, () => document.querySelector('[data-once=link]')?.value, null, 6000, 'the link');
  assert.match(link, /\/join#[\w-]{20,}$/);
  await shot(ours, 'arranging-invitation');
  await ours.keyboard.press('Escape');
  await until(ours, () => !document.querySelector('[data-once]') && document.querySelector('.invited li').dataset.state === 'open', null, 6000, 'shown once');
  await press(ours, '.invited li:first-child [data-act=invite]');
  const second = await until(ours, () => document.querySelector('[data-once=link]')?.value, null, 6000, 'the second link');
  await ours.keyboard.press('Escape');
  const guest = await open(browser);
  const known = async (l) => { await guest.goto('about:blank'); await guest.goto(l); return until(guest, () => document.querySelector('[data-act=sit]') ? 'good' : /cannot be used/.test(document.querySelector('.notice h1')?.textContent) ? 'unknown' : ''); };
  assert.equal(await known(link), 'unknown', 'the earlier link ended');
  assert.equal(await known(second), 'good', 'the newer one is good (control)');
  await guest.context().close();

  const [download] = await Promise.all([ours.waitForEvent('download'), press(ours, '.invited li:first-child [data-act=calendar]')]);
  let ics = '';
  for await (const piece of await download.createReadStream()) ics += piece;
  assert.match(download.suggestedFilename(), /\.ics$/);
  assert.match(ics, /DTSTART;TZID=Australia\/Brisbane:20270114T180000\r\n/);
  assert.match(ics, /SUMMARY;LANGUAGE=en:Joint Commission on the Velune\r\n/);

  // A change needs both again; until then what was agreed holds.
  await write(theirs, 'title.en', 'Joint Commission');
  await press(theirs, '[data-act=propose]');
  await stands(ours, 'theirs');
  await press(ours, '[data-act=decline]');
  await ours.focus('#why');
  await ours.keyboard.type('The old title is the official one.');
  await press(ours, '[data-act=decline-now]');
  await stands(theirs, 'declined');
  assert.match(await theirs.evaluate(() => document.querySelector('.standing').textContent), /The old title is the official one\./);

  // Called off by one for both, and begun anew after it.
  await press(theirs, '[data-act=calloff]');
  await theirs.focus('#offwhy');
  await theirs.keyboard.type('The river is in flood.');
  await press(theirs, '[data-act=calloff-now]');
  for (const page of [theirs, ours]) await stands(page, 'calledoff');
  assert.match(await ours.evaluate(() => document.querySelector('.standing').textContent), /The river is in flood\./);
  assert.equal(await ours.evaluate(() => document.querySelectorAll('.invited li').length), 0, 'nobody is invited any more');
  assert.deepEqual(await violations(ours), []);
  await press(ours, '[data-act=copy]');
  await stands(ours, 'none');
  assert.deepEqual(await people(ours, 'own'), ['Corvan Aldesh', 'Sirenna Ombrand', 'Tibren Kell']);
  assert.match(await ours.inputValue('[data-field="title.en"]'), /^Joint Commission/);
  for (const page of [ours, theirs]) assert.deepEqual([page.errors, await page.evaluate(() => globalThis.reports)], [[], []]);
});

test('without a session the page asks to sign in, and the node gives nothing', options, async () => {
  const page = await open(browser);
  await page.goto(`${nodes.avelmar.url}/arrange?lang=en&m=avelmar-tolmeria-2026`);
  await until(page, () => document.querySelector('a[href^="/signin"]'), null, 8000, 'the way to sign in');
  for (const path of ['/api/arrange', '/api/arrange/avelmar-tolmeria-2026', '/api/arrange/avelmar-tolmeria-2026/invitations', '/api/arrange/avelmar-tolmeria-2026/calendar/avelmar-tarroven']) {
    assert.equal(await page.evaluate((p) => fetch(p).then((r) => r.status), path), 401, path);
  }
  await page.context().close();
});

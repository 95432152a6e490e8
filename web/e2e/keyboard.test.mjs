// A whole meeting without a pointing device, from arranging it to "ended", on two real nodes; and on the way axe on every console as it is then, in six
// languages, light and dark. VISAVIS_BIN names the program.
import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { launch, open, says, shot, until, violations } from './lib/browser.mjs';
import { choose, press, reach, unpointed, write } from './lib/keyboard.mjs';
import { bin, start } from './lib/nodes.mjs';
import { wav } from './lib/wav.mjs';

const options = { skip: bin ? false : 'VISAVIS_BIN names no program', timeout: 600_000 };
const tongues = ['ar', 'zh', 'fr', 'ru', 'es', 'en'];
const sides = { avelmar: { principal: 'Maelin Tarroven', office: 'Prime Minister' }, tolmeria: { principal: 'Edran Kosvane', office: 'Prime Minister' } };
const found = [];
let nodes, browser, folder;

before(async () => {
  if (!bin) return;
  nodes = await start({ meeting: false });
  folder = await mkdtemp(join(tmpdir(), 'visavis-keyboard-'));
  await writeFile(join(folder, 'voice.wav'), wav(700, 4)); // a microphone that somebody speaks into all the time
  browser = await launch({ more: [`--use-file-for-fake-audio-capture=${join(folder, 'voice.wav')}`] });
});
after(async () => {
  await browser?.close();
  await nodes?.stop();
  if (folder) await rm(folder, { recursive: true, force: true });
});

async function fresh() {
  const page = await open(browser);
  await unpointed(page);
  return page;
}
const live = (page) => until(page, () => globalThis.visavis?.phase() === 'live' && globalThis.visavis.media() === 'open', null, 20_000, 'the page is live');

/** enrolled is an officer or a technician with a passkey of the browser's own. */
async function enrolled(link) {
  const page = await fresh(), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  await cdp.send('WebAuthn.addVirtualAuthenticator', { options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true } });
  await page.goto(link);
  await press(page, '[data-act=register]');
  await until(page, () => document.querySelector('[data-says=home]'), null, 15_000, 'the list of meetings');
  return page;
}

/** everywhere runs axe on the page as it is, in each language and each theme, and comes back to English and dark. */
async function everywhere(page, name) {
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    for (const tongue of tongues) {
      if (await page.evaluate(() => !!document.querySelector('[data-act=language]'))) await choose(page, '[data-act=language]', tongue);
      else await press(page, `[data-lang=${tongue}]`);
      await until(page, (l) => document.documentElement.lang === l, tongue, 8000, `${name} speaks ${tongue}`);
      for (const v of await violations(page)) found.push(`${name}, ${tongue}, ${colorScheme}: ${v}`);
      if (colorScheme === 'dark' && (tongue === 'ar' || tongue === 'en')) await shot(page, `keyboard-${name}-${tongue}`);
    }
  }
}

/** person adds somebody of the own side on the page for arranging. */
async function person(page, role, name, office) {
  await press(page, '[data-act=add]');
  const at = (what) => `[data-editor] [data-field$=".${what}"]`;
  if (role === 'officer' || role === 'technician') await choose(page, at('role'), role);
  else await write(page, at('name.en'), name);
  await write(page, at('office.en'), office);
  await press(page, '[data-editor] [data-act=done]');
}

const standing = (page, want) => until(page, (w) => w.includes(document.querySelector('[data-stand]')?.dataset.stand), want, 20_000, `the arrangement stands ${want}`);

test('a meeting is arranged, rehearsed, opened, closed and ended with the keyboard alone', options, async (t) => {
  const a = await enrolled(nodes.avelmar.enrol), b = await enrolled(nodes.tolmeria.enrol), tech = await enrolled(nodes.avelmar.technician);

  // Arranging: one side writes and proposes, the other adds its own people and counters, the first accepts.
  await a.goto(`${nodes.avelmar.url}/arrange`);
  await press(a, '[data-act=begin]');
  await write(a, '[data-field="title.en"]', 'Ninth Annual Meeting');
  await write(a, '[data-field="parties.avelmar.city.en"]', 'Ilverne');
  await person(a, 'principal', sides.avelmar.principal, sides.avelmar.office);
  await person(a, 'officer', 'Lirien Vost', 'Protocol');
  await person(a, 'technician', 'Dask Ormeran', 'Conference systems');
  await press(a, '[data-act=add-item]');
  await write(a, '[data-field="agenda.0.title.en"]', 'Navigation on the Velune');
  await press(a, '[data-act=propose]');
  await standing(a, ['sent', 'waits']);

  await b.goto(`${nodes.tolmeria.url}/arrange`);
  await press(b, '[data-meeting] a', 20_000);
  await standing(b, ['theirs']);
  await write(b, '[data-field="parties.tolmeria.city.en"]', 'Lanneth');
  await person(b, 'principal', sides.tolmeria.principal, sides.tolmeria.office);
  await person(b, 'officer', 'Lothen Quintar', 'Protocol');
  await press(b, '[data-act=propose]');
  await standing(b, ['sent', 'waits']);
  await standing(a, ['theirs']);
  await everywhere(a, 'arrange');
  await press(a, '[data-act=accept]');
  await standing(a, ['agreed']);
  await standing(b, ['agreed']);

  // Invitations, each with its PIN; the press.
  const invited = {};
  for (const [name, page] of [['avelmar', a], ['tolmeria', b]]) {
    await press(page, '[data-act=invite]', 20_000);
    invited[name] = await issued(page);
    await press(page, '[data-act=issued-done]');
  }
  await write(a, '#press', 'Ilverne Courier');
  await press(a, '[data-act=invite-press]');
  const { link: seat } = await issued(a);
  await press(a, '[data-act=issued-done]');

  // Everybody comes.
  const id = new URL(a.url()).searchParams.get('m');
  for (const [name, page] of [['avelmar', a], ['tolmeria', b], ['avelmar', tech]]) {
    await page.goto(`${nodes[name].url}/${page === tech ? 'technician' : 'officer'}`);
    await press(page, '[data-says=home] li a');
    await live(page);
    assert.equal(new URL(page.url()).pathname, `/m/${id}`);
  }
  const p = {};
  for (const name of ['avelmar', 'tolmeria']) {
    const page = p[name] = await fresh();
    await page.goto(invited[name].link);
    await reach(page, '[data-act=pin]');
    if (name === 'avelmar') await everywhere(page, 'invitation');
    await write(page, '[data-act=pin]', invited[name].pin);
    await press(page, '[data-act=sit]');
    await live(page);
  }
  const reader = await fresh();
  await reader.goto(seat);
  await press(reader, '[data-act=sit]');
  await live(reader);

  // Rehearsal, waiting, both keys.
  await press(a, '[data-act="phase.rehearsal"]');
  await until(p.avelmar, () => document.querySelector('#now')?.dataset.says.startsWith('rehearsal'));
  await press(p.avelmar, '[data-act=hear-tone]');
  await everywhere(p.avelmar, 'rehearsal');
  await press(a, '[data-act="phase.waiting"]');
  await says(p.tolmeria, 'waiting');
  await press(a, '[data-act="key.turned"]');
  await until(b, () => document.querySelector('[data-key=avelmar][data-turned]'), null, 8000, 'the other officer sees our key');
  await press(b, '[data-act="key.turned"]');
  await until(b, () => document.querySelector('[data-phase=closed][aria-current=step]'), null, 8000, 'it begins closed, as arranged');
  for (const page of [a, b]) await press(page, '[data-act="key.turned"]');
  await says(reader, 'open', 8000);

  // The floor: given by the officer, taken and yielded by the holder.
  await press(a, '[data-act="floor.mode"][data-value=chair]');
  await choose(a, '[data-act=another]', await a.evaluate((n) => [...document.querySelectorAll('[data-act=another] option')].find((o) => o.textContent.includes(n))?.value, sides.tolmeria.principal));
  await press(a, '[data-act=give-another]');
  await says(p.tolmeria, 'offered');
  await press(p.tolmeria, '[data-act="floor.acknowledged"]');
  await says(p.tolmeria, 'holding');
  await until(a, () => document.querySelector('[data-ack=yes]'), null, 5000, 'the officer sees the acknowledgement');
  for (const [page, name] of [[a, 'officer'], [tech, 'technician'], [p.tolmeria, 'holder'], [p.avelmar, 'listener'], [reader, 'press']]) await everywhere(page, name);
  await press(p.tolmeria, '[data-act="floor.yielded"]');
  await until(a, () => document.querySelector('[data-holder=""]'), null, 5000, 'nobody holds the floor');

  // One key closes the doors, one ends the meeting.
  await press(b, '[data-act="phase.closed"]');
  await says(reader, 'closed');
  await until(b, () => document.querySelector('.doors')?.dataset.doors === 'closed', null, 5000, 'the doors are shown shut');
  await press(a, '[data-act="phase.ended"]');
  await press(a, 'dialog[open] [data-act=end]');
  for (const page of [p.avelmar, p.tolmeria, reader]) await says(page, 'ended');
  await everywhere(a, 'officer-ended');

  assert.deepEqual(found, [], 'axe');
  for (const [name, page] of Object.entries({ a, b, tech, avelmar: p.avelmar, tolmeria: p.tolmeria, reader })) {
    assert.deepEqual(await page.evaluate(() => globalThis.pointed), [], `${name}: nothing was pointed at`);
    assert.deepEqual(page.errors, [], name);
  }
  t.diagnostic(`axe: ${2 * tongues.length} looks at each of 9 pages`);
});

/** issued is what the dialog shows once: link and PIN. */
async function issued(page) {
  await until(page, () => document.querySelector('dialog[open] [data-once=link]'), null, 8000, 'the link is shown');
  return page.evaluate(() => Object.fromEntries([...document.querySelectorAll('dialog[open] [data-once]')].map((e) => [e.dataset.once, (e.value ?? e.textContent).trim()])));
}

// Passkeys in a real browser, with its virtual authenticator, against a real node: the first officer's link, sign-in, step-up.
// VISAVIS names the node's program.
import assert from 'node:assert/strict';
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { promisify } from 'node:util';
import { launch, open, until } from './lib/browser.mjs';
import { free, world } from './lib/nodes.mjs';

const visavis = process.env.VISAVIS;
const options = { skip: visavis ? false : 'VISAVIS names no program', timeout: 120_000 };
const run = promisify(execFile);

const id = 'avelmar-tolmeria-2026';
let folder, config, node, browser, link, origin;

before(async () => {
  if (!visavis) return;
  folder = await mkdtemp(join(tmpdir(), 'visavis-passkey-'));
  const [web, far, udp] = [await free(), await free(), await free()], dir = join(folder, 'node');
  config = join(dir, 'visavis.toml');
  origin = `http://avelmar.localhost:${web}`;
  const made = await run(visavis, ['init', dir, '--party', 'avelmar', '--name', 'en=Avelmar', '--tls', 'off', '--listen', `127.0.0.1:${web}`, '--link-listen', `127.0.0.1:${far}`, '--link', `127.0.0.1:${far}`, '--udp-port', String(udp),
    '--host', `avelmar.localhost:${web}`, '--host', `other.localhost:${web}`, '--media', `127.0.0.1:${udp}`, '--allow-private', '--officer', 'avelmar-vost', '--officer-name', 'Lirien Vost']);
  link = /http:\/\/\S+\/enrol#\S+/.exec(made.stdout)[0];
  await run(visavis, ['meeting', 'new', '--config', config, join(world, 'formal.toml')]);
  node = spawn(visavis, ['serve', '--insecure-localhost', '--config', config], { stdio: ['ignore', 'ignore', 'pipe'] });
  await new Promise((up, failed) => {
    let said = '';
    node.stderr.on('data', (b) => { said += b; if (said.includes('"node is up"')) up(); });
    node.on('exit', () => failed(new Error(said)));
  });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  if (node) {
    const gone = new Promise((r) => node.on('exit', r));
    node.kill('SIGINT');
    await gone;
  }
  if (folder) await rm(folder, { recursive: true, force: true });
});

/** device is a page of a browser with an authenticator of its own, whose user passes or fails. */
async function device() {
  const page = await open(browser), cdp = await page.context().newCDPSession(page);
  await cdp.send('WebAuthn.enable');
  const { authenticatorId } = await cdp.send('WebAuthn.addVirtualAuthenticator', {
    options: { protocol: 'ctap2', transport: 'internal', hasResidentKey: true, hasUserVerification: true, isUserVerified: true, automaticPresenceSimulation: true },
  });
  page.verified = (isUserVerified) => cdp.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified });
  page.keys = async () => (await cdp.send('WebAuthn.getCredentials', { authenticatorId })).credentials;
  return page;
}

const who = (page) => page.evaluate(async () => { const r = await fetch('/api/account'); return { status: r.status, ...(await r.json()) }; });

/** ceremony does one in the page, as its scripts do, and gives status and code. */
const ceremony = (page, kind, at = '') => page.evaluate(async ([kind, at]) => {
  const post = async (path, body) => { const r = await fetch(path, { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }); return { status: r.status, ...(r.status === 204 ? {} : await r.json()) }; };
  const begun = await post(`/api/passkey/${kind}`, {});
  if (!begun.options) return begun;
  let made;
  try { made = await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(begun.options) }); } catch (e) { return { status: 0, error: { code: e.name } }; }
  return post(`/api/passkey/${at || kind}/finish`, { credential: made.toJSON() });
}, [kind, at]);

test('the first officer makes a passkey with the link that init prints, signs in with it, and shows it again', options, async () => {
  const page = await device();
  await page.goto(link);
  await until(page, () => document.querySelector('[data-act="register"]'));
  assert.equal(await page.evaluate(() => location.hash), '', 'the code leaves the address');
  await page.click('[data-act="register"]');
  await until(page, () => location.pathname === '/officer', null, 20_000);
  const a = await who(page);
  assert.deepEqual([a.status, a.id, a.role, a.passkeys], [200, 'avelmar-vost', 'officer', 1]);
  assert.notEqual(a.proven, '');
  const [key] = await page.keys();
  assert.equal(key.rpId, 'avelmar.localhost');
  assert.equal(key.isResidentCredential, true);
  const me = await page.evaluate(async () => (await fetch('/api/me?meeting=avelmar-tolmeria-2026')).json());
  assert.deepEqual([me.you, me.role, me.waiting], ['avelmar-vost', 'officer', '']);

  await page.evaluate(() => fetch('/api/leave', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{}' }));
  assert.equal((await who(page)).status, 401);
  await page.goto(`${origin}/signin`);
  await until(page, () => document.querySelector('[data-act="signin"]'));
  await page.click('[data-act="signin"]');
  await until(page, () => location.pathname === '/officer', null, 20_000);
  assert.equal((await who(page)).id, 'avelmar-vost');
  assert.equal((await ceremony(page, 'stepup')).status, 204);
  assert.equal((await who(page)).status, 200, 'the cookie that the step-up gave holds');
  assert.equal((await ceremony(page, 'stepup', 'signin')).error.code, 'passkey.refused', 'a step-up is no sign-in');
  await page.verified(false);
  assert.notEqual((await ceremony(page, 'stepup')).status, 204, 'a device whose user does not pass');
  assert.deepEqual(await page.evaluate(() => globalThis.reports), []);
  await page.context().close();
});

test('another device, another host and a used link let nobody in', options, async () => {
  const page = await device();
  await page.goto(link);
  await until(page, () => document.querySelector('[data-act="register"]'));
  await page.click('[data-act="register"]');
  await until(page, () => document.querySelector('[data-failed]'));
  assert.equal(await page.evaluate(() => document.querySelector('[data-failed]').dataset.failed), 'enrolment.unknown');
  assert.equal((await page.keys()).length, 0);
  assert.equal((await ceremony(page, 'signin')).status, 0, 'no passkey here');
  assert.equal((await who(page)).status, 401);
  await page.goto(`${origin.replace('avelmar.', 'other.')}/signin`);
  assert.equal((await ceremony(page, 'signin')).status, 0, 'none under the other name');
  await page.context().close();
});

test('a PIN lets the principal in, a second device waits until the officer admits it', options, async () => {
  const made = await run(visavis, ['account', 'code', 'avelmar-vost', '--forget', '--config', config]);
  const officer = await device();
  await officer.goto(made.stdout.trim().split('\t')[1]);
  await until(officer, () => document.querySelector('[data-act="register"]'));
  await officer.click('[data-act="register"]');
  await until(officer, () => location.pathname === '/officer', null, 20_000);
  await officer.goto(`${origin}/m/${id}`);
  const live = (page) => until(page, () => globalThis.visavis.phase() === 'live', null, 20_000, 'the page is live');
  await live(officer);

  const given = await run(visavis, ['invite', id, 'avelmar-tarroven', '--valid', '1h', '--config', config]);
  const invitation = given.stdout.trim().split('\t')[1], pin = /PIN\tavelmar-tarroven\t(\d{6})/.exec(given.stderr)[1];
  const press = async (page, text) => {
    await until(page, () => document.querySelector('[data-act="pin"]'));
    await page.fill('[data-act="pin"]', text);
    await page.click('[data-act="sit"]');
  };
  const first = await open(browser), second = await open(browser);
  await first.goto(invitation);
  await press(first, pin === '000000' ? '000001' : '000000');
  await until(first, () => document.querySelector('[role="alert"]')?.textContent, null, 10_000, 'the page says that the PIN is wrong');
  assert.notEqual(await first.evaluate(() => globalThis.visavis.phase()), 'live');
  await press(first, pin);
  await live(first);

  await second.goto(invitation);
  await until(second, () => document.querySelector('[data-says="door"]'), null, 10_000, 'the link has been used');
  assert.doesNotMatch(await second.evaluate(() => document.body.innerText), /Tarroven|Ninth Annual/);
  await press(second, pin);
  await until(second, () => document.querySelector('[data-says="device"]'), null, 10_000, 'the page says that one waits');
  assert.doesNotMatch(await second.evaluate(() => document.body.innerText), /Tarroven|Ninth Annual/);
  await until(officer, () => document.querySelector('[data-reason="device"]'), null, 10_000, 'the officer sees who waits');
  await officer.click('[data-reason="device"] [data-act="admit"]');
  await live(second);
  await until(first, () => globalThis.visavis.phase() === 'over', null, 10_000, 'the first is out');
  for (const page of [first, second, officer]) {
    assert.deepEqual(await page.evaluate(() => globalThis.reports), []);
    await page.context().close();
  }
});

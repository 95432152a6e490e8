// Two real nodes on loopback, made with the commands that a person would use: VISAVIS_BIN names the program.
import { execFile, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
export const bin = process.env.VISAVIS_BIN;
/** world is the folder of the demo's meetings. */
export const world = new URL('../../../cmd/visavis-demo/world/', import.meta.url).pathname;

/** free is a port of loopback that was free a moment ago. */
export const free = () => new Promise((done, fail) => {
  const s = createServer().once('error', fail).listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

/** officers of the formal meeting: the first account of each node. */
export const officers = { avelmar: ['avelmar-vost', 'Lirien Vost'], tolmeria: ['tolmeria-quintar', 'Lothen Quintar'] };
/** technicians of both: the second account. */
export const technicians = { avelmar: ['avelmar-ormeran', 'Dask Ormeran'], tolmeria: ['tolmeria-haskin', 'Mirrel Haskin'] };

/**
 * start makes two paired nodes with the formal meeting, and serves them. Each side has url, enrol and technician (links for
 * the first passkeys), links (by
 * member), pins (by member) and press. stop ends both and removes their folders. With meeting false there is none yet. With publish each has a
 * public store, store; offline is the folder of the keys that are kept offline, and document the party's document.
 */
export async function start({ meeting = true, publish = false } = {}) {
  const dir = await mkdtemp(join(tmpdir(), 'visavis-nodes-')), sides = {}, processes = [];
  const command = async (...args) => { const { stdout, stderr } = await run(bin, args); return { stdout, stderr }; };
  for (const party of ['avelmar', 'tolmeria']) {
    const [web, link, udp] = [await free(), await free(), await free()], [id, name] = officers[party];
    const made = await command('init', join(dir, party), '--party', party, '--name', `en=${party}`, '--tls', 'off', '--listen', `127.0.0.1:${web}`, '--link-listen', `127.0.0.1:${link}`,
      '--link', `127.0.0.1:${link}`, '--media', `127.0.0.1:${udp}`, '--udp-port', String(udp), '--allow-private', '--host', `localhost:${web}`, '--officer', id, '--officer-name', name);
    const config = join(dir, party, 'visavis.toml'), text = await readFile(config, 'utf8');
    const store = publish ? join(dir, `${party}-public`) : '';
    await writeFile(config, text.replace(/^(\[public\][^[]*?\nstore\s*=\s*).*$/m, `$1${JSON.stringify(store)}`).replace(/^(\[udp\][^[]*?\nlisten\s*=\s*).*$/m, '$1"127.0.0.1"').replace(/^(width\s*=\s*).*$/m, '$1640').replace(/^(height\s*=\s*).*$/m, '$1360').replace(/^(fps\s*=\s*).*$/m, '$115'));
    const second = await command('account', 'add', '--config', config, '--role', 'technician', '--valid', '24h', ...technicians[party]);
    sides[party] = { config, store, offline: join(dir, party, 'offline'), document: join(dir, party, 'keys', 'party.document'), technician: /http\S+\/enrol#\S+/.exec(second.stdout)?.[0], url: `http://localhost:${web}`, enrol: /http\S+\/enrol#\S+/.exec(made.stdout + made.stderr)?.[0], links: {}, pins: {} };
  }
  const pair = [['avelmar', 'tolmeria'], ['tolmeria', 'avelmar']], offer = (p) => join(dir, `${p}.offer`);
  for (const [p, other] of pair) await command('pair', 'offer', '--config', sides[p].config, '--out', offer(p), other);
  for (const [p, other] of pair) await command('pair', 'accept', '--config', sides[p].config, '--words-match', offer(other));
  for (const side of meeting ? Object.values(sides) : []) {
    await command('meeting', 'new', '--config', side.config, join(world, 'formal.toml'));
    const { stdout, stderr } = await command('invite', '--config', side.config, '--valid', '24h', '--all', 'avelmar-tolmeria-2026');
    for (const [, member, url] of stdout.matchAll(/^(?:.*\t)?([\w-]+)\t+(http\S+)$/gm)) side.links[member] = url;
    for (const [, member, pin] of stderr.matchAll(/PIN\t([\w-]+)\t(\d+)/g)) side.pins[member] = pin;
    side.press = /http\S+/.exec((await command('invite', '--config', side.config, '--valid', '24h', '--press', 'Ilverne Courier', 'avelmar-tolmeria-2026')).stdout)?.[0];
    side.said = stdout;
  }
  for (const [party, side] of Object.entries(sides)) {
    const p = spawn(bin, ['serve', '--config', side.config, '--insecure-localhost'], { stdio: ['ignore', 'pipe', 'pipe'] });
    side.log = '';
    for (const s of [p.stdout, p.stderr]) s.on('data', (d) => { side.log += d; });
    processes.push(p);
    const end = Date.now() + 15_000;
    for (;;) {
      const up = await fetch(`${side.url}/join`).catch(() => null);
      if (up?.ok) break;
      if (Date.now() > end || p.exitCode !== null) throw new Error(`the node of ${party} did not come up:\n${side.log}`);
      await new Promise((done) => setTimeout(done, 100));
    }
  }
  return { ...sides, async stop() {
    await Promise.all(processes.map((p) => new Promise((done) => { p.once('exit', done); p.kill('SIGINT'); if (p.exitCode !== null) done(); })));
    await rm(dir, { recursive: true, force: true });
  } };
}

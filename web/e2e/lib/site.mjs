// A public site for the tests: a store of the demo world and the process that serves it.
import { spawn, execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile), root = fileURLToPath(new URL('../../..', import.meta.url));

/** makeStore fills a directory with the demo world's readouts; the program comes from VISAVIS_STORE or is built. */
async function makeStore(dir, purpose) {
  const flags = ['-dir', dir, ...(purpose ? ['-purpose'] : [])];
  if (process.env.VISAVIS_STORE) await run(process.env.VISAVIS_STORE, flags);
  else await run('go', ['run', './test/publicstore', ...flags], { cwd: root, env: { ...process.env, CGO_ENABLED: '0' } });
}

/** freePort is one that the system has just given out and taken back: it gives it to nobody else for a while. */
const freePort = () => new Promise((done, failed) => {
  const s = createServer().on('error', failed).listen(0, '127.0.0.1', () => { const { port } = s.address(); s.close(() => done(port)); });
});

/** site serves a new store on a loopback port; stop() ends it. */
export async function site({ purpose = false } = {}) {
  const bin = process.env.VISAVIS_BIN;
  if (!bin) throw new Error('VISAVIS_BIN names no program: test/browser.sh builds one');
  const dir = await mkdtemp(join(tmpdir(), 'visavis-site-'));
  await makeStore(join(dir, 'public'), purpose);
  const port = await freePort(), url = `http://127.0.0.1:${port}`;
  await writeFile(join(dir, 'site.toml'), `listen = "127.0.0.1:${port}"\nbase = "${url}"\nstore = "public"\nrecords = "records"\n`);
  const child = spawn(bin, ['site', '--config', join(dir, 'site.toml')], { stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  child.stderr.on('data', (b) => { log += b; });
  await new Promise((done, failed) => {
    child.stdout.on('data', (b) => { if (String(b).includes('listening on')) done(); });
    child.on('exit', () => failed(new Error(`the site ended: ${log}`)));
  });
  return {
    url, dir, log: () => log,
    async stop() {
      const over = new Promise((done) => { child.on('exit', done); });
      child.kill('SIGTERM');
      await over;
      await rm(dir, { recursive: true });
    },
  };
}

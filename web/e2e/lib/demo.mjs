// The demo as a person starts it: VISAVIS_BIN names the program, VISAVIS_DEMO that of the demo.
import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const demo = process.env.VISAVIS_DEMO;

/** startDemo gives what the demo writes for programs (links, pins, sites, sign) and its folder; stop ends it as Ctrl-C does. */
export async function startDemo(...flags) {
  const dir = await mkdtemp(join(tmpdir(), 'visavis-way-')), file = join(dir, 'links.json');
  const p = spawn(demo, ['--visavis', process.env.VISAVIS_BIN, '--dir', join(dir, 'demo'), '--links', file, '--port', '0', ...flags], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const s of [p.stdout, p.stderr]) s.on('data', (b) => { said += b; });
  for (const end = Date.now() + 60_000; ;) {
    const links = await readFile(file, 'utf8').catch(() => '');
    if (links) {
      return { ...JSON.parse(links), dir, said: () => said, async stop() {
        if (p.exitCode === null) await new Promise((done) => { p.once('exit', done); p.kill('SIGINT'); });
        await rm(dir, { recursive: true, force: true });
      } };
    }
    if (p.exitCode !== null || Date.now() > end) throw new Error(`the demo does not come up:\n${said}`);
    await new Promise((done) => setTimeout(done, 100));
  }
}

// make measure-strangers: clients that know nothing of Visavis publish and play on a node of this machine. One line a figure,
// `name value unit target holds|short`, the last `measure-strangers: K of M hold`. Needs bin/visavis and a non-loopback IPv4 address.
import { execFileSync, spawn } from 'node:child_process'
import { createServer } from 'node:http'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { networkInterfaces, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const here = dirname(fileURLToPath(import.meta.url))
const visavis = process.env.VISAVIS ?? join(here, '../../bin/visavis')
const seconds = Number(process.env.STRANGER_SECONDS ?? 10)
const [web, link, udp, site] = [17443, 17444, 17445, 17446]
const address = Object.values(networkInterfaces()).flat().find((a) => a.family === 'IPv4' && !a.internal)?.address
if (!address) {
  console.log('SKIPPED: no IPv4 address but loopback, which some clients do not use')
  process.exit(0)
}

const dir = mkdtempSync(join(tmpdir(), 'visavis-strangers-'))
const config = join(dir, 'node', 'visavis.toml')
const run = (...args) => execFileSync(visavis, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

/** A node with one meeting of invented people. */
async function startNode() {
  run('init', join(dir, 'node'), '--party', 'avelmar', '--name', 'en=Avelmar', '--tls', 'off', '--host', `localhost:${web}`, '--listen', `127.0.0.1:${web}`,
    '--link-listen', `127.0.0.1:${link}`, '--link', `127.0.0.1:${link}`, '--media', `${address}:${udp}`, '--udp-port', String(udp), '--allow-private')
  writeFileSync(config, readFileSync(config, 'utf8').replace(/^\s*listen\s*=\s*"::"/m, `listen = "${address}"`))
  const party = (id, ...members) => `[[party]]\nid = "${id}"\nzone = "UTC"\nname = { en = "${id}" }\nlongName = { en = "${id}" }\ncity = { en = "${id}" }\n` +
    members.map((m, i) => `[[party.member]]\nid = "${m}"\nrole = "${i ? 'delegate' : 'principal'}"\nname = { en = "${m}" }\noffice = { en = "Office" }\n`).join('')
  writeFileSync(join(dir, 'meeting.toml'), `id = "talks"\nhost = "avelmar"\nstart = ${new Date().toISOString().replace(/\.\d+/, '')}\n[title]\nen = "Talks"\n` +
    party('avelmar', 'one', 'two') + party('tolmeria', 'three'))
  run('meeting', 'new', '--config', config, join(dir, 'meeting.toml'))
  const node = spawn(visavis, ['serve', '--config', config, '--insecure-localhost'], { stdio: ['ignore', 'ignore', process.env.STRANGER_LOG ? 'inherit' : 'ignore'] })
  for (let i = 0; i < 100; i++) {
    if (await fetch(`http://localhost:${web}/healthz`).then((r) => r.ok, () => false)) return node
    await new Promise((done) => setTimeout(done, 100))
  }
  throw new Error('the node does not come up')
}

/** Address and token of a device. */
function pass(kind, member, ...flags) {
  const [, url, token] = run('invite', '--config', config, '--valid', '1h', `--${kind}`, ...flags, 'talks', member).trim().split('\t')
  return { url, token }
}

/** A site of another origin, whose page publishes and plays. */
function startSite() {
  const files = { '/': ['page.html', 'text/html'], '/whip-whep/whip.js': ['../node_modules/whip-whep/whip.js', 'text/javascript'], '/whip-whep/whep.js': ['../node_modules/whip-whep/whep.js', 'text/javascript'] }
  const s = createServer((q, a) => {
    const f = files[q.url]
    if (!f) { a.writeHead(404).end(); return }
    a.writeHead(200, { 'Content-Type': f[1] }).end(readFileSync(join(here, f[0])))
  })
  return new Promise((done) => s.listen(site, 'localhost', () => done(s)))
}

/** Runs a program with a task; its last line is what happened. */
const program = (command, ...args) => (task) => new Promise((done, fail) => {
  const p = spawn(command, [...args, JSON.stringify(task)], { cwd: here, stdio: ['ignore', 'pipe', 'pipe'] })
  let out = '', err = ''
  p.stdout.on('data', (b) => { out += b })
  p.stderr.on('data', (b) => { err += b })
  const late = setTimeout(() => p.kill('SIGKILL'), (task.seconds + 40) * 1000)
  p.on('error', fail)
  p.on('close', () => {
    clearTimeout(late)
    try { done(JSON.parse(out.trim().split('\n').at(-1))) } catch { fail(new Error(err.trim().split('\n').slice(-3).join(' ') || 'it said nothing')) }
  })
})

async function chromium(task) {
  const { chromium: browser } = await import('playwright-core')
  const b = await browser.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell', args: ['--no-sandbox', '--disable-gpu', '--mute-audio',
    '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required', '--disable-features=WebRtcHideLocalIpsWithMdns'] })
  try {
    const page = await b.newPage()
    await page.goto(`http://localhost:${site}/`)
    return await page.evaluate(async (t) => { while (!window.loaded) await new Promise((d) => setTimeout(d, 50)); return window.go(t) }, task)
  } finally { await b.close() }
}

async function firefox(task) {
  const { default: puppeteer } = await import('puppeteer-core')
  const b = await puppeteer.launch({ browser: 'firefox', executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr', headless: true, protocolTimeout: 120_000,
    extraPrefsFirefox: { 'media.navigator.streams.fake': true, 'media.navigator.permission.disabled': true, 'media.autoplay.default': 0, 'media.peerconnection.ice.obfuscate_host_addresses': false } })
  try {
    const page = await b.newPage()
    await page.goto(`http://localhost:${site}/`)
    return await page.evaluate(async (t) => { while (!window.loaded) await new Promise((d) => setTimeout(d, 50)); return window.go(t) }, task)
  } finally { await b.close() }
}

const strangers = {
  chromium,
  aiortc: program('/usr/bin/python3', join(here, 'aiortc_client.py')),
  wrtc: program(process.execPath, join(here, 'wrtc.mjs')),
  werift: program(process.execPath, join(here, 'werift.mjs')),
  firefox,
  'chromium-simulcast': chromium,
  'firefox-simulcast': firefox
}
const only = process.argv.slice(2)
let holds = 0, all = 0
/** Prints one figure. */
function figure(name, value, unit, target, ok) {
  all++
  if (ok) holds++
  console.log(`${name} ${value} ${unit} ${target} ${ok ? 'holds' : 'short'}`)
}

const node = await startNode()
const server = await startSite()
try {
  for (const [name, play] of Object.entries(strangers)) {
    if (only.length && !only.includes(name)) continue
    const up = pass('whip', 'one'), down = pass('whep', 'two', '--show', 'one')
    const task = { whip: up.url, whipToken: up.token, whep: down.url, whepToken: down.token, seconds, restart: name === 'chromium', simulcast: name.endsWith('-simulcast'), sdp: join(dir, 'play.sdp') }
    let r
    try { r = await play(task) } catch (e) {
      console.error(`${name}: ${e.message}`)
      r = { sent: {}, frames: 0, sounds: 0, lost: -1 }
    }
    // Ten pictures a second of fifteen, and forty packets of sound of fifty, leave room for a busy machine and the first second.
    figure(`${name}.published`, Math.min(r.sent.audio ?? 0, r.sent.video ?? 0), 'packets', `>=${seconds * 10}`, Math.min(r.sent.audio ?? 0, r.sent.video ?? 0) >= seconds * 10)
    figure(`${name}.decoded`, r.frames, 'frames', `>=${seconds * 10}`, r.frames >= seconds * 10)
    figure(`${name}.heard`, r.sounds, 'packets', `>=${seconds * 40}`, r.sounds >= seconds * 40)
    if (task.simulcast) figure(`${name}.layers`, r.rids || '-', 'rids', '=hlm', r.rids === 'hlm')
    if (task.restart) figure(`${name}.restarted`, r.restarts ?? 0, 'sessions', '>=2', r.restarts === 2)
    figure(`${name}.lost`, r.lost, 'packets', '<=0', r.lost === 0)
  }
} finally {
  server.close()
  node.kill('SIGTERM')
  await new Promise((done) => { node.on('close', done); if (node.exitCode !== null) done() })
  rmSync(dir, { recursive: true, force: true })
}
console.log(`measure-strangers: ${holds} of ${all} hold`)
process.exit(holds === all ? 0 : 1)

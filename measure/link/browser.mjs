// Drives Chromium for the measurements: one request a line on standard input, one answer a line on standard output.
// What is measured in the page is measured beside the page's own code: frames as they leave the decoder, tones as they are
// played, the clock of the machine. playwright-core comes from web/node_modules.
import {createRequire} from 'node:module';
import path from 'node:path';
import readline from 'node:readline';
import {fileURLToPath} from 'node:url';

const web = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../../web');
const {chromium} = createRequire((process.env.NODE_MODULES_PARENT || web) + '/')('playwright-core');
const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-default-browser-check', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--disable-default-apps', '--metrics-recording-only', '--mute-audio',
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required',
  '--disable-features=WebRtcHideLocalIpsWithMdns,MediaRouter,OptimizationHints,Translate'];
const browsers = {}, pages = {};
const sleep = ms => new Promise(r => setTimeout(r, ms));

// watch runs in the page before its own code. The microphone becomes a pure tone; every receiving track is listened to.
function watch(own) {
  const m = window.measured = {frames: [], heard: [], pcs: [], now: () => performance.timeOrigin + performance.now()};
  const ctx = () => m.ctx ??= new AudioContext({sampleRate: 48000});
  const real = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
  navigator.mediaDevices.getUserMedia = async c => {
    const s = await real(c);
    for (const t of s.getAudioTracks()) {
      s.removeTrack(t); t.stop();
      const o = ctx().createOscillator(), g = ctx().createGain(), d = ctx().createMediaStreamDestination();
      o.frequency.value = own; g.gain.value = 0.3; d.channelCount = 1; o.connect(g).connect(d); o.start();
      s.addTrack(d.stream.getAudioTracks()[0]);
    }
    return s;
  };
  const listen = track => {
    const a = ctx().createAnalyser(); a.fftSize = 1024; a.smoothingTimeConstant = 0;
    ctx().createMediaStreamSource(new MediaStream([track])).connect(a);
    const bins = new Float32Array(a.frequencyBinCount), at = hz => { const b = Math.round(hz / (48000 / 1024)); return Math.max(bins[b - 1], bins[b], bins[b + 1]); };
    const timer = setInterval(() => {
      if (track.readyState === 'ended') return clearInterval(timer);
      a.getFloatFrequencyData(bins);
      const t = m.now(), x = at(500), y = at(1100);
      if (x > -70 || y > -70) m.heard.push([t, Math.round(x), Math.round(y)]);
    }, 5);
  };
  const see = async track => {
    const r = new MediaStreamTrackProcessor({track}).readable.getReader();
    for (;;) {
      const {done, value} = await r.read();
      if (done) return;
      m.frames.push(m.now()); value.close();
    }
  };
  const Real = RTCPeerConnection;
  window.RTCPeerConnection = class extends Real {
    constructor(...a) {
      super(...a); m.pcs.push(this);
      this.addEventListener('track', e => { if (e.track.kind === 'video') void see(e.track); else listen(e.track); });
    }
  };
}

const ops = {
  async launch({name, exe, rules}) {
    browsers[name] = await chromium.launch({executablePath: exe, headless: true, args: [...flags, `--host-resolver-rules=${rules}`]});
  },
  async open({browser, page, link, tone}) {
    const c = await browsers[browser].newContext({ignoreHTTPSErrors: true, viewport: {width: 1280, height: 720}});
    const p = pages[page] = await c.newPage();
    p.on('pageerror', e => console.error(page, 'page error', e.message));
    p.on('console', l => { if (l.type() === 'error') console.error(page, l.text()); });
    await p.addInitScript(watch, tone);
    await p.goto(link);
    await p.locator('[data-act=sit]').waitFor({timeout: 15000});
    await p.locator('[data-enter=open]:not([disabled])').check({timeout: 15000});
  },
  // sit presses the button and answers when the other side's picture is there: ms from the press, by the machine's clock.
  async sit({page, limit}) {
    const p = pages[page];
    await p.evaluate(() => { measured.frames.length = 0; document.querySelector('[data-act=sit]').addEventListener('click', () => { measured.click = measured.now(); }, {capture: true}); });
    await p.locator('[data-act=sit]').click();
    const until = Date.now() + (limit ?? 15000);
    while (Date.now() < until) {
      const r = await p.evaluate(() => measured.click && measured.frames.length ? measured.frames[0] - measured.click : null);
      if (r !== null) return r;
      await sleep(20);
    }
    throw new Error('no picture of the other side');
  },
  // seat presses the button and does not wait for a picture.
  async seat({page}) { await pages[page].locator('[data-act=sit]').click(); },
  async seen({page, from, to}) {
    return pages[page].evaluate(([from, to]) => ({frames: measured.frames.filter(t => t >= from && t < to), heard: measured.heard.filter(h => h[0] >= from && h[0] < to)}), [from, to ?? 1e15]);
  },
  async decoded({page}) {
    return pages[page].evaluate(async () => { let n = 0; for (const pc of measured.pcs) if (pc.connectionState !== 'closed') for (const s of (await pc.getStats()).values()) if (s.type === 'inbound-rtp' && s.kind === 'video') n += s.framesDecoded; return n; });
  },
  // stun is the control of the counters: a page that does have a STUN server.
  async stun({page, server}) {
    await pages[page].evaluate(async server => {
      const pc = new RTCPeerConnection({iceServers: [{urls: 'stun:' + server}]}); pc.createDataChannel('x');
      await pc.setLocalDescription(await pc.createOffer()); await new Promise(r => setTimeout(r, 2000)); pc.close();
    }, server);
  },
  async text({page}) { return pages[page].evaluate(() => document.body.innerText.slice(0, 2000)); },
  async shut({page}) { await pages[page].context().close(); delete pages[page]; },
  async quit() { for (const b of Object.values(browsers)) await b.close(); setTimeout(() => process.exit(0), 100); },
};

for await (const line of readline.createInterface({input: process.stdin})) {
  const {id, op, args} = JSON.parse(line);
  ops[op](args ?? {}).then(value => console.log(JSON.stringify({id, value: value ?? null})), err => console.log(JSON.stringify({id, error: String(err.message ?? err).slice(0, 2000)})));
}

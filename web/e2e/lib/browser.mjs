// Chromium for the tests: launching, looking, and a second page that answers offers as a node would.
import { mkdir } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { chromium } from 'playwright-core';

const require = createRequire(import.meta.url);
export const axeSource = await (await import('node:fs/promises')).readFile(require.resolve('axe-core/axe.min.js'), 'utf8');

const flags = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--no-default-browser-check', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-default-apps', '--metrics-recording-only', '--mute-audio', '--disable-features=WebRtcHideLocalIpsWithMdns,MediaRouter,OptimizationHints,Translate'];
const fakes = ['--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream', '--autoplay-policy=no-user-gesture-required'];

export const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium-headless-shell';

export function launch({ more = [], real = false } = {}) {
  return chromium.launch({ executablePath, headless: true, args: [...flags, ...(real ? [] : fakes), ...more] });
}

/** open gives a page that collects its errors and every report of the content security policy. */
export async function open(browser, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', timezoneId: 'UTC', ...options });
  const page = await context.newPage();
  page.errors = [];
  page.on('pageerror', (e) => page.errors.push(String(e)));
  page.on('console', (m) => { if (m.type() === 'error' && !/ERR_CONNECTION|WebSocket connection|Failed to load resource/.test(m.text())) page.errors.push(m.text()); });
  await page.addInitScript(() => {
    const reports = [];
    Object.defineProperty(globalThis, 'reports', { value: reports });
    document.addEventListener('securitypolicyviolation', (e) => reports.push(`${e.violatedDirective} ${e.blockedURI} ${e.sample}`));
  });
  return page;
}

/** until polls f in the page: waitForFunction would need eval, which the policy forbids. */
export async function until(page, f, arg, limit = 10_000, what = f.toString()) {
  const end = Date.now() + limit;
  for (;;) {
    const got = await page.evaluate(f, arg).catch(() => undefined);
    if (got) return got;
    if (Date.now() > end) throw new Error(`not within ${limit} ms: ${what}`);
    await new Promise((r) => setTimeout(r, 50));
  }
}

export const says = (page, key, limit) => until(page, (k) => document.querySelector('#now')?.dataset.says === k, key, limit, `the page says "${key}"`);

/** violations of WCAG 2.2 AA that axe finds, in words. */
export async function violations(page) {
  if (!await page.evaluate(() => 'axe' in globalThis)) await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const r = await globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'] });
    return r.violations.flatMap((v) => v.nodes.map((n) => `${v.id}: ${n.target} ${n.failureSummary?.split('\n')[1] ?? ''}`));
  });
}

const wide = { width: 1440, height: 900 }, narrow = { width: 320, height: 740 };

/** looks are the lights and widths in which every state of a page is looked at. A console stands on the stage, which is dark in both lights
 * (alike proves it), so that one light for each width is all there is to see. */
export const looks = [['light', wide], ['dark', narrow]];

/** all are both lights at both widths, for what stands on paper. */
export const all = looks.flatMap(([, size]) => [['light', size], ['dark', size]]);

/** tongues are the six languages; VISAVIS_TONGUES names others (en,ar,…). */
export const tongues = process.env.VISAVIS_TONGUES?.split(',') ?? ['en', 'ar', 'zh', 'fr', 'ru', 'es'];

/** speak switches the page to a language as a person does, and waits until it speaks it. */
export async function speak(page, tongue) {
  if (await page.evaluate(() => document.querySelector('[data-act=language]') !== null)) await page.selectOption('[data-act=language]', tongue);
  else await page.click(`[data-lang=${tongue}]`);
  await until(page, (l) => document.documentElement.lang === l, tongue, 8000, `the page speaks ${tongue}`);
}

/** settled waits until the page is drawn as it is now, and nothing fades any more. */
export const settled = (page) => page.evaluate(async () => {
  const drawn = () => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  await drawn();
  await Promise.all(document.getAnimations().map((a) => a.finished.catch(() => undefined)));
  await drawn();
});

/** see brings the page into one look and waits until it is drawn. */
export async function see(page, [colorScheme, viewport]) {
  await page.emulateMedia({ colorScheme });
  await page.setViewportSize(viewport);
  await settled(page);
}

/** paint is every element's colours: equal when a page looks alike. */
const paint = (page) => page.evaluate(() => [document.documentElement, ...document.querySelectorAll('#page *')].map((e) => {
  const c = getComputedStyle(e), before = getComputedStyle(e, '::before');
  return [e.tagName, c.color, c.backgroundColor, c.backgroundImage, c.borderColor, c.outlineColor, c.boxShadow, c.stroke, before.backgroundColor, before.backgroundImage, before.borderColor].join(' ');
}));

/** alike reports whether the page has the same colours in both lights, element by element. What changes by itself meanwhile (clocks) has no colour. */
export async function alike(page) {
  const seen = [];
  for (const colorScheme of ['light', 'dark']) {
    await page.emulateMedia({ colorScheme });
    await settled(page);
    seen.push(await paint(page));
  }
  const other = seen[0].findIndex((x, i) => x !== seen[1][i]);
  if (process.env.VISAVIS_PAINT && other >= 0) console.log(`light ${seen[0][other]}\ndark  ${seen[1][other]}`);
  return other < 0 && seen[0].length === seen[1].length;
}

/** shot keeps a picture of the page where VISAVIS_SHOTS names a folder. */
export async function shot(page, name) {
  const folder = process.env.VISAVIS_SHOTS;
  if (!folder) return;
  await mkdir(folder, { recursive: true });
  await page.screenshot({ path: `${folder}/${name}.png`, fullPage: true });
}

/** answerer is a page that answers offers: stage slots get drawn people, floor0 a tone. */
export async function answerer(browser) {
  const page = await (await browser.newContext()).newPage();
  await page.goto('about:blank');
  await page.evaluate(setUp);
  return Object.assign((offer) => page.evaluate(([sdp, names]) => globalThis.answer(sdp, names), [offer.sdp, offer.names]), {
    close: () => page.context().close(),
    /** silence stops all pictures and sound, as a cut on the way does. */
    silence: () => page.evaluate(() => globalThis.silence()),
    /** drop ends the connection without a word to the socket. */
    drop: () => page.evaluate(() => globalThis.drop()),
  });
}

/** drawnCamera is a script for a page whose camera shows a drawn person; quiet: its microphone hears nothing. */
export const drawnCamera = (which, quiet = false) => `(${setUp})();
  const devices = navigator.mediaDevices, get = devices.getUserMedia.bind(devices), list = devices.enumerateDevices.bind(devices);
  const names = { videoinput: 'Camera of the room', audioinput: 'Table microphone', audiooutput: 'Headset' };
  const sound = async (audio) => (${quiet} ? new AudioContext().createMediaStreamDestination().stream : await get({ audio })).getTracks();
  devices.getUserMedia = async (c) => new MediaStream([...(c.audio ? await sound(c.audio) : []), ...(c.video ? [globalThis.person(${which})] : [])]);
  devices.enumerateDevices = async () => (await list()).filter((d, i, all) => all.findIndex((o) => o.kind === d.kind) === i)
    .map(({ kind, deviceId, groupId }) => ({ kind, deviceId, groupId, label: names[kind] }));`;

function setUp() {
  const people = [['#4b4638', '#22221f', '#272c35', '#5a3a34', 48], ['#3d484c', '#1d2427', '#2b2a33', '#2f4a4c', 44], ['#46423c', '#262420', '#2a3038', '#45506a', 46], ['#3b4240', '#1f2624', '#33282b', '#4b3a55', 47]];
  function draw(g, [light, dark, coat, tie, face], n) {
    const sky = g.createLinearGradient(0, 0, 640, 360);
    sky.addColorStop(0, light); sky.addColorStop(1, dark);
    g.fillStyle = sky; g.fillRect(0, 0, 640, 360);
    g.fillStyle = 'rgb(0 0 0 / .12)';
    for (let x = 20; x < 640; x += 40) g.fillRect(x, 0, 9 + (x % 7), 300);
    const glow = g.createRadialGradient(320, 110 + Math.sin(n / 9) * 4, 10, 320, 110, 380);
    glow.addColorStop(0, 'rgb(255 244 220 / .35)'); glow.addColorStop(1, 'rgb(255 244 220 / 0)');
    g.fillStyle = glow; g.fillRect(0, 0, 640, 360);
    const sway = Math.sin(n / 14) * 3;
    g.fillStyle = coat; g.beginPath(); g.moveTo(170, 360); g.bezierCurveTo(180, 250, 230, 240, 296, 222); g.lineTo(348, 222); g.bezierCurveTo(410, 240, 462, 250, 472, 360); g.fill();
    g.fillStyle = '#cfcac0'; g.beginPath(); g.moveTo(292, 224); g.lineTo(322, 272); g.lineTo(352, 224); g.lineTo(338, 320); g.lineTo(306, 320); g.fill();
    g.fillStyle = tie; g.fillRect(315, 262, 14, 60);
    g.fillStyle = '#73594a'; g.fillRect(300 + sway / 2, 170, 44, 60);
    g.fillStyle = '#241f1c'; g.beginPath(); g.ellipse(322 + sway, 128, 42, 62, 0, 0, 7); g.fill();
    g.fillStyle = '#8f7360'; g.beginPath(); g.ellipse(322 + sway, 144, 34, face, 0, 0, 7); g.fill();
    g.fillStyle = '#2c231a'; g.fillRect(0, 318, 640, 42);
    g.fillStyle = '#6b5942'; g.fillRect(0, 317, 640, 1.5);
  }
  let open = [], timers = [], stopped = false;
  const person = globalThis.person = (which) => {
    const c = document.createElement('canvas'), g = c.getContext('2d');
    c.width = 640; c.height = 360;
    let n = which * 40;
    const tick = () => { if (!stopped) draw(g, people[which], n++); };
    tick(); timers.push(setInterval(tick, 100));
    return c.captureStream(10).getVideoTracks()[0];
  };
  globalThis.drop = () => { for (const pc of open) pc.close(); };
  globalThis.silence = () => { stopped = true; };
  globalThis.answer = async (sdp, names) => {
    stopped = false;
    for (const old of open) old.close(); // one page at a time is answered
    timers.forEach(clearInterval);
    timers = [];
    const pc = new RTCPeerConnection();
    open = [pc];
    await pc.setRemoteDescription({ type: 'offer', sdp });
    const sections = pc.getTransceivers();
    for (const [i, name] of names.entries()) {
      const t = sections[i];
      if (name.startsWith('stage')) {
        const which = Number(name.slice(5));
        if (which > 3) continue;
        t.direction = 'sendonly';
        await t.sender.replaceTrack(person(which));
      } else if (name.startsWith('floor') || name === 'probe') {
        t.direction = 'sendonly';
        if (name !== 'floor0') continue;
        const a = new AudioContext(), o = a.createOscillator(), v = a.createGain(), d = a.createMediaStreamDestination();
        o.frequency.value = 440; v.gain.value = 0.2; o.connect(v).connect(d); o.start();
        await t.sender.replaceTrack(d.stream.getAudioTracks()[0]);
      } else t.direction = 'recvonly';
    }
    await pc.setLocalDescription(await pc.createAnswer());
    if (pc.iceGatheringState !== 'complete') await new Promise((done) => { pc.onicegatheringstatechange = () => { if (pc.iceGatheringState === 'complete') done(); }; });
    return pc.localDescription.sdp;
  };
}

// Makes the clips of this folder and the emblems of cmd/visavis-demo/world (see README.md here). Not part of any build: the
// results are committed. Needs Chromium, ffmpeg with libvpx and libopus, espeak-ng, and playwright-core in web/node_modules.
//   node internal/bot/clips/make.mjs [emblems] [cards] [speech] [tones]     (nothing named: all)
import {createRequire} from 'node:module';
import {execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import {fileURLToPath} from 'node:url';

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.resolve(here, '../../..');
const world = path.join(root, 'cmd/visavis-demo/world');
const modules = process.env.NODE_MODULES_PARENT || path.join(root, 'web');
const chromiumPath = process.env.CHROMIUM || '/usr/bin/chromium-headless-shell';
const wanted = process.argv.slice(2);
const want = what => wanted.length === 0 || wanted.includes(what);

// Pictures: 640x360 at 15 a second, a loop of 10 s, a keyframe every 2 s so that a request can jump to the next one.
const width = 640, height = 360, fps = 15, loopSeconds = 10, keyframeEvery = 30;
const cards = [
  {file: 'avelmar-principal', party: 'avelmar', deep: '#0f2c25', disc: '#1f5b4a', words: ['Avelmar', 'أفيلمار'], note: 'Simulated · محاكاة', layout: 'principal'},
  {file: 'avelmar-delegate', party: 'avelmar', deep: '#132a2c', disc: '#1f5b4a', words: ['Avelmar', 'أفيلمار'], note: 'Simulated · محاكاة', layout: 'delegate'},
  {file: 'tolmeria-principal', party: 'tolmeria', deep: '#2c1426', disc: '#5a2a4a', words: ['Tolmeria', 'تولميريا'], note: 'Simulated · simulado', layout: 'principal'},
  {file: 'tolmeria-delegate', party: 'tolmeria', deep: '#2a1a2e', disc: '#5a2a4a', words: ['Tolmeria', 'تولميريا'], note: 'Simulated · simulado', layout: 'delegate'},
];
// What the two principals say; espeak-ng voices. The Arabic speaker is a woman, hence the variant.
const speeches = [
  {file: 'tarroven-ar', parts: [['ar+f3', 'السيد رئيس الوزراء، يسعدني أن أرحب بكم في اجتماعنا السنوي التاسع. ظل نهر فيلون صالحا للملاحة طوال العام تقريبا، وأقترح أن نعتمد جدولا مشتركا لتعميق المجرى الملاحي.']]},
  {file: 'kosvane-es-en', parts: [['es+m3', 'Señora Primera Ministra, le agradezco sus palabras. El tránsito sin papel en el puerto de Carsolle funciona bien.'], ['en+m3', 'We are ready to extend it to the two other river ports.']]},
];
const tones = [500, 1100]; // Hz; both have whole periods in a 20 ms frame, so the loop has no seam
const tonePackets = 100; // 2 s

async function page() {
  const {chromium} = createRequire(modules + '/')('playwright-core');
  const browser = await chromium.launch({executablePath: chromiumPath, args: ['--no-sandbox', '--disable-gpu']});
  return {browser, tab: await browser.newPage()};
}

async function emblems(tab) {
  for (const name of ['avelmar', 'tolmeria']) {
    const svg = fs.readFileSync(path.join(world, name + '.svg'), 'utf8');
    const png = await tab.evaluate(async svg => {
      const im = new Image(); im.src = 'data:image/svg+xml,' + encodeURIComponent(svg.replace('<svg ', '<svg width="256" height="256" ')); await im.decode();
      const c = document.createElement('canvas'); c.width = c.height = 256; c.getContext('2d').drawImage(im, 0, 0, 256, 256);
      return c.toDataURL('image/png').split(',')[1];
    }, svg);
    fs.writeFileSync(path.join(world, name + '.png'), Buffer.from(png, 'base64'));
  }
}

// draw runs in the page: frame n of a card as raw RGBA.
async function prepare({svg, card, width, height}) {
  const im = new Image(); im.src = 'data:image/svg+xml,' + encodeURIComponent(svg.replace('<svg ', '<svg width="512" height="512" ')); await im.decode();
  const c = document.createElement('canvas'); c.width = width; c.height = height; const g = c.getContext('2d', {willReadFrequently: true});
  const principal = card.layout === 'principal';
  const cx = width / 2, [cy, r] = principal ? [138, 84] : [112, 64]; // a delegate's card is often cut to its middle
  window.frameOf = (n, total, fps) => {
    const back = g.createRadialGradient(cx, cy, 20, cx, cy, width * 0.62); back.addColorStop(0, card.disc); back.addColorStop(1, card.deep);
    g.fillStyle = back; g.fillRect(0, 0, width, height);
    g.strokeStyle = 'rgba(241,238,230,.22)'; g.lineWidth = 10; g.beginPath(); g.arc(cx, cy, r + 18, 0, 7); g.stroke();
    g.strokeStyle = '#f1eee6'; g.lineWidth = 10; g.beginPath(); g.arc(cx, cy, r + 18, -Math.PI / 2, -Math.PI / 2 + 2 * Math.PI * (n + 1) / total); g.stroke();
    g.drawImage(im, cx - r, cy - r, 2 * r, 2 * r);
    g.fillStyle = '#f1eee6'; g.textBaseline = 'alphabetic';
    g.textAlign = 'center';
    g.font = '600 30px "Noto Sans"'; g.fillText(card.words[0], principal ? cx - 110 : cx, principal ? 292 : 240);
    g.font = '600 30px "Noto Sans Arabic"'; g.fillText(card.words[1], principal ? cx + 110 : cx, principal ? 292 : 278);
    g.fillStyle = 'rgba(241,238,230,.8)'; g.font = '15px "Noto Sans", "Noto Sans Arabic"'; g.fillText(card.note, cx, principal ? 318 : 308);
    g.font = '600 22px "Noto Sans Mono", monospace'; g.textAlign = 'end'; g.fillText(String(Math.floor(n / fps)), width - 24, 40);
    for (let i = 0; i < fps; i++) { // the bar: one field a frame, one turn a second
      g.fillStyle = i === n % fps ? '#f1eee6' : 'rgba(241,238,230,.16)';
      g.fillRect(20 + i * 40, height - 26, 34, 12);
    }
    const d = g.getImageData(0, 0, width, height).data; let s = '';
    for (let i = 0; i < d.length; i += 0x8000) s += String.fromCharCode(...d.subarray(i, i + 0x8000));
    return btoa(s);
  };
}

async function drawCards(tab) {
  for (const card of cards) {
    await tab.evaluate(prepare, {svg: fs.readFileSync(path.join(world, card.party + '.svg'), 'utf8'), card, width, height});
    const enc = spawn('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'rgba', '-s', `${width}x${height}`, '-r', String(fps), '-i', '-',
      '-c:v', 'libvpx', '-pix_fmt', 'yuv420p', '-deadline', 'good', '-cpu-used', '0', '-b:v', '200k', '-minrate', '0', '-maxrate', '260k', '-bufsize', '400k',
      '-g', String(keyframeEvery), '-keyint_min', String(keyframeEvery), '-auto-alt-ref', '0', '-lag-in-frames', '0', '-error-resilient', '1', '-threads', '1', '-bitexact',
      path.join(here, card.file + '.ivf')], {stdio: ['pipe', 'inherit', 'inherit']});
    for (let n = 0; n < fps * loopSeconds; n++) {
      const raw = Buffer.from(await tab.evaluate(([n, total, fps]) => frameOf(n, total, fps), [n, fps * loopSeconds, fps]), 'base64');
      if (!enc.stdin.write(raw)) await once(enc.stdin, 'drain');
    }
    enc.stdin.end(); const [code] = await once(enc, 'close'); if (code) throw new Error('ffmpeg: ' + code);
  }
}

const sh = (cmd, args, input) => execFileSync(cmd, args, {input, maxBuffer: 1 << 28, stdio: ['pipe', 'pipe', 'inherit']});

// opus encodes signed 16-bit mono at 48 kHz as 96 kbit/s CBR, one 20 ms packet a page, and writes the audio level of each
// packet (RFC 6464: -dBov, 0 to 127) beside it, because a bot has no decoder to measure it with.
function opus(file, pcm, application, levelShift = 312) {
  const out = path.join(here, file + '.ogg');
  sh('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-y', '-f', 's16le', '-ar', '48000', '-ac', '1', '-i', '-', '-c:a', 'libopus', '-b:a', '96k', '-vbr', 'off',
    '-application', application, '-frame_duration', '20', '-page_duration', '20000', '-map_metadata', '-1', '-bitexact', out], pcm);
  const s = new Int16Array(pcm.buffer, pcm.byteOffset, pcm.length >> 1), levels = [];
  for (let at = -levelShift; at < s.length; at += 960) {
    let sum = 0; for (let i = at; i < at + 960; i++) { const v = (s[i] || 0) / 32768; sum += v * v; }
    const db = sum > 0 ? -10 * Math.log10(sum / 960) : 127;
    levels.push(Math.max(0, Math.min(127, Math.round(db))));
  }
  fs.writeFileSync(path.join(here, file + '.levels'), Buffer.from(levels));
}

function speech() {
  for (const s of speeches) {
    const parts = s.parts.map(([voice, text]) => {
      const wav = sh('espeak-ng', ['-v', voice, '-s', '150', '--stdout'], text);
      return sh('ffmpeg', ['-hide_banner', '-loglevel', 'error', '-i', '-', '-af', 'silenceremove=start_periods=1:start_threshold=-50dB,highpass=f=80,loudnorm=I=-20:TP=-3,aresample=48000,apad=pad_dur=0.35', '-ar', '48000', '-ac', '1', '-f', 's16le', '-bitexact', '-'], wav);
    });
    const pcm = Buffer.concat([Buffer.alloc(9600 * 2), ...parts]); // 200 ms of silence first, so that the loop starts clean
    opus(s.file, Buffer.concat([pcm, Buffer.alloc((1920 - pcm.length % 1920) % 1920)]), 'voip');
  }
}

function tone() {
  for (const hz of tones) { // ten packets more than are kept: the reader of tones leaves the encoder's first ones out
    const n = (tonePackets + 10) * 960, pcm = Buffer.alloc(n * 2);
    for (let i = 0; i < n; i++) pcm.writeInt16LE(Math.round(9000 * Math.sin(2 * Math.PI * hz * i / 48000)), i * 2);
    opus('tone-' + hz, pcm, 'audio');
  }
}

if (want('emblems') || want('cards')) {
  const {browser, tab} = await page();
  if (want('emblems')) await emblems(tab);
  if (want('cards')) await drawCards(tab);
  await browser.close();
}
if (want('speech')) speech();
if (want('tones')) tone();

// A network between a page and its node: datagrams go on or get lost, and each sound packet is known again by SSRC and number.
import { createSocket } from 'node:dgram';

const socket = () => new Promise((done) => { const s = createSocket('udp4'); s.bind(0, '127.0.0.1', () => done(s)); });
const isMedia = (b) => b.length >= 12 && b[0] >= 128 && b[0] <= 191; // RFC 7983
const isControl = (b) => isMedia(b) && b[1] >= 192 && b[1] <= 223; // RFC 5761

/**
 * relay puts itself between every connection of the page and the node: call it before the page is opened. While losing is set each tenth
 * packet of sound is lost in both directions, and without feedback all of RTCP. lost and again have the packets of sound by direction, sizes
 * the bytes of Opus in those of the page. While rate is set, bit/s, the way to the page takes no more: 0.3 s may wait, what comes on top is
 * dropped.
 */
export async function relay(page, { feedback = true, sound = 111 } = {}) {
  const open = [], r = { losing: false, rate: 0, dropped: 0, lost: { up: new Map(), down: new Map() }, again: { up: new Set(), down: new Set() }, sizes: new Set() };
  const seen = { up: new Set(), down: new Set() }, count = { up: 0, down: 0 };
  const passes = (way, b) => {
    if (!r.losing || !isMedia(b)) return true;
    if (isControl(b)) return feedback;
    if ((b[1] & 0x7f) !== sound) return true;
    const key = `${b.readUInt32BE(8)} ${b.readUInt16BE(2)}`;
    if (seen[way].has(key)) { r.again[way].add(key); return true; }
    seen[way].add(key);
    if (way === 'up') r.sizes.add(b.length - 12 - (b[0] & 0x10 ? 4 + 4 * b.readUInt16BE(14) : 0) - 16); // header, extension, tag of GCM
    if (++count[way] % 10) return true;
    r.lost[way].set(key, Date.now());
    return false;
  };
  let free = 0, closed = false;
  /** narrow calls send when b has got through the way to the page, if it does. */
  const narrow = (b, send) => {
    const now = performance.now();
    if (!r.rate) return send();
    free = Math.max(free, now);
    if (free - now > 300) { r.dropped++; return; }
    free += (b.length + 28) * 8000 / r.rate;
    setTimeout(send, free - now);
  };
  const between = async (address, port) => {
    const inside = await socket(), ways = new Map();
    open.push(inside);
    inside.on('message', async (b, from) => {
      const name = `${from.address}:${from.port}`;
      if (!ways.has(name)) {
        ways.set(name, socket().then((outside) => {
          open.push(outside);
          outside.on('message', (b) => { if (passes('down', b)) narrow(b, () => { if (!closed) inside.send(b, from.port, from.address); }); });
          return outside;
        }));
      }
      const outside = await ways.get(name);
      if (passes('up', b)) outside.send(b, port, address);
    });
    return inside.address().port;
  };
  await page.exposeFunction('relayTo', between);
  await page.addInitScript(() => {
    const candidate = /(a=candidate:\S+ 1 udp \d+ )(\S+) (\d+)/, real = RTCPeerConnection.prototype.setRemoteDescription;
    RTCPeerConnection.prototype.setRemoteDescription = async function (d) {
      const [, , address, port] = candidate.exec(d.sdp), to = await globalThis.relayTo(address, Number(port));
      return real.call(this, { type: d.type, sdp: d.sdp.replace(new RegExp(candidate, 'g'), (_, head) => `${head}127.0.0.1 ${to}`) });
    };
  });
  r.close = () => { closed = true; for (const s of open) s.close(); };
  /** share says how many of the packets that were lost more than a second ago came again, 0 to 1, and of how many. */
  r.share = (way) => {
    const old = [...r.lost[way]].filter(([, at]) => Date.now() - at > 1000).map(([key]) => key);
    return { of: old.length, again: old.filter((k) => r.again[way].has(k)).length / Math.max(old.length, 1) };
  };
  return r;
}

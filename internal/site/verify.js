{
const box = document.getElementById('check'), out = box.querySelector('p'), enc = new TextEncoder();
const bytes = (s) => Uint8Array.from(atob(s), (c) => c.charCodeAt(0));
const hex = async (s) => Array.from(new Uint8Array(await crypto.subtle.digest('SHA-256', enc.encode(s))), (b) => b.toString(16).padStart(2, '0')).join('');
const at = (o, path) => path.split('.').reduce((v, k) => v?.[k], o);
const shown = (e) => { const p = [...e.querySelectorAll('p')]; return p.length ? p.map((x) => x.textContent).join('\n') : e.textContent; };
async function check() {
  const raw = await (await fetch(box.dataset.file, { cache: 'no-store' })).text(), f = JSON.parse(raw), lang = box.dataset.lang;
  const form = { contents: f.contents.map(({ content, language }) => ({ content, language })), keys: f.keys.map(({ document, party, public: key }) => ({ document, party, public: btoa(atob(key)) })), manifest: f.manifest, purpose: 'visavis-readout-file/1' };
  if (raw !== JSON.stringify(form) + '\n') return false; // RFC 8785: one text, one form
  const cut = f.manifest.indexOf('\n\n') + 1, text = f.manifest.slice(0, cut), lines = f.manifest.slice(cut + 1, -1).split('\n');
  const all = f.contents.map((c) => JSON.parse(c.content)), mine = all.find((c) => c.language === lang), head = text.split('\n');
  if (cut < 1 || head[0] !== 'visavis-readout/1' || head[1] !== `id ${mine.id}` || head[2] !== `revision ${mine.revision}`) return false;
  const named = await Promise.all(f.contents.map(async (c, i) => `${c.language} ${all[i].standing} ${await hex(c.content)}`));
  if (named.join('\n') + '\n' !== head.slice(4).join('\n')) return false;
  const need = mine.mode === 'joint' ? mine.parties.map((p) => p.id) : [mine.by], keys = new Set(f.keys.map((k) => k.public));
  if (need.length !== lines.length || need.length !== f.keys.length || keys.size !== need.length || (mine.mode === 'joint' && need.length < 2)) return false;
  for (const [i, party] of need.entries()) {
    const [, name, b64] = lines[i].match(/^— (\S+) (\S+)$/) ?? [], key = f.keys[i], sig = bytes(b64), id = await crypto.subtle.digest('SHA-256', new Uint8Array([...enc.encode(party + '\n'), 1, ...bytes(key.public)]));
    if (name !== party || key.party !== party || sig.length !== 68 || btoa(String.fromCharCode(...sig)) !== b64 || new Uint8Array(id).subarray(0, 4).some((b, n) => b !== sig[n])) return false;
    if (!await crypto.subtle.verify('Ed25519', await crypto.subtle.importKey('raw', bytes(key.public), 'Ed25519', false, ['verify']), sig.subarray(4), enc.encode(text))) return false;
  }
  const seen = [...document.querySelectorAll('[data-v]')], paths = new Set(seen.map((e) => e.dataset.v));
  return mine.blocks.every((b, i) => paths.has(`blocks.${i}.text`)) && seen.every((e) => shown(e) === String(at(mine, e.dataset.v)));
}
box.querySelector('button').onclick = async () => {
  const word = await check().then((ok) => ok ? 'ok' : 'bad', (e) => e.name === 'NotSupportedError' || (e instanceof TypeError && e.message.includes('fetch')) || !crypto.subtle ? 'cannot' : 'bad');
  out.className = `mark ${{ ok: 'ok', bad: 'bad', cannot: 'wait' }[word]}`; out.textContent = out.dataset[word]; out.dataset.says = word;
};
}

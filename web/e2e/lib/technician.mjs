// What the tests of the technician's console share: figures as the node sends them, and a page that has its seat.
import { open, until } from './browser.mjs';
import { FakeNode } from './fakenode.mjs';
import { meeting } from './formal.mjs';

export const technician = 'avelmar-ormeran', me = 'avelmar-tarroven', them = 'tolmeria-kosvane';
const speaks = meeting.members.filter((m) => m.role === 'principal' || m.role === 'delegate').map((m) => m.id);

export const path = (name, change = {}) => ({ name, state: 'up', rttMs: 38, loss: 0, jitterMs: 0.6, heardMs: 8, sound: true, sight: true, ...change });
export const link = (change = {}) => ({ party: 'tolmeria', state: 'up', offsetMs: -12, paths: [path('192.0.2.2:443'), path('[2001:db8::2]:443', { rttMs: 63, loss: 0.004, jitterMs: 3.1, sight: false })], ...change });

/** member's figures: ours measured, theirs stated. */
const member = (id, change = {}) => ({ member: id, upKbit: 2610, downKbit: 3940, upLoss: 0, downLoss: 0, jitterMs: 2, rttMs: 9, db: -127, stated: id.startsWith('tolmeria'), ...change });

/** figures of an open meeting in which heard is heard by everybody; members, cells ("MEMBER SOURCE") and links as changed. */
export function figures({ heard = me, members = {}, cells = {}, links = [link()], here = meeting.members.map((m) => m.id) } = {}) {
  const cell = (row, source) => ({ source, sound: source === heard ? 'heard' : 'none', sight: source === me || source === them, ...cells[`${row} ${source}`] });
  return { stats: {
    members: here.map((id) => member(id, members[id])), links,
    matrix: here.map((id) => ({ member: id, stated: id.startsWith('tolmeria'), cells: speaks.filter((s) => s !== id).map((s) => cell(id, s)) })),
  } };
}

export const levels = (...list) => ({ levels: { list: list.map(([id, db]) => ({ member: id, db, own: id.startsWith('avelmar') })) } });

/** seated gives the technician's page in its seat, and its node, which says its figures again and again. */
export async function seated(t, browser, answer, { state, says = [figures()], tongue = 'en', options, node: change }) {
  const node = await new FakeNode().start();
  Object.assign(node, { answer, meeting, you: technician, state }, change);
  const page = await open(browser, options);
  node.says = says;
  const tick = setInterval(() => { for (const m of node.says) node.send(m); }, 250);
  t.after(async () => { clearInterval(tick); await page.context().close(); await node.stop().catch(() => undefined); });
  await page.goto(`${node.url}/join?lang=${tongue}#good`);
  await until(page, () => document.querySelector('[data-act=sit]'));
  await page.click('[data-act=sit]');
  await until(page, () => globalThis.visavis.phase() === 'live' && globalThis.visavis.media() === 'open' && document.querySelector('.technician .members'), null, 15_000, 'the console is there');
  return { node, page };
}

/** cell of the matrix as it stands on the page: its shape, its spoken text, whether the picture is seen. */
export const cell = (page, row, source) => page.evaluate(([r, n]) => {
  const td = [...document.querySelectorAll(`[data-row="${r}"] td.m`)].find((e) => e.querySelector('[aria-label]')?.getAttribute('aria-label').startsWith(`${n}:`));
  const c = td?.querySelector('[data-cell]');
  return c ? { shape: c.dataset.cell, says: c.getAttribute('aria-label'), sees: td.querySelector('.sees') !== null } : null;
}, [row, meeting.members.find((m) => m.id === source).name.en]);

// Pages on paper before the seat: the invitation to a formal meeting with its PIN, the door, signing in, the list of meetings. Six
// languages, light and dark, wide and narrow.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { all, answerer, launch, looks, open, see, shot, speak, tongues, until, violations } from './lib/browser.mjs';
import { FakeNode } from './lib/fakenode.mjs';
import { ago, meeting, standing } from './lib/formal.mjs';

let browser, answer;
before(async () => {
  browser = await launch();
  answer = await answerer(browser);
});
after(() => browser?.close());

const sit = async (page) => { await until(page, () => document.querySelector('[data-act=sit]')); await page.click('[data-act=sit]'); };
const gate = (reason) => ({ gate: { reason, since: ago(0) } });
const pages = {
  invitation: { set: { pin: '482615' }, path: '/join', show: (page) => until(page, () => document.querySelector('[data-probe=good]') && document.querySelector('[data-act=pin]')) },
  wrongpin: { set: { pin: '482615' }, path: '/join', async show(page) { await until(page, () => document.querySelector('[data-act=pin]')); await page.fill('[data-act=pin]', '1'); await page.click('[data-act=sit]'); await until(page, () => document.querySelector('.enter [role=alert]')?.textContent); } },
  used: { set: { used: true }, path: '/join', show: (page) => until(page, () => document.querySelector('[data-says=door]')) },
  admission: { set: gate('admission'), path: '/join', async show(page) { await sit(page); await until(page, () => document.querySelector('[data-says=admission]')); } },
  excluded: { set: gate('excluded'), path: '/join', async show(page) { await sit(page); await until(page, () => document.querySelector('[data-says=excluded]')); } },
  signin: { path: '/signin', show: (page) => until(page, () => document.querySelector('[data-act=signin]')) },
  enrol: { path: '/enrol', bare: true, show: (page) => until(page, () => document.querySelector('#enrolment')) },
  home: { set: { account: { id: 'avelmar-vost', name: 'Lirien Vost', role: 'officer', passkeys: 1, proven: '' } }, path: '/officer', bare: true, show: (page) => until(page, () => document.querySelector('[data-says=home] li a')) },
};

for (const [name, p] of Object.entries(pages)) {
  test(`${name} in ${tongues.join(', ')}`, { timeout: 300_000 }, async (t) => {
    const node = await new FakeNode().start();
    Object.assign(node, { answer, meeting, you: 'avelmar-tarroven', state: standing(), ...p.set });
    const page = await open(browser);
    t.after(async () => { await page.context().close(); await node.stop().catch(() => undefined); });
    await page.goto(`${node.url}${p.path}?lang=${tongues[0]}${p.bare ? '' : '#good'}`);
    await p.show(page);
    assert.equal(await page.evaluate(() => document.documentElement.lang), tongues[0], 'the language of the address');
    for (const tongue of tongues) {
      await speak(page, tongue);
      for (const look of tongue === 'en' || tongue === 'ar' ? all : looks) {
        await see(page, look);
        const where = `${name}-${tongue}-${look[0]}-${look[1].width}`;
        await shot(page, where);
        assert.deepEqual(await page.evaluate(() => globalThis.reports), [], `${where}: reports of the policy`);
        assert.equal(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth), false, `${where}: wider than the window`);
        assert.deepEqual(await violations(page), [], `${where}: axe`);
      }
    }
    assert.deepEqual(page.errors, []);
  });
}

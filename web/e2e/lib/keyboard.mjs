// A person who has no pointing device: Tab, Enter, arrows and letters, and nothing else.
import assert from 'node:assert/strict';
import { until } from './browser.mjs';

const far = 600; // stops: further than any page is long

/** unpointed counts what only a pointing device does, in every document of the page. */
export const unpointed = (page) => page.addInitScript(() => {
  globalThis.pointed = [];
  for (const what of ['pointerdown', 'mousedown', 'touchstart']) addEventListener(what, (e) => { if (e.isTrusted) globalThis.pointed.push(what); }, true);
});

/** reach goes from one control to the next until the focus is on the one that selector names. */
export async function reach(page, selector, limit = 15_000) {
  await until(page, (s) => document.querySelector(s), selector, limit, `the page has ${selector}`);
  for (let i = 0; i < far; i++) {
    if (await page.evaluate((s) => document.activeElement?.matches(s) ?? false, selector)) return;
    await page.keyboard.press('Tab');
  }
  assert.fail(`${selector} cannot be reached with the Tab key`);
}

/** press goes to a button or link and presses Enter. */
export async function press(page, selector, limit) {
  await reach(page, selector, limit);
  assert.ok(await page.evaluate(visible), `the focus on ${selector} can be seen`);
  await page.keyboard.press('Enter');
}

/** visible says whether the focused control shows that it is. */
function visible() {
  const e = document.activeElement, s = getComputedStyle(e);
  return e.matches(':focus-visible') && s.outlineStyle !== 'none' && parseFloat(s.outlineWidth) >= 1.5;
}

/** write goes to a field and replaces what is in it. */
export async function write(page, selector, text) {
  await reach(page, selector);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(text);
}

/** choose goes to a list and moves to the entry with a value by arrow keys. */
export async function choose(page, selector, value) {
  await reach(page, selector);
  const at = () => page.evaluate(([s, v]) => { const o = [...document.querySelector(s).options]; return { now: document.querySelector(s).selectedIndex, want: o.findIndex((x) => x.value === v) }; }, [selector, value]);
  for (let i = 0; i < 200; i++) {
    const { now, want } = await at();
    assert.ok(want >= 0, `${selector} has ${value}`);
    if (now === want) return;
    await page.keyboard.press(now < want ? 'ArrowDown' : 'ArrowUp');
    await reach(page, selector); // a choice that draws the page anew must not lose the focus
  }
  assert.fail(`${selector} does not come to ${value}`);
}

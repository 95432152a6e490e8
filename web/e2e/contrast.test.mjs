// Contrast computed from the tokens: axe passes low-contrast Arabic without a word.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { test } from 'node:test';

const css = await readFile(new URL('../style/tokens.css', import.meta.url), 'utf8');

/** tokens of the block that begins with `head`, after `from`. */
function tokens(head, from = 0) {
  const begin = css.indexOf(head, from), body = css.slice(css.indexOf('{', begin), css.indexOf('}', begin));
  assert.notEqual(begin, -1, head);
  return Object.fromEntries([...body.matchAll(/--([\w-]+):\s*(#[0-9a-f]{6})/g)].map((m) => [m[1], m[2]]));
}

const surfaces = { stage: tokens('.stage {'), 'paper, light': tokens('.paper {'), 'paper, dark': tokens('.paper {', css.indexOf('prefers-color-scheme: dark')) };

// WCAG 2.2, relative luminance and contrast ratio
const channel = (c) => (c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
const luminance = (hex) => [1, 3, 5].map((i) => channel(parseInt(hex.slice(i, i + 2), 16) / 255)).reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
export const ratio = (a, b) => { const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p); return (x + 0.05) / (y + 0.05); };

test('the ratio is WCAG\'s', () => {
  assert.equal(Math.round(ratio('#000000', '#ffffff') * 10) / 10, 21);
  assert.equal(Math.round(ratio('#777777', '#ffffff') * 100) / 100, 4.48); // the control: the famous grey that fails
});

for (const [name, t] of Object.entries(surfaces)) {
  test(`contrast on ${name}`, () => {
    for (const ground of ['bg', 'raised', 'sunk']) {
      assert.ok(ratio(t.ink, t[ground]) >= 7, `running text on ${ground}: ${ratio(t.ink, t[ground]).toFixed(2)} < 7`);
      for (const text of ['quiet', 'accent', 'live', 'warn', 'alarm']) assert.ok(ratio(t[text], t[ground]) >= 4.5, `${text} on ${ground}: ${ratio(t[text], t[ground]).toFixed(2)} < 4.5`);
      for (const edge of ['control', 'focus']) assert.ok(ratio(t[edge], t[ground]) >= 3, `${edge} on ${ground}: ${ratio(t[edge], t[ground]).toFixed(2)} < 3`);
    }
    assert.ok(ratio(t['on-accent'], t.accent) >= 4.5, `on-accent: ${ratio(t['on-accent'], t.accent).toFixed(2)}`);
    assert.ok(ratio(t['on-lamp'], t.lamp) >= 4.5, `on-lamp: ${ratio(t['on-lamp'], t.lamp).toFixed(2)}`);
  });
}

// The texts of the protocol officer's console, and times to the millisecond as its proof needs them.
import type { Call } from "../call/call";
import { book } from "../lang";
import { at } from "../view/signs";
import type { Table } from "./text/en";

/** o is the console's own text; words that all consoles share are in t. */
export const o = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

/** exact is a time, ms since 1970, at the own place: "10:58:07.398". Zones differ from UTC by whole minutes. */
export function exact(call: Call, ms: number): string {
  const d = new Date(ms), two = (n: number) => String(n).padStart(2, "0");
  return `${at(call, d.toISOString())}:${two(d.getUTCSeconds())}.${String(d.getUTCMilliseconds()).padStart(3, "0")}`;
}

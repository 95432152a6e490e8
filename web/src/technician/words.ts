// The texts of the technician's console, its figures as they are written, and from where on a figure is poor.
import { book } from "../lang";
import type { Table } from "./text/en";

/** k is the console's own text; words that all consoles share are in t. */
export const k = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

export type Grade = "" | "warn" | "alarm";

// From here on a figure is poor, and bad: loss as a fraction, jitter and round trip in ms. Jitter alone never is an alarm: buffers follow it.
const poor = { loss: 0.02, jitter: 20, rtt: 150 }, bad = { loss: 0.08, jitter: Infinity, rtt: 400 };

/** grade of a figure. */
export function grade(what: keyof typeof poor, n: number): Grade {
  return n >= bad[what] ? "alarm" : n >= poor[what] ? "warn" : "";
}

/** worst of several grades. */
export const worst = (...of: Grade[]): Grade => (of.includes("alarm") ? "alarm" : of.includes("warn") ? "warn" : "");

/** percent of a fraction, one decimal. */
export const percent = (fraction: number) => (fraction * 100).toFixed(1);

/** whole number with a thin space between thousands. */
export const whole = (n: number) => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, "\u202f");

/** tenth is a number with one decimal below ten, whole above. */
export const tenth = (n: number) => (n > 0 && n < 10 ? n.toFixed(1) : whole(n));

/** signed is a whole number with its sign, a true minus. */
export const signed = (n: number) => (n < 0 ? `\u2212${whole(-n)}` : n > 0 ? `+${whole(n)}` : "0");

/** level in dBFS as it is written: below the meters' reach there is only silence. */
export const level = (db: number) => (db <= -100 ? "\u2212\u221e" : signed(db).replace("+", ""));

// The language of the page: switched live, kept in the address, right-to-left by the document's dir. Only the text that is read is
// fetched: each table is a file of its own.
import { batch, effect, signal, type ReadonlySignal } from "@preact/signals";
import type { ComponentChild } from "preact";
import type { Table } from "./text/en";
import type { Text } from "./wire.gen";

export type Lang = "ar" | "zh" | "en" | "fr" | "ru" | "es";

/** languages of the interface, in the order of the United Nations; own is each one's name for itself. */
export const languages: { lang: Lang; own: string }[] = [
  { lang: "ar", own: "العربية" }, { lang: "zh", own: "中文" }, { lang: "en", own: "English" },
  { lang: "fr", own: "Français" }, { lang: "ru", own: "Русский" }, { lang: "es", own: "Español" },
];

const primary = (tag: string) => tag.toLowerCase().split("-")[0];

function asked(): Lang {
  const wished = [new URLSearchParams(location.search).get("lang") ?? "", ...navigator.languages];
  for (const w of wished) {
    const found = languages.find((l) => primary(w) === l.lang);
    if (found) return found.lang;
  }
  return "en";
}

export const lang = signal<Lang>(asked());
/** title is what the tab shows beside the product's name. */
export const title = signal("");

interface Shelf { load(l: Lang): Promise<void>; show(l: Lang): void }
const shelves: Shelf[] = [];

/** book is a table of texts in six languages. It may be read after ready() has resolved, and follows the language from then on. */
export function book<T>(pages: Record<Lang, () => Promise<{ text: T }>>): ReadonlySignal<T> {
  const read = new Map<Lang, T>(), now = signal<T>(undefined as T);
  shelves.push({
    load: async (l) => { if (!read.has(l)) read.set(l, (await pages[l]()).text); },
    show: (l) => { now.value = read.get(l)!; },
  });
  return now;
}

/** t is the text that all pages share. */
export const t = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

/** ready fetches what is missing of every book in a language and shows it; until then the page stays as it was. */
export async function ready(l: Lang = lang.value) {
  await Promise.all(shelves.map((s) => s.load(l)));
  batch(() => {
    lang.value = l;
    for (const s of shelves) s.show(l);
  });
}

effect(() => {
  const root = document.documentElement;
  root.lang = lang.value;
  root.dir = direction(lang.value);
  document.title = title.value ? `${title.value} · Visavis` : "Visavis";
});

/** direction of a language's script. */
export function direction(l: string): "rtl" | "ltr" {
  return primary(l) === "ar" ? "rtl" : "ltr";
}

/** speak switches the language and writes it into the address, so that a reload keeps it. */
export async function speak(to: Lang) {
  await ready(to);
  const url = new URL(location.href);
  url.searchParams.set("lang", to);
  history.replaceState(null, "", url);
}

/** pick gives a text of the meeting in the viewer's language, else in English, else in whichever there is. */
export function pick(text: Text | undefined, want: string = lang.value): string {
  return text?.[want] ?? text?.["en"] ?? Object.values(text ?? {})[0] ?? "";
}

/** fill puts args, each isolated from the direction of what surrounds it, into the {places} of a text. */
export function fill(template: string, args: Record<string, ComponentChild>): ComponentChild[] {
  return template.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? <bdi key={i}>{args[part]}</bdi> : part));
}

/** plain does the same for attributes, with isolating characters (U+2068, U+2069) in place of <bdi>. */
export function plain(template: string, args: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => `\u2068${args[name] ?? ""}\u2069`);
}

/** list joins names as the language does ("a and b", "أ وب"). */
export function list(names: string[]): ComponentChild[] {
  return new Intl.ListFormat(lang.value, { type: "conjunction" }).formatToParts(names)
    .map((p, i) => (p.type === "element" ? <bdi key={i}><strong>{p.value}</strong></bdi> : p.value));
}

// Times: always the place's own clock, digits Latin in both scripts, so that both sides read the same figure.
function zoned(at: Date, zone: string, locale: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormatPart[] {
  const o = { ...options, numberingSystem: "latn", calendar: "gregory" };
  try {
    return new Intl.DateTimeFormat(locale, { ...o, timeZone: zone }).formatToParts(at);
  } catch { // a zone that this browser does not know
    return new Intl.DateTimeFormat(locale, { ...o, timeZone: "UTC", timeZoneName: "short" }).formatToParts(at);
  }
}

/** clock is the hour and minute at a place, 24 hours. */
export function clock(at: Date, zone: string): string {
  return zoned(at, zone, "en-GB", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).map((p) => p.value).join("");
}

// United Nations usage writes both month names.
const arabicMonths = ["كانون الثاني/يناير", "شباط/فبراير", "آذار/مارس", "نيسان/أبريل", "أيار/مايو", "حزيران/يونيه",
  "تموز/يوليه", "آب/أغسطس", "أيلول/سبتمبر", "تشرين الأول/أكتوبر", "تشرين الثاني/نوفمبر", "كانون الأول/ديسمبر"];

/** day is the date at a place, with the day of the week, as the language's official texts write it. */
export function day(at: Date, zone: string): string {
  const part = (locale: string, o: Intl.DateTimeFormatOptions, type: string) => zoned(at, zone, locale, o).find((p) => p.type === type)?.value ?? "";
  const d = part("en-GB", { day: "numeric" }, "day"), n = part("en-GB", { month: "numeric" }, "month"), year = part("en-GB", { year: "numeric" }, "year");
  const weekday = part(lang.value, { weekday: "long" }, "weekday");
  const month = part(lang.value, { day: "numeric", month: "long" }, "month"); // beside a day: Russian inflects it
  switch (lang.value) {
    case "ar": return `${weekday} ${d} ${arabicMonths[Number(n) - 1]} ${year}`;
    case "zh": return `${year}年${n}月${d}日${weekday}`;
    case "ru": return `${weekday}, ${d} ${month} ${year} года`;
    case "fr": return `${weekday} ${d === "1" ? "1er" : d} ${month} ${year}`;
    case "es": return `${weekday} ${d} de ${month} de ${year}`;
    default: return `${weekday} ${d} ${month} ${year}`;
  }
}

/** minutes is a number of minutes in words, inflected ("5 minutes", "5 минут"). */
export function minutes(n: number): string {
  return new Intl.NumberFormat(lang.value, { style: "unit", unit: "minute", unitDisplay: "long", numberingSystem: "latn", maximumFractionDigits: 0 } as Intl.NumberFormatOptions).format(n);
}

/** decibels is a level as it is written: a true minus, the unit on the same line. */
export function decibels(db: number): string {
  return `${db < 0 ? "\u2212" : ""}${Math.abs(Math.round(db))}\u00a0dB`;
}

/** span is a length of time as a clock shows it, "3:42"; over an hour "1:03:42". */
export function span(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds)), two = (n: number) => String(n).padStart(2, "0");
  return s < 3600 ? `${Math.floor(s / 60)}:${two(s % 60)}` : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

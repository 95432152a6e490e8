// The language of the page: switched live, kept in the address, right-to-left by the document's dir. Only the text that is read is
// fetched: each table is a file of its own.
import { batch, effect, signal, type ReadonlySignal } from "@preact/signals";
import { isValidElement, type ComponentChild } from "preact";
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
/** unspoken is a language that was chosen and whose texts have not come. */
export const unspoken = signal<Lang | null>(null);
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
  root.dir = lang.value === "ar" ? "rtl" : "ltr";
  document.title = title.value ? `${title.value} · Visavis` : "Visavis";
});

const toldFor = 15_000; // ms that a page says which language has not come

/** speak switches the language and writes it into the address, so that a reload keeps it. */
export async function speak(to: Lang) {
  unspoken.value = null;
  try {
    await ready(to);
  } catch (err) {
    console.warn("language", err);
    unspoken.value = to;
    setTimeout(() => { unspoken.value = null; }, toldFor);
    return;
  }
  const url = new URL(location.href);
  url.searchParams.set("lang", to);
  history.replaceState(null, "", url);
}

/** found is the tag under which a text of the meeting is shown: the viewer's language, else English, else whichever there is. */
function found(text: Text | undefined, want: string): string {
  const tags = Object.keys(text ?? {});
  return [want, tags.find((tag) => tag.split("-")[0] === want), "en", tags[0]].find((tag) => tag !== undefined && tags.includes(tag)) ?? "";
}

/** pick gives a text of the meeting for places that hold nothing but characters: attributes, the tab's title. */
export function pick(text: Text | undefined, want: string = lang.value): string {
  return text?.[found(text, want)] ?? "";
}

const rightToLeft = new Set(["Arab", "Hebr", "Thaa", "Syrc", "Nkoo", "Adlm", "Rohg"]); // scripts, ISO 15924

/** direction of a language, by the script that it is most often written in. */
export function direction(tag: string): "rtl" | "ltr" | "auto" {
  try {
    return rightToLeft.has(new Intl.Locale(tag).maximize().script ?? "") ? "rtl" : "ltr";
  } catch { // not a tag
    return "auto";
  }
}

/** Words shows a text of the meeting, isolated, and says its language where that is not the one around it (WCAG 2.2, 3.1.2). */
export function Words({ of, want = lang.value, strong }: { of: Text | undefined; want?: string; strong?: boolean }) {
  const tag = found(of, want), words = of?.[tag] ?? "", other = words !== "" && tag !== want;
  return <bdi lang={other ? tag : undefined} dir={other ? direction(tag) : undefined}>{strong ? <strong>{words}</strong> : words}</bdi>;
}

/** fill puts args, each isolated from the direction of what surrounds it (an element is so by itself: Words), into the {places} of a text. */
export function fill(template: string, args: Record<string, ComponentChild>): ComponentChild[] {
  return template.split(/\{(\w+)\}/).map((part, i) => (i % 2 ? (isValidElement(args[part]) ? args[part] : <bdi key={i}>{args[part]}</bdi>) : part));
}

/** plain does the same for attributes, with isolating characters (U+2068, U+2069) in place of <bdi>. */
export function plain(template: string, args: Record<string, string>): string {
  return template.replace(/\{(\w+)\}/g, (_, name: string) => `\u2068${args[name] ?? ""}\u2069`);
}

/** list joins names, or words that are in the page's language already, as the language does ("a and b", "أ وب"). */
export function list(names: (Text | string | undefined)[]): ComponentChild[] {
  const rest = [...names], of = (n: Text | string | undefined) => (typeof n === "string" ? { [lang.value]: n } : n);
  return new Intl.ListFormat(lang.value, { type: "conjunction" }).formatToParts(names.map((n) => pick(of(n))))
    .map((p, i) => (p.type === "element" ? <Words key={i} of={of(rest.shift())} strong /> : p.value));
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

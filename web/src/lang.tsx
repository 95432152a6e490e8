// The language of the page: switched live, kept in the address, right-to-left by the document's dir.
import { computed, effect, signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { ar } from "./text/ar";
import { en, type Table } from "./text/en";
import type { Text } from "./wire.gen";

export type Lang = "en" | "ar";
export const languages: { lang: Lang; own: string }[] = [{ lang: "en", own: "English" }, { lang: "ar", own: "العربية" }];
const tables: Record<Lang, Table> = { en, ar };

function asked(): Lang {
  const wished = [new URLSearchParams(location.search).get("lang") ?? "", ...navigator.languages];
  for (const w of wished) {
    const found = languages.find((l) => w.toLowerCase().split("-")[0] === l.lang);
    if (found) return found.lang;
  }
  return "en";
}

export const lang = signal<Lang>(asked());
export const t = computed(() => tables[lang.value]);
/** title is what the tab shows beside the product's name. */
export const title = signal("");

effect(() => {
  const root = document.documentElement;
  root.lang = lang.value;
  root.dir = lang.value === "ar" ? "rtl" : "ltr";
  document.title = title.value ? `${title.value} · Visavis` : "Visavis";
});

/** speak switches the language and writes it into the address, so that a reload keeps it. */
export function speak(to: Lang) {
  lang.value = to;
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

/** day is the date at a place, with the day of the week. */
export function day(at: Date, zone: string): string {
  const part = (locale: string, o: Intl.DateTimeFormatOptions, type: string) => zoned(at, zone, locale, o).find((p) => p.type === type)?.value ?? "";
  const date = part("en-GB", { day: "numeric" }, "day"), year = part("en-GB", { year: "numeric" }, "year");
  const weekday = part(lang.value, { weekday: "long" }, "weekday");
  const month = lang.value === "ar"
    ? arabicMonths[Number(part("en-GB", { month: "numeric" }, "month")) - 1]
    : part("en-GB", { month: "long" }, "month");
  return `${weekday} ${date} ${month} ${year}`;
}

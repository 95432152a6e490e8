// The language of the page: switched live, kept in the address, right-to-left by the document's dir.
import { computed, effect, signal } from "@preact/signals";
import { isValidElement, type ComponentChild } from "preact";
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

/** list joins names as the language does ("a and b", "أ وب"). */
export function list(names: (Text | undefined)[]): ComponentChild[] {
  const rest = [...names];
  return new Intl.ListFormat(lang.value, { type: "conjunction" }).formatToParts(names.map((n) => pick(n)))
    .map((p, i) => (p.type === "element" ? <Words key={i} of={rest.shift()} strong /> : p.value));
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

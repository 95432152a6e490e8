// Hours of a meeting at two places. A moment is kept in UTC; people write and read the clock of a place.

export interface Local { date: string; time: string; hour: number; weekday: number }

const two = (n: number) => String(n).padStart(2, "0");

/** offset of a zone at a moment, minutes east of UTC; 0 for a zone that this browser does not know. */
export function offset(at: Date, zone: string): number {
  try {
    const part: Record<string, number> = {};
    for (const p of new Intl.DateTimeFormat("en-GB", { timeZone: zone, calendar: "gregory", numberingSystem: "latn", hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric", hour: "numeric", minute: "numeric" }).formatToParts(at)) part[p.type] = Number(p.value);
    const wall = Date.UTC(part.year!, part.month! - 1, part.day, part.hour, part.minute);
    return Math.round((wall - Math.floor(at.getTime() / 60000) * 60000) / 60000);
  } catch {
    return 0;
  }
}

/** local is what calendar and clock show at a place. */
export function local(at: Date, zone: string): Local {
  const d = new Date(at.getTime() + offset(at, zone) * 60000);
  return { date: `${d.getUTCFullYear()}-${two(d.getUTCMonth() + 1)}-${two(d.getUTCDate())}`, time: `${two(d.getUTCHours())}:${two(d.getUTCMinutes())}`, hour: d.getUTCHours() + d.getUTCMinutes() / 60, weekday: d.getUTCDay() };
}

/** instant is the moment at which a place's calendar and clock show this; null if it is no date or no time. An hour that a change of the
 * clock leaves out becomes the one after it; of one that comes twice it is the first. */
export function instant(date: string, time: string, zone: string): Date | null {
  const d = /^(\d{4})-(\d{2})-(\d{2})$/.exec(date.trim()), h = /^(\d{1,2}):(\d{2})$/.exec(time.trim());
  if (!d || !h || Number(h[1]) > 23 || Number(h[2]) > 59) return null;
  const wall = Date.UTC(Number(d[1]), Number(d[2]) - 1, Number(d[3]), Number(h[1]), Number(h[2]));
  if (new Date(wall).getUTCDate() !== Number(d[3])) return null; // 31 November
  const fits: number[] = [];
  for (const day of [-1, 1]) {
    const at = wall - offset(new Date(wall + day * 86400000), zone) * 60000;
    if (at + offset(new Date(at), zone) * 60000 === wall) fits.push(at);
  }
  return new Date(fits.length ? Math.min(...fits) : wall - offset(new Date(wall - 86400000), zone) * 60000);
}

export const validDate = (s: string) => instant(s, "12:00", "UTC") !== null;
export const validTime = (s: string) => instant("2026-01-01", s, "UTC") !== null;

/** kinds of hours: at night nobody is asked to sit in a meeting without a word about it. */
export function hours(at: Date, end: Date, zone: string): "inside" | "outside" | "night" {
  const from = local(at, zone).hour, to = local(end, zone).hour, longer = end.getTime() - at.getTime() > 12 * 3600000;
  if (from < 6 || from >= 22 || (to > 0 && to < 6) || to > 22 || longer) return "night";
  return from < 8 || to > 18 || to < from ? "outside" : "inside";
}

/** utc names an offset as people write it: "UTC+10:30". */
export function utc(at: Date, zone: string): string {
  const m = offset(at, zone), abs = Math.abs(m);
  return m === 0 ? "UTC" : `UTC${m < 0 ? "\u2212" : "+"}${Math.floor(abs / 60)}${abs % 60 ? `:${two(abs % 60)}` : ""}`;
}

/** zones that can be chosen. */
export function zones(more: string[]): string[] {
  const known = (Intl as unknown as { supportedValuesOf?: (k: string) => string[] }).supportedValuesOf?.("timeZone") ?? [];
  return [...new Set([...known, "Etc/UTC", ...more])].filter(Boolean).sort();
}

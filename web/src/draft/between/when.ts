// Moments and names of a readout, as its panels say them.
import { lang, pick } from "../../lang";
import { ownZone, partyIn, stamp as stampAt } from "../parts";
import type { Desk } from "../desk";
import type { Party } from "../types.gen";

/** places are the parties, our own first. */
export function places(desk: Desk): Party[] {
  const v = desk.view.value!, all = desk.doc.value?.parties ?? [];
  return [...all.filter((p) => p.id === v.self), ...all.filter((p) => p.id !== v.self)];
}

export const cityOf = (p: Party): string => pick(p.city) || pick(p.name);
export const nameOf = (desk: Desk, id: string): string => pick(partyIn(desk.doc.value!, id)?.name) || id;
/** numberOf a block, as the page counts them. */
export const numberOf = (desk: Desk, id: string): number => (desk.doc.value?.blocks.findIndex((x) => x.id === id) ?? -1) + 1;

/** stamp is a moment by the clock of our own place. */
export const stamp = (desk: Desk, at: string): string => stampAt(at, ownZone(desk));

/** left is a length of time in words: days and hours, hours and minutes, or minutes and seconds. */
export function left(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds)), unit = (n: number, of: string) =>
    new Intl.NumberFormat(lang.value, { style: "unit", unit: of, unitDisplay: "short", numberingSystem: "latn" } as Intl.NumberFormatOptions).format(n);
  const days = Math.floor(s / 86400), hours = Math.floor(s / 3600) % 24, minutes = Math.floor(s / 60) % 60;
  if (days) return `${unit(days, "day")} ${unit(hours, "hour")}`;
  if (hours) return `${unit(hours, "hour")} ${unit(minutes, "minute")}`;
  return `${unit(minutes, "minute")} ${unit(s % 60, "second")}`;
}

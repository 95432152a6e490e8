// The texts of the member's page: its own, and those that all pages share, in one table.
import { computed } from "@preact/signals";
import { book, t as shared } from "../lang";
import type { Table as Shared } from "../text/en";
import type { Table as Own } from "./text/en";

export type Table = Own & Shared;

const own = book<Own>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

export const t = computed<Table>(() => ({ ...shared.value, ...own.value }));

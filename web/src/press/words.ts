// The texts of the page of press and viewers; words that all pages share are in t.
import { book } from "../lang";
import type { Table } from "./text/en";

export const p = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

// The officer's texts for arranging, in six languages.
import { book } from "../lang";
import type { Table } from "./text/en";

export const a = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

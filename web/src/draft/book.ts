// The texts of the pages on which readouts are written, in six languages.
import { book } from "../lang";
import type { Table } from "./text/en";

export const d = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

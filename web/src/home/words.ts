// The texts of signing in and of the list of meetings after it, in six languages: whoever sits in a meeting fetches none of them.
import { book } from "../lang";
import type { Table } from "./text/en";

export const h = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

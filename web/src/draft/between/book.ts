// The texts of what goes on between the parties, in six languages.
import { book } from "../../lang";
import type { Table } from "./text/en";

export const b = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

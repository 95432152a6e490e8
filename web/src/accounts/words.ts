// The officer's texts for accounts and the security log, in six languages; what refusals mean in them.
import type { ComponentChildren } from "preact";
import { book } from "../lang";
import { said } from "../view/codes";
import type { Table } from "./text/en";

export const w = book<Table>({
  en: () => import("./text/en"), ar: () => import("./text/ar"), zh: () => import("./text/zh"),
  fr: () => import("./text/fr"), ru: () => import("./text/ru"), es: () => import("./text/es"),
});

const codes: Record<string, keyof Table> = {
  "account.malformed": "errId", "account.unknown": "errUnknown", "account.exists": "errExists", "account.limit": "errLimit", "account.last": "errLast", "account.forget": "errForget",
};

/** refusal is why something was not done, in words. */
export const refusal = (code: string): ComponentChildren => (codes[code] ? w.value[codes[code]] : said(code));

// What the page knows of the accounts and of the log, and what it asks of the node. Whatever needs the passkey asks for it.
import { signal } from "@preact/signals";
import { get, post, type Reply } from "../call/node";
import { proven } from "../call/passkey";
import type { AccountCode, AccountRequest, AccountRow, Accounts, SecurityLog } from "../wire.gen";

export type Where = "loading" | "signin" | "role" | "server" | "list";

export const where = signal<Where>("loading");
export const rows = signal<AccountRow[]>([]);
export const busy = signal(false);
/** asking: the device asks for the passkey. */
export const asking = signal(false);
/** failed is the last refusal, said where the button is: of the accounts or of the log. */
export const failed = signal<{ code: string; log: boolean } | null>(null);
/** issued is a code, shown once. */
export const issued = signal<{ name: string; code: AccountCode } | null>(null);
/** log is what was read of it; its entries grow as earlier ones are asked for. */
export const log = signal<SecurityLog | null>(null);

const again = 5000; // ms until a node that did not answer is asked again

export async function load(): Promise<void> {
  const r = await get<Accounts>("/api/accounts");
  if (r.ok) {
    rows.value = r.body.accounts;
    where.value = "list";
  } else if (r.status === 401) where.value = "signin";
  else if (r.status === 403) where.value = "role";
  else if (where.value === "loading" || where.value === "server") {
    where.value = "server";
    setTimeout(() => void load(), again);
  }
}

/** ask does one thing at a time. */
async function ask<T>(inLog: boolean, f: () => Promise<Reply<T>>): Promise<T | undefined> {
  if (busy.value) return undefined;
  busy.value = true;
  failed.value = null;
  const r = await proven(f, (now) => { asking.value = now; });
  busy.value = false;
  if (r.ok) return r.body ?? ({} as T);
  if (r.status === 401) where.value = "signin";
  failed.value = { code: r.code || "silent", log: inLog };
  return undefined;
}

const change = async (path: string, q: AccountRequest) => {
  const got = await ask(false, () => post<AccountCode | null>(path, q));
  if (where.value === "list") await load();
  return got;
};

/** add makes an account, and shows its code. */
export async function add(q: AccountRequest): Promise<boolean> {
  const code = await change("/api/accounts", q);
  if (code) issued.value = { name: q.name ?? q.id, code: code as AccountCode };
  return !!code;
}

/** give makes another code; with forget the passkeys of the account are voided. */
export async function give(a: AccountRow, forget: boolean) {
  const code = await change("/api/accounts/code", forget ? { id: a.id, forget } : { id: a.id });
  if (code) issued.value = { name: a.name, code: code as AccountCode };
}

export const end = (a: AccountRow) => change("/api/accounts/end", { id: a.id });
export const remove = (a: AccountRow) => change("/api/accounts/remove", { id: a.id });

/** read opens the log anew; older adds what was before the last entry that is shown. */
export async function read() {
  const got = await ask(true, () => get<SecurityLog>("/api/security"));
  if (got) log.value = got;
}

export async function older() {
  const have = log.value, last = have?.entries.at(-1);
  if (!have || !last) return;
  const got = await ask(true, () => get<SecurityLog>(`/api/security?before=${last.n}`));
  if (got) log.value = { ...got, entries: [...have.entries, ...got.entries] };
}

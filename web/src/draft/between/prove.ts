// What needs the officer's passkey over the hash of a text: sign-off, letting a held text go, withdrawal.
import { post } from "../../call/node";
import type { Desk } from "../desk";
import type { View } from "../types.gen";

interface Options { options: { publicKey?: unknown } & Record<string, unknown> }

const refuse = (desk: Desk, code: string, where: string, args: Record<string, string> = {}) => { desk.error.value = { code, args, where }; return false; };

/**
 * prove asks for a passkey over hash and does what with it, in one request. asking is told when the person is asked. A refusal is said at where; the
 * codes page.passkeys and page.cancelled are the page's own.
 */
export async function prove(desk: Desk, what: "signoff" | "confirm" | "withdraw", hash: string, where: string, asking: (now: boolean) => void): Promise<boolean> {
  if (desk.busy.value) return false;
  desk.error.value = null;
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return refuse(desk, "page.passkeys", where);
  desk.busy.value = true;
  const begun = await post<Options>(desk.path("/passkey"), { hash });
  desk.busy.value = false;
  if (!begun.ok) return refuse(desk, begun.code || "silent", where, begun.args);
  let credential: Record<string, unknown>;
  asking(true);
  try {
    const o = (begun.body.options.publicKey ?? begun.body.options) as never;
    const made = (await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) })) as PublicKeyCredential | null;
    if (!made) return refuse(desk, "page.cancelled", where);
    credential = made.toJSON() as unknown as Record<string, unknown>;
  } catch (err) {
    console.warn("passkey", err);
    return refuse(desk, "page.cancelled", where);
  } finally {
    asking(false);
  }
  return desk.ask(what, { hash, credential }, where);
}

/** bring gives the node the file that "visavis sign" has written. */
export async function bring(desk: Desk, file: Blob, where: string): Promise<boolean> {
  if (desk.busy.value) return false;
  desk.busy.value = true;
  desk.error.value = null;
  try {
    const r = await fetch(desk.path("/sign"), { method: "POST", cache: "no-store", headers: { "Content-Type": "application/json" }, body: await file.text(), signal: AbortSignal.timeout(20_000) });
    const json = await r.json() as View & { error?: { code: string; args?: Record<string, string> } };
    if (!r.ok) return refuse(desk, json.error?.code ?? "silent", where, json.error?.args);
    desk.take(json);
    return true;
  } catch {
    return refuse(desk, "silent", where);
  } finally {
    desk.busy.value = false;
  }
}

export interface ReadoutFile { manifest: string; keys: { party: string; public: string }[]; contents: { language: string; content: string }[] }

const hex = (b: ArrayBuffer) => [...new Uint8Array(b)].map((x) => x.toString(16).padStart(2, "0")).join("");
const sha256 = async (s: string) => hex(await crypto.subtle.digest("SHA-256", new TextEncoder().encode(s)));

/** Content is what is signed of one language (internal/readout, Content). */
export interface Content {
  id: string; meeting: string; revision: number; number?: string; mode: string; by?: string; beside?: string; language: string; standing: string;
  languages: { tag: string; standing: string }[]; prevails?: string; release?: string; link?: boolean; title: string; correction?: string;
  parties: { id: string; name: string; longName?: string; city?: string; zone: string; start: string; end: string; emblem?: string }[];
  blocks: { id: string; kind: string; speakers?: Person[]; acts?: string[]; topics?: string[]; text: string; listed?: Person[]; commitment?: { who: string[]; what?: string; due?: string; next?: string }; picture?: { sha256: string; alt: string } }[];
}
export interface Person { member?: string; party?: string; name: string; office?: string; asOf?: string; capacity?: number }

/** Signed is the file that is signed, its very bytes, and whether they are what its hashes say; contents only if they are. */
export interface Signed { bytes: Blob; hash: string; fits: boolean; contents: Content[] }

/** signed fetches what is signed and holds it against hash, byte by byte: each text against its line, the manifest against the hash. null: it did not come. */
export async function signed(desk: Desk, hash: string): Promise<Signed | null> {
  let got: ArrayBuffer;
  try {
    const r = await fetch(desk.path("/file"), { cache: "no-store", signal: AbortSignal.timeout(20_000) });
    if (!r.ok) return null;
    got = await r.arrayBuffer();
  } catch {
    return null;
  }
  const bytes = new Blob([got], { type: "application/json" }), unfit = { bytes, hash, fits: false, contents: [] };
  try {
    const file = JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(got)) as ReadoutFile, text = file.manifest.slice(0, file.manifest.indexOf("\n\n") + 1) || file.manifest;
    const lines = text.trimEnd().split("\n").slice(4).map((l) => l.split(" "));
    if (await sha256(text) !== hash || lines.length !== file.contents.length) return unfit;
    for (const [i, c] of file.contents.entries()) {
      const [tag, , sum] = lines[i] ?? [];
      if (tag !== c.language || sum !== await sha256(c.content)) return unfit;
    }
    return { bytes, hash, fits: true, contents: file.contents.map((c) => JSON.parse(c.content) as Content) };
  } catch (err) {
    console.warn("signed file", err);
    return unfit;
  }
}

// Passkeys of officers and technicians: the browser holds them, the node gives the challenge and judges the answer (W3C webauthn-3).
import { post, type Reply } from "./node";

interface Options { options: { publicKey?: unknown } & Record<string, unknown> }

/** Passed: "" when the node has accepted; else why not: "none" (no passkeys here), "cancelled" (by the person), "silent" (the node does not answer), or the node's code. */
export type Passed = string;

const publicKey = (r: Options) => (r.options.publicKey ?? r.options) as never;
const code = (r: Reply<unknown>) => (r.ok ? "" : r.code || "silent");

async function ceremony(kind: "register" | "signin" | "stepup", ask: object, make: (o: never) => Promise<Credential | null>): Promise<Passed> {
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return "none";
  const begun = await post<Options>(`/api/passkey/${kind}`, ask);
  if (!begun.ok) return code(begun);
  try {
    const made = (await make(publicKey(begun.body))) as PublicKeyCredential | null;
    return made ? code(await post(`/api/passkey/${kind}/finish`, { ...ask, credential: made.toJSON() })) : "cancelled";
  } catch (err) {
    console.warn("passkey", err);
    return "cancelled";
  }
}

/** register makes a passkey for the account that a code (of `visavis init`, or of another officer) stands for. */
export const register = (enrolment: string) => ceremony("register", { code: enrolment }, (o) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(o) }));

/** signIn begins a session of an account. */
export const signIn = () => ceremony("signin", {}, (o) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) }));

/**
 * proven asks; where the node wants the passkey first, the person is asked for it, and then the same is asked once more. asking is told
 * when that begins and ends.
 */
export async function proven<T>(ask: () => Promise<Reply<T>>, asking: (now: boolean) => void): Promise<Reply<T>> {
  const first = await ask();
  if (first.ok || first.code !== "stepup.needed") return first;
  asking(true);
  const failed = await stepUp();
  asking(false);
  return failed ? { ok: false, status: 0, code: "stepup.failed" } : ask();
}

/** stepUp proves once more that the officer sits here: a key turns only within five minutes of it. */
export const stepUp = () => ceremony("stepup", {}, (o) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(o) }));

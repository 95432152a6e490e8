// The node, as a page reaches it: a few requests and one socket.
import { VERSION, type Failure, type FromClient, type Invited, type Offer, type ProbeReply, type ToClient } from "../wire.gen";

export type Reply<T> = { ok: true; body: T } | { ok: false; status: number; code: string; args?: Record<string, string> }; // status 0: no answer

async function ask<T>(method: string, path: string, body?: unknown, limit = 8000, more: Record<string, string> = {}): Promise<Reply<T>> {
  try {
    const init: RequestInit = { method, cache: "no-store", signal: AbortSignal.timeout(limit) };
    if (body !== undefined) Object.assign(init, { body: JSON.stringify(body), headers: { "Content-Type": "application/json", ...more } });
    const r = await fetch(path, init);
    const json = r.status !== 204 && r.headers.get("Content-Type")?.startsWith("application/json") ? await r.json() : null;
    const failure = (json as Failure | null)?.error;
    return r.ok ? { ok: true, body: json as T } : { ok: false, status: r.status, code: failure?.code ?? "", args: failure?.args ?? {} };
  } catch {
    return { ok: false, status: 0, code: "" };
  }
}

/** asked is the meeting that the address names, as a query: an officer's session is good for several. */
function asked(): string {
  const id = /^\/m\/([^/]+)$/.exec(location.pathname)?.[1] ?? encodeURIComponent(new URLSearchParams(location.search).get("meeting") ?? "");
  return id ? `?meeting=${id}` : "";
}

/** post and get are for pages with requests of their own: signing in, arranging. */
export const post = <T,>(path: string, body: unknown) => ask<T>("POST", path, body);
/** postMatching says in If-Match which version of a thing the person has read: of two who change it at once the later one is told. */
export const postMatching = <T,>(path: string, body: unknown, version: number) => ask<T>("POST", path, body, 8000, { "If-Match": `"${version}"` });
export const get = <T,>(path: string) => ask<T>("GET", path);

export const node = {
  /** invitation says what a code is for and uses nothing up. */
  invitation: (code: string) => ask<Invited>("POST", "/api/invitation", { code }),
  /** session uses the code up; only a pressed button calls it. */
  session: (code: string, pin = "") => ask<null>("POST", "/api/session", pin ? { code, pin } : { code }),
  me: (limit?: number) => ask<Invited>("GET", `/api/me${asked()}`, undefined, limit),
  leave: () => ask<null>("POST", "/api/leave", {}),
  probe: async (code: string, offer: Offer): Promise<string | null> => {
    const r = await ask<ProbeReply>("POST", "/api/probe", code ? { code, offer } : { offer }, 4000);
    return r.ok ? r.body.answer : null;
  },
};

const openLimit = 3000; // ms to open a socket: a lost SYN is repeated after 1 s
const quietLimit = 7000; // ms: the node speaks every 2 s, so three lost messages mean a dead way

/** Socket is one WebSocket. Exactly one end comes, through onend. */
export class Socket {
  onmessage: (m: ToClient) => void = () => undefined;
  onend: () => void = () => undefined;
  /** silent: it ended because nothing came any more; otherwise the node's machine has closed it. */
  silent = false;
  /** heard is when something last came from the node, ms since 1970: a device that slept hears of the end only when it wakes. */
  heard = 0;
  private ended = false;
  private quiet = 0;

  private constructor(private readonly ws: WebSocket) {
    ws.onmessage = (e) => {
      this.listen();
      try {
        this.onmessage(JSON.parse(e.data as string) as ToClient);
      } catch (err) {
        console.error("message from the node", err);
      }
    };
    ws.onclose = () => this.end();
    this.listen();
  }

  /** open resolves to null if the node does not take the socket. */
  static open(): Promise<Socket | null> {
    return new Promise((done) => {
      const ws = new WebSocket(`${location.protocol === "http:" ? "ws" : "wss"}://${location.host}/ws${asked()}`);
      const give = (s: Socket | null) => { clearTimeout(timer); ws.onopen = ws.onerror = ws.onclose = null; if (!s) ws.close(); done(s); };
      const timer = setTimeout(() => give(null), openLimit);
      ws.onopen = () => { ws.onopen = null; const s = new Socket(ws); clearTimeout(timer); done(s); };
      ws.onclose = () => give(null);
    });
  }

  /** send reports whether the message has left this page. */
  send(m: FromClient): boolean {
    if (this.ws.readyState !== WebSocket.OPEN) return false;
    this.ws.send(JSON.stringify(m));
    return true;
  }

  hello(h: { offer?: Offer; resume?: string }) {
    this.send({ hello: { version: VERSION, ...h } });
  }

  close() {
    this.ws.close();
    this.end(); // a dead way would tell us only after minutes
  }

  private listen() {
    this.heard = Date.now();
    clearTimeout(this.quiet);
    this.quiet = window.setTimeout(() => { this.silent = true; this.close(); }, quietLimit);
  }

  private end() {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.quiet);
    this.ws.onmessage = this.ws.onclose = null;
    this.onend();
  }
}

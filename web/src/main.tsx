// Where the page begins: the invitation's code leaves the address first, then the node says what to show, then what the role needs
// is fetched: one file for each kind of page, one for the language.
import { signal } from "@preact/signals";
import { render, type ComponentType } from "preact";
import { Call } from "./call/call";
import { played } from "./call/cue";
import { node, type Reply } from "./call/node";
import { dressed } from "./dress";
import { fill, lang, pick, ready, t, title } from "./lang";
import { anew, answers, carried, Lost, Unspoken } from "./lost/lost";
import { Notice } from "./view/parts";
import { Pin, usePin } from "./view/pin";
import type { Invited } from "./wire.gen";

type Screen = "loading" | "join" | "door" | "meeting" | "unknown" | "session" | "server" | "other";
/** Seated is the page of somebody who has a seat; Invitation what stands before it. */
interface Pages { Seated: ComponentType<{ call: Call }>; Invitation: ComponentType<{ call: Call; code: string; invited: Invited | null; failed: string; sit: (pin?: string) => void }> }

const member = () => dressed(SHEET_MEMBER, () => import("./view/member"));
const press = () => dressed(SHEET_PRESS, () => import("./press/press"));
const signin = () => import("./view/signin");

/** pages of the roles: each a file of its own with its style sheet, fetched when the node has said who sits here. */
const pages: Record<string, () => Promise<Pages>> = {
  principal: member, delegate: member, press, viewer: press,
  officer: () => dressed(SHEET_OFFICER, () => import("./officer/console")),
  technician: () => dressed(SHEET_TECHNICIAN, () => import("./technician/console")),
};
/** others are pages without a seat, by their path. */
const others: Record<string, () => Promise<{ Page: ComponentType<{ code: string }> }>> = {
  "/signin": signin, "/enrol": signin, "/arrange": () => dressed(SHEET_ARRANGE, () => import("./arrange/arrange")),
  "/accounts": () => dressed(SHEET_ACCOUNTS, () => import("./accounts/accounts")),
  "/draft": () => dressed(SHEET_DRAFT, () => import("./draft/draft")),
};

const before = carried();
let code = location.hash.slice(1) || (before?.code ?? "");
if (code || before) history.replaceState(null, "", location.pathname + location.search);

const call = new Call();
const screen = signal<Screen>("loading");
const failed = signal("");
const invited = signal<Invited | null>(null);
const shown = signal<Pages | null>(null);
const other = signal<ComponentType<{ code: string }> | null>(null);
const lost = signal(false);

const again = 2000; // ms between attempts while the node does not answer

/** fetched tries until the node gives a file of the page: it may be starting anew. A file that does not come from a node that answers is lost (the
 * node has another version now, or the browser has kept its failure): the page loads anew, once, and else says so. */
async function fetched<T>(get: () => Promise<T>): Promise<T> {
  for (let failures = 0; ; failures++) {
    try {
      const got = await get();
      await ready();
      lost.value = false;
      return got;
    } catch (err) {
      console.warn("page", err);
      if (failures > 0 && !before && await answers()) return anew(code);
      lost.value = failures > 0 || before !== null;
      await new Promise((done) => setTimeout(done, again));
    }
  }
}

/** boot asks the node what this page is for. */
async function boot() {
  const path = location.pathname, returning = path.startsWith("/m/");
  const standing = others[path];
  if (standing) {
    other.value = (await fetched(standing)).Page;
    screen.value = "other";
    return;
  }
  const asked = code && !returning ? node.invitation(code) : node.me();
  await fetched(async () => undefined);
  let found: Reply<Invited> = await asked;
  if (!found.ok && found.status === 404 && code) found = await own(found);
  if (!found.ok) {
    if (found.status === 401 && (path === "/officer" || path === "/technician")) return location.replace(`/signin?lang=${lang.value}`);
    const answered = found.status >= 400 && found.status < 500 && found.status !== 429;
    screen.value = !answered ? "server" : returning ? "session" : "unknown";
    if (!answered) setTimeout(() => void boot(), again);
    return;
  }
  await enter(found.body, returning);
}

async function enter(body: Invited, returning: boolean) {
  invited.value = body;
  const told = body.meeting.id !== ""; // to whoever must wait, the node tells no meeting
  if (body.account && !told) {
    other.value = (await fetched(() => import("./view/home"))).Page;
    screen.value = "other";
    return;
  }
  if (told) {
    call.arrange(body.meeting, body.you, body.camera, body.role);
    shown.value = await fetched(page());
  } else if (!body.waiting) {
    screen.value = "door";
    return;
  }
  if (!returning && told && !body.account) {
    screen.value = "join";
    return;
  }
  performance.mark("visavis:sit");
  if (told) {
    screen.value = "meeting";
    await call.sit();
    if (call.phase.peek() === "live") void call.begin(); // not before the node has said that the meeting has not ended
  } else await seat();
}

/** page is the role's file. */
const page = () => pages[call.role.value] ?? pages.delegate!;

/** seat takes the seat, however long an officer lets the person wait, and shows the role's page. */
async function seat() {
  await call.sit();
  if (call.phase.peek() !== "live") return;
  shown.value ??= await fetched(page());
  history.replaceState(null, "", `/m/${encodeURIComponent(call.meeting.value!.id)}?lang=${lang.value}`);
  void call.begin();
  screen.value = "meeting";
}

/** own looks whether an invitation that is no longer good was used up by this very browser: the link in the mail, pressed again. */
async function own(failed: Reply<Invited>): Promise<Reply<Invited>> {
  const me = await node.me();
  if (!me.ok) return failed;
  code = "";
  return me;
}

/** sit is the pressed button: it alone uses the invitation up. */
async function sit(pin = "") {
  performance.mark("visavis:sit");
  failed.value = "";
  call.phase.value = "joining";
  const r = code ? await node.session(code, pin) : null;
  const lost = r && !r.ok && r.status === 404 && (await node.me()).ok; // used up by an earlier press whose answer did not come
  if (r && !r.ok && !lost) {
    call.phase.value = "idle";
    if (r.status === 404) screen.value = "unknown";
    failed.value = r.code || "failed";
    if (r.status === 404) call.devices.stop();
    return;
  }
  code = "";
  await seat();
}

/** back takes the seat here again, after it had moved to another device. */
async function back() {
  call.phase.value = "joining";
  await call.sit();
  if (call.phase.peek() === "live") void call.begin();
}

function Page() {
  return lost.value ? <Lost code={() => code} /> : <><Unspoken /><Shown /></>;
}

function Shown() {
  const x = t.value;
  if (!x) return null; // the text is on its way: a tenth of a second
  title.value = call.meeting.value && screen.value !== "unknown" ? pick(call.meeting.value.title) : "";
  if (call.phase.value === "over") return <Over />;
  if (call.waiting.value) return <Lobby />;
  const show = shown.value, Other = other.value;
  switch (screen.value) {
    case "loading": return <Notice title={x.loading} />;
    case "unknown": return <Notice title={x.unknownTitle} help={x.unknownHelp} />;
    case "session": return <Notice title={x.sessionTitle} help={x.sessionHelp} />;
    case "server": return <Notice title={x.serverTitle} help={x.serverHelp} />;
    case "other": return Other ? <Other code={code} /> : null;
    case "door": return <Door />;
    case "join": return show ? <show.Invitation call={call} code={code} invited={invited.value} failed={failed.value} sit={(pin) => void sit(pin)} /> : null;
    case "meeting": return show ? <show.Seated call={call} /> : null;
  }
}

/** Door: somebody has used the invitation. The node tells nothing of the meeting; who presses the button asks to be let in, with the PIN where there is one. */
function Door() {
  const x = t.value, pin = usePin(invited.value);
  return (
    <Notice title={x.doorTitle} help={x.doorHelp} says="door">
      <Pin pin={pin} />
      <button type="button" class="btn big primary" data-act="sit" onClick={() => { if (pin.good()) void sit(pin.value()); }}>{x.doorAsk}</button>
      <p class="alarm" role="alert">{failed.value ? pin.failure(failed.value) ?? x.seatFailed : ""}</p>
    </Notice>
  );
}

/** Lobby: the node knows who this is, and an officer has not let the person in yet. Nothing of the meeting is shown. */
function Lobby() {
  const x = t.value, why = call.waiting.value!.reason;
  return why === "excluded"
    ? <Notice title={x.excludedTitle} help={x.excludedHelp} says="excluded" />
    : <Notice title={x.lobbyTitle} help={why === "device" ? x.lobbyDevice : x.lobbyHelp} says={why} />;
}

function Over() {
  const x = t.value, over = call.over.value;
  switch (over) {
    case "moved": return <Notice title={x.movedTitle} help={x.movedHelp}><button type="button" class="btn big primary" data-act="back" onClick={() => void back()}>{x.movedBack}</button></Notice>;
    case "session": return <Notice title={x.sessionTitle} help={x.sessionHelp} />;
    case "excluded": return <Notice title={x.excludedTitle} help={x.excludedDoor} says="excluded"><button type="button" class="btn big primary" data-act="back" onClick={() => void back()}>{x.doorAsk}</button></Notice>;
    case "version": return <Notice title={x.versionTitle} help={x.versionHelp}><button type="button" class="btn big primary" onClick={() => location.reload()}>{x.reload}</button></Notice>;
    case "refused": return <Notice title={x.refusedTitle} help={fill(x.refusedHelp, { code: call.refusal.value })} />;
    default: return <Notice title={x.leftTitle} help={x.leftHelp} />;
  }
}

/** What tests and technicians may read; it changes nothing and says nothing that the browser's own tools do not. */
Object.defineProperty(window, "visavis", {
  value: Object.freeze({ stats: () => call.stats(), phase: () => call.phase.peek(), media: () => call.media.peek(), floor: () => [...call.floor.peek()], speaking: () => [...call.speaking.peek()], cues: () => [...played] }),
});

render(<Page />, document.getElementById("page")!);
void boot();

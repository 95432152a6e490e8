// Where the page begins: the invitation's code leaves the address first, then the node says what to show.
import { signal } from "@preact/signals";
import { render } from "preact";
import { Call } from "./call/call";
import { node, type Reply } from "./call/node";
import { fill, lang, pick, t, title } from "./lang";
import { Join } from "./view/join";
import { MeetingPage } from "./view/meeting";
import { Notice } from "./view/parts";
import type { Invited } from "./wire.gen";

type Screen = "loading" | "join" | "meeting" | "unknown" | "session" | "server";

let code = location.hash.slice(1);
if (code) history.replaceState(null, "", location.pathname + location.search);

const call = new Call();
const screen = signal<Screen>("loading");
const failed = signal(false);

const again = 2000; // ms between attempts while the node does not answer

/** boot asks the node what this page is for. */
async function boot() {
  const returning = location.pathname.startsWith("/m/");
  let found: Reply<Invited> = code && !returning ? await node.invitation(code) : await node.me();
  if (!found.ok && found.status === 404) found = await own(found);
  if (!found.ok) {
    const answered = found.status >= 400 && found.status < 500 && found.status !== 429;
    screen.value = !answered ? "server" : returning ? "session" : "unknown";
    if (!answered) setTimeout(() => void boot(), again);
    return;
  }
  call.arrange(found.body.meeting, found.body.you, found.body.camera);
  if (!returning) {
    screen.value = "join";
    return;
  }
  void call.devices.start(call.camera.value);
  screen.value = "meeting";
  performance.mark("visavis:sit");
  await call.sit();
}

/** own looks whether an invitation that is no longer good was used up by this very browser: the link in the mail, pressed again. */
async function own(failed: Reply<Invited>): Promise<Reply<Invited>> {
  const me = await node.me();
  if (!me.ok) return failed;
  code = "";
  return me;
}

/** sit is the pressed button: it alone uses the invitation up. */
async function sit() {
  performance.mark("visavis:sit");
  failed.value = false;
  call.phase.value = "joining";
  const r = code ? await node.session(code) : null;
  const lost = r && !r.ok && r.status === 404 && (await node.me()).ok; // used up by an earlier press whose answer did not come
  if (r && !r.ok && !lost) {
    call.phase.value = "idle";
    if (r.status === 404) screen.value = "unknown";
    failed.value = true;
    if (r.status === 404) call.devices.stop();
    return;
  }
  code = "";
  await call.sit();
  if (call.phase.peek() !== "live") return;
  history.replaceState(null, "", `/m/${encodeURIComponent(call.meeting.value!.id)}?lang=${lang.value}`);
  screen.value = "meeting";
}

/** back takes the seat here again, after it had moved to another device. */
async function back() {
  call.phase.value = "joining";
  void call.devices.start(call.camera.value);
  await call.sit();
}

function Page() {
  title.value = call.meeting.value && screen.value !== "unknown" ? pick(call.meeting.value.title) : "";
  const x = t.value;
  if (call.phase.value === "over") return <Over />;
  switch (screen.value) {
    case "loading": return <Notice title={x.loading} />;
    case "unknown": return <Notice title={x.unknownTitle} help={x.unknownHelp} />;
    case "session": return <Notice title={x.sessionTitle} help={x.sessionHelp} />;
    case "server": return <Notice title={x.serverTitle} help={x.serverHelp} />;
    case "join": return <Join call={call} code={code} failed={failed.value} sit={() => void sit()} />;
    case "meeting": return <MeetingPage call={call} />;
  }
}

function Over() {
  const x = t.value, over = call.over.value;
  switch (over) {
    case "moved": return <Notice title={x.movedTitle} help={x.movedHelp}><button type="button" class="btn big primary" data-act="back" onClick={() => void back()}>{x.movedBack}</button></Notice>;
    case "session": return <Notice title={x.sessionTitle} help={x.sessionHelp} />;
    case "version": return <Notice title={x.versionTitle} help={x.versionHelp}><button type="button" class="btn big primary" onClick={() => location.reload()}>{x.reload}</button></Notice>;
    case "refused": return <Notice title={x.refusedTitle} help={fill(x.refusedHelp, { code: call.refusal.value })} />;
    default: return <Notice title={x.leftTitle} help={x.leftHelp} />;
  }
}

/** What tests and technicians may read; it changes nothing and says nothing that the browser's own tools do not. */
Object.defineProperty(window, "visavis", {
  value: Object.freeze({ stats: () => call.stats(), phase: () => call.phase.peek(), media: () => call.media.peek(), floor: () => [...call.floor.peek()], speaking: () => [...call.speaking.peek()] }),
});

render(<Page />, document.getElementById("page")!);
void boot();

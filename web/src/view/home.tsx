// Where an officer or a technician comes after signing in: the meetings of the own party.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { get, node, post } from "../call/node";
import { clock, day, lang, t, Words } from "../lang";
import type { Meeting, Meetings } from "../wire.gen";
import { h } from "../home/words";
import { Icon } from "./icons";
import { Languages } from "./parts";

export function Page() {
  const x = h.value, meetings = useSignal<Meeting[] | null>(null), failed = useSignal(false), officer = useSignal(false);
  useEffect(() => {
    void get<Meetings>("/api/meetings").then((r) => { if (r.ok) meetings.value = r.body.meetings; else failed.value = true; });
    void node.me().then((r) => { officer.value = r.ok && r.body.account?.role === "officer"; });
  }, []);
  const zone = (m: Meeting) => m.parties[0]?.zone ?? "UTC";
  return (
    <div class="paper notice home" data-says="home">
      <header class="top"><p class="mark" lang="en">Visavis</p><span class="grow" /><Languages /></header>
      <main>
        <h1 tabIndex={-1}>{x.yourMeetings}</h1>
        {failed.value ? <p class="alarm" role="alert">{t.value.errSilent}</p> : null}
        {meetings.value?.length === 0 ? <p class="lead">{x.noMeetings}</p> : null}
        <ul class="stack">
          {meetings.value?.map((m) => (
            <li key={m.id}><a class="btn big start fill" href={`/m/${encodeURIComponent(m.id)}?lang=${lang.value}`}><span class="stack t"><span class="serif"><Words of={m.title} /></span><span class="q sm"><bdi>{day(new Date(m.start), zone(m))}</bdi> · <bdi class="n">{clock(new Date(m.start), zone(m))}</bdi></span></span></a></li>
          ))}
        </ul>
        <p class="row">{officer.value ? <a class="btn" href={`/arrange?lang=${lang.value}`} data-act="arrange">{x.arrangeMeeting}</a> : null}{officer.value ? <a class="btn" href={`/draft?lang=${lang.value}`} data-act="readouts">{x.writeReadouts}</a> : null}{officer.value ? <a class="btn" href={`/accounts?lang=${lang.value}`} data-act="accounts">{x.toAccounts}</a> : null}<button type="button" class="btn" data-act="signout" onClick={() => void post("/api/leave", {}).then(() => location.assign(`/signin?lang=${lang.value}`))}><Icon name="leave" flip />{x.signOut}</button></p>
      </main>
    </div>
  );
}

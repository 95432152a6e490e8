// Small parts that every screen uses.
import { useComputed, type ReadonlySignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import type { Level } from "../call/level";
import { direction, lang, languages, pick, speak, t, Words } from "../lang";
import type { Meeting, Member, Party, Text } from "../wire.gen";
import { Icon, type IconName } from "./icons";

export const partyOf = (m: Meeting | null, id: string): Party | undefined => m?.parties.find((p) => p.id === id);
/** longOf is a party's long name, or its short one: a party that was arranged here may have no long one. */
export const longOf = (p: Party | undefined): Text | undefined => (pick(p?.longName) ? p?.longName : p?.name);
export const memberOf = (m: Meeting | null, id: string): Member | undefined => m?.members.find((x) => x.id === id);

/** parties in the viewer's order: the own side first, as on the own copy of a treaty. */
export function parties(m: Meeting, own: string): Party[] {
  return [...m.parties.filter((p) => p.id === own), ...m.parties.filter((p) => p.id !== own)];
}

export function Languages() {
  return (
    <nav aria-label={t.value.language} class="languages">
      {languages.map((l) => (
        <button key={l.lang} type="button" class="btn bare" lang={l.lang} data-lang={l.lang} aria-current={l.lang === lang.value ? "true" : undefined} onClick={() => void speak(l.lang)}>{l.own}</button>
      ))}
    </nav>
  );
}

export function Emblem({ party, size = "" }: { party: Party | undefined; size?: "" | "s" | "l" }) {
  return party?.emblem ? <img class={`emblem ${size}`} src={`/emblem/${party.emblem}.png`} alt="" width="48" height="48" /> : null;
}

/** Nameplate: emblem, name, office and party; sign says what the person's microphone does. */
export function Nameplate({ meeting, member, party, as, small, floor, sign, children }: {
  meeting: Meeting | null; member: Member | undefined; party: Party | undefined;
  as?: string; small?: boolean; floor?: boolean; sign?: ComponentChildren; children?: ComponentChildren;
}) {
  const tongue = as ?? lang.value;
  const side = party?.name ?? partyOf(meeting, member?.party ?? "")?.name, office = member?.office;
  return (
    <div class="nameplate" data-floor={floor ? "" : undefined} lang={as} dir={as ? direction(as) : undefined}>
      <Emblem party={party} size={small ? "s" : ""} />
      <div class="who">
        <p class="name"><Words of={member?.name} want={tongue} /></p>
        <p class="office"><Words of={office} want={tongue} />{pick(office, tongue).includes(pick(side, tongue)) ? null : <><span class="dot"> · </span><Words of={side} want={tongue} /></>}</p>
      </div>
      {sign ? <p class="sign">{sign}</p> : null}
      {children}
    </div>
  );
}

export function Say({ icon, tone, children }: { icon: IconName; tone?: string; children: ComponentChildren }) {
  return <span class={`say ${tone ?? ""}`}><Icon name={icon} /><span>{children}</span></span>;
}

/** Meter shows a level from −60 to 0 dBFS; it is never mirrored. */
export function Meter({ level, label }: { level: Level | null; label: string }) {
  const db = useComputed(() => level?.db.value ?? -60);
  return <MeterBar db={db} label={label} />;
}

/** MeterBar is the same for a level measured elsewhere. */
export function MeterBar({ db, label }: { db: ReadonlySignal<number>; label: string }) {
  const bar = useRef<HTMLSpanElement>(null);
  // Twenty times a second: straight to the element, without a rendering.
  useEffect(() => db.subscribe((v) => {
    bar.current?.style.setProperty("--v", String(Math.round(((v + 60) / 60) * 100)));
    bar.current?.setAttribute("aria-valuenow", String(v));
  }), [db]);
  return <span ref={bar} class="meter" role="meter" aria-label={label} aria-valuemin={-60} aria-valuemax={0} aria-valuenow={-60} />;
}

/** Bars shows the quality of a way: 3 good, 2 fair, 1 poor, 0 none. The word stands beside it. */
export function Bars({ n }: { n: number }) {
  return <span class={`bars q${n}`} aria-hidden="true"><i /><i /><i /></span>;
}

/** Notice is a page with one sentence, one explanation and at most one button. */
export function Notice({ title, help, says, children }: { title: string; help?: ComponentChildren; says?: string; children?: ComponentChildren }) {
  const head = useRef<HTMLHeadingElement>(null);
  useEffect(() => head.current?.focus(), [title]); // read out, and Tab goes on from here; never onto a button that acts
  return (
    <div class="paper notice" data-says={says}>
      <header class="top"><p class="mark" lang="en">Visavis</p><span class="grow" /><Languages /></header>
      <main>
        <h1 ref={head} tabIndex={-1}>{title}</h1>
        {help ? <p class="lead">{help}</p> : null}
        {children ? <p class="row">{children}</p> : null}
      </main>
    </div>
  );
}

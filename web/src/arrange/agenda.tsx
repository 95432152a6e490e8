// The agenda with planned minutes, each item with the hour at both places.
import { useEffect, useRef } from "preact/hooks";
import { clock, minutes, plain } from "../lang";
import type { AgendaItem, Party } from "../wire.gen";
import { a } from "./book";
import { planned, type Desk } from "./desk";
import { Field, Section, tongue } from "./fields";
import { placeOf, sides } from "./meeting";
import { Arrow } from "./people";

export function Agenda({ desk }: { desk: Desk }) {
  const x = a.value, d = desk.draft.value!, items = d.agenda ?? [], [own, other] = sides(desk) as [Party, Party];
  const focus = useRef("");
  useEffect(() => {
    if (!focus.current) return;
    document.querySelector<HTMLElement>(focus.current)?.focus();
    focus.current = "";
  });
  const set = (agenda: AgendaItem[]) => desk.edit({ agenda });
  const change = (i: number, more: Partial<AgendaItem>) => set(items.map((it, j) => (i === j ? { ...it, ...more } : it)));
  const move = (i: number, by: number) => {
    if (!items[i + by]) return;
    const next = [...items];
    [next[i], next[i + by]] = [next[i + by]!, next[i]!];
    const there = i + by, stays = by < 0 ? there > 0 : there < items.length - 1;
    focus.current = `li[data-item="${there}"] [data-act=${stays ? (by < 0 ? "up" : "down") : by < 0 ? "down" : "up"}]`;
    set(next);
  };
  let at = new Date(d.start).getTime();
  return (
    <Section id="agenda" title={x.agenda}>
      {items.length ? null : <p class="q">{x.noItems}</p>}
      <ol class="items">
        {items.map((it, i) => {
          const from = new Date(at), n = String(i + 1);
          at += it.minutes * 60000;
          return (
            <li key={i} data-item={i}>
              <p class="times"><b>{clock(from, own.zone)}</b> <span class="q sm"><bdi>{placeOf(own)}</bdi></span><br />{clock(from, other.zone)} <span class="q sm"><bdi>{placeOf(other)}</bdi></span></p>
              <div class="fields">
                {desk.tags.value.map((tag) => (
                  <Field key={tag} desk={desk} path={`agenda.${i}.title.${tag}`} tag={tag} label={plain(x.itemIn, { n, language: tongue(tag) })} value={it.title[tag] ?? ""} set={(v) => change(i, { title: { ...it.title, [tag]: v } })} />
                ))}
              </div>
              <Field desk={desk} path={`agenda.${i}.minutes`} label={plain(x.minutesFor, { n })} numeric dir="ltr" max={4} value={String(it.minutes)} set={(v) => change(i, { minutes: Number.parseInt(v, 10) || 0 })} />
              <div class="acts">
                <button type="button" class="btn" data-act="up" aria-label={plain(x.itemUp, { n })} aria-disabled={i === 0 || undefined} onClick={() => move(i, -1)}><Arrow up /></button>
                <button type="button" class="btn" data-act="down" aria-label={plain(x.itemDown, { n })} aria-disabled={i === items.length - 1 || undefined} onClick={() => move(i, 1)}><Arrow /></button>
                <button type="button" class="btn" data-act="remove" aria-label={plain(x.itemRemove, { n })} onClick={() => set(items.filter((_, j) => j !== i))}>{"\u00d7"}</button>
              </div>
            </li>
          );
        })}
      </ol>
      <p data-says="end"><b>{x.end}</b> {clock(new Date(new Date(d.start).getTime() + planned(d) * 60000), own.zone)} <bdi class="q">{placeOf(own)}</bdi>, {clock(new Date(new Date(d.start).getTime() + planned(d) * 60000), other.zone)} <bdi class="q">{placeOf(other)}</bdi> · {minutes(planned(d))}</p>
      <p class="row"><button type="button" class="btn" data-act="add-item" onClick={() => {
        focus.current = `li[data-item="${items.length}"] input`;
        set([...items, { title: {}, minutes: 10 }]);
      }}>{x.addItem}</button></p>
    </Section>
  );
}

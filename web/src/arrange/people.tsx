// Delegations in order of precedence. Our own is ours to write; the other party's is shown as it was sent.
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { fill, lang, pick, plain, Words } from "../lang";
import type { Member, Party } from "../wire.gen";
import { a } from "./book";
import { membersOf, type Desk } from "./desk";
import { Bad, Section, Select, Texts, roleName } from "./fields";
import { sides } from "./meeting";

const roles = ["principal", "delegate", "interpreter", "officer", "technician"];
const signsIn = (role: string) => role === "officer" || role === "technician";

export function Delegations({ desk }: { desk: Desk }) {
  const x = a.value, [own, other] = sides(desk) as [Party, Party], theirs = membersOf(desk.draft.value, other.id);
  return (
    <Section id="people" title={x.delegations}>
      <div class="pair">
        <Own desk={desk} party={own} />
        <div class="stack">
          <h3 id="d-other"><bdi>{pick(other.longName) || pick(other.name)}</bdi></h3>
          {theirs.length ? <ol class="rank" aria-labelledby="d-other" data-rank="other">{theirs.map((m) => <li key={m.id} data-member={m.id}><Who member={m} /></li>)}</ol> : null}
          <p class="q">{fill(theirs.length ? x.onlyThey : x.notYetSent, { party: pick(other.name) })}</p>
        </div>
      </div>
    </Section>
  );
}

/** Who is a person with name, offices and role; the name also as it is written in another script. */
function Who({ member }: { member: Member }) {
  const x = a.value, shown = pick(member.name) || x.newMember, second = pick(member.second);
  const elsewhere = Object.entries(member.name).filter(([tag, v]) => v && v !== shown && tag !== lang.value).slice(0, 2);
  return (
    <div class="nm">
      <b><bdi>{shown}</bdi></b>{elsewhere.map(([tag, v]) => <span key={tag} class="q"> <bdi lang={tag}>{v}</bdi></span>)}
      <br /><Words of={member.office} />{second ? <>; <bdi>{second}</bdi></> : null} <span class="q">{roleName(member.role)}</span>
    </div>
  );
}

function Own({ desk, party }: { desk: Desk; party: Party }) {
  const x = a.value, list = desk.own(), open = useSignal(""), focus = useRef("");
  useEffect(() => { // the button that moved somebody keeps the focus; at an end, its neighbour takes it
    if (!focus.current) return;
    const [id, way] = focus.current.split(" ");
    const there = [way, way === "up" ? "down" : "up"].map((w) => document.querySelector<HTMLButtonElement>(`li[data-member="${id}"] [data-act=${w}]:not([aria-disabled=true])`)).find(Boolean);
    there?.focus();
    focus.current = "";
  });
  const may = (i: number, by: number) => {
    const from = list[i], to = list[i + by];
    return !!from && !!to && from.role !== "principal" && to.role !== "principal";
  };
  const move = (i: number, by: number) => {
    if (!may(i, by)) return;
    const next = [...list];
    [next[i], next[i + by]] = [next[i + by]!, next[i]!];
    focus.current = `${list[i]!.id} ${by < 0 ? "up" : "down"}`;
    desk.setOwn(next);
  };
  const add = () => {
    const id = freeId(desk, party.id);
    desk.setOwn([...list, { id, party: party.id, role: list.some((m) => m.role === "principal") ? "delegate" : "principal", name: {}, office: {}, second: {}, precedence: list.length + 1 }]);
    open.value = id;
  };
  return (
    <div class="stack">
      <h3 id="d-own"><bdi>{pick(party.longName) || pick(party.name)}</bdi></h3>
      {list.length ? (
        <ol class="rank" aria-labelledby="d-own" data-rank="own">
          {list.map((m, i) => {
            const name = pick(m.name) || x.newMember;
            const key = (e: KeyboardEvent) => {
              if (!e.altKey || e.key !== "ArrowUp" && e.key !== "ArrowDown") return;
              e.preventDefault();
              move(i, e.key === "ArrowUp" ? -1 : 1);
            };
            return (
              <li key={m.id} data-member={m.id} onKeyDown={key}>
                <Who member={m} />
                <div class="acts">
                  <button type="button" class="btn" data-act="up" aria-label={plain(x.up, { name })} aria-disabled={!may(i, -1) || undefined} onClick={() => move(i, -1)}><Arrow up /></button>
                  <button type="button" class="btn" data-act="down" aria-label={plain(x.down, { name })} aria-disabled={!may(i, 1) || undefined} onClick={() => move(i, 1)}><Arrow /></button>
                  <button type="button" class="btn" data-act="edit" aria-label={plain(x.edit, { name })} aria-expanded={open.value === m.id} onClick={() => { open.value = open.value === m.id ? "" : m.id; }}>{"\u2026"}</button>
                </div>
                {open.value === m.id ? <Edit desk={desk} member={m} name={name} close={() => { open.value = ""; }} renamed={(id) => { open.value = id; }} /> : <Bad desk={desk} path={`members.${m.id}`} />}
              </li>
            );
          })}
        </ol>
      ) : <p class="q">{x.nobody}</p>}
      <Bad desk={desk} path="members" />
      <p class="row"><button type="button" class="btn" data-act="add" onClick={add}>{x.addMember}</button></p>
    </div>
  );
}

export const Arrow = ({ up }: { up?: boolean }) => <svg class="i" viewBox="0 0 24 24" aria-hidden="true"><path d={up ? "M12 19V5M6 11l6-6 6 6" : "M12 5v14M6 13l6 6 6-6"} /></svg>;

/** freeId is an id for somebody new: nobody reads it but nodes. */
function freeId(desk: Desk, party: string): string {
  const used = new Set(desk.draft.value!.members.map((m) => m.id));
  for (let n = used.size + 1; ; n++) if (!used.has(`${party}-${n}`)) return `${party}-${n}`;
}

function Edit({ desk, member, name, close, renamed }: { desk: Desk; member: Member; name: string; close: () => void; renamed: (id: string) => void }) {
  const x = a.value, list = desk.own(), at = `members.${member.id}`, two = useSignal(Object.keys(member.second).length > 0);
  const change = (more: Partial<Member>) => desk.setOwn(list.map((m) => (m.id === member.id ? { ...m, ...more } : m)));
  const free = (role: string) => (desk.list.value?.accounts ?? []).filter((c) => c.role === role && (c.id === member.id || !list.some((m) => m.id === c.id)));
  const setRole = (role: string) => {
    const account = signsIn(role) ? free(role)[0]?.id : undefined;
    const back = !signsIn(role) && signsIn(member.role) ? freeId(desk, member.party) : undefined;
    const id = account ?? back ?? member.id;
    const account_ = (desk.list.value?.accounts ?? []).find((c) => c.id === account);
    change({ role, id, ...(account_ && !Object.keys(member.name).length ? { name: { [lang.value]: account_.name } } : {}) });
    renamed(id);
  };
  const accounts = free(member.role);
  return (
    <div class="stack editor" data-editor={member.id}>
      <Texts desk={desk} path={`${at}.name`} label={x.nameIn} value={member.name} set={(v) => change({ name: v })} />
      <Texts desk={desk} path={`${at}.office`} label={x.officeIn} value={member.office} set={(v) => change({ office: v })} />
      <label class="check"><input class="box" type="checkbox" data-act="second" checked={two.value} onChange={(e) => { two.value = e.currentTarget.checked; if (!two.value) change({ second: {} }); }} />{x.secondOffice}</label>
      {two.value ? <Texts desk={desk} path={`${at}.second`} label={x.secondIn} value={member.second} set={(v) => change({ second: v })} /> : null}
      <div class="fields">
        <Select path={`${at}.role`} label={x.role} value={member.role} options={roles.map((r) => ({ value: r, text: roleName(r) }))} set={setRole} />
        {signsIn(member.role) ? (
          <Select path={`${at}.account`} label={x.account} value={accounts.some((c) => c.id === member.id) ? member.id : ""} help={accounts.length ? x.accountHelp : x.noAccount}
            options={[...(accounts.some((c) => c.id === member.id) ? [] : [{ value: "", text: "" }]), ...accounts.map((c) => ({ value: c.id, text: c.name }))]}
            set={(id) => { if (id) { change({ id }); renamed(id); } }} />
        ) : null}
      </div>
      <p class="row">
        <button type="button" class="btn" data-act="done" onClick={close}>{x.close}</button>
        <button type="button" class="btn bare" data-act="remove" onClick={() => { close(); desk.setOwn(list.filter((m) => m.id !== member.id)); }}><span>{fill(x.remove, { name })}</span></button>
      </p>
    </div>
  );
}

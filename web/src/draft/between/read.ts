// What an officer does with the text as a whole, or with a block of theirs: it says what has been read, so that nothing saved meanwhile goes with it unread.
import type { Desk } from "../desk";
import type { Request } from "../types.gen";

export function act(desk: Desk, what: "take" | "bracket" | "exchange" | "unbracket" | "propose" | "settle", q: Request, where: string): Promise<boolean> {
  const { version, versions } = desk.view.value!.manuscript;
  return desk.ask(what, { ...q, versions }, where, version);
}

// Words of the two books that stand in the middle of other words.
import { fill } from "../../lang";
import { d } from "../book";
import { b } from "./book";
import type { Table } from "./text/en";

export const Words = ({ of }: { of: keyof Table }) => <>{b.value[of]}</>;

/** Dated is a date as it is signed, year-month-day, in words that say what for. */
export const Dated = ({ at, of }: { at: string; of: "asOf" | "dueBy" }) => <>{fill(d.value[of], { date: <bdi dir="ltr" class="nw">{at}</bdi> })}</>;

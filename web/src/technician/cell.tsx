// A cell of the matrix who hears what.
import type { Table } from "./text/en";
import { k } from "./words";

export type CellState = "hears" | "speaks" | "silent" | "no" | "never";
const cells: Record<CellState, keyof Table> = { hears: "cellHears", speaks: "cellSpeaks", silent: "cellSilent", no: "cellNo", never: "cellNever" };

/** Cell of the matrix who hears what: five shapes that differ without colour, each with a spoken text. */
export function Cell({ state, who }: { state: CellState; who?: string }) {
  return <span class={`cell ${state}`} data-cell={state} role="img" aria-label={`${who ? `${who}: ` : ""}${k.value[cells[state]]}`} />;
}

/** CellLegend names the five shapes. */
export function CellLegend() {
  return <p class="legend sm q">{(Object.keys(cells) as CellState[]).map((s) => <span class="l" key={s}><span class={`cell ${s}`} aria-hidden="true" />{k.value[cells[s]]}</span>)}</p>;
}

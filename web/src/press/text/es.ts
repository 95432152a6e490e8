// Spanish: texts of the page of press and viewers alone.
import type { Table } from "./en";

export const text: Table = {
  pressBefore: "La parte pública no ha comenzado.",
  pressBeforeHelp: "La imagen y el sonido comienzan aquí por sí solos.",
  pressClosed: "La reunión continúa a puerta cerrada.",
  pressClosedHelp: "La imagen y el sonido han terminado aquí. Si la reunión vuelve a ser pública, comienzan por sí solos.",
  pressOpen: "La parte pública está en curso.",
  pressFor: "Prensa acreditada",
  pressCut: "La transmisión está interrumpida.",
  pressCutHelp: "Vuelve por sí sola si la reunión sigue siendo pública.",
};

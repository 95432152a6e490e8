// French: texts of the page of press and viewers alone.
import type { Table } from "./en";

export const text: Table = {
  pressBefore: "La partie publique n'a pas commencé.",
  pressBeforeHelp: "L'image et le son commencent ici d'eux-mêmes.",
  pressClosed: "La réunion se poursuit à huis clos.",
  pressClosedHelp: "L'image et le son se sont arrêtés ici. Si la séance redevient publique, ils reprennent d'eux-mêmes.",
  pressOpen: "La partie publique est en cours.",
  pressFor: "Presse accréditée",
  pressCut: "La transmission est interrompue.",
  pressCutHelp: "Elle revient d'elle-même si la réunion est toujours publique.",
};

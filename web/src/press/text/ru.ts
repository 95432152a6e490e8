// Russian: texts of the page of press and viewers alone.
import type { Table } from "./en";

export const text: Table = {
  pressBefore: "Открытая часть ещё не началась.",
  pressBeforeHelp: "Изображение и звук появятся здесь сами.",
  pressClosed: "Встреча продолжается за закрытыми дверями.",
  pressClosedHelp: "Изображение и звук здесь прекращены. Если двери откроются снова, они появятся сами.",
  pressOpen: "Идёт открытая часть.",
  pressFor: "Аккредитованная пресса",
  pressCut: "Передача прервана.",
  pressCutHelp: "Она возобновится сама, если встреча по-прежнему открыта.",
};

// Arabic: texts of the page of press and viewers alone.
import type { Table } from "./en";

export const text: Table = {
  pressBefore: "لم تبدأ الجلسة العلنية.",
  pressBeforeHelp: "ستبدأ الصورة والصوت هنا تلقائيًا.",
  pressClosed: "يتواصل الاجتماع في جلسة مغلقة.",
  pressClosedHelp: "انتهى الصوت والصورة هنا. وإذا عادت الجلسة علنية بدآ تلقائيًا.",
  pressOpen: "الجلسة العلنية جارية.",
  pressFor: "الصحافة المعتمدة",
  pressCut: "انقطع البث.",
  pressCutHelp: "يعود تلقائيًا إن ظلت الجلسة علنية.",
};

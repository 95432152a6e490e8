// English: texts of the page of press and viewers alone.

export const text = {
  // Press
  pressBefore: "The open part has not begun.",
  pressBeforeHelp: "Picture and sound begin here by themselves.",
  pressClosed: "The meeting continues behind closed doors.",
  pressClosedHelp: "Picture and sound have ended here. If the doors open again, they begin by themselves.",
  pressOpen: "The open part is under way.",
  pressFor: "Accredited press",
  pressCut: "The transmission is interrupted.",
  pressCutHelp: "It comes back by itself if the meeting is still open.",
};

export type Table = Record<keyof typeof text, string>;

// Chinese: texts of the page of press and viewers alone.
import type { Table } from "./en";

export const text: Table = {
  pressBefore: "公开部分尚未开始。",
  pressBeforeHelp: "画面和声音会在此自动开始。",
  pressClosed: "会议已转入闭门阶段。",
  pressClosedHelp: "此处的画面和声音已结束。若会议再次公开，将自动恢复。",
  pressOpen: "公开部分正在进行。",
  pressFor: "注册媒体",
  pressCut: "传输已中断。",
  pressCutHelp: "若会议仍为公开，传输会自动恢复。",
};

// Chinese. See en.ts.

import type { Table } from "./en";

export const text: Table = {
  // The table
  toMembers: "转到与会人员",
  members: "与会人员：电平、网络，以及各人能听到谁",
  member: "与会人员",
  level: "电平",
  up: "上行",
  down: "下行",
  loss: "丢包",
  jitter: "抖动",
  roundTrip: "往返",
  hears: "能听到：",
  tools: "测试音、测试图、重启",
  tone: "向{name}播放测试音",
  card: "向{name}显示测试图",
  restart: "重启{name}的音视频",
  toneAt: "正在播放测试音：{names}",
  cardAt: "正在显示测试图：{names}",
  levelOf: "{name}，电平",
  lossBoth: "（上行{up}，下行{down}）",
  poor: "较差：",
  bad: "很差：",
  ourNode: "我方节点",
  theirNode: "对方节点，据{party}称",
  missing: "尚未到场：{names}",
  sees: "能看到画面",
  fault: "应能听到，但没有声音送达",

  // Links
  path: "路径{n}",
  insideTls: "经 TLS 传送",
  carriesBoth: "声音和画面",
  carriesSound: "声音",
  carriesSight: "画面",
  carriesNone: "已连通",
  pathIdle: "备用",
  pathLost: "已断开",
  heardNow: "刚刚收到",
  heardAgo: "上次收到距今{time}",
  heardNever: "从未收到",
  linkUp: "已连通",
  noPaths: "尚未测量任何路径。",
  clockOf: "对方时钟与我方之差",

  // Calls for help
  help: "求助",
  helpNone: "无人求助。",
  helpBy: "{name}听不到声音。",
  restartNow: "重启音视频",

  // This person
  admitted: "您能听到会议。",
  notAdmitted: "您听不到会议。礼宾官可以为您开通。",

  // Alarms, for the one whom others are told to tell
  alarmClock: "两个节点的时钟不一致。请检查我方的时间服务器。",
  alarmApart: "两个节点的时钟相差超过两秒，无法启用钥匙。请检查我方的时间服务器。",
  alarmLate: "大门关闭后仍有{after}个数据包发往媒体。请立即通知礼宾官。",
  alarmUnwritten: "闭门操作无法写入档案，我方大门保持关闭。请检查链路和磁盘。",
  alarmWithheld: "主办方节点未记录我方发生的事项。请联系其技术员。",
  alarmForked: "双方记录不一致。请联系对方节点的技术员，会议需重新安排。",
  alarmOther: "节点报告代码{code}。",

  notMeasured: "未测量",
  cellHears: "能听到",
  cellSpeaks: "向其讲话",
  cellSilent: "可听到，但目前无声",
  cellNo: "听不到",
  cellNever: "本人话筒，从不回传",
};

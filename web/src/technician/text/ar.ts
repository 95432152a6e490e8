// Arabic. See en.ts.

import type { Table } from "./en";

export const text: Table = {
  // The table
  toMembers: "إلى المشاركين",
  members: "المشاركون: مستويات الصوت والشبكة، ومن يصل صوته إلى من",
  member: "المشارك",
  level: "المستوى",
  up: "إرسال",
  down: "استقبال",
  loss: "الفقد",
  jitter: "تذبذب التأخير",
  roundTrip: "ذهابًا وإيابًا",
  hears: "يصل إليه صوت:",
  tools: "نغمة، شارة، إعادة تشغيل",
  tone: "نغمة اختبار: {name}",
  card: "شارة اختبار: {name}",
  restart: "إعادة تشغيل الصوت والصورة: {name}",
  toneAt: "نغمة الاختبار تعمل عند: {names}",
  cardAt: "شارة الاختبار معروضة عند: {names}",
  levelOf: "{name}، مستوى الصوت",
  lossBoth: "(إرسال {up}، استقبال {down})",
  poor: "ضعيف:",
  bad: "سيئ:",
  ourNode: "عقدتنا",
  theirNode: "عقدتهم، حسب إفادة {party}",
  missing: "في انتظار الوصول: {names}",
  sees: "تصل إليه الصورة",
  fault: "يُفترض أن يصل الصوت، لكن لا شيء يصل",

  // Links
  path: "المسار {n}",
  insideTls: "داخل TLS",
  carriesBoth: "صوت وصورة",
  carriesSound: "صوت",
  carriesSight: "صورة",
  carriesNone: "قائم",
  pathIdle: "احتياطي",
  pathLost: "مفقود",
  heardNow: "آخر حزمة الآن",
  heardAgo: "آخر حزمة منذ {time}",
  heardNever: "لم تصل أي حزمة",
  linkUp: "قائمة",
  noPaths: "لم يُقس أي مسار بعد.",
  clockOf: "ساعتهم مقارنة بساعتنا",

  // Calls for help
  help: "طلبات المساعدة",
  helpNone: "لا طلبات.",
  helpBy: "لا يصل الصوت إلى {name}.",
  restartNow: "إعادة تشغيل الصوت والصورة",

  // This person
  admitted: "تسمعون الاجتماع.",
  notAdmitted: "لا تسمعون الاجتماع. يمكن للمراسم أن تسمح لكم بذلك.",

  // Alarms, for the one whom others are told to tell
  alarmClock: "ساعتا العقدتين مختلفتان. تحققوا من خوادم الوقت لدينا.",
  alarmApart: "الفارق بين ساعتي العقدتين أكثر من ثانيتين، فلا يمكن إدارة مفتاح. تحققوا من خوادم الوقت لدينا.",
  alarmLate: "بعد إغلاق الأبواب وصلت إلى الصحافة {after} حزمة. أبلغوا المراسم فورًا.",
  alarmUnwritten: "تعذّر تدوين الإغلاق في السجلّ. تبقى أبوابنا مغلقة. تحققوا من الوصلة ومن القرص.",
  alarmWithheld: "لم تدوّن عقدة المضيف ما يجري في جانبنا. اتصلوا بفنّيها.",
  alarmForked: "سجلّا الجانبين غير متطابقين. اتصلوا بفنّي العقدة الأخرى، ويجب ترتيب الاجتماع من جديد.",
  alarmOther: "تبلغ العقدة عن الرمز {code}.",

  notMeasured: "لم يُقس",
  cellHears: "يصل إليه الصوت",
  cellSpeaks: "يصدر منه الصوت",
  cellSilent: "القناة مفتوحة لكنها صامتة",
  cellNo: "لا يصل إليه الصوت",
  cellNever: "الميكروفون نفسه، لا يُعاد صوته أبدًا",
};

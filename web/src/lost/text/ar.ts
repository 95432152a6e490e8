// Arabic, when a file of the page is lost. See en.ts.
export const text = {
  title: "لم تُحمَّل هذه الصفحة كاملة.",
  help: "لم يصل جزء منها من خادمكم. إذا لم تُفِد إعادة التحميل فأبلغوا الفني.",
  again: "إعادة التحميل",
};

// Arabic, for signing in and for the list of meetings after it. Terms as in the glossary.
export const text = {
  signIn: "تسجيل الدخول",
  signInHelp: "للمراسم والفنيين. يطلب الجهاز التأكيد بمفتاح المرور.",
  signInNow: "الدخول بمفتاح المرور",
  signInNone: "هذا المتصفح لا يدعم مفاتيح المرور.",
  firstCode: "رمز مفتاح مرور جديد",
  firstCodeHelp: "الرمز الذي طبعه خادمكم أو سلّمته لكم المراسم.",
  makePasskey: "إنشاء مفتاح مرور",
  signOut: "تسجيل الخروج",
  yourMeetings: "الاجتماعات",
  noMeetings: "لا يوجد اجتماع مقرّر.",
  arrangeMeeting: "ترتيب اجتماع",
  toAccounts: "الحسابات وسجل الأمن",
  writeReadouts: "البيانات الإعلامية",
};

// Russian, for signing in and for the list of meetings after it. Terms as in the glossary.
export const text = {
  signIn: "Вход",
  signInHelp: "Для сотрудников протокола и технических специалистов. Устройство попросит подтвердить вход ключом доступа.",
  signInNow: "Войти с ключом доступа",
  signInNone: "Этот браузер не поддерживает ключи доступа.",
  firstCode: "Код для нового ключа доступа",
  firstCodeHelp: "Код, который напечатал Ваш сервер или передал другой сотрудник протокола.",
  makePasskey: "Создать ключ доступа",
  signOut: "Завершить сеанс",
  yourMeetings: "Встречи",
  noMeetings: "Запланированных встреч нет.",
  arrangeMeeting: "Подготовить встречу",
  toAccounts: "Учётные записи и журнал безопасности",
  writeReadouts: "Сообщения о встречах",
};

// Chinese, for signing in and for the list of meetings after it. Terms as in the glossary.
export const text = {
  signIn: "登录",
  signInHelp: "供礼宾官和技术员使用。设备会请您用通行密钥确认。",
  signInNow: "用通行密钥登录",
  signInNone: "此浏览器不支持通行密钥。",
  firstCode: "新通行密钥的代码",
  firstCodeHelp: "由您的服务器打印，或由其他礼宾官交给您的代码。",
  makePasskey: "创建通行密钥",
  signOut: "退出登录",
  yourMeetings: "会议",
  noMeetings: "尚未安排会议。",
  arrangeMeeting: "安排会议",
  toAccounts: "账户与安全日志",
  writeReadouts: "会议情况通报",
};

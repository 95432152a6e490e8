// English, for signing in and for the list of meetings after it.
export const text = {
  signIn: "Sign in",
  signInHelp: "For protocol officers and technicians. Your device asks you to confirm with your passkey.",
  signInNow: "Sign in with passkey",
  signInNone: "This browser cannot use passkeys.",
  firstCode: "Code for a new passkey",
  firstCodeHelp: "The code that your server has printed, or that another officer has given you.",
  makePasskey: "Create a passkey",
  signOut: "Sign out",
  yourMeetings: "Meetings",
  noMeetings: "No meeting is arranged.",
  arrangeMeeting: "Arrange a meeting",
  toAccounts: "Accounts and security log",
  writeReadouts: "Readouts",
};

export type Table = Record<keyof typeof text, string>;

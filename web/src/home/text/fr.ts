// French, for signing in and for the list of meetings after it. Terms as in the glossary.
export const text = {
  signIn: "S'identifier",
  signInHelp: "Pour le protocole et les techniciens. Votre appareil vous demande de confirmer avec votre clé d'accès.",
  signInNow: "S'identifier par clé d'accès",
  signInNone: "Ce navigateur ne connaît pas les clés d'accès.",
  firstCode: "Code pour une nouvelle clé d'accès",
  firstCodeHelp: "Le code que votre serveur a imprimé, ou qu'un collègue du protocole vous a remis.",
  makePasskey: "Créer une clé d'accès",
  signOut: "Se déconnecter",
  yourMeetings: "Réunions",
  noMeetings: "Aucune réunion n'est prévue.",
  arrangeMeeting: "Préparer une réunion",
  toAccounts: "Comptes et journal de sécurité",
  writeReadouts: "Comptes rendus",
};

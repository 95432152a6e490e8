// Spanish, for signing in and for the list of meetings after it. Terms as in the glossary.
export const text = {
  signIn: "Identificarse",
  signInHelp: "Para protocolo y servicio técnico. Su dispositivo le pide que confirme con su llave de acceso.",
  signInNow: "Identificarse con llave de acceso",
  signInNone: "Este navegador no admite llaves de acceso.",
  firstCode: "Código para una nueva llave de acceso",
  firstCodeHelp: "El código que ha mostrado su servidor o que le ha dado otra persona de protocolo.",
  makePasskey: "Crear una llave de acceso",
  signOut: "Cerrar la sesión",
  yourMeetings: "Reuniones",
  noMeetings: "No hay ninguna reunión prevista.",
  arrangeMeeting: "Preparar una reunión",
  toAccounts: "Cuentas y registro de seguridad",
  writeReadouts: "Notas informativas",
};

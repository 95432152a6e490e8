// Spanish. See en.ts.

import type { Table } from "./en";

export const text: Table = {
  // The table
  toMembers: "Ir a los participantes",
  members: "Participantes: niveles, red y quién oye a quién",
  member: "Participante",
  level: "nivel",
  up: "subida",
  down: "bajada",
  loss: "pérdida",
  jitter: "fluctuación",
  roundTrip: "ida y vuelta",
  hears: "Oye a:",
  tools: "Tono, carta, reinicio",
  tone: "Tono de prueba: {name}",
  card: "Carta de ajuste: {name}",
  restart: "Reiniciar el sonido y la imagen: {name}",
  toneAt: "Tono de prueba en curso: {names}",
  cardAt: "Carta de ajuste a la vista: {names}",
  levelOf: "{name}, nivel",
  lossBoth: "(subida {up}, bajada {down})",
  poor: "flojo:",
  bad: "malo:",
  ourNode: "nuestro nodo",
  theirNode: "su nodo, según declara {party}",
  missing: "aún no ha llegado: {names}",
  sees: "ve la imagen",
  fault: "debería oír, pero no llega nada",

  // Links
  path: "Vía {n}",
  insideTls: "dentro de TLS",
  carriesBoth: "sonido e imágenes",
  carriesSound: "sonido",
  carriesSight: "imágenes",
  carriesNone: "establecida",
  pathIdle: "en reserva",
  pathLost: "perdida",
  heardNow: "recibida ahora mismo",
  heardAgo: "última recepción hace {time}",
  heardNever: "nunca se ha recibido nada",
  linkUp: "establecido",
  noPaths: "Aún no se ha medido ninguna vía.",
  clockOf: "Su reloj frente al nuestro",

  // Calls for help
  help: "Peticiones de ayuda",
  helpNone: "Nadie ha llamado.",
  helpBy: "{name} no oye.",
  restartNow: "Reiniciar el sonido y la imagen",

  // This person
  admitted: "Usted oye la reunión.",
  notAdmitted: "Usted no oye la reunión. Su oficial de protocolo puede permitírselo.",

  // Alarms, for the one whom others are told to tell
  alarmClock: "Los relojes de los dos nodos difieren. Compruebe nuestros servidores de hora.",
  alarmApart: "Los relojes de los dos nodos difieren en más de dos segundos: no se puede girar ninguna llave. Compruebe nuestros servidores de hora.",
  alarmLate: "Tras cerrarse las puertas salieron aún {after} paquetes hacia la prensa. Avise de inmediato al oficial de protocolo.",
  alarmUnwritten: "El cierre no pudo anotarse en el registro. Nuestras puertas siguen cerradas. Compruebe el enlace y el disco.",
  alarmWithheld: "El nodo anfitrión no ha anotado lo que ocurre en nuestro lado. Llame a su servicio técnico.",
  alarmForked: "Los registros de las dos partes no coinciden. Llame al servicio técnico del otro nodo; hay que organizar la reunión de nuevo.",
  alarmOther: "El nodo comunica el código {code}.",

  notMeasured: "sin medir",
  cellHears: "oye",
  cellSpeaks: "habla en él",
  cellSilent: "lo oye, pero está en silencio",
  cellNo: "no oye",
  cellNever: "micrófono propio, nunca se devuelve",
};

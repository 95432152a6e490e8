// French. See en.ts.

import type { Table } from "./en";

export const text: Table = {
  // The table
  toMembers: "Aller aux participants",
  members: "Participants : niveaux, réseau, et qui entend qui",
  member: "Participant",
  level: "niveau",
  up: "montant",
  down: "descendant",
  loss: "pertes",
  jitter: "gigue",
  roundTrip: "aller-retour",
  hears: "Entend :",
  tools: "Son, mire, relance",
  tone: "Son d'essai : {name}",
  card: "Mire d'essai : {name}",
  restart: "Relancer le son et l'image : {name}",
  toneAt: "Son d'essai en cours : {names}",
  cardAt: "Mire d'essai affichée : {names}",
  levelOf: "{name}, niveau",
  lossBoth: "(montant {up}, descendant {down})",
  poor: "faible :",
  bad: "mauvais :",
  ourNode: "notre nœud",
  theirNode: "leur nœud, selon la déclaration : {party}",
  missing: "pas encore là : {names}",
  sees: "voit l'image",
  fault: "devrait entendre, mais rien n'arrive",

  // Links
  path: "Voie {n}",
  insideTls: "dans TLS",
  carriesBoth: "son et images",
  carriesSound: "son",
  carriesSight: "images",
  carriesNone: "établie",
  pathIdle: "en réserve",
  pathLost: "perdue",
  heardNow: "reçue à l'instant",
  heardAgo: "dernière réception il y a {time}",
  heardNever: "jamais rien reçu",
  linkUp: "établie",
  noPaths: "Aucune voie n'a encore été mesurée.",
  clockOf: "Leur horloge face à la nôtre",

  // Calls for help
  help: "Appels à l'aide",
  helpNone: "Personne n'a appelé.",
  helpBy: "{name} n'entend pas.",
  restartNow: "Relancer le son et l'image",

  // This person
  admitted: "Vous entendez la réunion.",
  notAdmitted: "Vous n'entendez pas la réunion. Le protocole peut vous y autoriser.",

  // Alarms, for the one whom others are told to tell
  alarmClock: "Les horloges des deux nœuds diffèrent. Vérifiez nos serveurs de temps.",
  alarmApart: "Les horloges des deux nœuds s'écartent de plus de deux secondes : aucune clé ne peut être tournée. Vérifiez nos serveurs de temps.",
  alarmLate: "Après la fermeture des portes, {after} paquets sont encore partis vers la presse. Prévenez aussitôt le protocole.",
  alarmUnwritten: "La fermeture n'a pas pu être inscrite. Nos portes restent fermées. Vérifiez la liaison et le disque.",
  alarmWithheld: "Le nœud hôte n'a pas inscrit ce qui se passe de notre côté. Appelez sa technique.",
  alarmForked: "Les relevés des deux parties divergent. Appelez la technique de l'autre nœud ; la réunion est à organiser de nouveau.",
  alarmOther: "Le nœud signale le code {code}.",

  notMeasured: "non mesuré",
  cellHears: "entend",
  cellSpeaks: "y parle",
  cellSilent: "l'entend, mais c'est silencieux",
  cellNo: "n'entend pas",
  cellNever: "son propre micro, jamais renvoyé",
};

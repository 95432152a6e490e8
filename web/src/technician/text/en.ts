// English. The technician's console; words that all consoles share are in src/text, alarms, doors and readiness in src/officer/text.

export const text = {
  // The table
  toMembers: "To the participants",
  members: "Participants: levels, network, and whom each one hears",
  member: "Participant",
  level: "level",
  up: "up",
  down: "down",
  loss: "loss",
  jitter: "jitter",
  roundTrip: "round trip",
  hears: "Hears:",
  tools: "Tone, card, restart",
  tone: "Test tone to {name}",
  card: "Test card to {name}",
  restart: "Restart the media of {name}",
  toneAt: "Test tone on: {names}",
  cardAt: "Test card on: {names}",
  levelOf: "{name}, level",
  lossBoth: "(up {up}, down {down})",
  poor: "poor:",
  bad: "bad:",
  ourNode: "our node",
  theirNode: "their node, stated by {party}",
  missing: "not arrived: {names}",
  sees: "sees the picture",
  fault: "should hear, but nothing comes through",

  // Links
  path: "Path {n}",
  insideTls: "inside TLS",
  carriesBoth: "sound and pictures",
  carriesSound: "sound",
  carriesSight: "pictures",
  carriesNone: "up",
  pathIdle: "in reserve",
  pathLost: "lost",
  heardNow: "heard just now",
  heardAgo: "last heard {time} ago",
  heardNever: "never heard",
  linkUp: "up",
  noPaths: "No path has been measured yet.",
  clockOf: "Their clock beside ours",

  // Calls for help
  help: "Calls for help",
  helpNone: "Nobody has called.",
  helpBy: "{name} cannot hear.",
  restartNow: "Restart the media",

  // This person
  admitted: "You hear the meeting.",
  notAdmitted: "You do not hear the meeting. Your protocol officer can let you.",

  // Alarms, for the one whom others are told to tell
  alarmClock: "The two nodes' clocks differ. Check the time servers of ours.",
  alarmApart: "The two nodes' clocks are more than two seconds apart: no key can be turned. Check the time servers of ours.",
  alarmLate: "After the doors closed, {after} packets still went to the press. Tell the protocol officer at once.",
  alarmUnwritten: "The closing could not be written to the log. Our doors stay closed. Check the link and the disk.",
  alarmWithheld: "The host's node has not entered what happens on our side. Call its technician.",
  alarmForked: "The two sides' logs disagree. Call the technician of the other node; the meeting has to be arranged anew.",
  alarmOther: "The node reports code {code}.",

  // Clock and levels
  notMeasured: "not measured",

  // Who hears what
  cellHears: "hears",
  cellSpeaks: "speaks into it",
  cellSilent: "hears it, but it is silent",
  cellNo: "does not hear",
  cellNever: "own microphone, never heard back",
};

export type Table = Record<keyof typeof text, string>;

// Package bot is a simulated member: a client of a node as a browser is one, with a test card for a camera and recorded
// speech or a tone for a microphone. It offers, plays, counts what it receives, and comes back by itself. It serves the
// demo, rehearsals and tests and is never part of cmd/visavis. Start from New and Bot.Run. It must not know rooms, links
// or any other inside of a node: it sees what a browser sees.
package bot

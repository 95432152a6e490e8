// Package bot is a simulated member, the offering side, for demo, rehearsal and tests; never part of cmd/visavis. Start from Bot.
package bot

// Package scenario has test-only worlds: nodes, bots and a virtual network. Start from World.
package scenario

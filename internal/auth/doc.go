// Package auth says who someone is: party roots and documents, pinned peers, invitations, accounts, sessions. What they may do is said by
// meeting. Start from Document (a party), Peers (whom we trust), Book (our own people) and Passkeys (how some of them sign in). Only cmd and node read files and the clock for it: every
// time comes in as an argument or by Config.Now.
package auth

// Package auth says who someone is: party roots and documents, pinned peers, invitations, sessions. What they may do is said by meeting.
// Start from Document (a party), Peers (whom we trust) and Book (our own people). Only cmd and node read files and the clock for it: every
// time comes in as an argument or by Config.Now.
package auth

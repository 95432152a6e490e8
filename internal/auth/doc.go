// Package auth says who someone is: party keys and documents, people, invitations, sessions. What they may do is said by meeting. Start from Book and Party.
package auth

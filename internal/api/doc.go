// Package api is the edge for people: HTTPS and WebSocket, sessions, routes, limits. Start from Server. It says who somebody is by
// the session cookie alone; what that person may do is decided elsewhere. It must not know packets, links or keys of parties.
package api

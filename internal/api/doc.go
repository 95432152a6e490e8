// Package api is the edge for people: HTTPS and WebSocket, sessions, routes, limits. Start from Server.
package api

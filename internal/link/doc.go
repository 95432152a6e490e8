// Package link is one other node: handshake, signed events, media both ways, reconnection. Start from Manager. It must not know rooms or browsers.
package link

// Package wire has the messages between a browser and its node: Go types, strict size-limited JSON, a version. It writes
// web/src/wire.gen.ts (go generate). Start from FromClient and ToClient. It must not know sockets.
package wire

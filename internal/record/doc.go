// Package record is what remains of a meeting at one party: the shared log with its countersigned heads, attendance and speaking log made from it, and,
// only if it was asked for, the node's own log. It makes the files of an export and says of such files exactly what does not fit. Start from New and
// Verify. It must not know the store, the link or a node: entries come as bytes, files through fs.FS, keys as values. Tracks of sound and picture have
// their place in the index and come with a later version.
package record

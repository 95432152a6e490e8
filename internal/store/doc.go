// Package store keeps logs, values under keys, and blobs in one SQLite file of one directory. Start from Store. It knows no meeting: what
// the bytes mean is known by the packages that put them there.
package store

// Package site is what the public sees: Store, a directory that a node fills at the moment of publication and not before, and Handler, which serves
// it as pages, feeds, files and a calendar in six languages without a script that must run and without a cookie. Start from Handler. Whether
// something may be seen is decided by visible, and nowhere else. The package must not know the node, its link, its records or its sessions: it runs
// in a process of its own that can only read the store.
package site

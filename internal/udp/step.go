package udp

import (
	"runtime"
	_ "unsafe" // for go:linkname
)

// goyield is the runtime's: the goroutine goes to the end of its P's own queue, and nobody is woken to look for work. runtime.Gosched goes through the
// queue of all and wakes a thread each time. It is one of the functions that the runtime promises to leave as they are for those who
// link to them (go.dev/issue/67401).
//
//go:linkname goyield runtime.goyield
func goyield()

// step lets the runtime see that the calling goroutine, which never waits in a way that it knows, goes on: one that it takes for stuck for 10 ms it
// interrupts by a signal, and one that is locked to its thread is then handed to another thread and back, which was 50 times a second five
// switches of threads, 6 % of what a node with 50 receivers spends.
func step() {
	runtime.UnlockOSThread()
	goyield()
	runtime.LockOSThread()
}

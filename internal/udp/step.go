package udp

import "runtime"

// step lets the runtime see that the calling goroutine, which never waits in a way that it knows, goes on: one that it takes for stuck for 10 ms it
// interrupts by a signal, and one that is locked to its thread is then handed to another thread and back, which was 50 times a second five
// switches of threads, 6 % of what a node with 50 receivers spends. The goroutine goes to the end of the queue of all: whatever is ready on its
// P runs first, and what that makes ready, too. At the end of the P's own queue (runtime.goyield) it cost 3 ms a second less, and each goroutine
// that another woke waited for the next tick where every P had a worker: handshakes took seconds.
func step() {
	runtime.UnlockOSThread()
	runtime.Gosched()
	runtime.LockOSThread()
}

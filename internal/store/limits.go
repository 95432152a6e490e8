package store

import "time"

// Limits of what is kept. Whoever writes is our own code, but what it writes came from browsers and other nodes, so that a mistake there ends
// here, not on a full disk.
const (
	MaxEntry = 1 << 20  // bytes of one log entry; a link's largest proposal is 1 MiB
	MaxValue = 1 << 20  // bytes of one value
	MaxBlob  = 25 << 20 // bytes of one blob; an upload's limit
	MaxName  = 512      // bytes of a log's name, a bucket or a key

	MaxLink  = 1 << 10              // bytes of one entry of the security log
	MaxLinks = 50_000               // entries of the security log that are kept
	LinkLife = 180 * 24 * time.Hour // how long they are kept

	// busyTimeout is how long a write waits for another process that is writing. A command holds the file for one transaction, a few
	// milliseconds on a slow disk; 5 s is far above that and still below the patience of a person.
	busyTimeout = 5 * time.Second
)

package main

import (
	"net/netip"
	"runtime"
	"time"

	"golang.org/x/sys/unix"

	"visavis/internal/udp"
)

// floorBatch is how many packets go in one sendmmsg, each to another socket, so that no two can be sent as one.
const floorBatch = 64

// sendmmsg returns what a packet of 1200 bytes costs to send and nothing else: processor time of this thread, the middle of many rounds.
// Every packet is read, outside of the count.
func sendmmsg() (time.Duration, error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	loopback := netip.MustParseAddrPort("127.0.0.1:0")
	from, err := udp.Listen(loopback)
	if err != nil {
		return 0, err
	}
	defer from.Close()
	var to []*udp.Socket
	batch := make([]udp.Datagram, floorBatch)
	for i := range batch {
		s, err := udp.Listen(loopback)
		if err != nil {
			return 0, err
		}
		defer s.Close()
		to = append(to, s)
		batch[i] = udp.Datagram{Data: make([]byte, 1200), Addr: s.LocalAddr()}
	}
	in := make([]udp.Datagram, 32)
	for i := range in {
		in[i].Data = make([]byte, udp.MaxDatagram)
	}
	const rounds, batches = 200, 8
	var costs []float64
	for range rounds {
		before := threadTime()
		for range batches {
			if _, err := from.WriteBatch(batch); err != nil {
				return 0, err
			}
		}
		costs = append(costs, float64(threadTime()-before)/(batches*floorBatch))
		for _, s := range to {
			for n := 1; n > 0; {
				if n, err = s.ReadBatch(in, 0); err != nil {
					return 0, err
				}
			}
		}
	}
	return time.Duration(median(costs)), nil
}

// threadTime is the processor time of this thread. CLOCK_THREAD_CPUTIME_ID counts in nanoseconds; getrusage only in ticks on some kernels.
func threadTime() time.Duration {
	var ts unix.Timespec
	if unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &ts) != nil {
		return 0
	}
	return time.Duration(ts.Nano())
}

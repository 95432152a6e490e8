package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"time"

	"visavis/test/world"
)

// relayBytes is the size of a control packet: about an Opus packet with all its headers.
const relayBytes = 300

// relay is the control of the delay: a process that receives datagrams on one address and sends them to another, no more. It
// ends with its standard input, so with the process that started it.
func relay(listen, to string) error {
	a, err := net.ResolveUDPAddr("udp4", listen)
	if err != nil {
		return err
	}
	b, err := net.ResolveUDPAddr("udp4", to)
	if err != nil {
		return err
	}
	c, err := net.ListenUDP("udp4", a)
	if err != nil {
		return err
	}
	go func() {
		_, _ = os.Stdin.Read(make([]byte, 1))
		_ = c.Close()
	}()
	fmt.Println("up")
	buf := make([]byte, 1500)
	for {
		n, _, err := c.ReadFromUDPAddrPort(buf)
		if err != nil {
			return nil
		}
		if _, err := c.WriteToUDP(buf[:n], b); err != nil {
			return err
		}
	}
}

// relayed sends a datagram each 20 ms through two relays and gives their delays, ms, timed as the packets of the nodes are.
func relayed(ctx context.Context, d time.Duration) ([]float64, error) {
	end, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		return nil, err
	}
	defer end.Close()
	if err := stampArrivals(end); err != nil {
		return nil, err
	}
	ports, err := world.FreePorts(2)
	if err != nil {
		return nil, err
	}
	at := func(i int) string { return fmt.Sprintf("127.0.0.1:%d", ports[i]) }
	for _, r := range [][2]string{{at(1), end.LocalAddr().String()}, {at(0), at(1)}} {
		stop, err := startRelay(r[0], r[1])
		if err != nil {
			return nil, err
		}
		defer stop()
	}
	start, err := net.Dial("udp4", at(0))
	if err != nil {
		return nil, err
	}
	defer start.Close()
	sent, came := map[uint64]int64{}, map[uint64]int64{}
	got := make(chan struct{})
	go func() {
		defer close(got)
		b, oob := make([]byte, 1500), make([]byte, 64)
		for {
			_, n, _, _, err := end.ReadMsgUDP(b, oob)
			if err != nil {
				return
			}
			came[binary.BigEndian.Uint64(b)] = arrival(oob[:n])
		}
	}()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	b := make([]byte, relayBytes)
	for n, until := uint64(1), time.Now().Add(d); time.Now().Before(until); n++ {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		binary.BigEndian.PutUint64(b, n)
		sent[n] = time.Now().UnixNano()
		if _, err := start.Write(b); err != nil {
			return nil, err
		}
	}
	time.Sleep(200 * time.Millisecond)
	_ = end.Close()
	<-got
	var out []float64
	for n, t := range sent {
		if c := came[n]; c != 0 {
			out = append(out, float64(c-t)/1e6)
		}
	}
	if len(out) == 0 {
		return nil, errors.New("no control packet came through")
	}
	return out, nil
}

// startRelay runs a relay as a process of its own and returns when it is up.
func startRelay(listen, to string) (stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	c := exec.Command(self, "-relay", listen+","+to)
	in, err := c.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := c.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := c.Start(); err != nil {
		return nil, err
	}
	if _, err := out.Read(make([]byte, 3)); err != nil {
		_ = c.Process.Kill()
		_ = c.Wait()
		return nil, fmt.Errorf("relay: %w", err)
	}
	return func() { _ = in.Close(); _ = c.Wait() }, nil
}

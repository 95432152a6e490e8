package world

import (
	"context"
	"fmt"
	"net"
)

// Loopback is New for two nodes on 127.0.0.1, with plain HTTP as in the demo, on ports that were free a moment ago.
func Loopback(ctx context.Context, exe, dir, meeting string, parties [2]string) ([2]*Node, error) {
	var specs [2]Spec
	for i, party := range parties {
		ports, err := FreePorts(3)
		if err != nil {
			return [2]*Node{}, err
		}
		specs[i] = Spec{Party: party, Address: "127.0.0.1", Web: ports[0], Link: ports[1], UDP: ports[2], Host: fmt.Sprintf("%s.localhost:%d", party, ports[0])}
	}
	return New(ctx, exe, dir, meeting, specs)
}

// FreePorts finds n ports of 127.0.0.1 that were free for TCP and for UDP a moment ago.
func FreePorts(n int) ([]int, error) {
	var out []int
	for len(out) < n {
		t, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		defer t.Close()
		port := t.Addr().(*net.TCPAddr).Port
		if u, err := net.ListenPacket("udp", fmt.Sprintf("127.0.0.1:%d", port)); err == nil {
			_ = u.Close()
			out = append(out, port)
		}
	}
	return out, nil
}

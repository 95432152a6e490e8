package node

import (
	"fmt"
	"net"
	"os"
	"strconv"
)

// firstInherited is the number of the first socket that a service manager hands over (sd_listen_fds(3), SD_LISTEN_FDS_START).
const firstInherited = 3

// maxInherited bounds how many it may hand over: web and link need two.
const maxInherited = 16

// inherited takes over the TCP sockets that systemd opened for us, as its variables LISTEN_PID and LISTEN_FDS say: a port below 1024 without
// any right to open one. The function that it returns gives out the socket that listens on the port asked for, each once, and opens those
// that were not handed over. nil: nothing was handed to this process.
func inherited(first, pid int, listenPID, listenFDs string) (func(addr string) (net.Listener, error), error) {
	if p, err := strconv.Atoi(listenPID); err != nil || p != pid {
		return nil, nil
	}
	n, err := strconv.Atoi(listenFDs)
	if err != nil || n < 0 || n > maxInherited {
		return nil, fmt.Errorf("sockets of the service manager: LISTEN_FDS is %q", listenFDs)
	}
	byPort := map[string]net.Listener{}
	for fd := first; fd < first+n; fd++ {
		f := os.NewFile(uintptr(fd), "inherited socket")
		l, err := net.FileListener(f) // a copy, closed on exec
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("socket %d of the service manager: %w", fd, err)
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return nil, fmt.Errorf("socket %d of the service manager is not TCP: %w", fd, err)
		}
		byPort[port] = l
	}
	return func(addr string) (net.Listener, error) {
		_, port, err := net.SplitHostPort(addr)
		if err != nil {
			return nil, err
		}
		if l, ok := byPort[port]; ok {
			delete(byPort, port) // called by Start alone, one after the other
			return l, nil
		}
		return net.Listen("tcp", addr)
	}, nil
}

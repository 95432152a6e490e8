package node

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"time"

	"visavis/internal/udp"
)

// mediaSocket opens the one port of a process that is a node and nothing else, and gives its thread a share of the scheduler for itself.
func mediaSocket(a netip.AddrPort) (udp.Conn, netip.AddrPort, error) {
	s, err := udp.Listen(a)
	if err != nil {
		return nil, a, err
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	s.Hold()
	return s, s.LocalAddr(), nil
}

// gcPercent is how much the heap of a node may grow before it is collected, in place of 100: most of what a session costs is heap, and the
// packet path allocates nothing, so that a collection of some milliseconds comes every ten seconds or so. GOGC in the environment goes before it.
const gcPercent = 50

// Serve runs a node until ctx ends. It logs JSON lines to w (no line of a log can be forged by what is in it), and tells a service
// manager that it is ready, that it is alive and that it stops (sd_notify(3)), if one asks for it.
func Serve(ctx context.Context, s Settings, w io.Writer) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	log := slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{Level: s.Log.Level}))
	listen, err := inherited(firstInherited, os.Getpid(), os.Getenv("LISTEN_PID"), os.Getenv("LISTEN_FDS"))
	if err != nil {
		return err
	}
	n, err := Start(s, Env{Log: log, Listen: listen, UDP: mediaSocket})
	if err != nil {
		return err
	}
	notify := serviceManager(os.Getenv("NOTIFY_SOCKET"))
	notify("READY=1")
	alive := time.NewTicker(watchdogEvery(os.Getenv("WATCHDOG_USEC")))
	defer alive.Stop()
	for {
		select {
		case <-ctx.Done():
			notify("STOPPING=1")
			log.Info("node stops", "party", s.Party)
			if err := n.Close(); err != nil {
				return fmt.Errorf("stop: %w", err)
			}
			return nil
		case <-alive.C:
			// Alive means that the media thread answers, not only that this loop runs.
			if n.worker.Call(func() {}) {
				notify("WATCHDOG=1")
			}
		}
	}
}

// serviceManager returns a function that tells systemd a state; one that does nothing where there is no socket.
func serviceManager(socket string) func(state string) {
	if socket == "" {
		return func(string) {}
	}
	if socket[0] == '@' {
		socket = "\x00" + socket[1:]
	}
	return func(state string) {
		c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: socket, Net: "unixgram"})
		if err != nil {
			return // the manager will notice by itself
		}
		_, _ = c.Write([]byte(state))
		_ = c.Close()
	}
}

// watchdogEvery is half of the time that the service manager allows, as sd_watchdog_enabled(3) advises; 10 s where it asks for nothing.
func watchdogEvery(usec string) time.Duration {
	if n, err := strconv.ParseInt(usec, 10, 64); err == nil && n > 0 {
		return max(time.Duration(n)*time.Microsecond/2, 100*time.Millisecond)
	}
	return 10 * time.Second
}

package node

import (
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"
)

func TestInheritedSocketIsGivenOutOnce(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	f, err := l.(*net.TCPListener).File()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	fd, err := syscall.Dup(int(f.Fd())) // inherited closes the number that it is given
	if err != nil {
		t.Fatal(err)
	}
	pid := os.Getpid()
	listen, err := inherited(fd, pid, fmt.Sprint(pid), "1")
	if err != nil || listen == nil {
		t.Fatalf("inherited = %v, %v", listen != nil, err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	got, err := listen(":" + port)
	if err != nil {
		t.Fatalf("the port that was handed over: %v", err)
	}
	defer got.Close()
	if got.Addr().String() != l.Addr().String() {
		t.Errorf("listens on %s, want %s", got.Addr(), l.Addr())
	}
	if again, err := listen("127.0.0.1:" + port); err == nil { // in use: it is opened anew
		_ = again.Close()
		t.Error("given out twice")
	}
	other, err := listen("127.0.0.1:0")
	if err != nil {
		t.Fatalf("a port that was not handed over: %v", err)
	}
	_ = other.Close()
}

func TestNothingInherited(t *testing.T) {
	for _, c := range []struct {
		pid, fds string
		ok       bool
	}{{"", "", true}, {"1", "1", true}, {"x", "1", true}, {"7", "x", false}, {"7", "-1", false}, {"7", "17", false}, {"7", "", false}} {
		if listen, err := inherited(1<<20, 7, c.pid, c.fds); listen != nil || (err == nil) != c.ok {
			t.Errorf("LISTEN_PID %q, LISTEN_FDS %q: %v, want ok %v", c.pid, c.fds, err, c.ok)
		}
	}
	if _, err := inherited(1<<20, 7, "7", "1"); err == nil {
		t.Error("a socket that is not there was taken")
	}
}

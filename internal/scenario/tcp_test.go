package scenario

import (
	"net"
	"testing"

	"golang.org/x/net/nettest"
)

// The connections of a Net keep what net.Conn promises.
func TestTCPIsAConn(t *testing.T) {
	nettest.TestConn(t, func() (c1, c2 net.Conn, stop func(), err error) {
		n := NewNet(t, 1)
		a, b := n.Host(t, "10.1.0.1"), n.Host(t, "10.1.0.2", "b.test")
		l, err := b.Listen(":443")
		if err != nil {
			return nil, nil, nil, err
		}
		if c1, err = a.Dial(t.Context(), "b.test:443"); err != nil {
			return nil, nil, nil, err
		}
		if c2, err = l.Accept(); err != nil {
			return nil, nil, nil, err
		}
		return c1, c2, func() { _ = c1.Close(); _ = c2.Close(); _ = l.Close() }, nil
	})
}

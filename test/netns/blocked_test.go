package netns_test

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"visavis/test/netns"
)

// blocked has both servers drop every datagram of the other one, and makes the call again: it goes inside TLS.
func blocked(t *testing.T, n *netns.Net, shells map[string]*netns.Server) {
	t.Helper()
	links := map[string]string{}
	for on, far := range map[string]string{"a": "b", "b": "a"} {
		if err := n.Script(on, fmt.Sprintf(`table inet visavis {
 counter dropped {}
 chain blocked { type filter hook input priority -300; ip saddr %s meta l4proto udp counter name dropped drop
 }
}`, servers()[far].addr)); err != nil {
			t.Fatal(err)
		}
		out, err := shells[on].Run("visavis invite --config /etc/visavis/visavis.toml --valid 72h annual-meeting-2026 --all", 10*time.Second)
		if err != nil {
			t.Fatalf("invite on server %s: %v\n%s", on, err, out)
		}
		links[on] = regexp.MustCompile(`https://\S+/join#\S+`).FindString(out)
	}
	call(t, n, links)
	for on := range links { // the control: pings to the other address were sent, and did not arrive
		if c, err := n.Count(on, "dropped"); err != nil || c == 0 {
			t.Errorf("server %s dropped %d datagrams of the other (%v): the test shows nothing", on, c, err)
		}
	}
}

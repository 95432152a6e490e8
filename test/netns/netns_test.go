package netns_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"visavis/test/netns"
)

// TestCountersAndCuts shows that what the measurements rest on works here: a packet is counted, a drop cuts, its removal
// heals.
func TestCountersAndCuts(t *testing.T) {
	if err := netns.Available(); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	n, err := netns.New("a", "b")
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	}()
	ifA, _, err := n.Wire("a", "10.77.9.1/30", "b", "10.77.9.2/30")
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Script("a", `table inet visavis {
 counter other {}
 chain out { type filter hook output priority 0; oifname != "lo" ip daddr != 10.77.9.2 counter name other
 }
}`); err != nil {
		t.Fatal(err)
	}
	if err := n.Route("a", "10.77.9.2"); err != nil {
		t.Fatal(err)
	}
	ping := func(addr string) error {
		_, err := n.Run("a", "bash", "-c", fmt.Sprintf("exec 3<>/dev/udp/%s/9 && echo x >&3", addr))
		return err
	}
	if err := ping("10.77.9.2"); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Count("a", "other"); err != nil || got != 0 {
		t.Errorf("packets to others = %d, %v; want 0", got, err)
	}
	if err := ping("203.0.113.1"); err != nil {
		t.Fatal(err)
	}
	if got, err := n.Count("a", "other"); err != nil || got != 1 { // the control
		t.Errorf("packets to others after one was sent = %d, %v; want 1", got, err)
	}
	if err := n.Script("a", fmt.Sprintf(`table inet cut {
 chain out { type filter hook output priority 0; oifname "%s" counter drop
 }
}`, ifA)); err != nil {
		t.Fatal(err)
	}
	if err := ping("10.77.9.2"); err == nil {
		t.Error("a packet left through a cut wire")
	}
	if err := n.Script("a", "delete table inet cut"); err != nil {
		t.Fatal(err)
	}
	if err := ping("10.77.9.2"); err != nil {
		t.Errorf("after the cut: %v", err)
	}
}

// TestNewRemovesWhatAKilledRunLeft: a namespace of a process that is no more goes, one of a living process stays.
func TestNewRemovesWhatAKilledRunLeft(t *testing.T) {
	if err := netns.Available(); err != nil {
		t.Skipf("SKIPPED: %v", err)
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	left, kept := fmt.Sprintf("vv%d-left", gone.Process.Pid), fmt.Sprintf("vv%d-kept", os.Getppid())
	for _, name := range []string{left, kept} {
		if out, err := exec.Command("ip", "netns", "add", name).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	defer func() { _ = exec.Command("ip", "netns", "del", kept).Run() }()
	n, err := netns.New()
	if err != nil {
		t.Fatal(err)
	}
	defer n.Close()
	out, err := exec.Command("ip", "netns", "list").Output()
	if err != nil || strings.Contains(string(out), left) || !strings.Contains(string(out), kept) {
		t.Errorf("namespaces = %q, %v; want %s gone and %s there", out, err, left, kept)
	}
}

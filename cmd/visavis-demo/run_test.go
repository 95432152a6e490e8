package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// program builds visavis.
func program(t *testing.T) string {
	t.Helper()
	p := filepath.Join(t.TempDir(), "visavis")
	if out, err := exec.Command("go", "build", "-o", p, "../visavis").CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	return p
}

// lines is a writer that many goroutines write to and a test reads.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lines) Write(b []byte) (int, error) { l.mu.Lock(); defer l.mu.Unlock(); return l.b.Write(b) }
func (l *lines) String() string              { l.mu.Lock(); defer l.mu.Unlock(); return l.b.String() }

// await polls real processes: there is no clock to fake.
func await(t *testing.T, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(limit); time.Now().Before(end); <-tick.C {
		if ok() {
			return
		}
	}
	t.Fatalf("%s: not within %v", what, limit)
}

// running is a demo that a test has started.
type running struct {
	out   *lines
	links map[string]string
	pins  map[string]string

	standIns map[string]string
	sites    map[string]string            // by party
	sign     map[string]map[string]string // by party: key, document
	dir      string
	end      func() error // Ctrl-C, and what run returned
	done     chan error
}

func start(t *testing.T, visavis, simulate string, informal bool) *running {
	t.Helper()
	r := &running{out: &lines{}, dir: filepath.Join(t.TempDir(), "demo"), done: make(chan error, 1)}
	file := filepath.Join(t.TempDir(), "links.json")
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	o := options{Visavis: visavis, Dir: r.dir, Links: file, Address: "127.0.0.1", Simulate: simulate, Informal: informal, Embargo: embargoInTests}
	go func() { r.done <- run(ctx, o, r.out) }()
	r.end = func() error { cancel(); return <-r.done }
	await(t, "links", 60*time.Second, func() bool {
		select {
		case err := <-r.done:
			t.Fatalf("the demo ended: %v\n%s", err, r.out)
		default:
		}
		b, err := os.ReadFile(file)
		var v struct {
			Links, Pins, StandIns, Sites map[string]string
			Sign                         map[string]map[string]string
		}
		if err != nil || json.Unmarshal(b, &v) != nil {
			return false
		}
		r.links, r.pins, r.standIns, r.sites, r.sign = v.Links, v.Pins, v.StandIns, v.Sites, v.Sign
		return true
	})
	return r
}

// embargoInTests is long enough to accept and to sign in: by programs, not by people.
const embargoInTests = 15 * time.Second

// nodes are the process ids of the demo's nodes.
func (r *running) nodes(t *testing.T) []int {
	t.Helper()
	var out []int
	procs, err := filepath.Glob("/proc/[0-9]*/cmdline")
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range procs {
		b, err := os.ReadFile(p)
		if err == nil && strings.Contains(string(b), "serve\x00") && strings.Contains(string(b), r.dir) {
			var pid int
			if err := json.Unmarshal([]byte(strings.Split(p, "/")[2]), &pid); err == nil {
				out = append(out, pid)
			}
		}
	}
	return out
}

func get(t *testing.T, link string) int {
	t.Helper()
	_, rest, _ := strings.Cut(link, "://")
	host, _, _ := strings.Cut(rest, "/")
	d := &demo{addr: netip.MustParseAddr("127.0.0.1")}
	web := &http.Client{Transport: &http.Transport{DialContext: d.dial, DisableKeepAlives: true}, Timeout: 5 * time.Second}
	resp, err := web.Get("http://" + host + "/join")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	return resp.StatusCode
}

// TestDemo starts the real thing.
func TestDemo(t *testing.T) {
	if testing.Short() {
		t.Skip("SKIPPED: starts whole nodes (-short)")
	}
	visavis := program(t)
	for name, f := range map[string]func(*testing.T, string){
		"gives a meeting and ends whole": testWhole, "reports a dead node": testDeadNode, "a person takes a simulated seat": testPerson,
		"a person alone runs a meeting": testAlone, "what is signed too late waits for both officers": testLate, "a person who is no officer is not left waiting": testLed,
	} {
		t.Run(name, func(t *testing.T) { f(t, visavis) })
	}
}

// testWhole: two processes, fourteen simulated people, a page behind each link;
// then Ctrl-C, after which nothing is left.
func testWhole(t *testing.T, visavis string) {
	r := start(t, visavis, "all", false)
	if len(r.links) != 14 || len(r.pins) != 2 {
		t.Errorf("%d links and %d PINs, want 14 and 2: %v", len(r.links), len(r.pins), r.links)
	}
	hosts := map[string]bool{}
	for seat, link := range r.links {
		hosts[strings.Split(link, "/")[2]] = true
		if got := get(t, link); got != http.StatusOK {
			t.Errorf("%s: page status %d, want 200", seat, got)
		}
	}
	if len(hosts) != 14 {
		t.Errorf("%d host names for 14 seats: %v", len(hosts), hosts)
	}
	if got := get(t, "http://elsewhere.localhost:"+strings.Split(strings.Split(r.links["avelmar-principal"], ":")[2], "/")[0]+"/"); got == http.StatusOK {
		t.Errorf("a host name that is not the demo's is answered with %d", got)
	}
	testStandIn(t, r)
	pids := r.nodes(t)
	if len(pids) != 2 {
		t.Errorf("%d node processes, want 2", len(pids))
	}
	for _, party := range parties() {
		await(t, "members in the log of "+party, 20*time.Second, func() bool {
			b, _ := os.ReadFile(filepath.Join(r.dir, party+".log"))
			return strings.Count(string(b), "invitation used") == 5 // four at the table, one of the press
		})
	}
	if err := r.end(); err != nil {
		t.Errorf("end: %v", err)
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
}

// testDeadNode kills one node: the demo says which, ends the other and fails.
func testDeadNode(t *testing.T, visavis string) {
	r := start(t, visavis, "none", false)
	pids := r.nodes(t)
	if len(pids) != 2 {
		t.Fatalf("%d node processes, want 2", len(pids))
	}
	if err := syscall.Kill(pids[0], syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	select {
	case err := <-r.done:
		if err == nil || !strings.Contains(err.Error(), "ended by itself") {
			t.Errorf("run = %v, want the node that died", err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the demo goes on with one node")
	}
	for _, pid := range pids {
		if err := syscall.Kill(pid, 0); err == nil {
			t.Errorf("process %d is still there", pid)
		}
	}
}

// testPerson joins with the person's link of a simulated seat, and leaves it.
func testPerson(t *testing.T, visavis string) {
	r := start(t, visavis, "all", true)
	defer func() { _ = r.end() }()
	d := &demo{addr: netip.MustParseAddr("127.0.0.1")}
	s := table(false)[0]
	s.own = r.links[s.key]
	person, err := member(d, s, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	left := make(chan error, 1)
	go func() { left <- person.Run(ctx) }()
	await(t, "the seat is taken", 20*time.Second, func() bool { return strings.Contains(r.out.String(), "a person has taken the seat of "+s.name) })
	await(t, "the other principal is seen and heard", 20*time.Second, func() bool {
		st := person.Stats()
		return st.Slots["stage0"].Frames+st.Slots["stage1"].Frames > 15 && len(st.State.Present) == 8
	})
	person.Leave()
	if err := <-left; err != nil {
		t.Errorf("leave: %v", err)
	}
	await(t, "the simulated member is back", 30*time.Second, func() bool { return strings.Contains(r.out.String(), s.name+" is simulated again") })
}

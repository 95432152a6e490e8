// Command forward measures what one forwarded packet costs: the node's forwarding core, pion/webrtc and a floor without encryption, in
// one process, in rounds that take turns, to the same sockets, which a child process reads. measure/README.md says what each line is.
package main

import (
	"errors"
	"flag"
	"fmt"
	"os"
	"slices"
	"time"

	"visavis/measure/figures"
)

func main() {
	if len(os.Args) > 1 && os.Args[1] == "receive" {
		if err := receive(os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, "receive:", err)
			os.Exit(1)
		}
		return
	}
	rounds := flag.Int("rounds", 40, "rounds of each candidate")
	most := flag.Int("receivers", 500, "receivers of the largest audience, at least 50")
	flag.Parse()
	ok, err := run(*rounds, max(*most, 50))
	if err != nil {
		fmt.Fprintln(os.Stderr, "forward:", err)
	}
	if !ok || err != nil {
		os.Exit(1)
	}
}

// candidate is one way to send, to so many receivers in runs of so many packets.
type candidate struct {
	name      string
	receivers int
	burst     int
	// send sends bursts to all receivers and returns the CPU time of the process meanwhile.
	send func(bursts int) (time.Duration, error)

	costs          []float64 // µs for a packet received
	sent, received int
}

// packetsARound is about how many packets a round sends, whatever the audience: as much memory of the kernel is then in use. 400 for
// each of 10 receivers, which their sockets hold unread.
const packetsARound = 4000

func (c *candidate) round(r *rig) error {
	bursts := max(1, packetsARound/(c.receivers*c.burst))
	want := bursts * c.burst * c.receivers
	before, err := r.count(0)
	if err != nil {
		return err
	}
	cpu, err := c.send(bursts)
	if err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	after, err := r.count(before + want)
	if err != nil {
		return err
	}
	got := after - before
	c.sent += want
	c.received += got
	if got == 0 {
		return fmt.Errorf("%s: nothing arrived", c.name)
	}
	c.costs = append(c.costs, float64(cpu.Nanoseconds())/1e3/float64(got))
	return nil
}

// median is the middle of the rounds, least the best of them.
func (c *candidate) median() float64 { s := slices.Sorted(slices.Values(c.costs)); return s[len(s)/2] }
func (c *candidate) least() float64  { return slices.Min(c.costs) }

func run(rounds, most int) (bool, error) {
	r, err := newRig(most, 50)
	if err != nil {
		return false, err
	}
	defer r.close()
	var all []*candidate
	add := func(name string, receivers, burst int, send func(int) (time.Duration, error)) *candidate {
		c := &candidate{name: name, receivers: receivers, burst: burst, send: send}
		all = append(all, c)
		return c
	}
	add4 := func(burst int) (own, pion, floor *candidate) {
		label := map[int]string{1: "single", 4: "run4"}[burst]
		own = add("own.50."+label, 50, burst, r.own(1, burst))
		pion = add("pion.50."+label, 50, burst, r.pion(burst))
		floor = add("floor.50."+label, 50, burst, r.floor(50, burst))
		return own, pion, floor
	}
	own4, pion4, floor4 := add4(4)
	own1, pion1, floor1 := add4(1)
	few := add("own.10.run4", 10, 4, r.own(0, 4))
	fewFloor, manyFloor := add("floor.10.run4", 10, 4, r.floor(10, 4)), add(fmt.Sprintf("floor.%d.run4", most), most, 4, r.floor(most, 4))
	many := add(fmt.Sprintf("own.%d.run4", most), most, 4, r.own(2, 4))
	for n := range rounds + 3 {
		for _, c := range all {
			if err := c.round(r); err != nil {
				return false, err
			}
			if n < 3 { // rings grow, maps fill
				*c = candidate{name: c.name, receivers: c.receivers, burst: c.burst, send: c.send}
			}
		}
	}
	allocations, err := r.allocations()
	if err != nil {
		return false, err
	}
	rep := figures.New(os.Stdout, "measure-forward core")
	sent, received := 0, 0
	for _, c := range all {
		rep.Info("forward."+c.name, figures.Round(c.median(), 2), "µs")
		rep.Info("forward."+c.name+".least", figures.Round(c.least(), 2), "µs")
		sent, received = sent+c.sent, received+c.received
	}
	rep.Info("forward.received", figures.Round(100*float64(received)/float64(sent), 2), "%")
	rep.Info("forward.single.floor", figures.Round(own1.median()/floor1.median(), 2), "times")
	rep.Info("forward.growth.floor", figures.Round(100*(manyFloor.median()/fewFloor.median()-1), 1), "%")
	rep.AtLeast("forward.run4.pion", figures.Round(pion4.median()/own4.median(), 2), "times", 5)
	rep.AtMost("forward.run4.floor", figures.Round(own4.median()/floor4.median(), 2), "times", 1.7)
	rep.AtLeast("forward.single.pion", figures.Round(pion1.median()/own1.median(), 2), "times", 2.5)
	rep.AtMost("forward.growth", figures.Round(100*(many.median()/few.median()-1), 1), "%", 25)
	rep.AtMost("forward.allocations", allocations, "each", 0)
	return rep.End(), nil
}

var errGone = errors.New("the receiving process is gone")

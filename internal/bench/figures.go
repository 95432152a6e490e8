package bench

import (
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"slices"
	"text/tabwriter"
	"time"
)

// Figures are what one window showed. Arrays hold sound and then pictures. Delays are in microseconds, from just before the publisher
// sealed a packet to its arrival in the receiver's kernel.
type Figures struct {
	Receivers int            `json:"receivers"`
	Failed    int            `json:"failedJoins"`
	Reasons   map[string]int `json:"failedJoinReasons,omitempty"`
	Lost      int            `json:"lostReceivers"` // sessions that the server ended or fell silent in
	Profile   string         `json:"srtp"`
	Seconds   float64        `json:"seconds"`

	Sent       [kinds]uint64  `json:"sent"`     // by the publisher
	Received   [kinds]uint64  `json:"received"` // by all receivers, each packet once
	Loss       [kinds]float64 `json:"lossPercent"`
	WorstLoss  [kinds]float64 `json:"worstReceiverLossPercent"`
	Duplicates uint64         `json:"duplicates"`
	Alien      uint64         `json:"foreignPackets"` // not from this publisher
	Unopened   uint64         `json:"unopenedPackets"`

	DelayP50 float64 `json:"delayP50us"`
	DelayP95 float64 `json:"delayP95us"`
	DelayP99 float64 `json:"delayP99us"`
	DelayMax float64 `json:"delayMaxus"`
	AudioP99 float64 `json:"audioDelayP99us"`
	VideoP99 float64 `json:"videoDelayP99us"`

	// With the server's process id alone.
	PerPacket   float64 `json:"serverCPUPerDeliveredPacketus,omitempty"`
	Cores       float64 `json:"serverCores,omitempty"`
	Resident    int64   `json:"serverResidentBytes,omitempty"`
	PerReceiver float64 `json:"serverBytesPerReceiver,omitempty"` // from the first number of receivers to the last; Run alone knows it
	ToolCores   float64 `json:"toolCores"`

	delays histogram
	delay  [kinds]histogram
}

func pidOfSelf() int { return os.Getpid() }

// finish turns counts into rates.
func (f *Figures) finish(cpu time.Duration) {
	for k := range kinds {
		if all := f.Sent[k] * uint64(f.Receivers); all > 0 {
			f.Loss[k] = round(100*(1-float64(f.Received[k])/float64(all)), 4)
		}
		f.WorstLoss[k] = round(f.WorstLoss[k], 4)
	}
	us := func(h *histogram, q float64) float64 { return float64(h.quantile(q)) / 1e3 }
	f.DelayP50, f.DelayP95, f.DelayP99, f.DelayMax = us(&f.delays, 0.5), us(&f.delays, 0.95), us(&f.delays, 0.99), us(&f.delays, 1)
	f.AudioP99, f.VideoP99 = us(&f.delay[audio], 0.99), us(&f.delay[video], 0.99)
	if n := f.Delivered(); n > 0 {
		f.PerPacket = round(float64(cpu)/1e3/float64(n), 3)
	}
	f.Cores, f.ToolCores, f.Seconds = round(f.Cores, 3), round(f.ToolCores, 3), round(f.Seconds, 3)
}

// Delivered is how many packets reached receivers.
func (f *Figures) Delivered() uint64 { return f.Received[audio] + f.Received[video] }

// Print writes a table for people.
func (f *Figures) Print(w io.Writer) {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	row := func(name, format string, args ...any) { fmt.Fprintf(t, name+"\t"+format+"\n", args...) }
	row("receivers", "%d joined, %d could not, %d lost", f.Receivers, f.Failed, f.Lost)
	for _, why := range slices.Sorted(maps.Keys(f.Reasons)) {
		row("", "%d × %s", f.Reasons[why], why)
	}
	row("measured", "%.1f s, %s", f.Seconds, f.Profile)
	for k := range kinds {
		row(kind(k).String(), "%d sent, %d received, loss %g %%, worst receiver %g %%", f.Sent[k], f.Received[k], f.Loss[k], f.WorstLoss[k])
	}
	row("duplicates", "%d; foreign %d, not opened %d", f.Duplicates, f.Alien, f.Unopened)
	row("one-way delay", "p50 %.0f µs, p95 %.0f, p99 %.0f, max %.0f", f.DelayP50, f.DelayP95, f.DelayP99, f.DelayMax)
	if f.Resident > 0 {
		row("server's CPU", "%.2f µs a delivered packet, %.2f of a core", f.PerPacket, f.Cores)
		row("server's memory", "%.1f MB resident", float64(f.Resident)/1e6)
	}
	if f.PerReceiver != 0 {
		row("", "%.1f kB a receiver", f.PerReceiver/1e3)
	}
	row("this tool", "%.2f of a core", f.ToolCores)
	_ = t.Flush()
}

func round(v float64, digits int) float64 {
	p := math.Pow10(digits)
	return math.Round(v*p) / p
}

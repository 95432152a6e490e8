package node

import (
	"log/slog"
	"time"

	"visavis/internal/api"
	"visavis/internal/link"
	"visavis/internal/peer"
	"visavis/internal/udp"
)

// tellEvery is how often the counters are logged.
const tellEvery = 10 * time.Minute

// counters is what the parts of a node have counted since its start: sums, without a name or an address.
type counters struct {
	UDP    udp.Stats    `json:"udp"`
	Mux    udp.MuxStats `json:"mux"`
	People peer.Stats   `json:"peer"`
	Links  link.Stats   `json:"link"`
	Web    api.Stats    `json:"web"`
}

// tell logs the counters every tellEvery, and once more when the node stops.
func (n *Node) tell() {
	t := time.NewTicker(tellEvery)
	defer t.Stop()
	for {
		select {
		case <-n.ctx.Done():
			n.count()
			return
		case <-t.C:
			n.count()
		}
	}
}

func (n *Node) count() {
	n.log.Info("counters", slog.Any("node", counters{n.worker.Stats(), n.mux.Stats(), n.peers.Stats(), n.links.Stats(), n.server.Stats()}))
}

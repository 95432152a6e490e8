package peer

import (
	"errors"

	"github.com/pion/ice/v4"
)

// RefuseAgents lets h make no agents, as when the system gives it nothing; while no offer is being answered.
func (h *Host) RefuseAgents(refuse bool) {
	h.makeAgent = ice.NewAgentWithOptions
	if refuse {
		h.makeAgent = func(...ice.AgentOption) (*ice.Agent, error) { return nil, errors.New("no agent") }
	}
}

package link

import (
	"crypto/tls"
	"net"

	"visavis/internal/media"
	"visavis/internal/meeting"
)

type Manager struct{}

func NewManager(c Config) (*Manager, error)                                    { return &Manager{}, nil }
func (m *Manager) TLSConfig() *tls.Config                                      { return nil }
func (m *Manager) ConfigForClient(h *tls.ClientHelloInfo) (*tls.Config, error) { return nil, nil }
func (m *Manager) Serve(c *tls.Conn)                                           {}
func (m *Manager) Listen(l net.Listener) error                                 { return nil }
func (m *Manager) Refresh()                                                    {}
func (m *Manager) Drop(p meeting.PartyID)                                      {}
func (m *Manager) State(p meeting.PartyID) State                               { return State{} }
func (m *Manager) Close() error                                                { return nil }

type Conn struct{}

func (c *Conn) Party() meeting.PartyID                  { return "" }
func (c *Conn) Exchange(x meeting.Exchange) error       { return nil }
func (c *Conn) Offer(id string, s *media.Stream)        {}
func (c *Conn) Want(id string, want bool) *media.Stream { return nil }
func (c *Conn) State() State                            { return State{} }

package main

import (
	"net"

	"visavis/internal/node"
)

type siteCmd struct {
	Config string `help:"Settings file of the site." default:"site.toml" type:"path" env:"VISAVIS_SITE_CONFIG" placeholder:"FILE"`
}

// Run serves the public site.
func (s *siteCmd) Run(c console) error {
	set, err := node.LoadSite(s.Config)
	if err != nil {
		return err
	}
	return node.ServeSite(c.ctx, set, c.err, func(a net.Addr) { c.printf("listening on %s\n", a) })
}

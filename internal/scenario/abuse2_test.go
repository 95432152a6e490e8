package scenario

import (
	"testing"
)

func abuseHostWithholds(t *testing.T)     {}
func abuseRevokedNode(t *testing.T)       {}
func abuseLinkFlood(t *testing.T)         {}
func abuseSpoofedNomination(t *testing.T) {}
func abuseSpoofedDTLS(t *testing.T)       {}
func abuseNackStorm(t *testing.T)         {}
func abuseNames(t *testing.T)             {}

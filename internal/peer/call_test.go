package peer_test

import (
	"bytes"
	"testing"

	"github.com/pion/dtls/v3"
	"github.com/pion/webrtc/v4"

	"visavis/internal/peer"
	"visavis/internal/srtp"
)

// TestCall lets two clients hear and see each other through the switch, with each protection profile.
func TestCall(t *testing.T) {
	for name, profiles := range map[string][]dtls.SRTPProtectionProfile{
		"gcm":  {dtls.SRTP_AES128_CM_HMAC_SHA1_80, dtls.SRTP_AEAD_AES_128_GCM}, // the node's order counts
		"hmac": {dtls.SRTP_AES128_CM_HMAC_SHA1_80},
	} {
		t.Run(name, func(t *testing.T) {
			n := newNode(t, nil)
			o := browserOptions{settings: func(s *webrtc.SettingEngine) { s.SetSRTPProtectionProfiles(profiles...) }}
			a, b := join(t, n, o), join(t, n, o)
			n.assign(a.session.Slot("floor0"), b.session.Stream("mic"))
			n.assign(b.session.Slot("floor0"), a.session.Stream("mic"))
			n.assign(a.session.Slot("stage0"), b.session.Stream("cam"))
			n.assign(b.session.Slot("stage0"), a.session.Stream("cam"))
			a.talk()
			b.talk()
			for _, x := range []*browser{a, b} {
				x.got["floor0"].more(t, 50)
				x.got["stage0"].more(t, 25)
			}
			k := a.got["floor0"]
			k.mu.Lock()
			for _, p := range k.order[3:] {
				if !bytes.Equal(p.Payload, opus(uint32(p.SequenceNumber-k.order[3].SequenceNumber)+first(k.order[3].Payload))) {
					t.Fatalf("packet %d is not what was sent", p.SequenceNumber)
				}
			}
			k.mu.Unlock()
			if s := n.host.Stats(); s.Forged+s.Malformed+s.UnknownSSRC+s.Unsealed+s.Policed > 0 || s.Connected != 2 {
				t.Errorf("stats = %+v, want two clean sessions", s)
			}
		})
	}
}

// first finds the number of an opus payload.
func first(p []byte) uint32 {
	for n := range uint32(1 << 16) {
		if bytes.Equal(opus(n), p) {
			return n
		}
	}
	return 0
}

var _ = peer.ReasonClosed
var _ = srtp.AEADAES128GCM

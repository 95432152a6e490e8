package srtp

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"hash"
	"slices"

	psrtp "github.com/pion/srtp/v3"
)

// Opener checks and opens incoming packets under one master key. What an attacker without the key sends moves nothing: neither the
// roll-over counter nor the replay window nor the number of sources.
type Opener struct {
	profile Profile
	gcm     *gcm           // nil for the HMAC profile
	lib     *psrtp.Context // RTCP always, RTP of the HMAC profile
	packets uint           // size of a replay window
	sources map[uint32]*window
	rtcp    map[uint32]struct{} // sources that the library keeps state for
	tag     hash.Hash           // of RTP; nil for GCM
	first   []byte              // copy of a source's first packet

	// Packets come in runs of one source: remembering the last one spares most look-ups.
	last       uint32
	lastWindow *window
}

// NewOpener returns an Opener for master key and salt, whose lengths must be the profile's; it keeps neither. packets is the window: how
// many packets back of the newest one is accepted, MinWindow..MaxWindow: 1024 for browsers, 8192 for the link.
func NewOpener(p Profile, key, salt []byte, packets uint) (*Opener, error) {
	if packets < MinWindow || packets > MaxWindow {
		return nil, fmt.Errorf("srtp replay window of %d packets: want %d to %d", packets, MinWindow, MaxWindow)
	}
	g, err := newKeys(p, key, salt)
	if err != nil {
		return nil, err
	}
	lib, err := psrtp.CreateContext(slices.Clone(key), slices.Clone(salt), psrtp.ProtectionProfile(p), psrtp.SRTCPReplayProtection(rtcpWindow))
	if err != nil {
		return nil, fmt.Errorf("srtp context: %w", err)
	}
	o := &Opener{profile: p, gcm: g, lib: lib, packets: packets, sources: make(map[uint32]*window), rtcp: make(map[uint32]struct{})}
	if g == nil {
		k, err := derive(labelTag, key, salt, sha1.Size)
		if err != nil {
			return nil, err
		}
		o.tag = hmac.New(sha1.New, k)
	}
	return o, nil
}

// Expect tells the index near which packets of ssrc will come, where it is known by other means: without it the first packet of a
// source is taken to have a roll-over counter of 0, or of 1 if its number is below 2^15. It does nothing for a source that has been heard. ErrLimit beyond MaxSources.
func (o *Opener) Expect(ssrc uint32, index uint64) error {
	if o.sources[ssrc] != nil {
		return nil
	}
	if len(o.sources) >= MaxSources || index > MaxIndex {
		return ErrLimit
	}
	w := newWindow(o.packets)
	w.top, w.any = index, true
	o.sources[ssrc] = w
	o.lastWindow = nil
	return nil
}

// OpenRTP checks packet and opens it in place. It returns the length of the plain packet (header and payload, the tag is cut off)
// and its index. Errors are ErrShort, ErrAuth, ErrReplay and ErrLimit. GCM allocates nothing once a source is known.
func (o *Opener) OpenRTP(packet []byte) (n int, index uint64, err error) {
	h := headerLen(packet)
	if h == 0 || len(packet) < h+o.profile.Overhead() {
		return 0, 0, ErrShort
	}
	ssrc := source(packet)
	w := o.window(ssrc)
	known := w != nil
	if !known {
		if len(o.sources) >= MaxSources {
			return 0, 0, ErrLimit
		}
		index = uint64(sequence(packet))
	} else {
		var ok bool
		if index, ok = w.guess(sequence(packet)); !ok {
			return 0, 0, ErrLimit
		}
		if !w.fresh(index) { // before the costly part; nothing is marked yet
			return 0, 0, ErrReplay
		}
	}
	if known {
		n, err = o.open(packet, h, ssrc, index, true)
	} else {
		n, index, err = o.openFirst(packet, h, ssrc, index)
	}
	if err != nil {
		return 0, 0, err
	}
	if !known {
		w = newWindow(o.packets)
		o.sources[ssrc] = w
		o.last, o.lastWindow = ssrc, w
	}
	w.accept(index)
	return n, index, nil
}

func (o *Opener) window(ssrc uint32) *window {
	if o.lastWindow == nil || o.last != ssrc {
		o.last, o.lastWindow = ssrc, o.sources[ssrc]
	}
	return o.lastWindow
}

// openFirst opens the first packet of a source. If the numbers wrapped before anything was heard, the roll-over counter is 1
// already; taken for 0, nothing would open until the next wrap, which for sound is 22 minutes.
func (o *Opener) openFirst(packet []byte, h int, ssrc uint32, index uint64) (int, uint64, error) {
	near := index < 1<<15
	if near && o.gcm != nil { // which destroys what it cannot open
		o.first = append(o.first[:0], packet...)
	}
	n, err := o.open(packet, h, ssrc, index, false)
	if err == nil || !near {
		return n, index, err
	}
	index |= 1 << 16
	if o.gcm != nil {
		copy(packet, o.first)
	} else if !o.tagged(packet, 1) { // to be told a counter, the library would have to keep a state
		return 0, 0, ErrAuth
	}
	n, err = o.open(packet, h, ssrc, index, true)
	return n, index, err
}

// tagged tells whether packet has the right tag for roll-over counter roc (RFC 3711 §4.2).
func (o *Opener) tagged(packet []byte, roc uint32) bool {
	end := len(packet) - o.profile.Overhead()
	o.tag.Reset()
	o.tag.Write(packet[:end])
	o.tag.Write(binary.BigEndian.AppendUint32(nil, roc))
	return hmac.Equal(o.tag.Sum(nil)[:o.profile.Overhead()], packet[end:])
}

func (o *Opener) open(packet []byte, h int, ssrc uint32, index uint64, known bool) (int, error) {
	if o.gcm != nil {
		p, err := o.gcm.aead.Open(packet[h:h], o.gcm.nonce(ssrc, index), packet[h:], packet[:h])
		if err != nil {
			return 0, ErrAuth
		}
		return h + len(p), nil
	}
	// The library keeps a counter of its own: it is told ours each time. For an unknown source it must not be (that would make
	// state for any forged packet), and it assumes 0 as we do.
	if known {
		o.lib.SetROC(ssrc, uint32(index>>16))
	}
	out, err := o.lib.DecryptRTP(packet, packet, nil)
	if err != nil {
		return 0, ErrAuth
	}
	return len(out), nil
}

// OpenRTCP checks packet and opens it in place. It returns the length of the plain packet. Errors are ErrShort, ErrAuth, ErrReplay
// and ErrLimit.
func (o *Opener) OpenRTCP(packet []byte) (n int, err error) {
	ssrc, ok := rtcpSource(packet)
	if !ok || len(packet) < rtcpHeader+rtcpIndex+o.profile.Overhead() {
		return 0, ErrShort
	}
	if _, known := o.rtcp[ssrc]; !known && len(o.rtcp) >= MaxSources {
		return 0, ErrLimit
	}
	out, err := o.lib.DecryptRTCP(packet, packet, nil)
	switch {
	case errors.Is(err, psrtp.ErrFailedToVerifyAuthTag):
		return 0, ErrAuth
	case err != nil: // lengths and version are checked above: what is left is a duplicate
		return 0, ErrReplay
	}
	o.rtcp[ssrc] = struct{}{}
	return len(out), nil
}

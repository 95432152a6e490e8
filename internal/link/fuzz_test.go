package link

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"net/netip"
	"testing"
	"time"

	"visavis/internal/media"
	"visavis/internal/srtp"
	"visavis/internal/udp"
)

// testKeys are keys that nobody else has.
func testKeys() (*keyset, error) {
	k := &keyset{epoch: 1, tag: 1, farTag: 2}
	key, salt := make([]byte, srtp.AEADAES256GCM.KeyLen()), make([]byte, srtp.AEADAES256GCM.SaltLen())
	var err error
	if k.seal, err = srtp.NewSealer(srtp.AEADAES256GCM, key, salt); err != nil {
		return nil, err
	}
	k.open, err = srtp.NewOpener(srtp.AEADAES256GCM, key, salt, window)
	return k, err
}

func FuzzFrame(f *testing.F) {
	f.Add(appendFrame(nil, framePing, []byte(`{"n":1}`)))
	f.Add(appendFrame(nil, frameStreams, []byte(`{"streams":[{"id":"m/a/mic","kind":"audio","ssrc":2147483649}]}`)))
	f.Add(appendFrame(nil, frameWants, []byte(`{"ids":["m/a/mic"]}`)))
	f.Add(appendFrame(nil, frameDocument, []byte(`{"document":"AAAA"}`)))
	f.Add(appendFrame(nil, frameBye, []byte(`{"code":"closing"}`)))
	f.Add(appendFrame(nil, frameArrange, []byte(`{"data":"e30=","last":true}`)))
	f.Add([]byte{2, 0xff, 0xff, 0xff})
	f.Add([]byte{255, 0, 0, 2, '{', '}'})
	f.Fuzz(func(t *testing.T, b []byte) {
		ft, j, err := readFrame(bytes.NewReader(b), 0, func(frameType) bool { return true })
		if err != nil {
			return
		}
		if len(j) > ft.most() || len(j) > MaxFrame {
			t.Fatalf("type %d with %d bytes was read", ft, len(j))
		}
		switch ft {
		case frameStreams:
			var v streamsFrame
			if decode(ft, j, &v) == nil && v.check() == nil && len(v.Streams) > MaxOffered {
				t.Fatalf("%d streams", len(v.Streams))
			}
		case frameWants:
			var v wantsFrame
			if decode(ft, j, &v) == nil && v.check() == nil {
				for _, id := range v.IDs {
					if !validStreamID(id) {
						t.Fatalf("id %q", id)
					}
				}
			}
		case frameDocument:
			var v documentFrame
			_ = decode(ft, j, &v)
		case frameArrange, frameReadout:
			var v messagePiece
			_ = decode(ft, j, &v)
		case frameBye:
			var v byeFrame
			if decode(ft, j, &v) == nil {
				_ = (&farBye{v.Code}).Error()
			}
		case framePing:
			var v pingFrame
			_ = decode(ft, j, &v)
		}
	})
}

func FuzzHello(f *testing.F) {
	h := hello{Versions: []int{1}, Party: "avelmar", Instance: "000102030405060708090a0b0c0d0e0f", Epoch: 1, Tag: 5, Kinds: eventKinds(), Features: []string{}}
	for _, change := range []func(){func() {}, func() { h.Versions = []int{1, 2, 3} }, func() { h.Tag = 1 << 31 }, func() { h.Epoch = 1 << 31 }} {
		change()
		b, err := json.Marshal(h)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add([]byte(`{"versions":[1],"versions":[2]}`))
	f.Add([]byte(`{}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := decodeHello(b, "avelmar")
		if err != nil {
			return
		}
		if len(b) > MaxHello || h.Party != "avelmar" || h.Tag == 0 || h.Tag >= mediaSSRC || h.Epoch == 0 || h.Epoch >= maxEpoch {
			t.Fatalf("taken: %s", b)
		}
		again, err := json.Marshal(h)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := decodeHello(again, "avelmar"); err != nil && len(again) <= MaxHello {
			t.Fatalf("our own form of it is refused: %v", err)
		}
	})
}

func FuzzPing(f *testing.F) {
	x := pathPacket{Subtype: subtypePing, Tag: 3, Number: 1, Challenge: 1 << 40, Sent: 77, Loss: 655}
	f.Add(x.append(nil))
	x.Subtype = subtypePong
	f.Add(x.append(nil))
	f.Add([]byte{0x80, 204, 0, 7})
	f.Fuzz(func(t *testing.T, b []byte) {
		var x pathPacket
		if x.parse(b) == nil && !bytes.Equal(x.append(nil), b) {
			t.Fatalf("% x parsed to %+v, which is % x", b, x, x.append(nil))
		}
	})
}

// FuzzRTCP gives authentic nonsense to a plane.
func FuzzRTCP(f *testing.F) {
	rr := []byte{0x80, rtcpRR, 0, 1, 0, 0, 0, 1}
	x := pathPacket{Tag: 1, Number: 1}
	f.Add(x.append(bytes.Clone(rr)))
	f.Add(appendNACK(bytes.Clone(rr), 1, mediaSSRC+1, []uint16{1, 2, 30, 65535}))
	f.Add(append(bytes.Clone(rr), 0x81, rtcpPSFB, 0, 2, 0, 0, 0, 1, 0x80, 0, 0, 1))
	f.Add(append(bytes.Clone(rr), 0x80, rtcpSR, 0, 6, 0x80, 0, 0, 2, 1, 2, 3, 4, 5, 6, 7, 8, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 1))
	f.Add([]byte{0x80, rtcpRR, 0xff, 0xff, 0, 0, 0, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > maxRTCP || len(b) < 8 || b[0]>>6 != 2 || b[1] < 200 || b[1] > 206 {
			return
		}
		p := testPlane(t)
		now := time.Unix(1000, 0)
		from := netip.MustParseAddrPort("192.0.2.9:5")
		binary.BigEndian.PutUint32(b[4:], 1)
		sealed, err := p.send.seal.SealRTCP(make([]byte, 0, 1500), b)
		if err != nil {
			return
		}
		p.rtcp(now, udp.Datagram{Data: sealed, Addr: from}, p.send)
		if p.n.BadAuth > 0 || p.n.Received != 1 {
			t.Fatalf("counters %+v", p.n)
		}
	})
}

// FuzzRTP gives authentic nonsense of declared streams to a plane.
func FuzzRTP(f *testing.F) {
	f.Add([]byte{0x90, 97, 0, 1, 0, 0, 0, 0, 0x80, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x10, 30, 0, 0, 0xfc, 1, 2, 3})
	f.Add([]byte{0xb0, 97, 0, 1, 0, 0, 0, 0, 0x80, 0, 0, 2, 0xbe, 0xde, 0, 1, 0x1f, 30, 0, 0, 0xfc, 1, 2, 200})
	f.Add([]byte{0x8f, 97, 0, 1, 0, 0, 0, 0, 0x80, 0, 0, 2})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 12 || len(b) > 1400 || b[0]>>6 != 2 {
			return
		}
		p := testPlane(t)
		binary.BigEndian.PutUint32(b[8:], mediaSSRC+2)
		n := 12 + 4*int(b[0]&15)
		if b[0]&0x10 != 0 && len(b) >= n+4 {
			n += 4 + 4*int(binary.BigEndian.Uint16(b[n+2:]))
		}
		if n > len(b) {
			return
		}
		sealed, err := p.send.seal.SealRTP(make([]byte, 0, 1500), b[:n], b[n:], uint64(binary.BigEndian.Uint16(b[2:])))
		if err != nil {
			return
		}
		p.rtp(time.Unix(1000, 0), udp.Datagram{Data: sealed, Addr: netip.MustParseAddrPort("192.0.2.9:5")})
	})
}

// testPlane is a plane with keys, one stream each way and no worker behind it.
func testPlane(t *testing.T) *plane {
	k, err := testKeys()
	if err != nil {
		t.Fatal(err)
	}
	w := udp.NewWorker(nowhere{})
	m := &Manager{c: Config{Worker: w, Mux: udp.NewMux(), Switch: media.NewSwitch()}}
	m.plane = planes{began: time.Unix(1000, 0), tags: make(map[uint32]tagged), streams: make(map[uint32]*in)}
	c := newConn(m, "borovia")
	p := c.p
	s := &session{c: c, keys: k}
	p.install(time.Unix(1000, 0), s)
	p.confirm(time.Unix(1000, 0), k)
	o := newOut(p, mediaSSRC+1, media.Audio, "m/a/mic")
	o.source(time.Unix(1000, 0), media.NewStream(m.c.Switch, media.StreamConfig{Kind: media.Audio, SSRC: 3}))
	i, _ := p.add("m/b/mic", media.Audio, mediaSSRC+2)
	i.wanted = true
	p.active = &path{addr: netip.MustParseAddrPort("192.0.2.9:5"), ponged: time.Unix(1000, 0)}
	p.paths = append(p.paths, p.active)
	p.lost, p.heardAt = false, time.Unix(1000, 0)
	o.want(time.Unix(1000, 0), true)
	return p
}

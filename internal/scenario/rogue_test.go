package scenario

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"visavis/internal/meeting"
)

// rogue speaks for a party on the link: it has the party's node key and none of its manners.
type rogue struct {
	t     *testing.T
	tls   *tls.Conn
	hello map[string]any // the other side's

	mu     sync.Mutex
	frames []frame
	err    error // that ended reading
	done   chan struct{}
}

type frame struct {
	kind byte
	json []byte
}

// nodeKey reads the private node key of a party.
func (p *Party) nodeKey() ed25519.PrivateKey {
	p.w.T.Helper()
	b, err := os.ReadFile(filepath.Join(p.Settings.Keys, "node.key"))
	if err != nil {
		p.w.T.Fatal(err)
	}
	block, _ := pem.Decode(b)
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		p.w.T.Fatal(err)
	}
	return k.(ed25519.PrivateKey)
}

// dialRogue connects to a node with a key, as a party, and exchanges hellos. sessions may be nil.
func dialRogue(from, to *Party, key ed25519.PrivateKey, sessions tls.ClientSessionCache) (*rogue, error) {
	c := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Unix(0, 0), NotAfter: time.Unix(1<<33, 0)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, key.Public(), key)
	if err != nil {
		return nil, err
	}
	tcp, err := from.Host.Dial(from.w.T.Context(), net.JoinHostPort(to.Name, "443"))
	if err != nil {
		return nil, err
	}
	r := &rogue{t: from.w.T, done: make(chan struct{})}
	r.tls = tls.Client(tcp, &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{"visavis-link/1"}, InsecureSkipVerify: true, ServerName: to.Name,
		Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}, ClientSessionCache: sessions,
	})
	var instance [16]byte
	_, _ = rand.Read(instance[:])
	hello, err := json.Marshal(map[string]any{
		"versions": []int{1}, "party": from.ID, "instance": hex.EncodeToString(instance[:]), "counter": 1, "holds": 1, "epoch": 1,
		"tag": binary.BigEndian.Uint32(instance[:])>>1 | 1, "kinds": understood(), "features": []string{},
	})
	if err != nil {
		return nil, err
	}
	if err := r.send(1, hello); err != nil {
		_ = tcp.Close()
		return nil, err
	}
	f, err := r.readFrame()
	if err == nil && f.kind != 1 {
		err = fmt.Errorf("frame %d in place of hello: %s", f.kind, f.json)
	}
	if err == nil {
		err = json.Unmarshal(f.json, &r.hello)
	}
	if err != nil {
		_ = tcp.Close()
		return nil, err
	}
	go r.read()
	go r.pings()
	from.w.T.Cleanup(r.close)
	return r, nil
}

// understood are the kinds that an honest node names.
func understood() (out []string) {
	for _, k := range meeting.Kinds() {
		out = append(out, string(k))
	}
	for _, k := range meeting.NoticeKinds() {
		out = append(out, "notice."+string(k))
	}
	return out
}

func (r *rogue) close() {
	_ = r.tls.NetConn().Close()
	<-r.done
}

// send writes one frame.
func (r *rogue) send(kind byte, b []byte) error {
	_, err := r.tls.Write(append(binary.BigEndian.AppendUint32(nil, uint32(kind)<<24|uint32(len(b))), b...))
	return err
}

func (r *rogue) exchange(x meeting.Exchange) error {
	b, err := meeting.EncodeExchange(x)
	if err != nil {
		return err
	}
	return r.send(2, b)
}

func (r *rogue) streams(n int) error {
	type entry struct {
		ID   string `json:"id"`
		Kind string `json:"kind"`
		SSRC uint32 `json:"ssrc"`
	}
	var list struct {
		Streams []entry `json:"streams"`
	}
	for i := range n {
		list.Streams = append(list.Streams, entry{fmt.Sprintf("%s/m%d/mic", Meeting, i), "audio", 1<<31 + uint32(i)})
	}
	b, err := json.Marshal(list)
	if err != nil {
		return err
	}
	return r.send(3, b)
}

func (r *rogue) readFrame() (frame, error) {
	var h [4]byte
	if _, err := io.ReadFull(r.tls, h[:]); err != nil {
		return frame{}, err
	}
	v := binary.BigEndian.Uint32(h[:])
	f := frame{byte(v >> 24), make([]byte, v&0xffffff)}
	_, err := io.ReadFull(r.tls, f.json)
	return f, err
}

func (r *rogue) read() {
	defer close(r.done)
	for {
		f, err := r.readFrame()
		r.mu.Lock()
		if err != nil {
			r.err = err
			r.mu.Unlock()
			return
		}
		r.frames = append(r.frames, f)
		r.mu.Unlock()
	}
}

// pings keeps the connection from being taken for dead.
func (r *rogue) pings() {
	for n := 1; ; n++ {
		select {
		case <-r.done:
			return
		case <-time.After(time.Second):
			if r.send(6, fmt.Appendf(nil, `{"n":%d}`, n)) != nil {
				return
			}
		}
	}
}

// got are the frames of a kind so far.
func (r *rogue) got(kind byte) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, f := range r.frames {
		if f.kind == kind {
			out = append(out, string(f.json))
		}
	}
	return out
}

// ended waits for the other side to close the connection, at most d, and returns the bye that came before, "" if none did.
func (r *rogue) ended(d time.Duration) (bye string, ok bool) {
	select {
	case <-r.done:
	case <-time.After(d):
		return "", false
	}
	if b := r.got(7); len(b) > 0 {
		bye = b[0]
	}
	return bye, true
}

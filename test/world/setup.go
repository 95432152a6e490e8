package world

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// init makes the node's directory.
func (n *Node) init(ctx context.Context) error {
	if err := os.MkdirAll(filepath.Dir(n.Dir), 0o700); err != nil {
		return err
	}
	linkAddr, linkPort := n.LinkAddress, n.Link
	if linkAddr == "" {
		linkAddr = n.Address
	}
	if linkPort == 0 {
		linkPort = n.Web
	}
	listen := n.Address // of all: a node with two networks answers in both
	if n.LinkAddress != "" {
		listen = ""
	}
	args := []string{"init", n.Dir, "--party", n.Party, "--name", "en=" + n.Party, "--host", n.Host, "--listen", join(listen, n.Web),
		"--link", join(linkAddr, linkPort), "--media", join(linkAddr, n.UDP), "--udp-port", strconv.Itoa(n.UDP), "--allow-private"}
	if n.Link != 0 {
		args = append(args, "--link-listen", join(listen, n.Link))
	}
	if n.TLS {
		cert, key := n.Dir+".crt", n.Dir+".key"
		if err := certificate(n.Host, cert, key); err != nil {
			return err
		}
		args = append(args, "--tls", "files", "--cert", cert, "--key", key)
	} else {
		args = append(args, "--tls", "off")
	}
	args = append(args, "--set", "media.camera.width=640", "--set", "media.camera.height=360", "--set", "media.camera.fps=15")
	if listen != "" {
		args = append(args, "--set", fmt.Sprintf("udp.listen=%q", listen))
	} else { // browsers are told the address on their side alone
		args = append(args, "--set", fmt.Sprintf("udp.advertise=[%q]", n.Address))
	}
	_, err := n.Command(ctx, args...)
	return err
}

func join(addr string, port int) string { return net.JoinHostPort(addr, strconv.Itoa(port)) }

// pair carries the offers over and accepts them.
func pair(ctx context.Context, dir string, a, b *Node) error {
	offer := func(n *Node) string { return filepath.Join(dir, n.Party+".offer") }
	for _, p := range [][2]*Node{{a, b}, {b, a}} {
		if _, err := p[0].Command(ctx, "pair", "offer", "--config", p[0].Config(), "--out", offer(p[0]), p[1].Party); err != nil {
			return err
		}
	}
	for _, p := range [][2]*Node{{a, b}, {b, a}} {
		if _, err := p[0].Command(ctx, "pair", "accept", "--config", p[0].Config(), "--words-match", offer(p[1])); err != nil {
			return err
		}
	}
	return nil
}

// Invite makes an invitation of a member; earlier ones stay good.
func (n *Node) Invite(ctx context.Context, meeting, member string) (string, error) {
	return n.linkOf(ctx, "invite", "--config", n.Config(), "--keep", "--valid", "24h", meeting, member)
}

// certificate writes a certificate for one host, signed by itself, and its key.
func certificate(host, certFile, keyFile string) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	t := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, DNSNames: []string{host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}
	der, err := x509.CreateCertificate(rand.Reader, t, t, &key.PublicKey, key)
	if err != nil {
		return err
	}
	priv, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return err
	}
	if err := os.WriteFile(certFile, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.WriteFile(keyFile, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: priv}), 0o600)
}

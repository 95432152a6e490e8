package node

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log/slog"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestMissingCertificateIsSaidOnce: a file that is away is served around and complained of once; when it is back it is taken up.
func TestMissingCertificateIsSaidOnce(t *testing.T) {
	cert, key := filepath.Join(t.TempDir(), "c"), filepath.Join(t.TempDir(), "k")
	place := func(serial int64) {
		k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		c := &x509.Certificate{SerialNumber: big.NewInt(serial), NotAfter: time.Now().Add(time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, c, c, &k.PublicKey, k)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := x509.MarshalPKCS8PrivateKey(k)
		if err != nil {
			t.Fatal(err)
		}
		for path, b := range map[string]*pem.Block{cert: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: raw}} {
			if err := os.WriteFile(path, pem.EncodeToMemory(b), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	place(1)
	var log bytes.Buffer
	f := &certificateFiles{cert: cert, key: key, log: slog.New(slog.NewTextHandler(&log, nil))}
	serial := func() int64 {
		f.checked = time.Time{} // the time to look again has come
		c, err := f.get(nil)
		if err != nil {
			t.Fatal(err)
		}
		x, err := x509.ParseCertificate(c.Certificate[0])
		if err != nil {
			t.Fatal(err)
		}
		return x.SerialNumber.Int64()
	}
	if n := serial(); n != 1 {
		t.Fatalf("certificate %d is served", n)
	}
	for range 2 {
		if err := os.Remove(cert); err != nil {
			t.Fatal(err)
		}
		log.Reset()
		before := f.have.Leaf.SerialNumber.Int64()
		for range 5 {
			if n := serial(); n != before {
				t.Errorf("without a file certificate %d is served, want %d", n, before)
			}
		}
		if n := bytes.Count(log.Bytes(), []byte("\n")); n != 1 {
			t.Errorf("%d lines about a missing file, want 1:\n%s", n, log.Bytes())
		}
		place(before + 1)
		if n := serial(); n != before+1 {
			t.Errorf("certificate %d is served after the file is back", n)
		}
	}
}

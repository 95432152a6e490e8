package node

import (
	"crypto/ecdh"
	"crypto/ed25519"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
)

// Names of the files of a node's directory.
const (
	settingsFile  = "visavis.toml"
	nodeKeyFile   = "node.key"
	logKeyFile    = "log.key"
	documentFile  = "party.document"
	recordPubFile = "record.pub"
	offlineDir    = "offline"
	rootKeyFile   = "party-root.key"
	readoutFile   = "readout.key"
	recordKeyFile = "record.key"
	adviceFile    = "README.txt"
)

// maxKeyFile bounds a key file, bytes.
const maxKeyFile = 4 << 10

const (
	privatePEM = "PRIVATE KEY" // PKCS #8 (RFC 5958): openssl can read it
	publicPEM  = "PUBLIC KEY"  // SubjectPublicKeyInfo (RFC 5280 §4.1)
)

// privateBytes is a key as it lies in its file.
func privateBytes(key any) ([]byte, error) {
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: privatePEM, Bytes: der}), nil
}

func publicBytes(key *ecdh.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: publicPEM, Bytes: der}), nil
}

// readKey reads an Ed25519 private key that nobody else on the machine may read.
func readKey(path string) (ed25519.PrivateKey, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	if info.Mode().Perm()&0o007 != 0 { // a systemd credential is readable by its group, which is the service's own
		return nil, fmt.Errorf("read key: %s may be read by everyone on this machine (mode %04o): chmod 0600 %s", path, info.Mode().Perm(), path)
	}
	b, err := readBounded(path, maxKeyFile)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	block, rest := pem.Decode(b)
	if block == nil || block.Type != privatePEM || len(rest) != 0 {
		return nil, fmt.Errorf("read key: %s is not a PEM file with one %q", path, privatePEM)
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("read key: %s cannot be read", path) // the cause could quote the key
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("read key: %s is not an Ed25519 key", path)
	}
	return key, nil
}

// writeNew writes a file that must not exist, and puts it on the disk before it returns.
func writeNew(path string, b []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	return errors.Join(err, f.Sync(), f.Close())
}

// replaceFile puts a new content in place of a file in one step: a reader sees the old one or the new one.
func replaceFile(path string, b []byte, mode os.FileMode) error {
	tmp := filepath.Join(filepath.Dir(path), "."+filepath.Base(path)+".new")
	if err := os.Remove(tmp); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	if err := writeNew(tmp, b, mode); err != nil {
		return err
	}
	if err := os.Rename(tmp, path); err != nil {
		return errors.Join(err, os.Remove(tmp))
	}
	return syncDir(filepath.Dir(path))
}

package store

import (
	"bytes"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
)

// PutBlob keeps bytes under the SHA-256 of themselves and returns it in lower-case hex. Keeping the same bytes twice is one blob. ErrLarge:
// over MaxBlob.
func (s *Store) PutBlob(ctx context.Context, data []byte) (string, error) {
	if len(data) > MaxBlob {
		return "", fmt.Errorf("put blob: %w", ErrLarge)
	}
	if data == nil {
		data = []byte{}
	}
	h := sha256.Sum256(data)
	if _, err := s.db.ExecContext(ctx, "INSERT INTO blob (sha256, data) VALUES (?, ?) ON CONFLICT DO NOTHING", h[:], data); err != nil {
		return "", fmt.Errorf("put blob: %w", err)
	}
	return hex.EncodeToString(h[:]), nil
}

// Blob reads the bytes whose SHA-256 is the given hex. ErrNotFound also for what is no such hex, and for bytes that no longer have that hash
// (a damaged disk).
func (s *Store) Blob(ctx context.Context, sha256hex string) ([]byte, error) {
	h, err := hex.DecodeString(sha256hex)
	if err != nil || len(h) != sha256.Size {
		return nil, fmt.Errorf("blob: %w", ErrNotFound)
	}
	data := []byte{}
	err = s.db.QueryRowContext(ctx, "SELECT data FROM blob WHERE sha256 = ?", h).Scan(&data)
	if errors.Is(err, sql.ErrNoRows) {
		return nil, fmt.Errorf("blob: %w", ErrNotFound)
	}
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	if got := sha256.Sum256(data); !bytes.Equal(got[:], h) {
		return nil, fmt.Errorf("blob: %w: its bytes are damaged", ErrNotFound)
	}
	return data, nil
}

// Package storetest is the suite that every kind of store passes, whatever it keeps its bytes in. Start from Run.
package storetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"visavis/internal/store"
)

// Face is what the suite asks of a store.
type Face interface {
	Log
	Values
	Blobs
}

// Log is the append-only half.
type Log interface {
	Append(ctx context.Context, log string, e store.LogEntry) error
	Entries(ctx context.Context, log string, from int64, max int) ([]store.LogEntry, error)
	Last(ctx context.Context, log string) (int64, error)
}

// Values is the half of keys and values.
type Values interface {
	Put(ctx context.Context, bucket, key string, v []byte) error
	Get(ctx context.Context, bucket, key string) ([]byte, error)
	Delete(ctx context.Context, bucket, key string) error
	Swaps
}

// Swaps changes what is still as it was seen.
type Swaps interface {
	List(ctx context.Context, bucket, prefix string) ([]store.Item, error)
	Swap(ctx context.Context, bucket, key string, old, new []byte) error
	SwapAll(ctx context.Context, changes ...store.Change) error
}

// Blobs keeps bytes under their hash.
type Blobs interface {
	PutBlob(ctx context.Context, data []byte) (string, error)
	Blob(ctx context.Context, sha256hex string) ([]byte, error)
}

// Run runs the suite; open gives an empty store each time and closes it by t.Cleanup.
func Run(t *testing.T, open func(t *testing.T) Face) {
	for _, c := range []struct {
		name string
		f    func(*testing.T, Face)
	}{
		{"LogKeepsOrder", logKeepsOrder},
		{"LogsAreApart", logsAreApart},
		{"LogLimits", logLimits},
		{"ConcurrentAppendsAreContiguous", concurrentAppends},
		{"ValuesComeBack", valuesComeBack},
		{"SwapOneWins", swapOneWins},
		{"SwapAllOrNone", swapAllOrNone},
		{"ValueLimits", valueLimits},
		{"BlobsComeBack", blobsComeBack},
	} {
		t.Run(c.name, func(t *testing.T) { c.f(t, open(t)) })
	}
}

func entry(n int64) store.LogEntry {
	return store.LogEntry{N: n, At: time.Date(2026, 11, 23, 10, 0, 0, int(n), time.UTC), Basis: store.Observed, Data: fmt.Appendf(nil, "entry %d", n)}
}

func logKeepsOrder(t *testing.T, s Face) {
	ctx := t.Context()
	for n := int64(1); n <= 5; n++ {
		if err := s.Append(ctx, "a", entry(n)); err != nil {
			t.Fatalf("Append(%d) = %v", n, err)
		}
	}
	for _, n := range []int64{-1, 0, 1, 5, 7} {
		if err := s.Append(ctx, "a", entry(n)); !errors.Is(err, store.ErrOrder) {
			t.Errorf("Append(%d) after 5 = %v, want ErrOrder", n, err)
		}
	}
	if last, err := s.Last(ctx, "a"); last != 5 || err != nil {
		t.Errorf("Last = %d, %v, want 5", last, err)
	}
	got, err := s.Entries(ctx, "a", 2, 3)
	if err != nil || len(got) != 3 {
		t.Fatalf("Entries(2, 3) = %d entries, %v, want 3", len(got), err)
	}
	for i, e := range got {
		want := entry(int64(i + 2))
		if e.N != want.N || !e.At.Equal(want.At) || e.Basis != want.Basis || !bytes.Equal(e.Data, want.Data) {
			t.Errorf("entry %d = %+v, want %+v", i, e, want)
		}
	}
}

func logsAreApart(t *testing.T, s Face) {
	ctx := t.Context()
	if last, err := s.Last(ctx, "a"); last != 0 || err != nil {
		t.Errorf("Last of nothing = %d, %v, want 0", last, err)
	}
	for _, log := range []string{"a", "b"} {
		if err := s.Append(ctx, log, entry(1)); err != nil {
			t.Errorf("first entry of %s: %v", log, err)
		}
	}
	if got, err := s.Entries(ctx, "c", 0, 10); len(got) != 0 || err != nil {
		t.Errorf("Entries of nothing = %v, %v", got, err)
	}
}

func logLimits(t *testing.T, s Face) {
	ctx := t.Context()
	e := entry(1)
	e.Data = make([]byte, store.MaxEntry+1)
	if err := s.Append(ctx, "a", e); !errors.Is(err, store.ErrLarge) {
		t.Errorf("entry of %d bytes: %v, want ErrLarge", len(e.Data), err)
	}
	e.Data = e.Data[1:]
	if err := s.Append(ctx, "a", e); err != nil {
		t.Errorf("entry of %d bytes: %v", len(e.Data), err)
	}
	if err := s.Append(ctx, strings.Repeat("a", store.MaxName+1), entry(1)); !errors.Is(err, store.ErrLarge) {
		t.Errorf("name of %d bytes: %v, want ErrLarge", store.MaxName+1, err)
	}
	if err := s.Append(ctx, strings.Repeat("a", store.MaxName), entry(1)); err != nil {
		t.Errorf("name of %d bytes: %v", store.MaxName, err)
	}
	e = entry(1)
	e.Basis = "guessed"
	if err := s.Append(ctx, "b", e); err == nil {
		t.Error("an entry that is neither observed nor stated was taken")
	}
	e.Basis = store.Stated
	if err := s.Append(ctx, "b", e); err != nil {
		t.Errorf("stated entry: %v", err)
	}
}

// concurrentAppends: writers that race for the same number get ErrOrder and try the next one; none is lost or doubled.
func concurrentAppends(t *testing.T, s Face) {
	const writers, each = 4, 10
	ctx := t.Context()
	var wg sync.WaitGroup
	for range writers {
		wg.Go(func() {
			for done := 0; done < each; {
				last, err := s.Last(ctx, "a")
				if err == nil {
					err = s.Append(ctx, "a", entry(last+1))
				}
				switch {
				case err == nil:
					done++
				case !errors.Is(err, store.ErrOrder):
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	got, err := s.Entries(ctx, "a", 1, 1000)
	if err != nil || len(got) != writers*each {
		t.Fatalf("%d entries, %v, want %d", len(got), err, writers*each)
	}
	for i, e := range got {
		if e.N != int64(i+1) {
			t.Fatalf("entry %d has number %d", i, e.N)
		}
	}
}

func valuesComeBack(t *testing.T, s Face) {
	ctx := t.Context()
	if _, err := s.Get(ctx, "b", "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get of nothing = %v, want ErrNotFound", err)
	}
	for k, v := range map[string][]byte{"k1": []byte("one"), "k2": {}, "k_": {0, 255}, "l": []byte("x")} {
		if err := s.Put(ctx, "b", k, []byte("before")); err != nil {
			t.Fatal(err)
		}
		if err := s.Put(ctx, "b", k, v); err != nil {
			t.Fatal(err)
		}
		if got, err := s.Get(ctx, "b", k); err != nil || got == nil || !bytes.Equal(got, v) {
			t.Errorf("Get(%s) = %q, %v, want %q", k, got, err, v)
		}
	}
	if err := s.Put(ctx, "other", "k1", []byte("x")); err != nil {
		t.Fatal(err)
	}
	for prefix, want := range map[string]string{"": "[k1 k2 k_ l]", "k": "[k1 k2 k_]", "k_": "[k_]", "%": "[]"} {
		items, err := s.List(ctx, "b", prefix)
		keys := make([]string, 0, len(items))
		for _, i := range items {
			keys = append(keys, i.Key)
		}
		if got := fmt.Sprint(keys); got != want || err != nil {
			t.Errorf("List(%q) = %s, %v, want %s", prefix, got, err, want)
		}
	}
	for range 2 { // twice: taking out what is not there is no error
		if err := s.Delete(ctx, "b", "k1"); err != nil {
			t.Errorf("Delete = %v", err)
		}
	}
	if _, err := s.Get(ctx, "b", "k1"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get after Delete = %v, want ErrNotFound", err)
	}
}

func swapOneWins(t *testing.T, s Face) {
	ctx := t.Context()
	if err := s.Swap(ctx, "b", "k", []byte("x"), []byte("y")); !errors.Is(err, store.ErrChanged) {
		t.Errorf("Swap of nothing = %v, want ErrChanged", err)
	}
	if err := s.Swap(ctx, "b", "k", nil, []byte{}); err != nil {
		t.Errorf("Swap into nothing = %v", err)
	}
	if err := s.Swap(ctx, "b", "k", nil, []byte("y")); !errors.Is(err, store.ErrChanged) {
		t.Errorf("Swap into an empty value = %v, want ErrChanged: it is there", err)
	}
	var won atomic.Int32
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			switch err := s.Swap(ctx, "b", "k", []byte{}, fmt.Append(nil, "winner ", i)); {
			case err == nil:
				won.Add(1)
			case !errors.Is(err, store.ErrChanged):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if won.Load() != 1 {
		t.Errorf("%d of 8 swaps won, want 1", won.Load())
	}
	v, _ := s.Get(ctx, "b", "k")
	if err := s.Swap(ctx, "b", "k", v, nil); err != nil {
		t.Errorf("Swap to nothing = %v", err)
	}
	if _, err := s.Get(ctx, "b", "k"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("Get after it = %v, want ErrNotFound", err)
	}
}

func swapAllOrNone(t *testing.T, s Face) {
	ctx := t.Context()
	put := store.Change{Bucket: "b", Key: "new", New: []byte("v")}
	err := s.SwapAll(ctx, put, store.Change{Bucket: "b", Key: "absent", Old: []byte("x")})
	if !errors.Is(err, store.ErrChanged) {
		t.Errorf("SwapAll with one that does not hold = %v, want ErrChanged", err)
	}
	if _, err := s.Get(ctx, "b", "new"); !errors.Is(err, store.ErrNotFound) {
		t.Errorf("its first half was written: %v", err)
	}
	if err := s.SwapAll(ctx, put, store.Change{Bucket: "c", Key: "new", New: []byte("w")}); err != nil {
		t.Errorf("SwapAll = %v", err)
	}
	if v, err := s.Get(ctx, "c", "new"); string(v) != "w" || err != nil {
		t.Errorf("second half = %q, %v", v, err)
	}
}

func valueLimits(t *testing.T, s Face) {
	ctx := t.Context()
	for _, c := range []struct {
		bucket, key, value int
		want               error
	}{
		{store.MaxName, store.MaxName, store.MaxValue, nil},
		{store.MaxName + 1, 1, 1, store.ErrLarge},
		{1, store.MaxName + 1, 1, store.ErrLarge},
		{1, 1, store.MaxValue + 1, store.ErrLarge},
	} {
		b, k, v := strings.Repeat("b", c.bucket), strings.Repeat("k", c.key), make([]byte, c.value)
		if err := s.Put(ctx, b, k, v); !errors.Is(err, c.want) {
			t.Errorf("Put(%d, %d, %d) = %v, want %v", c.bucket, c.key, c.value, err, c.want)
		}
		if err := s.Swap(ctx, b, k+"2", nil, v); c.want != nil && !errors.Is(err, c.want) {
			t.Errorf("Swap(%d, %d, %d) = %v, want %v", c.bucket, c.key, c.value, err, c.want)
		}
	}
}

func blobsComeBack(t *testing.T, s Face) {
	ctx := t.Context()
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" // SHA-256 of "abc"
	for range 2 {
		if h, err := s.PutBlob(ctx, []byte("abc")); h != abc || err != nil {
			t.Errorf("PutBlob = %s, %v, want %s", h, err, abc)
		}
	}
	if got, err := s.Blob(ctx, abc); string(got) != "abc" || err != nil {
		t.Errorf("Blob = %q, %v", got, err)
	}
	for _, bad := range []string{"", "abc", "../visavis.db", abc[:62] + "zz", abc[:62], strings.Repeat("0", 64)} {
		if _, err := s.Blob(ctx, bad); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("Blob(%q) = %v, want ErrNotFound", bad, err)
		}
	}
	if _, err := s.PutBlob(ctx, make([]byte, store.MaxBlob+1)); !errors.Is(err, store.ErrLarge) {
		t.Errorf("blob of %d bytes: %v, want ErrLarge", store.MaxBlob+1, err)
	}
	if _, err := s.PutBlob(ctx, make([]byte, store.MaxBlob)); err != nil {
		t.Errorf("blob of %d bytes: %v", store.MaxBlob, err)
	}
}

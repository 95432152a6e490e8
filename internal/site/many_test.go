package site

import (
	"io"
	"log/slog"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// TestManyAtOnce: readers beside each other, while the store changes under them; the race detector looks on.
func TestManyAtOnce(t *testing.T) {
	dir, s := stocked(t)
	put(t, dir, "theme.toml", avelmarTheme+measurePurpose)
	var mu sync.Mutex
	var passed time.Duration // every look at the clock takes it a quarter of a second on, so that the store is read again and again
	h, err := New(Config{Dir: dir, Base: base, Records: filepath.Join(t.TempDir(), "records"), Clock: func() time.Time { return release.AddDate(0, 0, 3) },
		Passed: func() time.Duration { mu.Lock(); defer mu.Unlock(); passed += time.Second / 4; return passed }, Log: slog.New(slog.NewTextHandler(io.Discard, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer h.Close()
	var all sync.WaitGroup
	for _, l := range Languages() {
		all.Go(func() {
			for _, p := range []string{"/", "/readout/avelmar-tolmeria-2025", "/readout/avelmar-tolmeria-2025/1.txt", "/feed.atom", "/privacy"} {
				for range 3 {
					if w := get(h, "/"+l+p); w.Code != 200 {
						t.Errorf("/%s%s = %d", l, p, w.Code)
					}
				}
			}
			if w := ask(h, "POST", "/"+l+"/privacy", "choice=accept", form); w.Code != 303 {
				t.Errorf("choice in %s = %d", l, w.Code)
			}
		})
	}
	correct(t, s)
	withdraw(t, s)
	all.Wait()
	mu.Lock()
	passed += reread // the last who read the store may have begun before the correction was there
	mu.Unlock()
	if w := get(h, "/file/avelmar-tolmeria-2025/2.json"); w.Code != 200 {
		t.Errorf("the correction = %d", w.Code)
	}
}

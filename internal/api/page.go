package api

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one file of the page, ready to be sent.
type asset struct {
	kind   string // Content-Type
	plain  []byte
	zipped []byte // nil if that is no shorter
}

// assets are the files of the page by their path. They are small, so they are kept in memory, compressed once.
type assets map[string]asset

// kind is the type of a file by its name. What is not here is not served as anything that a browser would run.
func kind(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".webmanifest":
		return "application/manifest+json"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".woff2":
		return "font/woff2"
	case ".wasm":
		return "application/wasm"
	}
	return "application/octet-stream"
}

// loadAssets reads index.html, the consoles' pages if they have their own, and everything below assets/.
func loadAssets(files fs.FS) (assets, error) {
	if files == nil {
		return nil, errors.New("no page to serve")
	}
	all := assets{}
	add := func(name string) error {
		b, err := fs.ReadFile(files, name)
		if err != nil {
			return fmt.Errorf("read page: %w", err)
		}
		a := asset{kind: kind(name), plain: b}
		if z := zip(b); len(z) < len(b)*9/10 {
			a.zipped = z
		}
		all[name] = a
		return nil
	}
	if err := add("index.html"); err != nil {
		return nil, err
	}
	for _, name := range []string{"officer.html", "technician.html", "press.html", "enrol.html", "signin.html", "arrange.html", "draft.html"} {
		if err := add(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	err := fs.WalkDir(files, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		return add(name)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("read page: %w", err)
	}
	return all, nil
}

func zip(b []byte) []byte {
	var z bytes.Buffer
	w, _ := gzip.NewWriterLevel(&z, gzip.BestCompression) // the level is right
	_, _ = w.Write(b)                                     // a buffer takes everything
	_ = w.Close()
	return z.Bytes()
}

// send answers with a file, compressed if the browser likes it so.
func (s *Server) send(w http.ResponseWriter, r *http.Request, name string) {
	a, ok := s.assets[name]
	if !ok {
		s.refuse(w, fail(codeRoute))
		return
	}
	b := a.plain
	h := w.Header()
	h.Set("Content-Type", a.kind)
	if a.zipped != nil {
		h.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r) {
			h.Set("Content-Encoding", "gzip")
			b = a.zipped
		}
	}
	h.Set("Content-Length", strconv.Itoa(len(b)))
	_, _ = w.Write(b) // who has hung up needs no answer
}

func acceptsGzip(r *http.Request) bool {
	for _, v := range r.Header.Values("Accept-Encoding") {
		for e := range strings.SplitSeq(v, ",") {
			name, q, _ := strings.Cut(strings.TrimSpace(e), ";")
			if strings.EqualFold(name, "gzip") && strings.TrimSpace(q) != "q=0" {
				return true
			}
		}
	}
	return false
}

// page answers GET /join, /m/{meeting} and those of the consoles: the page of that name if there is one, else the one page; the same, whoever asks
// and whatever meetings there are.
func (s *Server) page(w http.ResponseWriter, r *http.Request) {
	name := strings.TrimPrefix(r.URL.Path, "/") + ".html"
	if _, ok := s.assets[name]; !ok {
		name = "index.html"
	}
	s.send(w, r, name)
}

// asset answers GET /assets/…: names change with contents.
func (s *Server) asset(w http.ResponseWriter, r *http.Request) {
	name := "assets/" + r.PathValue("name")
	if _, ok := s.assets[name]; ok {
		immutable(w)
	}
	s.send(w, r, name)
}

// emblem answers GET /emblem/{sha256}.png. The store keeps other things under their hashes too: only a PNG is an emblem.
func (s *Server) emblem(w http.ResponseWriter, r *http.Request) {
	hash, ok := strings.CutSuffix(r.PathValue("name"), ".png")
	if !ok || len(hash) != 64 || strings.Trim(hash, "0123456789abcdef") != "" || s.blob == nil {
		s.refuse(w, fail(codeRoute))
		return
	}
	b, err := s.blob(r.Context(), hash)
	if err != nil || len(b) > maxEmblem || !bytes.HasPrefix(b, []byte("\x89PNG\r\n\x1a\n")) {
		s.refuse(w, fail(codeRoute))
		return
	}
	immutable(w)
	w.Header().Set("Content-Type", "image/png")
	_, _ = w.Write(b)
}

// health answers GET /healthz: the node can take joins.
func (s *Server) health(w http.ResponseWriter, _ *http.Request) {
	if s.healthy != nil && !s.healthy() {
		s.refuse(w, fail(codeShutdown))
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = w.Write([]byte("ok\n"))
}

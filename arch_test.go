// Package visavis holds no code: this test keeps the shape of the module as docs/architecture.md tells it.
package visavis_test

import (
	"bufio"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// allowed is the import table: package → what it may import besides the standard library. A trailing slash admits everything below.
// Test files are exempt. docs/architecture.md explains each row; a new row needs a line there.
var allowed = map[string][]string{
	"internal/strict":              {},
	"internal/meeting":             {"internal/strict", "golang.org/x/text/"},
	"internal/media":               {"github.com/pion/rtp", "github.com/pion/rtcp", "github.com/pion/interceptor/"},
	"internal/udp":                 {"golang.org/x/sys/"},
	"internal/udp/udptest":         {"internal/udp"},
	"internal/srtp":                {"github.com/pion/srtp/v3", "github.com/pion/rtp", "github.com/pion/rtcp"},
	"internal/wire":                {"internal/meeting", "internal/strict"},
	"internal/wire/gen":            {"internal/wire"},
	"internal/store":               {"modernc.org/sqlite", "modernc.org/sqlite/lib"},
	"internal/store/storetest":     {"internal/store", "modernc.org/sqlite"},
	"internal/auth":                {"internal/store", "internal/strict", "internal/meeting", "github.com/go-webauthn/webauthn/"},
	"internal/softkey":             {},
	"internal/record":              {"internal/meeting", "internal/strict"},
	"internal/intake":              {"internal/meeting", "internal/readout", "golang.org/x/text/"},
	"internal/intake/score":        {"internal/intake", "golang.org/x/text/"},
	"internal/arrange":             {"internal/meeting", "internal/store", "internal/strict"},
	"internal/readout":             {"internal/meeting", "internal/strict", "github.com/gowebpki/jcs", "golang.org/x/mod/sumdb/note", "golang.org/x/text/"},
	"internal/readout/readouttest": {"internal/meeting", "internal/readout"},
	"internal/site":                {"internal/meeting", "internal/readout", "internal/strict", "github.com/BurntSushi/toml"},
	"internal/draft":               {"internal/meeting", "internal/readout", "internal/store", "internal/strict"},
	"internal/peer": {"internal/media", "internal/udp", "internal/srtp", "github.com/pion/ice/v4", "github.com/pion/dtls/v3", "github.com/pion/dtls/v3/",
		"github.com/pion/sdp/v3", "github.com/pion/stun/v4", "github.com/pion/rtcp", "github.com/pion/rtp", "github.com/pion/logging",
		"github.com/pion/transport/v4", "github.com/pion/interceptor/"},
	"internal/link": {"internal/media", "internal/meeting", "internal/auth", "internal/udp", "internal/srtp", "internal/strict",
		"github.com/pion/rtcp"},
	"internal/room": {"internal/meeting", "internal/media", "internal/wire", "internal/store"},
	"internal/api": {"internal/room", "internal/meeting", "internal/arrange", "internal/draft", "internal/readout", "internal/wire", "internal/auth", "internal/peer", "internal/strict",
		"github.com/coder/websocket"},
	"internal/node":     {"internal/", "web", "github.com/BurntSushi/toml", "golang.org/x/crypto/", "golang.org/x/text/"},
	"internal/bot":      {"internal/media", "internal/softkey", "internal/wire", "github.com/pion/webrtc/v4", "github.com/pion/", "github.com/coder/websocket"},
	"internal/scenario": {"internal/", "github.com/pion/"},
	"internal/bench": {"internal/media", "internal/srtp", "github.com/pion/dtls/v3", "github.com/pion/dtls/v3/", "github.com/pion/stun/v4",
		"github.com/pion/sdp/v3", "github.com/pion/rtcp", "github.com/pion/logging", "github.com/pion/interceptor/", "golang.org/x/sys/"},
	"cmd/visavis":      {"internal/node", "internal/bench", "github.com/alecthomas/kong"},
	"cmd/visavis-demo": {"internal/bot", "internal/meeting", "internal/readout", "internal/softkey", "internal/wire", "github.com/alecthomas/kong"},
	"web":              {},
	"web/bundle":       {"github.com/evanw/esbuild/"},
}

// maxLines keeps a file readable in one sitting, maxFuncLines a function on one screen.
const (
	maxLines     = 600
	maxFuncLines = 80
)

// denied says which packages of the standard library may be imported only where, and why (docs/security.md).
var denied = []struct {
	imp  string
	only []string
	why  string
}{
	{"net/http/pprof", nil, "no profile on a reachable mux"},
	{"unsafe", []string{"internal/udp"}, "raw sockets only"},
	{"os/exec", []string{"cmd/visavis-demo", "measure/", "test/"}, "a node starts no program"},
	{"math/rand", nil, "use math/rand/v2 for noise, crypto/rand for secrets"},
}

// noWeakRandom may not use math/rand in any form.
var noWeakRandom = []string{"internal/auth", "internal/srtp", "internal/link"}

type goFile struct {
	path, dir string
	tree      *ast.File
	fset      *token.FileSet
	test      bool
}

func eachGoFile(t *testing.T, f func(goFile)) {
	t.Helper()
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		skip := d.Name() == "testdata" || d.Name() == "node_modules" || strings.HasPrefix(d.Name(), ".") && p != "."
		if d.IsDir() && skip {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(p, ".go") {
			return nil
		}
		fset := token.NewFileSet()
		tree, err := parser.ParseFile(fset, p, nil, parser.ParseComments)
		if err != nil {
			return err
		}
		f(goFile{filepath.ToSlash(p), path.Dir(filepath.ToSlash(p)), tree, fset, strings.HasSuffix(p, "_test.go")})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func imports(g goFile) []string {
	var out []string
	for _, im := range g.tree.Imports {
		s, _ := strconv.Unquote(im.Path.Value)
		out = append(out, strings.TrimPrefix(s, "visavis/"))
	}
	return out
}

func matches(pattern, imp string) bool {
	return imp == pattern || strings.HasSuffix(pattern, "/") && strings.HasPrefix(imp, pattern)
}

func mayImport(dir, imp string) (ok, known bool) {
	if free(dir) {
		return true, true
	}
	rules, known := allowed[dir]
	return slices.ContainsFunc(rules, func(r string) bool { return matches(r, imp) }), known
}

// free are programs that are not part of the product: they may import what they like.
func free(dir string) bool {
	return strings.HasPrefix(dir, "measure") || strings.HasPrefix(dir, "test")
}

func foreign(g goFile, imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	return strings.Contains(first, ".") || first == "internal" || first == "web" || first == "cmd"
}

func TestImportTable(t *testing.T) {
	n := 0
	eachGoFile(t, func(g goFile) {
		if g.test || g.dir == "." {
			return
		}
		n++
		for _, imp := range imports(g) {
			if !foreign(g, imp) || imp == "C" {
				continue
			}
			if ok, known := mayImport(g.dir, imp); !known {
				t.Errorf("%s: package %s has no row in the import table", g.path, g.dir)
			} else if !ok {
				t.Errorf("%s: %s may not import %s", g.path, g.dir, imp)
			}
		}
	})
	if n < 20 {
		t.Errorf("looked at %d files only: the walk is broken", n)
	}
}

// TestServerWithoutPionWebRTC keeps pion/webrtc an independent client: bot and tests alone contain it.
func TestServerWithoutPionWebRTC(t *testing.T) {
	eachGoFile(t, func(g goFile) {
		if g.test || g.dir == "internal/bot" || g.dir == "internal/scenario" || free(g.dir) {
			return
		}
		for _, imp := range imports(g) {
			if strings.HasPrefix(imp, "github.com/pion/webrtc") {
				t.Errorf("%s imports %s", g.path, imp)
			}
		}
	})
}

func TestDeniedImports(t *testing.T) {
	eachGoFile(t, func(g goFile) {
		if g.test {
			return
		}
		for _, imp := range imports(g) {
			for _, d := range denied {
				if imp == d.imp && !slices.ContainsFunc(d.only, func(o string) bool { return g.dir == o || matches(o, g.dir+"/") }) {
					t.Errorf("%s imports %s: %s", g.path, imp, d.why)
				}
			}
			if imp == "math/rand/v2" && slices.Contains(noWeakRandom, g.dir) {
				t.Errorf("%s imports %s: this package needs crypto/rand", g.path, imp)
			}
		}
		ast.Inspect(g.tree, func(n ast.Node) bool {
			if s, ok := n.(*ast.SelectorExpr); ok {
				if x, ok := s.X.(*ast.Ident); ok && x.Name == "http" && s.Sel.Name == "DefaultServeMux" {
					t.Errorf("%s: uses http.DefaultServeMux", g.path)
				}
			}
			return true
		})
	})
}

func TestPackageCommentsAndLength(t *testing.T) {
	comment := map[string]bool{}
	eachGoFile(t, func(g goFile) {
		if n := countLines(t, g.path); n > maxLines {
			t.Errorf("%s: %d lines, more than %d", g.path, n, maxLines)
		}
		if !g.test {
			comment[g.dir] = comment[g.dir] || g.tree.Doc != nil
		}
		for _, d := range g.tree.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Body == nil {
				continue
			}
			if n := g.fset.Position(fn.End()).Line - g.fset.Position(fn.Pos()).Line + 1; n > maxFuncLines {
				t.Errorf("%s: %s has %d lines, more than %d", g.path, fn.Name.Name, n, maxFuncLines)
			}
		}
	})
	for dir, ok := range comment {
		if !ok {
			t.Errorf("%s: no package comment", dir)
		}
	}
}

// TestNoInitNoSleep: no init functions anywhere, no wait on the real clock in tests outside programs that measure.
func TestNoInitNoSleep(t *testing.T) {
	eachGoFile(t, func(g goFile) {
		for _, d := range g.tree.Decls {
			if fn, ok := d.(*ast.FuncDecl); ok && fn.Recv == nil && fn.Name.Name == "init" {
				t.Errorf("%s: init function", g.path)
			}
		}
	})
}

// TestNothingPersonal: no machine paths or registry hosts in what is tracked.
func TestNothingPersonal(t *testing.T) {
	bad := []string{"/" + "work/", "../" + "shared", "proxy.golang" + ".org", "registry.npmjs" + ".org", "/tmp/" + "visavis/"}
	err := filepath.WalkDir(".", func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if d.Name() == "node_modules" || d.Name() == ".git" || d.Name() == "bin" || d.Name() == "demo-data" {
				return filepath.SkipDir
			}
			return nil
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<20 || d.Name() == "go.sum" || d.Name() == ".git" {
			return err
		}
		b, err := os.ReadFile(p)
		if err != nil {
			return err
		}
		for _, s := range bad {
			if strings.Contains(string(b), s) {
				t.Errorf("%s contains %q", p, s)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func countLines(t *testing.T, p string) int {
	t.Helper()
	f, err := os.Open(p)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := 0
	for s := bufio.NewScanner(f); s.Scan(); n++ {
	}
	return n
}

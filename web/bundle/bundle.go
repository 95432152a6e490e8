// Command bundle turns the page's sources, web/src and web/style, into the files that are served, web/dist. `go generate ./web`
// runs it, and its test proves web/dist to be what the sources give; the product does not contain it. Start from Build.
// It must not know what the page does.
package main

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/evanw/esbuild/pkg/api"
)

// File is one served file. Name is its path under dist, with forward slashes.
type File struct {
	Name string
	Data []byte
}

// Build bundles the sources in root (the folder web). The result depends on the sources and the version of esbuild alone: no time,
// no path of this machine. Files come in order of their names.
func Build(root string) ([]File, error) {
	root, err := filepath.Abs(root)
	if err != nil {
		return nil, err
	}
	files, err := run(root, styles(root))
	if err != nil {
		return nil, err
	}
	scripts, err := run(root, script(root, files))
	if err != nil {
		return nil, err
	}
	files = append(files, scripts...)
	page, err := os.ReadFile(filepath.Join(root, "index.html"))
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		if entry(f.Name) {
			page = bytes.ReplaceAll(page, []byte("{{"+strings.TrimPrefix(filepath.Ext(f.Name), ".")+"}}"), []byte("/"+f.Name))
		}
	}
	if bytes.Contains(page, []byte("{{")) {
		return nil, fmt.Errorf("index.html names a file that was not built: %.40s", page[bytes.Index(page, []byte("{{")):])
	}
	files = append(files, File{Name: "index.html", Data: page})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, nil
}

// entry reports whether index.html names this file; all others are fetched by it. No module of the sources may be called page or icon.
func entry(name string) bool {
	base := filepath.Base(name)
	return strings.HasPrefix(base, "page-") || strings.HasPrefix(base, "icon-")
}

// sheets are the style sheets beside page.css that the script fetches with the page of a role; each is style/NAME.css and in the
// script the constant SHEET_NAME, which is its address.
var sheets = []string{"member", "press", "officer", "technician", "arrange", "accounts", "draft"}

// run builds one kind of entries and returns what came of it, named by its path under dist.
func run(root string, o api.BuildOptions) ([]File, error) {
	result := api.Build(o)
	if len(result.Errors) > 0 {
		return nil, errors.New(strings.Join(api.FormatMessages(result.Errors, api.FormatMessagesOptions{Kind: api.ErrorMessage}), "\n"))
	}
	var files []File
	for _, out := range result.OutputFiles {
		name, err := filepath.Rel(filepath.Join(root, "dist"), out.Path)
		if err != nil {
			return nil, err
		}
		files = append(files, File{Name: filepath.ToSlash(name), Data: out.Contents})
	}
	return files, nil
}

// styles are esbuild's options for the style sheets and the icon.
func styles(root string) api.BuildOptions {
	o := options(root)
	for _, name := range append([]string{"page"}, sheets...) {
		o.EntryPointsAdvanced = append(o.EntryPointsAdvanced, api.EntryPoint{InputPath: filepath.Join(root, "style", name+".css"), OutputPath: name})
	}
	o.EntryPointsAdvanced = append(o.EntryPointsAdvanced, api.EntryPoint{InputPath: filepath.Join(root, "style", "icon.svg"), OutputPath: "icon"})
	return o
}

// script are esbuild's options for the code, which is told the addresses of the built style sheets.
func script(root string, styles []File) api.BuildOptions {
	o := options(root)
	o.EntryPointsAdvanced = []api.EntryPoint{{InputPath: filepath.Join(root, "src", "main.tsx"), OutputPath: "page"}}
	o.Splitting = true // a page fetches its role and its language only
	o.Define = map[string]string{}
	for _, name := range sheets {
		for _, f := range styles {
			if strings.HasPrefix(filepath.Base(f.Name), name+"-") {
				o.Define["SHEET_"+strings.ToUpper(name)] = fmt.Sprintf("%q", "/"+f.Name)
			}
		}
	}
	return o
}

// options are esbuild's. Vendored modules are found by name; nothing is looked up in node_modules.
func options(root string) api.BuildOptions {
	vendor := func(path string) string { return filepath.Join(root, "vendor", filepath.FromSlash(path)) }
	return api.BuildOptions{
		AbsWorkingDir: root,
		Outdir:        filepath.Join(root, "dist"),
		EntryNames:    "assets/[name]-[hash]",
		ChunkNames:    "assets/[name]-[hash]",
		Bundle:        true,
		Write:         false,
		Format:        api.FormatESModule,
		Target:        api.ES2022,
		// Logical properties, nesting and :dir() stay as written: the browsers that have the media functions have these too.
		Engines:           []api.Engine{{Name: api.EngineChrome, Version: "122"}, {Name: api.EngineFirefox, Version: "128"}, {Name: api.EngineSafari, Version: "17.4"}},
		MinifyWhitespace:  true,
		MinifyIdentifiers: true,
		MinifySyntax:      true,
		Charset:           api.CharsetUTF8,
		LegalComments:     api.LegalCommentsNone,
		JSX:               api.JSXAutomatic,
		JSXImportSource:   "preact",
		TsconfigRaw:       `{}`,
		LogLevel:          api.LogLevelSilent,
		Loader:            map[string]api.Loader{".svg": api.LoaderCopy},
		Alias: map[string]string{
			"preact":               vendor("preact/dist/preact.mjs"),
			"preact/hooks":         vendor("preact/hooks/dist/hooks.mjs"),
			"preact/jsx-runtime":   vendor("preact/jsx-runtime/dist/jsxRuntime.mjs"),
			"@preact/signals":      vendor("@preact/signals/dist/signals.mjs"),
			"@preact/signals-core": vendor("@preact/signals-core/dist/signals-core.mjs"),
		},
	}
}

// Write replaces the folder dir by files.
func Write(dir string, files []File) error {
	if err := os.RemoveAll(filepath.Join(dir, "assets")); err != nil {
		return err
	}
	for _, f := range files {
		path := filepath.Join(dir, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, f.Data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// Read returns the files under dir as Build would name them.
func Read(dir fs.FS) ([]File, error) {
	var files []File
	err := fs.WalkDir(dir, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(dir, path)
		files = append(files, File{Name: path, Data: data})
		return err
	})
	slices.SortFunc(files, func(a, b File) int { return strings.Compare(a.Name, b.Name) })
	return files, err
}

// Gzipped is the size of data in bytes after gzip at its best level, as a browser would fetch it.
func Gzipped(data []byte) int {
	var b bytes.Buffer
	w, _ := gzip.NewWriterLevel(&b, gzip.BestCompression) // the level is valid
	_, _ = w.Write(data)                                  // a bytes.Buffer takes everything
	_ = w.Close()
	return b.Len()
}

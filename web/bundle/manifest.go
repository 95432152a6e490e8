package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Module is one vendored module: files exactly as its authors published them on npm.
type Module struct {
	Name    string            `json:"name"`
	Version string            `json:"version"`
	Licence string            `json:"licence"` // SPDX
	Folder  string            `json:"folder"`  // under vendor
	Files   map[string]string `json:"files"`   // path in Folder → SHA-256, lower-case hex
}

// CheckVendor compares the folder vendor with its manifest.json: every file is listed, every listed file is there, and its
// contents have the listed hash. The error names each difference.
func CheckVendor(vendor fs.FS) ([]Module, error) {
	text, err := fs.ReadFile(vendor, "manifest.json")
	if err != nil {
		return nil, err
	}
	var modules []Module
	if err := json.Unmarshal(text, &modules); err != nil {
		return nil, fmt.Errorf("manifest.json: %w", err)
	}
	want := map[string]string{}
	for _, m := range modules {
		if m.Name == "" || m.Version == "" || m.Licence == "" {
			return nil, fmt.Errorf("manifest.json: %q has no name, version or licence", m.Folder)
		}
		for name, hash := range m.Files {
			want[path.Join(m.Folder, name)] = hash
		}
	}
	var wrong []string
	err = fs.WalkDir(vendor, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || name == "manifest.json" {
			return err
		}
		data, err := fs.ReadFile(vendor, name)
		if err != nil {
			return err
		}
		sum := sha256.Sum256(data)
		switch got, listed := hex.EncodeToString(sum[:]), want[name]; {
		case listed == "":
			wrong = append(wrong, name+": not in the manifest")
		case listed != got:
			wrong = append(wrong, fmt.Sprintf("%s: hash %s, manifest says %s", name, got, listed))
		}
		delete(want, name)
		return nil
	})
	for name := range want {
		wrong = append(wrong, name+": in the manifest, not in the folder")
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		return modules, fmt.Errorf("vendored modules differ from their manifest:\n%s", strings.Join(wrong, "\n"))
	}
	return modules, err
}

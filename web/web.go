// Package web holds the page that people use: TypeScript in src, styles in style, bundled by the program in bundle into dist and
// embedded here. Start from Assets. It must not know meetings, routes or headers: serving is api's work.
package web

import (
	"embed"
	"io/fs"
)

//go:generate go run ./bundle .

//go:embed dist
var embedded embed.FS

// Assets is the bundled page: index.html, and assets/NAME-HASH.js and .css, whose names change with their contents, so that they
// may be cached for ever. Read-only and safe for concurrent use.
var Assets fs.FS = dist()

// dist strips the folder name. The only possible error is a bad constant path, which the embed directive has checked already.
func dist() fs.FS {
	sub, err := fs.Sub(embedded, "dist")
	if err != nil {
		panic(err) // our own constant is malformed
	}
	return sub
}

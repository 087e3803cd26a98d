// Package web carries the built web app inside the binary.
package web

import (
	"embed"
	"io/fs"
)

//go:embed all:dist
var dist embed.FS

// Dist returns the files of the web app as the web build wrote them: index.html, the service
// worker and, under assets/, files whose names contain a hash of their content and may therefore
// be cached for ever.
//
// In a binary that was built without the web build it holds only placeholder.html, so a caller
// that finds no index.html should serve that page.
func Dist() fs.FS {
	files, err := fs.Sub(dist, "dist")
	if err != nil {
		panic(err) // The name is a constant that the embed directive has checked.
	}
	return files
}

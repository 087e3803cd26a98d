package api

import (
	"errors"
	"io/fs"
	"net/http"
	"path"
	"strings"

	"ampedfieldops/internal/fieldops"
)

// webApp serves the built app. Files below /assets bear a hash of their content
// in their names and never change; every path that is no file is a place inside
// the app and gets its page.
func (a *api) webApp(w http.ResponseWriter, r *request) error {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		return fieldops.Refuse(fieldops.NotFound, "There is nothing at %s %s", r.Method, r.URL.Path)
	}
	if a.Web == nil {
		return fieldops.Refuse(fieldops.NotFound, "This process serves no web app")
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name != "" && name != "index.html" {
		info, err := fs.Stat(a.Web, name)
		if err == nil && info.Mode().IsRegular() {
			w.Header().Set("Cache-Control", "no-cache")
			if strings.HasPrefix(name, "assets/") {
				w.Header().Set("Cache-Control", "public, max-age=31536000, immutable")
			}
			http.ServeFileFS(w, r.Request, a.Web, name)
			return nil
		}
		// A page of an earlier build asks for its old assets: the app's page in
		// their place would be run as a script.
		if strings.HasPrefix(r.URL.Path, "/assets/") || err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
			return fieldops.Refuse(fieldops.NotFound, "File not found")
		}
	}
	page, err := fs.ReadFile(a.Web, "index.html")
	if errors.Is(err, fs.ErrNotExist) {
		page, err = fs.ReadFile(a.Web, "placeholder.html")
	}
	if err != nil {
		return fieldops.Refuse(fieldops.NotFound, "The web app was not built")
	}
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // the client is gone: there is nobody to tell
	return nil
}

package api

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestNginxLetsThroughWhatIsUploaded holds the shipped configuration against the
// routes: what takes files has a place there that takes them, too.
func TestNginxLetsThroughWhatIsUploaded(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(filepath.Join("..", "..", "deploy", "nginx", "locations.conf"))
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`location ~ (\S+) \{\s+client_max_body_size 101m;`).FindSubmatch(text)
	if found == nil {
		t.Fatal("no location takes 101 MB")
	}
	place := regexp.MustCompile(string(found[1]))
	uploads := 0
	for _, r := range new(api).routes() {
		if !r.has(streams) || r.body == nil || r.method == "GET" || strings.HasPrefix(r.path, queuePagesAt) {
			continue
		}
		uploads++
		if path := regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(r.path, "0"); !place.MatchString(path) {
			t.Errorf("%s %s takes a file, and nginx takes 2 MB", r.method, path)
		}
	}
	if uploads < 10 {
		t.Errorf("only %d routes take files", uploads)
	}
}

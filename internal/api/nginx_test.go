package api

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
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
	var places []*regexp.Regexp
	for _, found := range regexp.MustCompile(`location ~ (\S+) \{\s+client_max_body_size (?:51|101)m;[^}]*proxy_request_buffering off;`).FindAllSubmatch(text, -1) {
		places = append(places, regexp.MustCompile(string(found[1])))
	}
	uploads := 0
	for _, r := range new(api).routes() {
		if !r.has(streams) || r.body == nil || r.method == "GET" || strings.HasPrefix(r.path, queuePagesAt) {
			continue
		}
		uploads++
		path := regexp.MustCompile(`\{[^}]+\}`).ReplaceAllString(r.path, "0")
		if !slices.ContainsFunc(places, func(place *regexp.Regexp) bool { return place.MatchString(path) }) {
			t.Errorf("%s %s takes a file, and nginx takes 2 MB", r.method, path)
		}
	}
	if uploads < 10 {
		t.Errorf("only %d routes take files", uploads)
	}
}

package api

import (
	"strings"
	"testing"
)

func TestTheDocumentationShowsEveryRoute(t *testing.T) {
	t.Parallel()
	page, err := renderDocs(OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	text := string(page)
	for _, route := range (&api{}).routes() {
		if path := strings.ReplaceAll(route.path, "...}", "}"); !strings.Contains(text, `<span class="method">`+route.method+`</span><span class="path">`+path+`</span>`) {
			t.Errorf("%s %s is not on the page", route.method, path)
		}
	}
	for _, wanted := range []string{"Kererū Homes Ltd", "Needs can_manage_clients.", "Words in name, contact person"} {
		if !strings.Contains(text, wanted) {
			t.Errorf("%q is not on the page", wanted)
		}
	}
	if strings.Contains(text, "<script") {
		t.Error("the page has a script, which its policy refuses")
	}
}

package main

import (
	"bytes"
	"context"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// guides are the pages that people follow, by their path below the repository's
// root.
func guides(t *testing.T) map[string]string {
	t.Helper()
	root := filepath.Join("..", "..")
	files, err := filepath.Glob(filepath.Join(root, "docs", "*.md"))
	if err != nil || len(files) < 5 {
		t.Fatalf("%v, %v", files, err)
	}
	pages := map[string]string{}
	for _, file := range append(files, filepath.Join(root, "README.md")) {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(root, file)
		if err != nil {
			t.Fatal(err)
		}
		pages[name] = string(text)
	}
	return pages
}

var (
	fenced     = regexp.MustCompile("(?s)```[a-z]*\n(.*?)```")
	inline     = regexp.MustCompile("`([^`\n]+)`")
	invoked    = regexp.MustCompile(`\bampedfieldops ([a-z][a-z-]*)\b([^|#\n]*)`)
	flagged    = regexp.MustCompile(`(?:^|[\s\[])--([a-z][a-z0-9-]*)`)
	named      = regexp.MustCompile(`\b[A-Z][A-Z0-9]+(?:_[A-Z0-9]+)+\b`)
	pathed     = regexp.MustCompile(`^(?:cmd|deploy|docs|e2e|internal|scripts|tools|web)/[\w./-]*$`)
	linked     = regexp.MustCompile(`\]\(([^)\s]+)\)`)
	headed     = regexp.MustCompile(`(?m)^#+ (.+)$`)
	unanchored = regexp.MustCompile(`[^\p{L}\p{N} _-]`)
)

// code is what a page sets as code.
func code(page string) (pieces []string) {
	for _, m := range fenced.FindAllStringSubmatch(page, -1) {
		pieces = append(pieces, m[1])
	}
	for _, m := range inline.FindAllStringSubmatch(fenced.ReplaceAllString(page, ""), -1) {
		pieces = append(pieces, m[1])
	}
	return pieces
}

// faultsOf are what a page names that does not exist.
func faultsOf(t *testing.T, name, page string, pages map[string]string) (faults []string) {
	t.Helper()
	root := filepath.Join("..", "..")
	variables := slices.Concat(configNames, unusedNames, ignoredNames)
	for _, n := range fileToo {
		variables = append(variables, n+"_FILE")
	}
	for _, file := range []string{"deploy/docker-compose.yml", "internal/store/storetest/storetest.go"} { // what others than the program read
		text, err := os.ReadFile(filepath.Join(root, file))
		if err != nil {
			t.Fatal(err)
		}
		variables = append(variables, named.FindAllString(string(text), -1)...)
	}
	for _, piece := range code(page) {
		for _, m := range invoked.FindAllStringSubmatch(piece, -1) {
			words := []string{m[1]}
			if rest := strings.Fields(m[2]); (m[1] == "user" || m[1] == "files") && len(rest) > 0 && !strings.HasPrefix(rest[0], "-") {
				words = append(words, rest[0])
			}
			var help bytes.Buffer
			err := run(context.Background(), append(words, "--help"), environ(nil), strings.NewReader(""), &help, &help)
			if err != nil && !errors.Is(err, flag.ErrHelp) {
				faults = append(faults, "the command ampedfieldops "+strings.Join(words, " "))
				continue
			}
			for _, f := range flagged.FindAllStringSubmatch(m[2], -1) {
				if !regexp.MustCompile(`(?m)^  -` + f[1] + `\b`).MatchString(help.String()) {
					faults = append(faults, "the flag --"+f[1]+" of "+strings.Join(words, " "))
				}
			}
		}
		for _, v := range named.FindAllString(piece, -1) {
			if !slices.Contains(variables, v) {
				faults = append(faults, "the variable "+v)
			}
		}
		// deploy/setup makes the first, whoever deploys with TLS the others.
		made := []string{"deploy/.env", "deploy/tls/", "deploy/nginx/tls.conf"}
		if pathed.MatchString(piece) && !slices.Contains(made, piece) {
			if _, err := os.Stat(filepath.Join(root, piece)); err != nil {
				faults = append(faults, "the path "+piece)
			}
		}
	}
	for _, m := range linked.FindAllStringSubmatch(page, -1) {
		target, anchor, _ := strings.Cut(m[1], "#")
		if strings.Contains(target, "://") {
			continue
		}
		to := name
		if target != "" {
			to = filepath.Join(filepath.Dir(name), target)
		}
		if _, err := os.Stat(filepath.Join(root, to)); err != nil && pages[to] == "" {
			faults = append(faults, "the page "+m[1])
			continue
		}
		if anchor != "" && !slices.ContainsFunc(headed.FindAllStringSubmatch(pages[to], -1), func(h []string) bool {
			return strings.ReplaceAll(strings.ToLower(unanchored.ReplaceAllString(h[1], "")), " ", "-") == anchor
		}) {
			faults = append(faults, "the heading "+m[1])
		}
	}
	return faults
}

// Every command and flag, variable, path and page that the guides name exists;
// and the README names every command.
func TestWhatTheGuidesNameExists(t *testing.T) {
	t.Parallel()
	pages := guides(t)
	for name, page := range pages {
		for _, fault := range faultsOf(t, name, page, pages) {
			t.Errorf("%s names %s, which does not exist", name, fault)
		}
	}
	for _, c := range commands() {
		if !regexp.MustCompile("`(?:ampedfieldops )?" + c.name + `\b`).MatchString(pages["README.md"]) {
			t.Errorf("the README does not name the command %s", c.name)
		}
	}
}

func TestWhatAGuideNamesWronglyIsFound(t *testing.T) {
	t.Parallel()
	page := "# A head\n`ampedfieldops migrate --dry-run --upside-down` `ampedfieldops fly` `ampedfieldops user create --colour`\n" +
		"```sh\nMADE_UP=1 ampedfieldops backup --include-secrets x  # --not-a-flag\n```\n`deploy/nothing` `JWT_SECRET_FILE` [a](#a-head) [b](#b-head) [c](nowhere.md) `docs/adr/`"
	got := faultsOf(t, "docs/x.md", page, map[string]string{"docs/x.md": page})
	want := []string{
		"the variable MADE_UP", "the flag --upside-down of migrate", "the command ampedfieldops fly", "the flag --colour of user create", "the path deploy/nothing",
		"the heading #b-head", "the page nowhere.md",
	}
	if !slices.Equal(got, want) {
		t.Errorf("found\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

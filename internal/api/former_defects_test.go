package api

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestEveryFormerDefectHasItsTest reads the list of the former product's faults:
// every test that it names exists.
func TestEveryFormerDefectHasItsTest(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	list, err := os.ReadFile(filepath.Join(root, "docs", "former-defects.md"))
	if err != nil {
		t.Fatal(err)
	}
	there := map[string]bool{}
	declared := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() && (entry.Name() == "node_modules" || entry.Name() == ".git" || entry.Name() == "dist") {
			if entry != nil && entry.IsDir() && err == nil {
				return filepath.SkipDir
			}
			return err
		}
		switch {
		case strings.HasSuffix(path, "_test.go"):
			text, err := os.ReadFile(path)
			if err != nil {
				return err
			}
			for _, found := range declared.FindAllStringSubmatch(string(text), -1) {
				there[found[1]] = true
			}
		case strings.Contains(path, ".test."):
			there[entry.Name()] = true
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	rows := 0
	for line := range strings.Lines(string(list)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.TrimSpace(cells[1]) == "no." || strings.HasPrefix(cells[1], "-") {
			continue
		}
		rows++
		for name := range strings.SplitSeq(cells[3], ",") {
			if name = strings.TrimSpace(name); !there[name] {
				t.Errorf("no. %s names %q, which does not exist", strings.TrimSpace(cells[1]), name)
			}
		}
	}
	if rows < 70 {
		t.Errorf("only %d faults are listed", rows)
	}
}

package store

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestNoQueryForgetsDeletedRows reads every SQL text of this package: one that
// reads a table whose rows can be in the bin must read its live_ view, or say
// "deleted too" before the table's name.
func TestNoQueryForgetsDeletedRows(t *testing.T) {
	t.Parallel()
	tables := make([]string, len(binned))
	for i, b := range binned {
		tables[i] = b.table
	}
	bare := regexp.MustCompile(`(?is)(\b(from|join)\s+|^\s*)(` + strings.Join(tables, "|") + `)\b(\s+[a-z]\b|\s*$|\s+(where|on|order|group|left|join)|,|\))`)
	parsed, err := parser.ParseDir(token.NewFileSet(), ".", func(f fs.FileInfo) bool { return !strings.HasSuffix(f.Name(), "_test.go") }, 0) //nolint:staticcheck // one folder without build tags
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	for _, pkg := range parsed {
		for name, file := range pkg.Files {
			ast.Inspect(file, func(n ast.Node) bool {
				literal, ok := n.(*ast.BasicLit)
				if !ok || literal.Kind != token.STRING {
					return true
				}
				text, err := strconv.Unquote(literal.Value)
				if err != nil {
					t.Fatal(err)
				}
				read++
				reading := strings.ReplaceAll(text, "delete from ", "delete ")
				for _, found := range bare.FindAllString(reading, -1) {
					if strings.TrimSpace(found) != strings.TrimSpace(text) { // a bare name is no query
						t.Errorf("%s reads deleted rows, too, and does not say so: …%s…", name, strings.TrimSpace(found))
					}
				}
				return true
			})
		}
	}
	if read < 500 {
		t.Errorf("only %d texts were read", read)
	}
}

package api

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"html/template"
	"net/http"
	"slices"
	"sort"
	"strings"
)

//go:embed docs.html
var docsPage string

// docsTemplate shows the OpenAPI document to people. It needs no script.
var docsTemplate = template.Must(template.New("docs").Parse(docsPage))

// docSchema is what the page needs of a schema of the document.
type docSchema struct {
	Ref        string               `json:"$ref"`
	Type       any                  `json:"type"` // a name, or a list of a name and null
	Format     string               `json:"format"`
	Desc       string               `json:"description"`
	Enum       []any                `json:"enum"`
	Items      *docSchema           `json:"items"`
	Properties map[string]docSchema `json:"properties"`
	Required   []string             `json:"required"`
	AllOf      []docSchema          `json:"allOf"`
}

type docContent map[string]struct {
	Schema  docSchema       `json:"schema"`
	Example json.RawMessage `json:"example"`
}

type docOperation struct {
	Summary    string   `json:"summary"`
	Desc       string   `json:"description"`
	ID         string   `json:"operationId"`
	Tags       []string `json:"tags"`
	Parameters []struct {
		Name     string    `json:"name"`
		In       string    `json:"in"`
		Desc     string    `json:"description"`
		Required bool      `json:"required"`
		Schema   docSchema `json:"schema"`
	} `json:"parameters"`
	RequestBody *struct {
		Content docContent `json:"content"`
	} `json:"requestBody"`
	Responses map[string]struct {
		Content docContent `json:"content"`
	} `json:"responses"`
	Security []any `json:"security"`

	Method, Path, Status string
	Fields               []docField
	Body, Answer         string // examples
	BodyType             string
}

type docField struct {
	Name, Type, Desc string
	Required         bool
}

type docGroup struct {
	Name       string
	Operations []docOperation
}

// docs is the API's documentation for people to read.
func (a *api) docs(w http.ResponseWriter, _ *request) error {
	page, err := renderDocs(a.document())
	if err != nil {
		return err
	}
	h := w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	_, _ = w.Write(page) // the client is gone: there is nobody to tell
	return nil
}

func renderDocs(document []byte) ([]byte, error) {
	var d struct {
		Info struct {
			Title string `json:"title"`
			Desc  string `json:"description"`
		} `json:"info"`
		Paths      map[string]map[string]docOperation `json:"paths"`
		Components struct {
			Schemas map[string]docSchema `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(document, &d); err != nil {
		return nil, err
	}
	groups := map[string]*docGroup{}
	for path, methods := range d.Paths {
		for method, op := range methods {
			op.Method, op.Path = strings.ToUpper(method), path
			op.fill(d.Components.Schemas)
			tag := op.Tags[0]
			if tag == "xero" { // too many for one: by the noun behind it
				tag = strings.Split(strings.TrimPrefix(path, "/api/xero/"), "/")[0]
			}
			if groups[tag] == nil {
				groups[tag] = &docGroup{Name: tag}
			}
			groups[tag].Operations = append(groups[tag].Operations, op)
		}
	}
	names := make([]string, 0, len(groups))
	for name, g := range groups {
		names = append(names, name)
		sort.Slice(g.Operations, func(i, j int) bool {
			a, b := g.Operations[i], g.Operations[j]
			return a.Path+a.Method < b.Path+b.Method
		})
	}
	slices.Sort(names)
	ordered := make([]*docGroup, len(names))
	for i, name := range names {
		ordered[i] = groups[name]
	}
	var b bytes.Buffer
	err := docsTemplate.Execute(&b, map[string]any{"Title": d.Info.Title, "Desc": d.Info.Desc, "Groups": ordered})
	return b.Bytes(), err
}

func (op *docOperation) fill(schemas map[string]docSchema) {
	if op.RequestBody != nil {
		for mediaType, content := range op.RequestBody.Content {
			if op.BodyType == "" || mediaType == "application/json" {
				op.BodyType, op.Body, op.Fields = mediaType, pretty(content.Example), fieldsOf(schemas, content.Schema)
			}
		}
	}
	for status, answer := range op.Responses {
		if status == "default" {
			continue
		}
		op.Status = status
		for _, content := range answer.Content {
			op.Answer = pretty(content.Example)
		}
	}
}

func pretty(example json.RawMessage) string {
	if len(example) == 0 {
		return ""
	}
	var b bytes.Buffer
	if json.Indent(&b, example, "", "  ") != nil {
		return ""
	}
	return b.String()
}

// fieldsOf are the fields of a body, by name, those that are needed first.
func fieldsOf(schemas map[string]docSchema, s docSchema) []docField {
	if s.Ref != "" {
		return fieldsOf(schemas, schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")])
	}
	var fields []docField
	for _, part := range s.AllOf {
		fields = append(fields, fieldsOf(schemas, part)...)
	}
	for name, property := range s.Properties {
		fields = append(fields, docField{name, typeOf(property), property.Desc, slices.Contains(s.Required, name)})
	}
	sort.Slice(fields, func(i, j int) bool {
		if fields[i].Required != fields[j].Required {
			return fields[i].Required
		}
		return fields[i].Name < fields[j].Name
	})
	return fields
}

// typeOf says in words what a value is.
func typeOf(s docSchema) string {
	name := strings.TrimPrefix(s.Ref, "#/components/schemas/")
	switch t := s.Type.(type) {
	case string:
		name = t
	case []any:
		parts := make([]string, len(t))
		for i, p := range t {
			parts[i], _ = p.(string)
		}
		name = strings.Join(parts, " or ")
	}
	if s.Format != "" {
		name += " (" + s.Format + ")"
	}
	if s.Items != nil {
		name = "list of " + typeOf(*s.Items)
	}
	if len(s.Enum) > 0 {
		values := make([]string, 0, len(s.Enum))
		for _, v := range s.Enum {
			if text, ok := v.(string); ok {
				values = append(values, text)
			}
		}
		name = strings.Join(values, " | ")
	}
	return name
}

// Type says in words what the parameter is.
func (op docOperation) Type(i int) string { return typeOf(op.Parameters[i].Schema) }

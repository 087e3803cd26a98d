package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"reflect"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
)

// OpenAPI is the OpenAPI 3.1 document of the API, made from the table of routes
// and the Go types of what they take and give, so that it cannot say anything
// else than the code does. The same program always gives the same bytes.
func OpenAPI() []byte {
	registry := huma.NewMapRegistry("#/components/schemas/", huma.DefaultSchemaNamer)
	for _, alias := range []struct{ from, to reflect.Type }{
		{reflect.TypeFor[fieldops.Cents](), reflect.TypeFor[decimalText]()},
		{reflect.TypeFor[fieldops.E4](), reflect.TypeFor[decimalText]()},
		{reflect.TypeFor[fieldops.TaxRate](), reflect.TypeFor[decimalText]()},
		{reflect.TypeFor[fieldops.Date](), reflect.TypeFor[dateText]()},
		{reflect.TypeFor[fieldops.Time](), reflect.TypeFor[timeText]()},
		{reflect.TypeFor[time.Time](), reflect.TypeFor[timeText]()},
		{reflect.TypeFor[fieldops.SyncStatus](), reflect.TypeFor[syncStatusText]()},
		{reflect.TypeFor[json.Number](), reflect.TypeFor[float64]()},
		{reflect.TypeFor[json.RawMessage](), reflect.TypeFor[anyJSON]()},
	} {
		registry.RegisterTypeAlias(alias.from, alias.to)
	}
	document := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title: "AmpedFieldOps", Version: "1",
			Description: "Field service for an electrical firm, with an exactly-once bridge to Xero. Money, hours and rates are decimal strings in answers; requests may bring numbers or strings. Unknown fields and empty query values are ignored.",
		},
		Components: &huma.Components{Schemas: registry, SecuritySchemes: map[string]*huma.SecurityScheme{
			"bearer": {Type: "http", Scheme: "bearer", BearerFormat: "JWT"},
			"cookie": {Type: "apiKey", In: "cookie", Name: sessionCookie},
		}},
	}
	failure := registry.Schema(reflect.TypeFor[problem](), true, "Problem")
	for _, route := range (&api{}).routes() {
		document.AddOperation(route.document(registry, failure))
	}
	addExamples(document, registry)
	for _, schema := range registry.Map() {
		schema.AdditionalProperties = nil // unknown fields are ignored, and answers may grow
	}
	written, err := document.MarshalJSON()
	var b bytes.Buffer
	if err == nil {
		err = json.Indent(&b, written, "", "  ")
	}
	if err != nil {
		panic("api: the OpenAPI document cannot be written: " + err.Error())
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// addExamples gives every body and every answer an example.
func addExamples(document *huma.OpenAPI, registry huma.Registry) {
	example := func(content map[string]*huma.MediaType) {
		if c := content["application/json"]; c != nil && c.Schema != nil {
			c.Example = exampleOf(registry, c.Schema, "")
		}
	}
	for _, item := range document.Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post, item.Put, item.Delete} {
			if op == nil {
				continue
			}
			if op.RequestBody != nil {
				example(op.RequestBody.Content)
			}
			for status, answer := range op.Responses {
				if status != "default" {
					example(answer.Content)
				}
			}
		}
	}
}

var pathParameter = regexp.MustCompile(`\{(\w+)(\.\.\.)?\}`)

func (r route) document(registry huma.Registry, failure *huma.Schema) *huma.Operation {
	path := strings.ReplaceAll(r.path, "...}", "}")
	op := &huma.Operation{
		Method: r.method, Path: path, Summary: r.summary, OperationID: r.operationID(),
		Tags:      []string{r.tag()},
		Responses: map[string]*huma.Response{},
	}
	op.Description = r.access.String()
	if !r.access.public {
		op.Security = []map[string][]string{{"bearer": {}}, {"cookie": {}}}
	}
	documented := map[string]bool{}
	if r.endpoint.in != nil {
		documentInput(registry, op, reflect.TypeOf(r.endpoint.in).Elem(), documented)
	}
	for _, found := range pathParameter.FindAllStringSubmatch(r.path, -1) {
		if !documented[found[1]] {
			op.Parameters = append(op.Parameters, &huma.Param{Name: found[1], In: "path", Required: true, Schema: &huma.Schema{Type: huma.TypeString}})
		}
	}
	if r.method == http.MethodGet && r.endpoint.rowOf() != nil {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "format", In: "query", Schema: &huma.Schema{Type: huma.TypeString, Enum: []any{"csv"}}, Description: documentExport(),
		})
	}
	if r.has(repeatable) || r.has(ownKey) {
		op.Parameters = append(op.Parameters, &huma.Param{
			Name: "Idempotency-Key", In: "header", Schema: &huma.Schema{Type: huma.TypeString},
			Description: "Makes a repeat within 24 hours harmless: it gets the first answer",
		})
	}
	if r.body != nil {
		r.body(registry, op)
	}
	answer := &huma.Response{Description: http.StatusText(r.status())}
	switch {
	case r.endpoint.out != nil:
		answer.Content = map[string]*huma.MediaType{"application/json": {Schema: registry.Schema(reflect.TypeOf(r.endpoint.out).Elem(), true, r.operationID()+"Answer")}}
	case r.gives != "":
		answer.Content = map[string]*huma.MediaType{r.gives: {}}
	}
	op.Responses[strconv.Itoa(r.status())] = answer
	op.Responses["default"] = &huma.Response{Description: "What was wrong", Content: map[string]*huma.MediaType{"application/problem+json": {Schema: failure}}}
	return op
}

func documentInput(registry huma.Registry, op *huma.Operation, t reflect.Type, documented map[string]bool) {
	for i := range t.NumField() {
		field := t.Field(i)
		if field.Anonymous {
			documentInput(registry, op, field.Type, documented)
			continue
		}
		if field.Name == "Body" {
			op.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{
				"application/json": {Schema: registry.Schema(field.Type, true, op.OperationID+"Request")},
			}}
			continue
		}
		for _, in := range []string{"path", "query"} {
			if name := field.Tag.Get(in); name != "" {
				documented[name] = true
				op.Parameters = append(op.Parameters, &huma.Param{
					Name: name, In: in, Required: in == "path", Description: field.Tag.Get("doc"),
					Schema: huma.SchemaFromField(registry, field, ""),
				})
			}
		}
	}
}

// operationID names an operation by method and path: getClientsById.
func (r route) operationID() string {
	var id strings.Builder
	id.WriteString(strings.ToLower(r.method))
	for part := range strings.FieldsFuncSeq(strings.TrimPrefix(r.path, "/api"), func(c rune) bool { return strings.ContainsRune("/-_{}.", c) }) {
		id.WriteString(strings.ToUpper(part[:1]) + part[1:])
	}
	return id.String()
}

// tag is the noun that a route is about.
func (r route) tag() string {
	parts := strings.Split(strings.Trim(strings.TrimPrefix(r.path, "/api"), "/"), "/")
	return parts[0]
}

type decimalText string

func (decimalText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Pattern: `^-?\d+(\.\d{1,4})?$`, Examples: []any{"1150.00"}}
}

type dateText string

func (dateText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date", Nullable: true, Examples: []any{"2026-11-23"}}
}

type timeText string

func (timeText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Format: "date-time", Nullable: true}
}

type syncStatusText string

func (syncStatusText) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true, Enum: []any{"pending", "synced", "failed", nil}}
}

type anyJSON struct{}

func (anyJSON) Schema(huma.Registry) *huma.Schema { return &huma.Schema{} }

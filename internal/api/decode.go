package api

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"ampedfieldops/internal/fieldops"
)

// Optional is a field of a body that may be absent, so that a change of one
// field leaves the others alone. Set is true for null, too.
type Optional[T any] struct {
	Set   bool
	Value T
}

// into puts the value into its place if it was sent.
func (o Optional[T]) into(place *T) {
	if o.Set {
		*place = o.Value
	}
}

// sent is the value if it was sent, and nil otherwise.
func (o Optional[T]) sent() *T {
	if !o.Set {
		return nil
	}
	return &o.Value
}

// UnmarshalJSON notes that the field was sent.
func (o *Optional[T]) UnmarshalJSON(b []byte) error {
	o.Set = true
	return json.Unmarshal(b, &o.Value)
}

func (o *Optional[T]) decodeField(raw json.RawMessage, path string, f *fieldops.Faults) {
	o.Set = true
	decodeValue(raw, reflect.ValueOf(&o.Value).Elem(), path, f)
}

// Schema is the schema of the value.
func (o Optional[T]) Schema(r huma.Registry) *huma.Schema {
	return r.Schema(reflect.TypeFor[T](), true, "")
}

// text is a text of a person without the spaces around it, nil when nothing is
// left.
func text(s *string) *string {
	if s == nil {
		return nil
	}
	if t := strings.TrimSpace(*s); t != "" {
		return &t
	}
	return nil
}

// textInto puts a text into its place if it was sent.
func textInto(o Optional[*string], place **string) {
	if o.Set {
		*place = text(o.Value)
	}
}

// sentText is the text that was sent, "" for null, and nil if none was.
func sentText(o Optional[*string]) *string {
	if o.Set && o.Value == nil {
		return new(string)
	}
	return o.Value
}

// stringInto is into for a text that is "" when there is none.
func stringInto(o Optional[*string], place *string) {
	if w := sentText(o); w != nil {
		*place = *w
	}
}

// idInto is into for the id of another record; what is no id is a fault of the
// field.
func idInto(o Optional[*string], place **fieldops.ID, field string, f *fieldops.Faults) {
	if o.Set {
		*place = idOf(o.Value, field, f)
	}
}

// sentList is the list that was sent, an empty one for null, and nil if none was.
func sentList[T any](o Optional[[]T]) []T {
	if o.Set && o.Value == nil {
		return []T{}
	}
	return o.Value
}

// fieldDecoder decodes itself from one field and notes every fault inside.
type fieldDecoder interface {
	decodeField(raw json.RawMessage, path string, f *fieldops.Faults)
}

// decodeInput fills a typed endpoint's input and names everything in it that
// cannot be read. A path that names no id is NotFound.
func decodeInput(w http.ResponseWriter, r *request, in any) error {
	var f fieldops.Faults
	query := r.URL.Query()
	v := reflect.ValueOf(in).Elem()
	if err := decodeParams(r, query.Get, v, &f); err != nil {
		return err
	}
	if body := v.FieldByName("Body"); body.IsValid() {
		object, err := readJSON(w, r)
		if err != nil {
			return err
		}
		decodeObject(object, body, "", &f)
	}
	return f.Err("")
}

func decodeParams(r *request, query func(string) string, v reflect.Value, f *fieldops.Faults) error {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		if field.Anonymous {
			if err := decodeParams(r, query, v.Field(i), f); err != nil {
				return err
			}
			continue
		}
		if name := field.Tag.Get("path"); name != "" {
			if err := decodePath(r.PathValue(name), field, v.Field(i)); err != nil {
				return err
			}
		}
		if name := field.Tag.Get("query"); name != "" {
			if value := strings.TrimSpace(query(name)); value != "" && value != "undefined" && value != "null" {
				decodeQuery(value, name, field, v.Field(i), f)
			}
		}
	}
	return nil
}

func decodePath(value string, field reflect.StructField, v reflect.Value) error {
	if v.Kind() == reflect.Int {
		n, err := strconv.Atoi(value)
		if err != nil {
			return fieldops.Refuse(fieldops.NotFound, "Not found")
		}
		v.SetInt(int64(n))
		return nil
	}
	if field.Tag.Get("format") != "uuid" {
		v.SetString(value)
		return nil
	}
	id, ok := fieldops.ParseID(value)
	if !ok {
		return fieldops.Refuse(fieldops.NotFound, "Not found")
	}
	v.SetString(id)
	return nil
}

func decodeQuery(value, name string, field reflect.StructField, v reflect.Value, f *fieldops.Faults) {
	if !utf8.ValidString(value) || strings.ContainsRune(value, 0) {
		f.Add(name, "%s holds characters that cannot be read", name)
		return
	}
	if d, ok := v.Addr().Interface().(*fieldops.Date); ok {
		parsed, err := fieldops.ParseDate(value)
		if err != nil {
			f.Add(name, "%s", err)
		}
		*d = parsed
		return
	}
	switch v.Kind() {
	case reflect.Int:
		n, err := strconv.Atoi(value)
		f.Require(err == nil, name, "%s must be a whole number", name)
		v.SetInt(int64(n))
	case reflect.Bool:
		v.SetBool(value == "true" || value == "1")
	case reflect.String:
		if field.Tag.Get("format") == "uuid" {
			id, ok := fieldops.ParseID(value)
			f.Require(ok, name, "%s is not an id", name)
			value = id
		}
		if allowed := field.Tag.Get("enum"); allowed != "" {
			f.Require(oneOf(allowed, value), name, "%s must be one of %s", name, strings.ReplaceAll(allowed, ",", ", "))
		}
		v.SetString(value)
	default:
		panic(fmt.Sprintf("api: a query parameter of type %s", v.Type()))
	}
}

func oneOf(allowed, value string) bool {
	for one := range strings.SplitSeq(allowed, ",") {
		if one == value {
			return true
		}
	}
	return false
}

// decodeObject fills a struct from a JSON object and notes every field that
// cannot be read. Fields that it does not know are ignored.
func decodeObject(object map[string]json.RawMessage, v reflect.Value, path string, f *fieldops.Faults) {
	for i := range v.NumField() {
		field := v.Type().Field(i)
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if field.Anonymous && name == "" {
			decodeObject(object, v.Field(i), path, f)
			continue
		}
		if raw, ok := object[name]; ok && name != "-" && field.IsExported() {
			decodeValue(raw, v.Field(i), path+name, f)
		}
	}
}

func decodeValue(raw json.RawMessage, v reflect.Value, path string, f *fieldops.Faults) {
	switch target := v.Addr().Interface().(type) {
	case fieldDecoder:
		target.decodeField(raw, path, f)
		return
	case json.Unmarshaler:
		if err := target.UnmarshalJSON(raw); err != nil {
			f.Add(path, "%s", decodeFault(err, v.Type()))
		}
		return
	}
	null := string(raw) == "null"
	switch {
	case v.Kind() == reflect.Pointer && !null:
		v.Set(reflect.New(v.Type().Elem()))
		decodeValue(raw, v.Elem(), path, f)
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 && !null:
		var elements []json.RawMessage
		if err := json.Unmarshal(raw, &elements); err != nil {
			f.Add(path, "must be a list")
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), len(elements), len(elements)))
		for i, element := range elements {
			decodeValue(element, v.Index(i), path+"["+strconv.Itoa(i)+"]", f)
		}
	case v.Kind() == reflect.Struct && !null:
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			f.Add(path, "must be an object")
			return
		}
		decodeObject(object, v, path+".", f)
	default:
		if err := json.Unmarshal(raw, v.Addr().Interface()); err != nil {
			f.Add(path, "%s", decodeFault(err, v.Type()))
		}
	}
}

// decodeFault says what a value should have been.
func decodeFault(err error, t reflect.Type) string {
	if refusal, ok := errors.AsType[*fieldops.Error](err); ok {
		return refusal.Message
	}
	switch t.Kind() {
	case reflect.String:
		return "must be a text"
	case reflect.Bool:
		return "must be true or false"
	case reflect.Int, reflect.Int64:
		return "must be a whole number"
	}
	return "cannot be read"
}

// idsOf reads ids as clients spell them and notes those that are none.
func idsOf(ids []string, path string, f *fieldops.Faults) []fieldops.ID {
	canonical := make([]fieldops.ID, 0, len(ids))
	for i, s := range ids {
		id, ok := fieldops.ParseID(strings.TrimSpace(s))
		f.Require(ok, path+"["+strconv.Itoa(i)+"]", "%q is not an id", s)
		canonical = append(canonical, id)
	}
	return canonical
}

// idOf reads an id that may be absent: nil and the empty text are no id.
func idOf(s *string, field string, f *fieldops.Faults) *fieldops.ID {
	s = text(s)
	if s == nil {
		return nil
	}
	id, ok := fieldops.ParseID(*s)
	if !ok {
		f.Add(field, "Invalid %s", field)
		return nil
	}
	return &id
}

package api

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/google/go-cmp/cmp"

	"ampedfieldops/internal/fieldops"
)

type nested struct {
	Name  string                   `json:"name"`
	Note  Optional[*string]        `json:"note,omitempty"`
	Money Optional[fieldops.Cents] `json:"money,omitempty"`
	Count int                      `json:"count"`
	Items Optional[[]item]         `json:"items,omitempty"`
	Tags  []string                 `json:"tags"`
	Day   *fieldops.Date           `json:"day"`
	inner
}

type inner struct {
	Deep bool `json:"deep"`
}

type item struct {
	Quantity fieldops.E4 `json:"quantity"`
	Text     string      `json:"text"`
}

func TestABodyIsReadWholeWhateverIsWrongWithIt(t *testing.T) {
	t.Parallel()
	for body, want := range map[string][]fieldops.Fault{
		`{"name":"x","count":3,"deep":true,"unknown":{"a":[]},"tags":["a"],"day":"2026-05-04"}`: nil,
		`{"name":null,"count":null,"items":null,"tags":null,"day":null,"note":null}`:            nil,
		`{"name":1,"count":"x","deep":"yes","money":"much","tags":"a","items":{},"day":5}`: {
			{Field: "name", Message: "must be a text"},
			{Field: "money", Message: `"much" is not a number with at most 2 digits after the point`},
			{Field: "count", Message: "must be a whole number"},
			{Field: "items", Message: "must be a list"},
			{Field: "tags", Message: "must be a list"},
			{Field: "day", Message: `a date is written as "2026-11-23"`},
			{Field: "deep", Message: "must be true or false"},
		},
		`{"items":[{"quantity":"1.5"},{"quantity":"x","text":5},7],"tags":["a",5]}`: {
			{Field: "items[1].quantity", Message: `"x" is not a number with at most 4 digits after the point`},
			{Field: "items[1].text", Message: "must be a text"},
			{Field: "items[2]", Message: "must be an object"},
			{Field: "tags[1]", Message: "must be a text"},
		},
	} {
		var object map[string]json.RawMessage
		if err := json.Unmarshal([]byte(body), &object); err != nil {
			t.Fatal(err)
		}
		var n nested
		var f fieldops.Faults
		decodeObject(object, reflect.ValueOf(&n).Elem(), "", &f)
		if diff := cmp.Diff(want, []fieldops.Fault(f)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", body, diff)
		}
	}
	var n nested
	var f fieldops.Faults
	decodeObject(map[string]json.RawMessage{"note": json.RawMessage("null"), "money": json.RawMessage(`"7.5"`), "deep": json.RawMessage("true"), "items": json.RawMessage(`[{"quantity":2}]`)}, reflect.ValueOf(&n).Elem(), "", &f)
	if !n.Note.Set || n.Note.Value != nil || n.Money.Value != 7_50 || !n.Deep || n.Items.Value[0].Quantity != 20_000 || n.Tags != nil {
		t.Errorf("%+v", n)
	}
}

func FuzzDecodeObject(f *testing.F) {
	f.Add(`{"name":"x","money":1e2,"items":[{"quantity":"1"}],"day":"2026-05-04"}`)
	f.Add(`{"items":[[],{},null],"tags":[{}],"note":5}`)
	f.Fuzz(func(t *testing.T, body string) {
		var object map[string]json.RawMessage
		if json.Unmarshal([]byte(body), &object) != nil {
			return
		}
		var n nested
		var faults fieldops.Faults
		decodeObject(object, reflect.ValueOf(&n).Elem(), "", &faults)
		var whole nested
		if json.Unmarshal([]byte(body), &whole) == nil && len(faults) > 0 {
			t.Errorf("%q is refused with %v, but encoding/json reads it", body, faults)
		}
	})
}

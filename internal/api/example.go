package api

import (
	"strings"

	"github.com/danielgtaylor/huma/v2"
)

// exampleTexts are what fields of a name may hold, so that the examples of the
// document read like a firm's own records.
var exampleTexts = map[string]string{
	"name": "Kererū Homes Ltd", "client_name": "Kererū Homes Ltd", "supplier_name": "Copperline Wholesale", "contact_name": "Dave Lattimer",
	"email": "office@kereruhomes.example", "billing_email": "accounts@kereruhomes.example", "phone": "07 555 0109", "address": "9 Te Rapa Straight",
	"location": "Hamilton", "description": "Fit-off and labelling", "notes": "Second fix, level 2", "reference": "PO 7781", "code": "CC-001",
	"project_code": "PRJ-2026-001", "project_name": "Wharekai rewire", "invoice_number": "INV-01041", "po_number": "PO-00318", "bill_number": "A-20117",
	"quote_number": "QU-00012", "credit_note_number": "CN-00003", "account_code": "200", "tax_type": "OUTPUT2", "currency": "NZD", "role": "user",
	"password": "a long sentence", "currentPassword": "a long sentence", "newPassword": "another long sentence", "token": "…", "icon": "zap", "color": "electric",
	"client_type": "customer", "status": "active", "payment_terms_type": "OFFOLLOWINGMONTH",
	"message": "Done", "error": "Date is required", "reason": "Waits for the client's order", "key": "company_name", "value": "Kōwhai Electrical Ltd",
	"user_name": "Sam Fielding", "activity_type_name": "Electrician", "cost_center_name": "Wharekai", "cost_center_code": "WA-KAI",
}

// exampleOf is a value that a schema describes. Schemas that hold themselves end
// with their first level.
func exampleOf(registry huma.Registry, s *huma.Schema, name string, within ...string) any {
	if s.Ref != "" {
		for _, outer := range within {
			if outer == s.Ref {
				return nil
			}
		}
		return exampleOf(registry, registry.SchemaFromRef(s.Ref), name, append(within, s.Ref)...)
	}
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Default != nil:
		return s.Default
	case len(s.Enum) > 0:
		return s.Enum[0]
	case len(s.AllOf) > 0:
		return exampleOf(registry, s.AllOf[0], name, within...)
	}
	switch s.Type {
	case huma.TypeObject:
		object := map[string]any{}
		for property, schema := range s.Properties {
			object[property] = exampleOf(registry, schema, property, within...)
		}
		return object
	case huma.TypeArray:
		if s.Items == nil {
			return []any{}
		}
		return []any{exampleOf(registry, s.Items, strings.TrimSuffix(name, "s"), within...)}
	case huma.TypeInteger, huma.TypeNumber:
		return 1
	case huma.TypeBoolean:
		return true
	case huma.TypeString:
		return exampleText(s, name)
	}
	return nil
}

func exampleText(s *huma.Schema, name string) string {
	switch {
	case s.Format == "uuid", name == "id", strings.HasSuffix(name, "_id"), strings.HasSuffix(name, "_ids"):
		return "01978f3a-5c1e-7b4a-9d2e-3f6a8b1c4d5e"
	case s.Format == "date-time":
		return "2026-11-23T20:15:00Z"
	case s.Format == "date":
		return "2026-11-23"
	}
	if text, ok := exampleTexts[name]; ok {
		return text
	}
	return "…"
}

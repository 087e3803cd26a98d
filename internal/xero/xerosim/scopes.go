package xerosim

import (
	"net/http"
	"slices"
	"strings"
)

// endpointScopes are the granular scopes (without .read) that open an endpoint;
// any one suffices. Xero's documents put Items under two of them.
var endpointScopes = map[string][]string{
	"contacts":           {"accounting.contacts"},
	"invoices":           {"accounting.invoices"},
	"creditnotes":        {"accounting.invoices"},
	"purchaseorders":     {"accounting.invoices"},
	"items":              {"accounting.invoices", "accounting.settings"},
	"payments":           {"accounting.payments"},
	"organisation":       {"accounting.settings"},
	"accounts":           {"accounting.settings"},
	"taxrates":           {"accounting.settings"},
	"trackingcategories": {"accounting.settings"},
	"currencies":         {"accounting.settings"},
	"brandingthemes":     {"accounting.settings"},
}

// scopeAllows reports whether the granted scopes open the call's endpoint.
// Reading needs the scope or its .read form, everything else the scope itself.
func scopeAllows(x *exchange, granted []string) bool {
	if len(x.segments) == 0 {
		return true
	}
	needed, known := endpointScopes[strings.ToLower(x.segments[0])]
	if !known {
		return true // there is nothing behind it to protect: it is a 404
	}
	for _, scope := range needed {
		if slices.Contains(granted, scope) || x.method == http.MethodGet && slices.Contains(granted, scope+".read") {
			return true
		}
	}
	return false
}

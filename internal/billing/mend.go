package billing

import (
	"strings"

	"ampedfieldops/internal/fieldops"
)

// whoMends says who can mend a refusal, from Xero's own words.
func whoMends(words string) fieldops.WhoMustAct {
	lower := strings.ToLower(words)
	for _, sign := range []string{"account code", "taxtype", "tax type", "lock date", "subscribed to currency", "archived, or has been deleted"} {
		if strings.Contains(lower, sign) {
			return fieldops.Accountant
		}
	}
	return fieldops.Office
}

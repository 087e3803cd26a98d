package xerosim

import (
	"bytes"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// emailsPerDay is the cap of a paying organisation. A real demo company may
// send none; a simulator that sends none could not be used to try it.
const emailsPerDay = 1000

// onlineInvoice answers GET /Invoices/{id}/OnlineInvoice.
func onlineInvoice(x *exchange, d *document, now time.Time) answer {
	if d.typ != typeACCREC || d.status == "DRAFT" {
		return refusal(x, "Online invoices are only available for sales invoices that are not a draft")
	}
	address := "https://in.xero.com/" + strings.ReplaceAll(stableID(d.id, "online", ""), "-", "")
	return apiAnswer(x.accept(), http.StatusOK, "Response", envelope(now, "OnlineInvoices", []object{{"OnlineInvoiceUrl": address}}))
}

// refusal is a validation error of a request as a whole.
func refusal(x *exchange, text string) answer {
	tree := exceptionTree(errorValidation, "ValidationException", "A validation exception occurred")
	tree["Elements"] = []object{{"ValidationErrors": messages([]string{text})}}
	return apiAnswer(x.accept(), http.StatusBadRequest, "ApiException", tree)
}

// emailLocked answers POST /Invoices/{id}/Email. No e-mail leaves the simulator.
func (s *Sim) emailLocked(x *exchange, a *admission, d *document, now time.Time) answer {
	a.org.emails.day.roll(now, 24*time.Hour)
	switch {
	case d.typ != typeACCREC || d.status != "SUBMITTED" && d.status != "AUTHORISED" && d.status != "PAID":
		return refusal(x, "Only sales invoices with the status SUBMITTED, AUTHORISED or PAID can be emailed")
	case d.contact.texts["EmailAddress"] == "":
		return refusal(x, "The contact of the invoice has no email address")
	case a.org.emails.day.used >= emailsPerDay:
		return refusal(x, "The daily email limit of the organisation has been reached")
	}
	a.org.emails.day.used++
	d.sent, d.updated = true, now
	a.org.note(d.id, &transaction{org: a.org, now: now, client: a.client}, "Invoice sent", "This invoice has been sent to "+d.contact.texts["EmailAddress"])
	return answer{status: http.StatusNoContent}
}

// pdfAnswer is a one-page PDF that names the document and its total.
func pdfAnswer(d *document) answer {
	clean := strings.NewReplacer("\\", "\\\\", "(", "\\(", ")", "\\)", "\n", " ", "\r", " ")
	ascii := strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' {
			return '?'
		}
		return r
	}, fmt.Sprintf("%s %s   %s   %s %s", spaced(d.kind.singular), d.number, d.contact.name, d.currency, number(d.totals.total, 2)))
	content := "BT /F1 14 Tf 72 760 Td (" + clean.Replace(ascii) + ") Tj ET"
	parts := []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", len(content), content),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	}
	var file bytes.Buffer
	file.WriteString("%PDF-1.4\n")
	offsets := make([]int, len(parts))
	for i, part := range parts {
		offsets[i] = file.Len()
		fmt.Fprintf(&file, "%d 0 obj\n%s\nendobj\n", i+1, part)
	}
	start := file.Len()
	fmt.Fprintf(&file, "xref\n0 %d\n0000000000 65535 f \n", len(parts)+1)
	for _, offset := range offsets {
		fmt.Fprintf(&file, "%010d 00000 n \n", offset)
	}
	fmt.Fprintf(&file, "trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(parts)+1, start)
	return withType(http.StatusOK, "application/pdf", file.Bytes())
}

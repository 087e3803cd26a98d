package paperwork

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/sheet"
)

// safetyPage draws one safety document.
type safetyPage struct {
	*sheet.Sheet
	paper *fieldops.SafetyPaper
	firm  *fieldops.Settings
}

// drawSafety draws the page of a safety document: the same paper of the same firm
// makes the same bytes.
func drawSafety(paper *fieldops.SafetyPaper, firm *fieldops.Settings, logo []byte) ([]byte, error) {
	d := &paper.Document
	number, mark := d.Title, ""
	if d.Number != nil {
		number = *d.Number
	}
	if d.Revision > 1 {
		number += fmt.Sprintf(", revision %d", d.Revision)
	}
	if d.Status == fieldops.SafetyDraft {
		mark = "DRAFT"
	}
	p := &safetyPage{
		Sheet: sheet.New(sheet.Config{Name: d.Type.Label(), Number: number, Mark: mark, Created: d.CreatedAt, Modified: d.UpdatedAt}),
		paper: paper, firm: firm,
	}
	p.Head(firm, logo, d.Type.Label())
	p.drawParties()
	switch d.Type {
	case fieldops.SafetyCompliance:
		p.drawCompliance()
	case fieldops.SafetyESC:
		p.drawCertificate()
	default:
		p.drawJSA()
	}
	return p.Bytes()
}

// form reads the form as far as it can be read: a page shows what there is.
func form[Form any](data json.RawMessage) Form {
	var unread fieldops.Faults
	return fieldops.ReadForm[Form](data, &unread)
}

// drawParties draws who it is for on the left, and on the right by what it is found
// again.
func (p *safetyPage) drawParties() {
	d := &p.paper.Document
	top := p.GetY()
	p.SetFont("go", "", 8)
	p.CellFormat(95, sheet.LineHeight, "For", "", 1, "L", false, 0, "")
	p.SetFont("go", "B", 10.5)
	p.MultiCell(95, sheet.LineHeight, sheet.Printable(cmp.Or(d.ClientName, d.ProjectName)), "", "L", false)
	p.SetFont("go", "", 9.5)
	if address := sheet.Address(p.paper.ClientAddress); address != "" {
		p.MultiCell(95, sheet.LineHeight, sheet.Printable(address), "", "L", false)
	}
	below := p.GetY()
	p.SetY(top)
	if d.Number != nil {
		p.Detail(d.Type.Short()+" number", *d.Number)
	}
	p.Detail("Revision", strconv.FormatInt(d.Revision, 10))
	p.Detail("Project", strings.TrimSpace(d.ProjectCode+" "+d.ProjectName))
	p.Detail("Status", upper(d.Status))
	p.SetY(max(below, p.GetY()) + 4)
	p.SetFont("go", "B", 12)
	p.MultiCell(sheet.TextWidth, 6, sheet.Printable(d.Title), "", "L", false)
	p.SetY(p.GetY() + 1)
}

func yes(ok bool, sentence string) string {
	if !ok {
		return ""
	}
	return "Yes: " + sentence
}

var riskCategories = map[string]string{fieldops.LowRisk: "Low risk", fieldops.GeneralRisk: "General", fieldops.HighRisk: "High risk"}

var complianceMethods = map[string]string{
	"part_1": "AS/NZS 3000 Part 1, by a certified design",
	"part_2": "AS/NZS 3000 Part 2",
}

func (p *safetyPage) drawCompliance() {
	c := form[fieldops.ComplianceForm](p.paper.Document.Data)
	p.Section("The work", 20)
	p.Field("Location", c.Location)
	p.Field("Description", c.Description)
	category := cmp.Or(riskCategories[c.RiskCategory], c.RiskCategory)
	if c.SpecialWork != "" {
		category += ": " + c.SpecialWork
	}
	p.Field("Category of work", category)
	p.Field("Type of work", strings.Join(c.WorkType, ", "))
	day := sheet.LongDate(c.InstallationDate)
	if c.InstallationEnd != "" && c.InstallationEnd != c.InstallationDate {
		day += " to " + sheet.LongDate(c.InstallationEnd)
	}
	p.Field("Date of the work", day)
	p.Field("Supply system", c.SupplySystem)

	p.Section("Compliance", 20)
	p.Field("Done in accordance with", complianceMethods[c.ComplianceMethod])
	p.Field("Certified design", c.CertifiedDesign)
	p.Field("Manufacturer's instructions", c.ManufacturerInstructions)
	p.Field("Standards", strings.Join(c.ComplianceStandards, ", "))
	p.Field("Supplier declarations", strings.Join(c.SupplierDeclarations, "\n"))
	p.Field("Earthing", yes(c.EarthingRated, "the installation has an earthing system that is correctly rated"))
	p.Field("Safe to connect", yes(c.SafeToConnect, "what was installed is safe to connect to a power supply"))

	p.Section("Test results", 20)
	if c.TestingResults.Text != "" {
		p.Field("Results", c.TestingResults.Text)
	}
	if len(c.TestingResults.List) > 0 {
		rows := make([][]string, len(c.TestingResults.List))
		for n, t := range c.TestingResults.List {
			rows[n] = []string{t.Test, t.Circuit, t.Result, upper(t.Outcome)}
		}
		p.Table([]sheet.Column{{Title: "Test", Width: 68}, {Title: "Circuit", Width: 40}, {Title: "Result", Width: 42}, {Title: "Outcome", Width: 20}}, rows)
	}
	p.drawCertifier(c.InspectorName, c.InspectorLicense, c.Contact, c.Supervised, c.InspectionDate, c.IssueDate, "")
}

// drawCertifier says who answers for a certificate, beside their signature.
func (p *safetyPage) drawCertifier(name, licence, contact, supervised string, inspected, issued, expires fieldops.Date) {
	const height = 30.0
	p.Section("Certified by", 18+height)
	p.SetFont("go", "", 9)
	p.MultiCell(sheet.TextWidth, 4.6, statements[p.paper.Document.Type], "", "L", false)
	p.SetY(p.GetY() + 1.5)
	top, page := p.GetY(), p.PageNo()
	const left = sheet.TextWidth - signatureWidth - 3
	for _, f := range [][2]string{
		{"Name", name},
		{"Registration or licence", licence},
		{"Contact", contact},
		{"Supervised", supervised},
		{"Date of inspection", sheet.LongDate(inspected)},
		{"Date of issue", sheet.LongDate(issued)},
		{"Valid until", sheet.LongDate(expires)},
	} {
		p.FieldIn(left, f[0], f[1])
	}
	if p.PageNo() != page { // the fields are longer than there was room for
		top = p.GetY()
	}
	below := p.GetY()
	for _, s := range p.paper.Signatures {
		if s.Role == fieldops.SignerRole {
			p.drawSignature(&s, sheet.Width-sheet.Margin-signatureWidth, top)
			below = max(below, top+signatureHeight)
		}
	}
	p.SetY(below)
	if len(p.paper.Signatures) == 0 {
		p.notSigned()
	}
	p.drawApproval()
}

func upper(s string) string {
	if s == "" || s == "n/a" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func (p *safetyPage) drawCertificate() {
	c := form[fieldops.SafetyCertificateForm](p.paper.Document.Data)
	p.Section("The installation", 20)
	p.Field("Location", c.Location)
	p.Field("Description", c.Description)
	p.Field("Connected to supply on", sheet.LongDate(c.ConnectionDate))
	p.Field("Certificate of compliance", c.CoCReference)
	p.Field("Safe to use", yes(c.SafeToUse, "it is connected to a power supply and is safe to use"))
	if len(c.SafetyChecks) > 0 {
		p.Section("Safety checks", 20)
		rows := make([][]string, len(c.SafetyChecks))
		for n, k := range c.SafetyChecks {
			rows[n] = []string{k.Check, upper(k.Status), k.Notes}
		}
		p.Table([]sheet.Column{{Title: "Check", Width: 80}, {Title: "Status", Width: 22}, {Title: "Notes", Width: 68}}, rows)
	}
	p.drawCertifier(c.InspectorName, c.InspectorLicense, c.Contact, "", c.InspectionDate, c.IssueDate, c.ExpiryDate)
}

func (p *safetyPage) drawJSA() {
	j := form[fieldops.JSAForm](p.paper.Document.Data)
	p.Section("The job", 20)
	p.Field("Job", j.JobDescription)
	p.Field("Location", j.Location)
	p.Field("Date", sheet.LongDate(j.Date))
	p.Field("Prepared by", strings.TrimSpace(j.PreparedByName+" "+sheet.LongDate(j.PreparedByDate)))
	p.Field("Approved by", strings.TrimSpace(j.ApprovedByName+" "+sheet.LongDate(j.ApprovedByDate)))
	p.Field("Protective equipment", strings.Join(j.PPE, ", "))
	p.Field("Emergency plan", j.EmergencyPlan)
	if len(j.Hazards) > 0 {
		p.Section("Hazards and what is done about them", 20)
		rows := make([][]string, len(j.Hazards))
		for n, h := range j.Hazards {
			rows[n] = []string{h.Description, upper(h.RiskLevel), h.ControlMeasures, upper(h.ResidualRisk), h.Responsible}
		}
		p.Table([]sheet.Column{
			{Title: "Hazard", Width: 46}, {Title: "Risk", Width: 17}, {Title: "Controls", Width: 62}, {Title: "Risk left", Width: 17}, {Title: "Who", Width: 28},
		}, rows)
	}
	if j.Notes != "" {
		p.Section("Notes", 10)
		p.Words(j.Notes, 1)
	}
	p.drawSignatures()
}

// statements are what the signature of who makes a document stands under.
var statements = map[fieldops.SafetyType]string{
	fieldops.SafetyCompliance: "I certify that the prescribed electrical work described here has been done lawfully and safely, complies with the Electricity (Safety) Regulations 2010, and that the information in this certificate is correct.",
	fieldops.SafetyESC:        "I certify that the installation, or the part of it described here, is connected to a power supply and is safe to use, and that the information in this certificate is correct.",
	fieldops.SafetyJSA:        "I have gone through this analysis with those who do the job.",
}

// A signature's place on the page.
const signatureWidth, signatureHeight = 80.0, 32.0

func (p *safetyPage) drawSignatures() {
	p.Section("Signatures", signatureHeight+8)
	p.SetFont("go", "", 9)
	p.MultiCell(sheet.TextWidth, 4.6, statements[p.paper.Document.Type], "", "L", false)
	p.SetY(p.GetY() + 1.5)
	if len(p.paper.Signatures) == 0 {
		p.notSigned()
	}
	for n, s := range p.paper.Signatures {
		x := sheet.Margin
		if n%2 == 1 {
			x = sheet.Width - sheet.Margin - signatureWidth
		} else if p.GetY()+signatureHeight > sheet.Bottom {
			p.AddPage()
		}
		top := p.GetY()
		p.drawSignature(&s, x, top)
		p.SetY(top)
		if n%2 == 1 || n == len(p.paper.Signatures)-1 {
			p.SetY(top + signatureHeight)
		}
	}
	p.drawApproval()
}

func (p *safetyPage) notSigned() {
	p.SetFont("go", "", 9)
	p.SetTextColor(110, 110, 110)
	p.CellFormat(sheet.TextWidth, sheet.LineHeight, "Not signed.", "", 1, "L", false, 0, "")
	p.SetTextColor(0, 0, 0)
}

// drawSignature draws one in its box, with who it is and when.
func (p *safetyPage) drawSignature(s *fieldops.Signature, x, y float64) {
	p.SetDrawColor(200, 205, 210)
	p.SetLineWidth(0.2)
	p.Rect(x, y, signatureWidth, signatureHeight-3, "D")
	p.Drawing(x+2, y+1.5, signatureWidth-4, 16.5, s.Strokes.Width, s.Strokes.Height, s.Strokes.Lines)
	p.SetFont("go", "B", 9)
	p.SetXY(x+1, y+18.5)
	p.CellFormat(signatureWidth-2, 4.6, p.cut(s.Name, signatureWidth-4), "", 2, "L", false, 0, "")
	p.SetFont("go", "", 8)
	role := "Certifies"
	switch {
	case s.Role == fieldops.CrewRole:
		role = "Works by it"
	case p.paper.Document.Type == fieldops.SafetyJSA:
		role = "Prepared it"
	}
	p.CellFormat(signatureWidth-2, 4.2, role+", signed "+s.SignedAt.In(p.firm.Timezone).Format("2 January 2006 15:04"), "", 2, "L", false, 0, "")
}

func (p *safetyPage) drawApproval() {
	d := &p.paper.Document
	if d.Status != fieldops.SafetyApproved {
		return
	}
	p.SetY(p.GetY() + 1)
	p.Field("Approved by", p.paper.Approver+", "+d.ApprovedAt.In(p.firm.Timezone).Format("2 January 2006 15:04"))
}

// cut is a text as far as it fits on one line.
func (p *safetyPage) cut(text string, width float64) string {
	text = strings.ReplaceAll(sheet.Printable(text), "\n", " ")
	if p.GetStringWidth(text) <= width {
		return text
	}
	runes := []rune(text)
	for len(runes) > 0 && p.GetStringWidth(string(runes)+"…") > width {
		runes = runes[:len(runes)-1]
	}
	return string(runes) + "…"
}

package fieldops

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// SafetyType is a form of safety document.
type SafetyType string

// The forms: what is done on site so that nobody is hurt, that the work complies,
// and that what was connected is safe to use.
const (
	SafetyJSA        SafetyType = "jsa"
	SafetyCompliance SafetyType = "electrical_compliance"         // CoC
	SafetyESC        SafetyType = "electrical_safety_certificate" // ESC
)

// SafetyTypes are all of them.
var SafetyTypes = []SafetyType{SafetyJSA, SafetyCompliance, SafetyESC}

// Label is the form as a page is headed.
func (t SafetyType) Label() string {
	switch t {
	case SafetyCompliance:
		return "Certificate of compliance"
	case SafetyESC:
		return "Electrical safety certificate"
	}
	return "Job safety analysis"
}

// Short is the form as the trade calls it.
func (t SafetyType) Short() string {
	switch t {
	case SafetyCompliance:
		return "CoC"
	case SafetyESC:
		return "ESC"
	}
	return "JSA"
}

// NumberPrefix begins the numbers that the program gives.
func (t SafetyType) NumberPrefix() string { return strings.ToUpper(t.Short()) + "-" }

// IsCertificate reports whether the law asks for the document, and for its being
// kept.
func (t SafetyType) IsCertificate() bool { return t == SafetyCompliance || t == SafetyESC }

// The states of a safety document.
const (
	SafetyDraft     = "draft"
	SafetyCompleted = "completed" // issued by who signed it
	SafetyApproved  = "approved"  // looked at by the office
)

// The steps in the history of a safety document.
const (
	SafetyReopened  = "reopened"
	SafetyTakenOver = "taken_over" // from the former product
)

// KeepCertificates is how many years a certificate that was issued is kept at
// least: Electricity (Safety) Regulations 2010 (New Zealand), Part 5, under
// "Record-keeping".
const KeepCertificates = 7

// SafetyDocument is a form about the safety of work on a project.
type SafetyDocument struct {
	ID           ID              `json:"id"`
	ProjectID    ID              `json:"project_id"`
	CostCenterID *ID             `json:"cost_center_id"`
	Type         SafetyType      `json:"document_type" enum:"jsa,electrical_compliance,electrical_safety_certificate"`
	Title        string          `json:"title"`
	Data         json.RawMessage `json:"data"` // the form; see JSAForm, ComplianceForm and SafetyCertificateForm
	Number       *string         `json:"number" doc:"Reserved when it is first completed"`
	Status       string          `json:"status" enum:"draft,completed,approved"`
	Revision     int64           `json:"revision" doc:"Counts from 1; reopening begins the next"`
	CreatedBy    *ID             `json:"created_by"`
	CompletedBy  *ID             `json:"completed_by"`
	CompletedAt  Time            `json:"completed_at"`
	ApprovedBy   *ID             `json:"approved_by"`
	ApprovedAt   Time            `json:"approved_at"`
	IssuedAt     Time            `json:"-"` // when a revision of it was last completed; stays when it is reopened
	CreatedAt    Time            `json:"created_at"`
	UpdatedAt    Time            `json:"updated_at"`
	DeletedAt    Time            `json:"deleted_at"`

	// Joined in.
	FilePath        *string `json:"file_path" doc:"The address of its PDF; null until one was made"`
	FileID          *ID     `json:"-"`
	CreatedByName   string  `json:"created_by_name"`
	CompletedByName string  `json:"completed_by_name"`
	ApprovedByName  string  `json:"approved_by_name"`
	ProjectCode     string  `json:"project_code"`
	ProjectName     string  `json:"project_name"`
	ClientName      string  `json:"client_name"`
	CostCenterCode  string  `json:"cost_center_code"`
	CostCenterName  string  `json:"cost_center_name"`
}

// Name is the document as a sentence names it: its number, or what it is.
func (d *SafetyDocument) Name() string {
	if d.Number != nil {
		return *d.Number
	}
	return "the " + d.Type.Short() + " “" + d.Title + "”"
}

// The roles of a signature: of who makes the document and answers for it, and, on a
// job safety analysis, of those who work by it.
const (
	SignerRole = "signer"
	CrewRole   = "crew"
)

// Signature is what a person drew, under the form as it stood.
type Signature struct {
	ID           ID      `json:"id"`
	Revision     int64   `json:"revision"`
	Role         string  `json:"role" enum:"signer,crew"`
	Name         string  `json:"name"`
	Strokes      Strokes `json:"strokes"`
	SignedBy     *ID     `json:"signed_by"` // on whose device
	SignedByName string  `json:"signed_by_name"`
	SignedAt     Time    `json:"signed_at"`
}

// Strokes are the lines of a drawing, in the units of its own width and height.
type Strokes struct {
	Width  int     `json:"width"`
	Height int     `json:"height"`
	Lines  [][]int `json:"lines" doc:"Of each line its points: x, y, x, y, …"`
}

// The limits of a drawing: more points than anybody's signature has.
const (
	maxSignatureSide   = 4000
	maxSignatureLines  = 500
	maxSignaturePoints = 10_000
	minSignatureLength = 40 // how far the pen must travel, for each 600 of the width
)

// Check says everything that is wrong with a signature by itself.
func (s *Signature) Check(f *Faults, field string) {
	s.Name = strings.TrimSpace(s.Name)
	required(f, field+".name", "The name of who signs", s.Name)
	atMost(f, field+".name", "The name", 200, &s.Name)
	f.Require(s.Role == SignerRole || s.Role == CrewRole, field+".role", "The role must be signer or crew")
	k := &s.Strokes
	if k.Width < 50 || k.Height < 20 || k.Width > maxSignatureSide || k.Height > maxSignatureSide || len(k.Lines) > maxSignatureLines {
		f.Add(field+".strokes", "The drawing must be 50 by 20 to %d by %d units large and have at most %d lines", maxSignatureSide, maxSignatureSide, maxSignatureLines)
		return
	}
	points, travelled := 0, 0
	for _, line := range k.Lines {
		points += len(line) / 2
		if len(line) < 2 || len(line)%2 != 0 || points > maxSignaturePoints {
			f.Add(field+".strokes", "Each line must have points, of two numbers each, and all of them at most %d", maxSignaturePoints)
			return
		}
		for n := 0; n < len(line); n += 2 {
			if line[n] < 0 || line[n] > k.Width || line[n+1] < 0 || line[n+1] > k.Height {
				f.Add(field+".strokes", "A line leaves the drawing")
				return
			}
			if n >= 2 {
				travelled += max(abs(line[n]-line[n-2]), abs(line[n+1]-line[n-1]))
			}
		}
	}
	f.Require(travelled*600 >= minSignatureLength*k.Width, field+".strokes", "The signature is missing: sign in the box")
}

func abs(n int) int { return max(n, -n) }

// Hazard is one danger of a job and what is done about it.
type Hazard struct {
	Description     string `json:"description"`
	RiskLevel       string `json:"risk_level" enum:"low,medium,high,critical"` // before anything is done about it
	ControlMeasures string `json:"control_measures"`
	ResidualRisk    string `json:"residual_risk,omitempty" enum:"low,medium,high,critical"` // with the measures in place
	Responsible     string `json:"responsible,omitempty"`                                   // who sees to it
}

// JSAForm is a job safety analysis: the hazards of a job and their controls
// (Health and Safety at Work Act 2015, section 30, which wants risks eliminated or
// else minimised).
type JSAForm struct {
	JobDescription string   `json:"job_description"`
	Location       string   `json:"location"`
	Date           Date     `json:"date"`
	PreparedBy     string   `json:"prepared_by"`
	PreparedByName string   `json:"prepared_by_name"`
	PreparedByDate Date     `json:"prepared_by_date"`
	ApprovedByName string   `json:"approved_by_name"`
	ApprovedByDate Date     `json:"approved_by_date"`
	Hazards        []Hazard `json:"hazards"`
	PPE            []string `json:"ppe,omitempty"` // what is worn
	EmergencyPlan  string   `json:"emergency_plan,omitempty"`
	Notes          string   `json:"notes"`
}

// TestResult is one test and what it came to.
type TestResult struct {
	Test    string `json:"test"`
	Circuit string `json:"circuit,omitempty"`
	Result  string `json:"result"`
	Outcome string `json:"outcome,omitempty" enum:"pass,fail,n/a"`
}

// TestResults are tests, or a text about them, as existing clients send either.
type TestResults struct {
	Text string
	List []TestResult
}

// UnmarshalJSON reads a text or a list.
func (r *TestResults) UnmarshalJSON(b []byte) error {
	if bytes.HasPrefix(bytes.TrimSpace(b), []byte(`"`)) {
		return json.Unmarshal(b, &r.Text)
	}
	return json.Unmarshal(b, &r.List)
}

// MarshalJSON writes whichever there is.
func (r TestResults) MarshalJSON() ([]byte, error) {
	if r.Text != "" || r.List == nil {
		return json.Marshal(r.Text)
	}
	return json.Marshal(r.List)
}

// The categories of prescribed electrical work: Electricity (Safety) Regulations
// 2010, regulation 6A.
const (
	LowRisk     = "low"
	GeneralRisk = "general"
	HighRisk    = "high"
)

// ComplianceForm is a certificate of compliance: Electricity (Safety) Regulations
// 2010, regulations 65 to 69, of which 66 and 67 say what it must hold.
type ComplianceForm struct {
	CertificateNumber string `json:"certificate_number"`
	IssueDate         Date   `json:"issue_date"`
	Location          string `json:"location"`
	Description       string `json:"description"`
	InstallationDate  Date   `json:"installation_date"`              // of the work, or its first day
	InstallationEnd   Date   `json:"installation_date_to,omitempty"` // its last day
	// RiskCategory is that of the work; SpecialWork names what makes it high risk.
	RiskCategory string   `json:"risk_category,omitempty" enum:"low,general,high"`
	SpecialWork  string   `json:"special_work,omitempty"`
	WorkType     []string `json:"work_type,omitempty" doc:"new, addition, alteration, repair or replacement"`
	SupplySystem string   `json:"supply_system,omitempty"`
	// ComplianceMethod is the part of AS/NZS 3000 that the work follows: 2 has its
	// rules, 1 wants a certified design.
	ComplianceMethod         string      `json:"compliance_method,omitempty" enum:"part_1,part_2"`
	CertifiedDesign          string      `json:"certified_design,omitempty"`
	ManufacturerInstructions string      `json:"manufacturer_instructions,omitempty"`
	SupplierDeclarations     []string    `json:"supplier_declarations,omitempty"` // of conformity: their references
	ComplianceStandards      []string    `json:"compliance_standards"`
	TestingResults           TestResults `json:"testing_results"`
	EarthingRated            bool        `json:"earthing_rated,omitempty"`  // there is an earthing system, correctly rated
	SafeToConnect            bool        `json:"safe_to_connect,omitempty"` // the fittings are safe to be connected to a supply
	InspectorName            string      `json:"inspector_name"`            // who certifies
	InspectorLicense         string      `json:"inspector_license"`         // their registration or licence number
	Contact                  string      `json:"contact,omitempty"`
	Supervised               string      `json:"supervised,omitempty"` // whose work it certifies besides
	InspectionDate           Date        `json:"inspection_date"`
	SignatureDate            Date        `json:"inspector_signature_date"`
}

// SafetyCheck is one thing looked at before something is used.
type SafetyCheck struct {
	Check  string `json:"check"`
	Status string `json:"status" enum:"pending,passed,failed,n/a"`
	Notes  string `json:"notes"`
}

// SafetyCertificateForm is an electrical safety certificate: Electricity (Safety)
// Regulations 2010, regulation 74A, of which subclause 3 says what it must hold.
type SafetyCertificateForm struct {
	CertificateNumber string        `json:"certificate_number"`
	IssueDate         Date          `json:"issue_date"`
	ExpiryDate        Date          `json:"expiry_date"`
	Location          string        `json:"location"`
	Description       string        `json:"description"`
	ConnectionDate    Date          `json:"connection_date,omitempty"` // to the power supply
	CoCReference      string        `json:"coc_reference,omitempty"`
	SafetyChecks      []SafetyCheck `json:"safety_checks"`
	SafeToUse         bool          `json:"safe_to_use,omitempty"` // connected to a power supply, and safe to use
	InspectorName     string        `json:"inspector_name"`
	InspectorLicense  string        `json:"inspector_license"`
	Contact           string        `json:"contact,omitempty"`
	InspectionDate    Date          `json:"inspection_date"`
	SignatureDate     Date          `json:"inspector_signature_date"`
}

// maxForm is how large a form may be, in bytes.
const maxForm = 256 << 10

// safetyForm is one of the three forms.
type safetyForm interface {
	// check notes what may not even stand in a draft.
	check(f *Faults)
	// ready notes what is missing for the document to be issued.
	ready(f *Faults)
}

// ReadForm reads the form, as far as it can be read: what has another type than it
// should is noted and left out.
func ReadForm[Form any](data json.RawMessage, f *Faults) Form {
	var form Form
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(data, &fields); err != nil || fields == nil {
		f.Add("data", "The form must be a JSON object")
		return form
	}
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		if value := fields[name]; string(value) == "null" {
			continue
		}
		one, err := json.Marshal(map[string]json.RawMessage{name: fields[name]})
		if err == nil {
			next := form
			if err = json.Unmarshal(one, &next); err == nil {
				form = next
				continue
			}
		}
		f.Add("data."+name, "This cannot be read")
	}
	return form
}

func (d *SafetyDocument) form(f *Faults) safetyForm {
	switch d.Type {
	case SafetyCompliance:
		form := ReadForm[ComplianceForm](d.Data, f)
		return &form
	case SafetyESC:
		form := ReadForm[SafetyCertificateForm](d.Data, f)
		return &form
	default:
		form := ReadForm[JSAForm](d.Data, f)
		return &form
	}
}

// Check says everything that is wrong with the document by itself. A draft may be
// incomplete, but what it holds must be what it claims to be.
func (d *SafetyDocument) Check() error {
	var f Faults
	f.Require(slices.Contains(SafetyTypes, d.Type), "document_type", "The type must be jsa, electrical_compliance or electrical_safety_certificate")
	d.Title = strings.TrimSpace(d.Title)
	required(&f, "title", "Title", d.Title)
	atMost(&f, "title", "Title", 255, &d.Title)
	switch {
	case len(d.Data) == 0:
		f.Add("data", "The form is missing")
	case len(d.Data) > maxForm:
		f.Add("data", "The form is larger than %d KB", maxForm>>10)
	case !utf8.Valid(d.Data):
		f.Add("data", "The form holds bytes that are no text")
	default:
		d.form(&f).check(&f)
	}
	return f.Err("")
}

// Complete makes the draft ready to be issued today: it fills in what the program
// knows and says everything that is still missing. contact is how the firm can be
// reached, signers are those who have signed as its makers. The number is not its to
// give.
func (d *SafetyDocument) Complete(today Date, contact string, signers []Signature) error {
	if d.Status != SafetyDraft {
		return Refuse(Conflict, "%s is %s already", upperFirst(d.Name()), d.Status)
	}
	if err := d.Check(); err != nil {
		return err
	}
	known := map[string]string{"issue_date": string(today), "contact": contact}
	if d.Type == SafetyJSA {
		known = map[string]string{"date": string(today)}
	}
	if err := d.fill(known); err != nil {
		return err
	}
	var f Faults
	d.form(&f).ready(&f)
	f.Require(len(signers) > 0, "signature", "The signature is missing: sign in the box")
	return f.Err("It cannot be completed yet")
}

// fill puts texts into fields of the form that are empty.
func (d *SafetyDocument) fill(known map[string]string) error {
	fields, err := d.fields()
	if err != nil {
		return err
	}
	for name, value := range known {
		if is := string(fields[name]); value == "" || is != "" && is != "null" && is != `""` {
			continue
		}
		if fields[name], err = json.Marshal(value); err != nil {
			return err
		}
	}
	d.Data, err = json.Marshal(fields)
	return err
}

func (d *SafetyDocument) fields() (fields map[string]json.RawMessage, err error) {
	return fields, json.Unmarshal(d.Data, &fields)
}

// Text is a text of the form, "" when there is none.
func (d *SafetyDocument) Text(name string) string {
	fields, err := d.fields()
	if err != nil {
		return ""
	}
	var text string
	if json.Unmarshal(fields[name], &text) != nil {
		return ""
	}
	return strings.TrimSpace(text)
}

// SetText puts a text into a field of the form.
func (d *SafetyDocument) SetText(name, text string) error {
	fields, err := d.fields()
	if err != nil {
		return err
	}
	if fields[name], err = json.Marshal(text); err != nil {
		return err
	}
	d.Data, err = json.Marshal(fields)
	return err
}

// OwnNumber is the number that the form brings along, "" when the program is to
// give one.
func (d *SafetyDocument) OwnNumber() string {
	if !d.Type.IsCertificate() {
		return ""
	}
	return d.Text("certificate_number")
}

// SignatureDate is the form's field for the day on which its maker signed.
func (t SafetyType) SignatureDate() string {
	if t == SafetyJSA {
		return "prepared_by_date"
	}
	return "inspector_signature_date"
}

// SameForm reports whether two forms say the same, however they are written.
func SameForm(a, b json.RawMessage) bool {
	var x, y any
	if json.Unmarshal(a, &x) != nil || json.Unmarshal(b, &y) != nil {
		return false
	}
	p, errP := json.Marshal(x)
	q, errQ := json.Marshal(y)
	return errP == nil && errQ == nil && bytes.Equal(p, q)
}

// Deletable refuses to delete what must be kept. now is the time of the wish.
func (d *SafetyDocument) Deletable(now Time) error {
	if !d.Type.IsCertificate() || d.IssuedAt.IsZero() {
		return nil
	}
	if until := At(d.IssuedAt.AddDate(KeepCertificates, 0, 0)); now.Before(until.Time) {
		return Refuse(Conflict, "%s was issued on %s. A certificate that was issued must be kept for at least %d years (Electricity (Safety) Regulations 2010), so it can be deleted from %s on. If it is wrong, reopen it and issue a new revision.",
			upperFirst(d.Name()), d.IssuedAt.Format("2 January 2006"), KeepCertificates, until.Format("2 January 2006"))
	}
	return nil
}

func upperFirst(s string) string {
	r, size := utf8.DecodeRuneInString(s)
	return strings.ToUpper(string(r)) + s[size:]
}

// needs notes a text of a form that is missing.
func needs(f *Faults, field, value, sentence string) {
	f.Require(strings.TrimSpace(value) != "", "data."+field, "%s", sentence)
}

func fits(f *Faults, field, value string, limit int) {
	f.Require(utf8.RuneCountInString(value) <= limit, "data."+field, "At most %d characters fit", limit)
}

func amongWords(f *Faults, field, value string, words ...string) {
	f.Require(value == "" || slices.Contains(words, value), "data."+field, "This must be one of %s", strings.Join(words, ", "))
}

// The limits of a form.
const (
	maxFormRows  = 200
	maxFormText  = 5000
	maxFormShort = 500
)

var riskLevels = []string{"low", "medium", "high", "critical"}

func (j *JSAForm) check(f *Faults) {
	fits(f, "job_description", j.JobDescription, maxFormText)
	fits(f, "location", j.Location, maxFormShort)
	fits(f, "prepared_by", j.PreparedBy, maxFormShort)
	fits(f, "prepared_by_name", j.PreparedByName, maxFormShort)
	fits(f, "approved_by_name", j.ApprovedByName, maxFormShort)
	fits(f, "emergency_plan", j.EmergencyPlan, maxFormText)
	fits(f, "notes", j.Notes, maxFormText)
	fits(f, "ppe", strings.Join(j.PPE, ""), maxFormText)
	f.Require(len(j.Hazards) <= maxFormRows, "data.hazards", "At most %d hazards fit", maxFormRows)
	for n, h := range j.Hazards {
		row := "hazards[" + strconv.Itoa(n) + "]."
		fits(f, row+"description", h.Description, maxFormText)
		fits(f, row+"control_measures", h.ControlMeasures, maxFormText)
		fits(f, row+"responsible", h.Responsible, maxFormShort)
		amongWords(f, row+"risk_level", h.RiskLevel, riskLevels...)
		amongWords(f, row+"residual_risk", h.ResidualRisk, riskLevels...)
	}
}

func (j *JSAForm) ready(f *Faults) {
	needs(f, "job_description", j.JobDescription, "Say what the job is")
	needs(f, "location", j.Location, "Say where the job is")
	needs(f, "prepared_by_name", j.PreparedByName, "Say who has prepared this")
	f.Require(len(j.Hazards) > 0, "data.hazards", "Name at least one hazard")
	for n, h := range j.Hazards {
		row := "hazards[" + strconv.Itoa(n) + "]."
		needs(f, row+"description", h.Description, "Say what the hazard is")
		needs(f, row+"risk_level", h.RiskLevel, "Say how high the risk is")
		needs(f, row+"control_measures", h.ControlMeasures, "Say what is done about it")
		f.Require(h.ResidualRisk != "critical", "data."+row+"residual_risk", "With a critical risk left, the job must not begin. Find better measures.")
	}
}

func (c *ComplianceForm) check(f *Faults) {
	fits(f, "certificate_number", c.CertificateNumber, 50)
	fits(f, "location", c.Location, maxFormShort)
	fits(f, "description", c.Description, maxFormText)
	fits(f, "special_work", c.SpecialWork, maxFormShort)
	fits(f, "supply_system", c.SupplySystem, maxFormShort)
	fits(f, "certified_design", c.CertifiedDesign, maxFormShort)
	fits(f, "manufacturer_instructions", c.ManufacturerInstructions, maxFormShort)
	fits(f, "supplier_declarations", strings.Join(c.SupplierDeclarations, ""), maxFormText)
	fits(f, "compliance_standards", strings.Join(c.ComplianceStandards, ""), maxFormText)
	fits(f, "inspector_name", c.InspectorName, 200)
	fits(f, "inspector_license", c.InspectorLicense, 100)
	fits(f, "contact", c.Contact, maxFormShort)
	fits(f, "supervised", c.Supervised, maxFormShort)
	amongWords(f, "risk_category", c.RiskCategory, LowRisk, GeneralRisk, HighRisk)
	amongWords(f, "compliance_method", c.ComplianceMethod, "part_1", "part_2")
	for _, w := range c.WorkType {
		amongWords(f, "work_type", w, "new", "addition", "alteration", "repair", "replacement")
	}
	f.Require(c.InstallationEnd == "" || c.InstallationEnd >= c.InstallationDate, "data.installation_date_to", "The work would end before it begins")
	fits(f, "testing_results", c.TestingResults.Text, maxFormText)
	f.Require(len(c.TestingResults.List) <= maxFormRows, "data.testing_results", "At most %d tests fit", maxFormRows)
	for n, t := range c.TestingResults.List {
		row := "testing_results[" + strconv.Itoa(n) + "]."
		fits(f, row+"test", t.Test, maxFormShort)
		fits(f, row+"circuit", t.Circuit, maxFormShort)
		fits(f, row+"result", t.Result, maxFormShort)
		amongWords(f, row+"outcome", t.Outcome, "pass", "fail", "n/a")
	}
}

func (c *ComplianceForm) ready(f *Faults) {
	needs(f, "location", c.Location, "Say where the work was done: a certificate is about one place")
	needs(f, "description", c.Description, "Describe the work that is certified")
	needs(f, "installation_date", string(c.InstallationDate), "Say when the work was done")
	needs(f, "risk_category", c.RiskCategory, "Say whether the work is low risk, general or high risk")
	f.Require(c.RiskCategory != HighRisk || strings.TrimSpace(c.SpecialWork) != "", "data.special_work", "Say what makes it high-risk work; an inspector has to inspect it")
	needs(f, "compliance_method", c.ComplianceMethod, "Say which part of AS/NZS 3000 the work follows")
	f.Require(c.ComplianceMethod != "part_1" || strings.TrimSpace(c.CertifiedDesign) != "", "data.certified_design", "Part 1 of AS/NZS 3000 wants a certified design: name it, and where it can be found")
	f.Require(someText(c.ComplianceStandards), "data.compliance_standards", "Name the standards that the work complies with")
	needs(f, "inspector_name", c.InspectorName, "Say who certifies the work")
	needs(f, "inspector_license", c.InspectorLicense, "Enter the registration or licence number of who certifies")
	needs(f, "contact", c.Contact, "Say how who certifies can be reached, or enter the firm's phone number in the settings")
	f.Require(c.SafeToConnect, "data.safe_to_connect", "Confirm that what was installed is safe to connect to a power supply")
	tested := strings.TrimSpace(c.TestingResults.Text) != "" || len(c.TestingResults.List) > 0
	f.Require(tested, "data.testing_results", "The test results are missing")
	for n, t := range c.TestingResults.List {
		row := "testing_results[" + strconv.Itoa(n) + "]."
		needs(f, row+"test", t.Test, "Say which test this was")
		failed := t.Outcome == "fail" || strings.HasPrefix(strings.ToLower(strings.TrimSpace(t.Result)), "fail")
		f.Require(!failed, "data."+row+"result", "A test failed: what fails a test cannot be certified")
		f.Require(failed || t.Outcome == "n/a" || strings.TrimSpace(t.Result) != "", "data."+row+"result", "Enter what the test came to, or mark it as not applicable")
	}
}

func someText(texts []string) bool {
	return slices.ContainsFunc(texts, func(s string) bool { return strings.TrimSpace(s) != "" })
}

func (c *SafetyCertificateForm) check(f *Faults) {
	fits(f, "certificate_number", c.CertificateNumber, 50)
	fits(f, "location", c.Location, maxFormShort)
	fits(f, "description", c.Description, maxFormText)
	fits(f, "coc_reference", c.CoCReference, maxFormShort)
	fits(f, "inspector_name", c.InspectorName, 200)
	fits(f, "inspector_license", c.InspectorLicense, 100)
	fits(f, "contact", c.Contact, maxFormShort)
	f.Require(c.ExpiryDate == "" || c.ExpiryDate >= c.IssueDate, "data.expiry_date", "It would expire before it is issued")
	f.Require(len(c.SafetyChecks) <= maxFormRows, "data.safety_checks", "At most %d checks fit", maxFormRows)
	for n, k := range c.SafetyChecks {
		row := "safety_checks[" + strconv.Itoa(n) + "]."
		fits(f, row+"check", k.Check, maxFormShort)
		fits(f, row+"notes", k.Notes, maxFormText)
		amongWords(f, row+"status", k.Status, "pending", "passed", "failed", "n/a")
	}
}

func (c *SafetyCertificateForm) ready(f *Faults) {
	needs(f, "location", c.Location, "Say where the installation is: a certificate is about one place")
	needs(f, "description", c.Description, "Describe the work that was connected")
	needs(f, "connection_date", string(c.ConnectionDate), "Say when it was connected to the power supply")
	needs(f, "inspector_name", c.InspectorName, "Say who certifies that it is safe")
	needs(f, "inspector_license", c.InspectorLicense, "Enter the registration or licence number of who certifies")
	needs(f, "contact", c.Contact, "Say how who certifies can be reached, or enter the firm's phone number in the settings")
	f.Require(c.SafeToUse, "data.safe_to_use", "Confirm that the installation is connected to a power supply and safe to use")
	f.Require(len(c.SafetyChecks) > 0, "data.safety_checks", "Name at least one check")
	for n, k := range c.SafetyChecks {
		row := "safety_checks[" + strconv.Itoa(n) + "]."
		needs(f, row+"check", k.Check, "Say what was checked")
		switch k.Status {
		case "failed":
			f.Add("data."+row+"status", "A check failed: what fails a check cannot be certified")
		case "", "pending":
			f.Add("data."+row+"status", "Say what the check came to")
		}
	}
}

// FileName is what the PDF of a revision is called.
func (d *SafetyDocument) FileName() string {
	name := d.Type.Short() + " " + d.Title
	if d.Number != nil {
		name = *d.Number
	}
	if d.Revision > 1 {
		name += fmt.Sprintf("-r%d", d.Revision)
	}
	if d.Status == SafetyDraft {
		name += "-draft"
	}
	return name + ".pdf"
}

// SafetyPaper is everything that the page of a safety document says, as it was when
// the document was issued.
type SafetyPaper struct {
	Document      SafetyDocument `json:"document"`
	ClientAddress string         `json:"client_address"`
	Signatures    []Signature    `json:"signatures"`
	Approver      string         `json:"approver"`
}

// SafetyRevision is one step in the history of a safety document.
type SafetyRevision struct {
	ID        ID           `json:"id"`
	Revision  int64        `json:"revision"`
	Event     string       `json:"event" enum:"completed,approved,reopened,taken_over"`
	Reason    *string      `json:"reason"`
	UserID    *ID          `json:"user_id"`
	Actor     string       `json:"user_name"`
	CreatedAt Time         `json:"created_at"`
	FilePath  *string      `json:"file_path"`
	FileID    *ID          `json:"-"`
	HasPage   bool         `json:"-"`
	Document  ID           `json:"-"`
	Paper     *SafetyPaper `json:"-"`
}

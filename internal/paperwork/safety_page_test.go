package paperwork

import (
	"bytes"
	"encoding/json"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/sheet/sheettest"
)

func letterhead() *fieldops.Settings {
	zone, err := time.LoadLocation("Pacific/Auckland")
	if err != nil {
		panic(err)
	}
	return &fieldops.Settings{
		CompanyName: "Kōwhai Electrical Ltd", CompanyAddress: "3 Ōtāhuhu Road\nŌtāhuhu\nAuckland 1062", CompanyPhone: "+64 9 555 0100",
		CompanyEmail: "office@kowhai.example", Timezone: zone,
	}
}

func logo(t *testing.T) []byte {
	t.Helper()
	m := image.NewNRGBA(image.Rect(0, 0, 600, 160))
	for x := range 600 {
		for y := range 160 {
			m.Set(x, y, color.NRGBA{uint8(40 + x/5), 110, uint8(60 + y), 255})
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, m); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// scrawl is a signature that looks like one.
func scrawl(seed float64) fieldops.Strokes {
	var first, second []int
	for n := range 60 {
		x := float64(n)
		first = append(first, 40+int(x*6), 100+int(60*math.Sin(x/4+seed)*math.Exp(-x/60)))
		second = append(second, 60+int(x*8), 150+int(8*math.Sin(x/9+seed)))
	}
	return fieldops.Strokes{Width: 600, Height: 200, Lines: [][]int{first, second, {480, 60}}}
}

// paperOf is an issued document whose form is as given.
func paperOf(kind fieldops.SafetyType, form any, signatures ...fieldops.Signature) *fieldops.SafetyPaper {
	data, err := json.Marshal(form)
	if err != nil {
		panic(err)
	}
	number := kind.NumberPrefix() + "00042"
	at := fieldops.At(time.Unix(1_795_000_000, 0))
	return &fieldops.SafetyPaper{
		Document: fieldops.SafetyDocument{
			ID: fieldops.NewID(), Type: kind, Title: "Main switchboard and hot water", Number: &number, Status: fieldops.SafetyApproved, Revision: 2, Data: data,
			ProjectCode: "PRJ-2026-014", ProjectName: "Wharenui rewiring", ClientName: "Ngāti Whātua Ōrākei Whai Rawa Ltd", CreatedAt: at, UpdatedAt: at, ApprovedAt: at,
		},
		ClientAddress: "230 Kitemoana Street\nŌrākei\nTāmaki Makaurau", Signatures: signatures, Approver: "Mere Kīngi",
	}
}

func signature(role, name string, seed float64) fieldops.Signature {
	return fieldops.Signature{ID: fieldops.NewID(), Role: role, Name: name, Strokes: scrawl(seed), SignedAt: fieldops.At(time.Unix(1_795_000_000, 0))}
}

func papers() map[string]*fieldops.SafetyPaper {
	compliance := fieldops.ComplianceForm{
		CertificateNumber: "COC-00042", IssueDate: "2026-11-18", Location: "12 Bank Street, Whangārei 0110", RiskCategory: fieldops.GeneralRisk, WorkType: []string{"new", "alteration"},
		Description:      "New main switchboard with six circuits, RCD protection of all socket outlets, and the supply of the hot water cylinder in the wharekai.",
		InstallationDate: "2026-11-16", InstallationEnd: "2026-11-18", ComplianceMethod: "part_2", ComplianceStandards: []string{"AS/NZS 3000:2007", "AS/NZS 3017:2007"},
		SupplierDeclarations: []string{"SDoC 2231, switchboard enclosure", "SDoC 880-17, RCBOs"}, SupplySystem: "230/400 V MEN", EarthingRated: true, SafeToConnect: true,
		InspectorName: "Wiremu Pōtae", InspectorLicense: "E 123456", Contact: "+64 21 555 017", InspectionDate: "2026-11-18", SignatureDate: "2026-11-18",
		TestingResults: fieldops.TestResults{List: []fieldops.TestResult{
			{Test: "Earth continuity", Circuit: "Main earth", Result: "0.21 Ω", Outcome: "pass"},
			{Test: "Insulation resistance", Circuit: "All", Result: "> 200 MΩ", Outcome: "pass"},
			{Test: "Polarity", Circuit: "All", Result: "Correct", Outcome: "pass"},
			{Test: "Earth fault loop impedance", Circuit: "Range", Result: "0.68 Ω", Outcome: "pass"},
			{Test: "RCD operation", Circuit: "Sockets", Result: "24 ms at 30 mA", Outcome: "pass"},
		}},
	}
	long := compliance
	long.TestingResults.List = nil
	for n := range 60 {
		test := fieldops.TestResult{Test: fmt.Sprintf("Insulation resistance %d", n+1), Circuit: fmt.Sprintf("Circuit %d, wharenui", n+1), Result: "> 200 MΩ", Outcome: "pass"}
		if n%7 == 3 {
			test.Result = "Between all conductors and earth more than 200 MΩ, measured at 500 V with the cylinder off"
		}
		long.TestingResults.List = append(long.TestingResults.List, test)
	}
	draft := paperOf(fieldops.SafetyESC, map[string]any{"location": 7, "safety_checks": "none", "description": "Half done"})
	draft.Document.Status, draft.Document.Number = fieldops.SafetyDraft, nil
	return map[string]*fieldops.SafetyPaper{
		"coc":      paperOf(fieldops.SafetyCompliance, compliance, signature(fieldops.SignerRole, "Wiremu Pōtae", 1)),
		"coc long": paperOf(fieldops.SafetyCompliance, long, signature(fieldops.SignerRole, "Wiremu Pōtae", 1)),
		"esc": paperOf(fieldops.SafetyESC, fieldops.SafetyCertificateForm{
			CertificateNumber: "ESC-00042", IssueDate: "2026-11-18", ExpiryDate: "2027-11-18", Location: "12 Bank Street, Whangārei 0110", Description: "Main switchboard and hot water",
			ConnectionDate: "2026-11-18", CoCReference: "COC-00042", SafeToUse: true, InspectorName: "Wiremu Pōtae", InspectorLicense: "E 123456", Contact: "+64 21 555 017",
			SafetyChecks: []fieldops.SafetyCheck{
				{Check: "Polarity and phase rotation of the supply", Status: "passed"},
				{Check: "Main earth connected", Status: "passed", Notes: "New stake, 1.8 m, beside the whare"},
				{Check: "Solar isolator", Status: "n/a"},
			},
		}, signature(fieldops.SignerRole, "Wiremu Pōtae", 1)),
		"jsa": paperOf(fieldops.SafetyJSA, fieldops.JSAForm{
			JobDescription: "Replace the main switchboard", Location: "Tāmaki Makaurau", Date: "2026-11-16", PreparedByName: "Wiremu Pōtae", PreparedByDate: "2026-11-16",
			PPE: []string{"Gloves, class 0", "Safety glasses", "Arc-rated clothing"}, EmergencyPlan: "First-aid kit and AED in the van; hospital at Maunu, 8 minutes.",
			Hazards: []fieldops.Hazard{
				{Description: "Live parts in the old switchboard", RiskLevel: "critical", ControlMeasures: "Isolate at the pillar, lock and tag, prove dead with a proven tester", ResidualRisk: "low", Responsible: "Wiremu"},
				{Description: "Working at height", RiskLevel: "medium", ControlMeasures: "Platform ladder, second person", ResidualRisk: "low", Responsible: "Aroha"},
			}, Notes: "Tikanga of the marae: report to the office first.",
		}, signature(fieldops.SignerRole, "Wiremu Pōtae", 1), signature(fieldops.CrewRole, "Aroha Tāmihana", 2), signature(fieldops.CrewRole, strings.Repeat("Te Rangi ", 30), 3)),
		"draft": draft,
	}
}

// TestSafetyPages reads the pages again: what the form says stands on them, macrons
// and all, and the same paper is the same file.
func TestSafetyPages(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		pages int
		says  []string
		lacks []string
	}{
		"coc": {2, []string{
			"CERTIFICATE OF", "COMPLIANCE", "COC-00042", "Kōwhai Electrical Ltd", "Ngāti Whātua Ōrākei Whai Rawa Ltd", "Tāmaki Makaurau", "12 Bank Street, Whangārei 0110", "General",
			"AS/NZS 3000 Part 2", "AS/NZS 3000:2007, AS/NZS 3017:2007", "SDoC 2231, switchboard enclosure", "16 November 2026 to 18 November 2026", "Earth continuity", "0.21 Ω", "24 ms at 30 mA",
			"E 123456", "Wiremu Pōtae", "Page 1 of 2", "Page 2 of 2", "Certificate of compliance COC-00042, revision 2", "Mere Kīngi, 19 November 2026 00:06",
		}, []string{"DRAFT", "Not signed"}},
		"coc long": {4, []string{"Insulation resistance 60", "Page 4 of 4"}, nil},
		"esc":      {1, []string{"ELECTRICAL", "CERTIFICATE", "ESC-00042", "18 November 2027", "n/a", "Main earth connected", "Certifies, signed 19 November 2026 00:06"}, []string{"DRAFT"}},
		"jsa":      {2, []string{"JOB SAFETY", "ANALYSIS", "JSA-00042", "Critical", "Aroha Tāmihana", "Works by it, signed 19 November 2026 00:06", "Prepared it", "Tikanga of the marae: report to the office first.", "…"}, nil},
		"draft":    {1, []string{"DRAFT", "Half done", "Not signed."}, []string{"ESC-"}},
	}
	all := papers()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			pdf, err := drawSafety(all[name], letterhead(), logo(t))
			if err != nil {
				t.Fatal(err)
			}
			if folder := os.Getenv("PDF_SAMPLES"); folder != "" { // to look at them
				if err := os.WriteFile(filepath.Join(folder, name+".pdf"), pdf, 0o600); err != nil {
					t.Error(err)
				}
			}
			if pages := bytes.Count(pdf, []byte("/Type /Page\n")); pages != test.pages {
				t.Errorf("%d pages, want %d", pages, test.pages)
			}
			words := sheettest.Words(pdf)
			for _, want := range test.says {
				if !strings.Contains(words, want) && !strings.Contains(strings.ReplaceAll(words, "{pages}", strconv.Itoa(test.pages)), want) {
					t.Errorf("the page does not say %q in %s", want, words)
				}
			}
			for _, other := range test.lacks {
				if strings.Contains(words, other) {
					t.Errorf("the page says %q", other)
				}
			}
			again, err := drawSafety(all[name], letterhead(), logo(t))
			if err != nil || !bytes.Equal(pdf, again) {
				t.Errorf("the same paper makes another file, %v", err)
			}
			arrival := bytes.NewReader(pdf)
			if is, err := Inspect(arrival, int64(len(pdf)), name+".pdf", UseFile); err != nil || is.Extension != "pdf" {
				t.Errorf("the page cannot be kept: %v %v", is, err)
			}
		})
	}
}

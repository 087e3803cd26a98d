package main

import (
	"context"
	"encoding/json"
	"fmt"
	"math"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// demoSignature is a scrawl that differs from person to person.
func demoSignature(name string, role string) *fieldops.Signature {
	seed := float64(len(name))
	var first, second []int
	for n := range 70 {
		x := float64(n)
		first = append(first, 30+int(x*5), 95+int(55*math.Sin(x/(3+seed/20)+seed)*math.Exp(-x/70)))
		second = append(second, 50+int(x*7), 150+int(7*math.Sin(x/9+seed)))
	}
	return &fieldops.Signature{Name: name, Role: role, Strokes: fieldops.Strokes{Width: 600, Height: 200, Lines: [][]int{first, second}}}
}

// storeSafety makes up safety documents in every state: what a technician has signed
// on site, what the office has approved, and what is not done yet.
func (f *demoFirm) storeSafety(ctx context.Context, p *program, manager fieldops.Actor) error {
	tech := fieldops.Actor{UserID: f.people[2].ID, Name: f.people[2].Name}
	day := func(ago int) fieldops.Date { return f.today.AddDays(-ago) }
	tests := fieldops.TestResults{List: []fieldops.TestResult{
		{Test: "Earth continuity", Circuit: "Main earth", Result: "0.18 Ω", Outcome: "pass"},
		{Test: "Insulation resistance", Circuit: "All", Result: "> 200 MΩ at 500 V", Outcome: "pass"},
		{Test: "Polarity", Circuit: "All", Result: "Correct", Outcome: "pass"},
		{Test: "Correct circuit connections", Circuit: "All", Result: "Correct", Outcome: "pass"},
		{Test: "Earth fault loop impedance", Circuit: "Autoclave", Result: "0.61 Ω", Outcome: "pass"},
		{Test: "RCD operation", Circuit: "Treatment rooms", Result: "23 ms at 30 mA", Outcome: "pass"},
	}}
	clinic := fieldops.ComplianceForm{
		Location: "77 Valley Road, Mount Eden, Tāmaki Makaurau", Description: "Power, data and lighting for three treatment rooms: four socket circuits with RCD protection, two lighting circuits, and the supply of an autoclave.",
		RiskCategory: fieldops.GeneralRisk, WorkType: []string{"new"}, InstallationDate: day(12), InstallationEnd: day(9), SupplySystem: "230/400 V MEN",
		ComplianceMethod: "part_2", ComplianceStandards: []string{"AS/NZS 3000", "AS/NZS 3003"}, SupplierDeclarations: []string{"SDoC 880-17, RCBOs"}, TestingResults: tests,
		EarthingRated: true, SafeToConnect: true, InspectorName: tech.Name, InspectorLicense: "E 284113", Contact: "021 555 0134", InspectionDate: day(9),
	}
	wharekai := clinic
	wharekai.Location, wharekai.Description = "51 Great South Road, Papakura", "Rewire of the wharekai and a new distribution board"
	wharekai.InstallationDate, wharekai.InstallationEnd, wharekai.TestingResults, wharekai.SupplierDeclarations = day(3), "", fieldops.TestResults{}, nil
	documents := []struct {
		project   int
		kind      fieldops.SafetyType
		title     string
		form      any
		completed bool
		approved  bool
		crew      []string
	}{
		{4, fieldops.SafetyCompliance, "Treatment rooms 1 to 3", clinic, true, true, nil},
		{4, fieldops.SafetyESC, "Treatment rooms 1 to 3", fieldops.SafetyCertificateForm{
			Location: clinic.Location, Description: clinic.Description, ConnectionDate: day(9), CoCReference: "COC-00001", SafeToUse: true,
			SafetyChecks: []fieldops.SafetyCheck{
				{Check: "Polarity of the supply is correct", Status: "passed"},
				{Check: "Main earth and MEN link are connected", Status: "passed"},
				{Check: "No live part can be touched; covers are in place", Status: "passed"},
				{Check: "RCDs trip", Status: "passed", Notes: "All four, by button and by tester"},
			},
			InspectorName: tech.Name, InspectorLicense: "E 284113", Contact: "021 555 0134", InspectionDate: day(9),
		}, true, false, nil},
		{0, fieldops.SafetyJSA, "Switchboard changeover, stage two", fieldops.JSAForm{
			JobDescription: "Move six outgoing ways from the old main board to the new one, with a generator on the essential supply.", Location: "14 Neilson Street, Onehunga", Date: day(1),
			PreparedByName: tech.Name, PPE: []string{"Arc-rated clothing", "Class 0 gloves", "Face shield"}, EmergencyPlan: "AED at the gatehouse; Middlemore Hospital, 12 minutes. Assembly point at the car park.",
			Hazards: []fieldops.Hazard{
				{Description: "Live busbars in the old board", RiskLevel: "critical", ControlMeasures: "Isolate at the transformer, lock and tag, prove dead; barriers around live parts", ResidualRisk: "low", Responsible: tech.Name},
				{Description: "Backfeed from the generator", RiskLevel: "high", ControlMeasures: "Interlocked changeover switch; key with the person in charge", ResidualRisk: "low", Responsible: "Sione Fifita"},
				{Description: "Lifting the new sections", RiskLevel: "medium", ControlMeasures: "Gantry and two people; toe caps", ResidualRisk: "low", Responsible: "Priya Nair"},
			},
			Notes: "The dairy next door is told before each outage.",
		}, true, false, []string{"Sione Fifita", "Priya Nair"}},
		{5, fieldops.SafetyCompliance, "Wharekai board", wharekai, false, false, nil},
	}
	nobodyAsked := func(*store.Tx, *fieldops.SafetyDocument, string) error { return nil }
	for _, d := range documents {
		data, err := json.Marshal(d.form)
		if err != nil {
			return err
		}
		made, err := p.safety.Create(ctx, tech, fieldops.SafetyDocument{ProjectID: f.projects[d.project].ID, Type: d.kind, Title: d.title, Data: data}, paperwork.SafetyChange{}, nobodyAsked,
			func(*store.Tx, fieldops.SafetyDocument) error { return nil })
		if err != nil {
			return fmt.Errorf("a safety document: %w", err)
		}
		look := func(*store.Tx, *fieldops.SafetyDocument) error { return nil }
		var changes []paperwork.SafetyChange
		for _, name := range d.crew {
			changes = append(changes, paperwork.SafetyChange{Signature: demoSignature(name, fieldops.CrewRole)})
		}
		if d.completed {
			changes = append(changes, paperwork.SafetyChange{Signature: demoSignature(tech.Name, fieldops.SignerRole), Status: fieldops.SafetyCompleted})
		}
		for _, c := range changes {
			if _, err := p.safety.Change(ctx, tech, made.ID, c, look, nobodyAsked); err != nil {
				return fmt.Errorf("a safety document: %w", err)
			}
		}
		if d.approved {
			if _, err := p.safety.Change(ctx, manager, made.ID, paperwork.SafetyChange{Status: fieldops.SafetyApproved}, look, nobodyAsked); err != nil {
				return fmt.Errorf("approving a safety document: %w", err)
			}
		}
	}
	// The clinic could be invoiced only since its certificate is approved.
	return p.db.Write(ctx, manager, func(tx *store.Tx) error {
		project, err := tx.LockProject(ctx, f.projects[4].ID)
		if err != nil {
			return err
		}
		required := fieldops.SafetyCompliance
		project.CertificateRequired = &required
		return tx.UpdateProject(ctx, &project, nil)
	})
}

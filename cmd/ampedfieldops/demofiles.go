package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"strings"

	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/paperwork"
	"ampedfieldops/internal/store"
)

// storeFiles gives two projects and a cost centre what people would have uploaded.
func (f *demoFirm) storeFiles(ctx context.Context, p *program, actor fieldops.Actor) error {
	diagram, err := demoDiagram()
	if err != nil {
		return err
	}
	for _, file := range []struct {
		name    string
		content []byte
		project int // -1: the cost centre alone
		center  int
		tags    []string
	}{
		{"Cable schedule.csv", []byte("circuit,cable,metres,protection\nL1,TPS 2.5 + E,42,20 A RCBO\nL2,TPS 2.5 + E,38,20 A RCBO\nHP1,TPS 4 + E,17,32 A RCBO\nEV1,TPS 6 + E,25,40 A RCBO\n"), 2, 2, []string{"cables"}},
		{"Client's purchase conditions.pdf", demoPage("Purchase conditions", "Quote our order number on every invoice.", "Work above 2,000.00 needs an order first."), -1, 1, []string{"contract"}},
		{"Method statement.pdf", demoPage("Method statement", "1. Isolate and prove dead.", "2. Set up the temporary supply.", "3. Take the old board out, the new one in.", "4. Test, label, hand over."), 0, 1, []string{"shutdown"}},
		{"Single-line diagram.png", diagram, 0, 1, []string{"switchboard", "as built"}},
	} {
		record := fieldops.ProjectFile{CostCenterID: &f.centers[file.center].ID, Tags: file.tags}
		owner := paperwork.Owner{Kind: fieldops.RecordCostCenter, Record: *record.CostCenterID, User: &actor.UserID}
		if file.project >= 0 {
			record.ProjectID = &f.projects[file.project].ID
			owner.Kind, owner.Record = fieldops.RecordProject, *record.ProjectID
		}
		arrival, err := p.files.Receive(paperwork.UseFile, file.name, bytes.NewReader(file.content))
		if err != nil {
			return fmt.Errorf("%s: %w", file.name, err)
		}
		stored, err := p.files.Keep(ctx, arrival, owner)
		if err != nil {
			return errors.Join(err, arrival.Discard())
		}
		if err := p.db.Write(ctx, actor, func(tx *store.Tx) error { return tx.KeepProjectFile(ctx, &record, &stored) }); err != nil {
			return err
		}
	}
	return nil
}

// demoPage is a PDF of one page with a title and some lines.
func demoPage(title string, lines ...string) []byte {
	var text strings.Builder
	fmt.Fprintf(&text, "BT /F1 22 Tf 72 760 Td (%s) Tj /F1 12 Tf 0 -20 Td", title)
	for _, line := range lines {
		fmt.Fprintf(&text, " 0 -22 Td (%s) Tj", line)
	}
	text.WriteString(" ET")
	var b bytes.Buffer
	b.WriteString("%PDF-1.7\n")
	var offsets []int
	for i, object := range []string{
		"<< /Type /Catalog /Pages 2 0 R >>",
		"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
		"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R /Resources << /Font << /F1 5 0 R >> >> >>",
		fmt.Sprintf("<< /Length %d >>\nstream\n%s\nendstream", text.Len(), text.String()),
		"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>",
	} {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(offsets)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(offsets)+1, table)
	return b.Bytes()
}

// demoDiagram is a drawing of a switchboard: a busbar fed from above, and six ways out.
func demoDiagram() ([]byte, error) {
	const width, height, stroke = 1200, 800, 6
	m := image.NewRGBA(image.Rect(0, 0, width, height))
	fill := func(x, y, w, h int, c color.RGBA) {
		draw.Draw(m, image.Rect(x, y, x+w, y+h), image.NewUniform(c), image.Point{}, draw.Src)
	}
	paper, ink, live := color.RGBA{248, 249, 246, 255}, color.RGBA{38, 50, 56, 255}, color.RGBA{192, 57, 43, 255}
	box := func(x, y, w, h int) {
		fill(x, y, w, h, ink)
		fill(x+stroke, y+stroke, w-2*stroke, h-2*stroke, paper)
	}
	fill(0, 0, width, height, paper)
	box(40, 40, width-80, height-80)
	fill(width/2-stroke/2, 90, stroke, 160, live)
	box(width/2-50, 130, 100, 70)
	fill(120, 250, width-240, 14, live)
	for way := range 6 {
		x := 180 + way*168
		fill(x-stroke/2, 264, stroke, 360, ink)
		box(x-34, 330, 68, 90)
		fill(x-22, 620, 44, 10, ink)
		fill(x-12, 640, 24, 8, ink)
	}
	var b bytes.Buffer
	err := png.Encode(&b, m)
	return b.Bytes(), err
}

package sheet

import "strings"

// Section begins a part of the document with its title, and room for some of it.
func (s *Sheet) Section(title string, room float64) {
	if s.GetY()+9+room > Bottom {
		s.AddPage()
	}
	s.SetY(s.GetY() + 3)
	s.SetFont("go", "B", 10.5)
	s.CellFormat(TextWidth, 6, title, "", 1, "L", false, 0, "")
	s.rule(150)
	s.SetY(s.GetY() + 1)
}

func (s *Sheet) rule(grey int) {
	s.SetDrawColor(grey, grey, grey)
	s.SetLineWidth(0.2)
	s.Line(Margin, s.GetY(), Width-Margin, s.GetY())
}

// Field draws a thing and what is said of it, over as many pages as it needs. What
// is empty is left out.
func (s *Sheet) Field(label, value string) { s.FieldIn(TextWidth, label, value) }

// FieldIn is Field in a part of the page's width, from its left.
func (s *Sheet) FieldIn(width float64, label, value string) {
	const labelWidth, lineHeight = 46.0, 4.7
	if value = strings.TrimSpace(value); value == "" {
		return
	}
	s.SetFont("go", "", 9.5)
	for n, line := range s.SplitText(Printable(value), width-labelWidth) {
		if s.GetY()+lineHeight > Bottom {
			s.AddPage()
		}
		s.SetFont("go", "", 9)
		s.SetTextColor(90, 90, 90)
		if n > 0 {
			label = ""
		}
		s.CellFormat(labelWidth, lineHeight, label, "", 0, "L", false, 0, "")
		s.SetTextColor(0, 0, 0)
		s.SetFont("go", "", 9.5)
		s.CellFormat(width-labelWidth, lineHeight, line, "", 1, "L", false, 0, "")
	}
	s.SetY(s.GetY() + 0.5)
}

// Column is one of a table's. Their widths add up to TextWidth.
type Column struct {
	Title string
	Width float64
}

// Table draws rows of texts that wrap in their columns. Its head stands on every
// page that it reaches, and a row stays together unless it is longer than half a
// page.
func (s *Sheet) Table(columns []Column, rows [][]string) {
	const lineHeight, padding = 4.6, 1.4
	head := func() {
		s.SetFont("go", "B", 8.5)
		s.SetFillColor(238, 242, 246)
		for _, c := range columns {
			s.CellFormat(c.Width, 6.5, c.Title, "", 0, "L", true, 0, "")
		}
		s.Ln(6.5)
		s.SetFont("go", "", 9)
	}
	if s.GetY()+20 > Bottom {
		s.AddPage()
	}
	head()
	for _, row := range rows {
		cells, lines := make([][]string, len(columns)), 1
		for n, c := range columns {
			cells[n] = s.SplitText(Printable(strings.TrimSpace(row[n])), c.Width-2)
			lines = max(lines, len(cells[n]))
		}
		height := float64(lines)*lineHeight + 2*padding
		if s.GetY()+height > Bottom && height < (Bottom-Margin)/2 {
			s.AddPage()
			head()
		}
		s.SetY(s.GetY() + padding)
		for line := range lines {
			if s.GetY()+lineHeight > Bottom {
				s.AddPage()
				head()
			}
			for n, c := range columns {
				text := ""
				if line < len(cells[n]) {
					text = cells[n][line]
				}
				s.CellFormat(c.Width, lineHeight, text, "", 0, "L", false, 0, "")
			}
			s.Ln(lineHeight)
		}
		s.SetY(s.GetY() + padding)
		s.rule(220)
	}
	s.SetY(s.GetY() + 2)
}

// Drawing draws lines, of points x, y, x, y … in units of their own, as large as
// there is room for them at a place.
func (s *Sheet) Drawing(x, y, width, height float64, unitsWide, unitsHigh int, lines [][]int) {
	scale := min(width/float64(unitsWide), height/float64(unitsHigh))
	s.SetDrawColor(20, 30, 70)
	s.SetLineWidth(0.45)
	s.SetLineCapStyle("round")
	s.SetLineJoinStyle("round")
	for _, line := range lines {
		at := func(n int) (float64, float64) { return x + float64(line[n])*scale, y + float64(line[n+1])*scale }
		fromX, fromY := at(0)
		s.MoveTo(fromX, fromY)
		for n := 2; n+1 < len(line); n += 2 {
			toX, toY := at(n)
			s.LineTo(toX, toY)
		}
		if len(line) < 4 { // a dot
			s.LineTo(fromX+0.01, fromY)
		}
		s.DrawPath("D")
	}
	s.SetLineCapStyle("butt")
	s.SetLineJoinStyle("miter")
}

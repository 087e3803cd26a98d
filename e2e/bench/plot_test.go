package bench

import (
	"fmt"
	"strings"
)

// bar is one figure of a plot; bars of one group stand together.
type bar struct {
	group, name string
	value       float64
}

// plotBars draws bars from nothing to the most of their group, each with its figure.
func plotBars(title, unit string, bars []bar) string {
	const left, width, height, gap = 250, 420, 18, 6
	most := map[string]float64{}
	for _, b := range bars {
		most[b.group] = max(most[b.group], b.value)
	}
	var out strings.Builder
	y, group := 34, ""
	for _, b := range bars {
		if b.group != group {
			group = b.group
			y += gap
			fmt.Fprintf(&out, `<text x="8" y="%d" font-weight="bold">%s</text>`+"\n", y+height-5, b.group)
			y += height + gap
		}
		long := width * b.value / max(most[group], 1e-9)
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end">%s</text><rect x="%d" y="%d" width="%.1f" height="%d" fill="#00718e"/><text x="%.1f" y="%d">%.0f</text>`+"\n",
			left-8, y+height-5, b.name, left, y, long, height, left+long+6, y+height-5, b.value)
		y += height + gap
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12" role="img" aria-label="%s">`+"\n"+
		`<rect width="100%%" height="100%%" fill="#fff"/><text x="8" y="20" font-size="14">%s, %s</text>`+"\n%s</svg>\n", left+width+70, y+12, title, title, unit, out.String())
}

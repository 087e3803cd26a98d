package ocr

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// word is one word of tesseract's table.
type word struct {
	text                string
	left, top, w, h     int
	confidence          int
	block, par, lineNum int
}

// linesOf reads tesseract's table of words
// (https://tesseract-ocr.github.io/tessdoc/Command-Line-Usage.html#tsv-output), and
// puts them into lines as they stand on the paper: an amount that stands far to the
// right of its words is often taken for a column of its own.
func linesOf(table string, page int) []Line {
	var pieces [][]word
	for row := range strings.Lines(table) {
		cells := strings.Split(strings.TrimRight(row, "\r\n"), "\t")
		if len(cells) != 12 || cells[0] != "5" || strings.TrimSpace(cells[11]) == "" {
			continue
		}
		numbers := make([]int, 10)
		for i := range numbers {
			numbers[i], _ = strconv.Atoi(cells[i]) // what is no number is at the edge
		}
		confidence, err := strconv.ParseFloat(cells[10], 64)
		if err != nil {
			continue
		}
		w := word{cells[11], numbers[6], numbers[7], numbers[8], numbers[9], int(confidence), numbers[2], numbers[3], numbers[4]}
		if n := len(pieces) - 1; n >= 0 {
			if last := pieces[n][0]; last.block == w.block && last.par == w.par && last.lineNum == w.lineNum {
				pieces[n] = append(pieces[n], w)
				continue
			}
		}
		pieces = append(pieces, []word{w})
	}
	return written(joined(pieces), page)
}

// joined puts pieces of lines that stand beside each other into one.
func joined(pieces [][]word) [][]word {
	slices.SortStableFunc(pieces, func(a, b []word) int { return cmp.Compare(middle(a), middle(b)) })
	var lines [][]word
	for _, piece := range pieces {
		at := slices.IndexFunc(lines, func(line []word) bool { return beside(line, piece) })
		if at < 0 {
			lines = append(lines, piece)
			continue
		}
		lines[at] = append(lines[at], piece...)
		slices.SortStableFunc(lines[at], func(a, b word) int { return cmp.Compare(a.left, b.left) })
	}
	return lines
}

func bounds(words []word) (left, top, right, bottom int) {
	left, top, right, bottom = words[0].left, words[0].top, words[0].left+words[0].w, words[0].top+words[0].h
	for _, w := range words[1:] {
		left, top, right, bottom = min(left, w.left), min(top, w.top), max(right, w.left+w.w), max(bottom, w.top+w.h)
	}
	return left, top, right, bottom
}

func middle(words []word) int {
	_, top, _, bottom := bounds(words)
	return (top + bottom) / 2
}

// beside reports whether two pieces are of the same height, and neither stands above
// the other.
func beside(a, b []word) bool {
	aLeft, aTop, aRight, aBottom := bounds(a)
	bLeft, bTop, bRight, bBottom := bounds(b)
	overlap := min(aBottom, bBottom) - max(aTop, bTop)
	return overlap*2 > min(aBottom-aTop, bBottom-bTop) && (aRight <= bLeft || bRight <= aLeft)
}

// written is lines as text, with more than one space between what stands far apart.
func written(lines [][]word, page int) []Line {
	all := make([]Line, 0, len(lines))
	for _, words := range lines {
		var b strings.Builder
		sure := 0
		for i, w := range words {
			if i > 0 {
				before := words[i-1]
				gap := w.left - before.left - before.w
				b.WriteString(" ")
				if gap > 2*max(w.h, before.h) {
					b.WriteString("   ")
				}
			}
			b.WriteString(w.text)
			sure += w.confidence
		}
		all = append(all, Line{b.String(), page, max(0, min(100, sure/len(words)))})
	}
	return all
}

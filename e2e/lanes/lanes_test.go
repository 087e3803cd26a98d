package lanes

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

var (
	seed  = flag.Uint64("seed", 1, "of the made-up firms")
	firms = flag.Int("firms", 0, "how many firms; with it the whole table is made")
	write = flag.Bool("write", false, "write table and plot into docs/")
)

// TestLanesKeepXerosLimits runs the hardest day with few firms, and the app's
// limit in proportion: no limit is ever broken, and all documents arrive that
// the day's calls are enough for.
func TestLanesKeepXerosLimits(t *testing.T) {
	t.Parallel()
	for _, batching := range []bool{false, true} {
		for _, d := range days {
			got := simulate(trial{firms: 400, seed: *seed, day: d, batching: batching, share: true})
			name := fmt.Sprintf("seed %d, %s, batching %t", *seed, d.name, batching)
			if len(got.broken) > 0 || got.refused > 0 {
				t.Errorf("%s: broken %v, refused %d", name, got.broken, got.refused)
			}
			if got.documents == 0 || len(got.waits)+got.left != got.documents {
				t.Errorf("%s: of %d documents %d arrived and %d are left", name, got.documents, len(got.waits), got.left)
			}
			if batching && got.left > 0 {
				t.Errorf("%s: %d documents are left", name, got.left)
			}
			if peak := slices.Max(got.perMinute); peak == 0 || peak > 400 {
				t.Errorf("%s: %d calls in a minute", name, peak)
			}
		}
	}
}

// TestXeroWouldTell: the referee finds what breaks the limits.
func TestXeroWouldTell(t *testing.T) {
	t.Parallel()
	if got := simulate(trial{firms: 400, seed: *seed, day: days[2], lawless: true}); got.broken["five under way"] == 0 || got.broken["sixty a minute"] == 0 || got.refused == 0 {
		t.Errorf("seed %d: lanes without a rule broke %v and were refused %d times", *seed, got.broken, got.refused)
	}
	if got := simulate(trial{firms: 400, seed: *seed, day: days[2]}); got.refused == 0 || len(got.broken) > 0 {
		t.Errorf("seed %d: lanes that do not know of the app's limit were refused %d times, and broke %v", *seed, got.refused, got.broken)
	}
}

// TestTenThousandFirms makes the table and the plot of docs/scaling.md:
//
//	go test -count=1 -v -run TestTenThousandFirms ./e2e/lanes -args -firms=10000 -write
func TestTenThousandFirms(t *testing.T) {
	n := *firms
	if n == 0 {
		n = 100 // the way to the page is tried, its figures are not kept
	}
	var table strings.Builder
	fmt.Fprintf(&table, "%d firms, seed %d. Waiting from the click until the document is in Xero.\n\n", n, *seed)
	table.WriteString("| day | batching | fair share | documents | calls | busiest minute | refused (429) | p50 | p95 | p99 | longest | p99 of firms of up to five | not in Xero at midnight |\n")
	table.WriteString("|---|---|---|---|---|---|---|---|---|---|---|---|---|\n")
	var curves []curve
	for _, d := range days {
		for _, batching := range []bool{false, true} {
			for _, share := range []bool{false, true} {
				got := simulate(trial{firms: n, seed: *seed, day: d, batching: batching, share: share})
				if len(got.broken) > 0 || share && got.refused > 0 {
					t.Errorf("%s, batching %t, share %t: broken %v, refused %d", d.name, batching, share, got.broken, got.refused)
				}
				fmt.Fprintf(&table, "| %s | %s | %s | %d | %d | %d | %d | %s | %s | %s | %s | %s | %d |\n", d.name, yes(batching), yes(share),
					got.documents, got.calls, slices.Max(got.perMinute), got.refused, short(at(got.waits, 0.5)), short(at(got.waits, 0.95)), short(at(got.waits, 0.99)),
					short(at(got.waits, 1)), short(at(got.small, 0.99)), got.left)
				if d.closing > 0 {
					curves = append(curves, curve{fmt.Sprintf("batching %s, fair share %s", yes(batching), yes(share)), got.perMinute})
				}
			}
		}
	}
	t.Log("\n" + table.String())
	plot := draw(curves, appMinuteLimit*n/10_000)
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "scaling.md"))
	if err != nil {
		t.Fatal(err)
	}
	const begin, end = "<!-- made by e2e/lanes -->\n", "<!-- end -->"
	head, rest, found := strings.Cut(string(page), begin)
	_, tail, closed := strings.Cut(rest, end)
	if !found || !closed {
		t.Fatal("docs/scaling.md has no place for the table")
	}
	if !*write {
		return
	}
	for name, text := range map[string]string{"scaling.md": head + begin + table.String() + end + tail, "lanes.svg": plot} {
		if err := os.WriteFile(filepath.Join("..", "..", "docs", name), []byte(text), 0o644); err != nil { //nolint:gosec // a page for everybody
			t.Fatal(err)
		}
	}
}

func yes(b bool) string {
	if b {
		return "yes"
	}
	return "no"
}

// at is the share-th of sorted waits.
func at(waits []time.Duration, share float64) time.Duration {
	if len(waits) == 0 {
		return 0
	}
	return waits[min(len(waits)-1, int(share*float64(len(waits))))]
}

func short(d time.Duration) string {
	switch {
	case d < 10*time.Second:
		return fmt.Sprintf("%.1f s", d.Seconds())
	case d < 2*time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < 2*time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}

type curve struct {
	name      string
	perMinute []int
}

// draw plots calls by the minute, from eight to eleven, with the app's limit.
func draw(curves []curve, limit int) string {
	const (
		width, height, left, top, right, bottom = 900, 420, 70, 20, 20, 50
		from, to                                = 8 * 60, 11 * 60
	)
	most := limit
	for _, c := range curves {
		most = max(most, slices.Max(c.perMinute))
	}
	most += most / 10
	x := func(minute int) float64 { return left + float64(minute-from)*(width-left-right)/float64(to-from) }
	y := func(calls int) float64 { return top + float64(most-calls)*(height-top-bottom)/float64(most) }
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="13" role="img" aria-label="Calls to Xero a minute at the month's end">`+"\n", width, height)
	fmt.Fprintf(&b, `<rect width="%d" height="%d" fill="#fff"/>`+"\n", width, height)
	for m := from; m <= to; m += 30 {
		fmt.Fprintf(&b, `<path d="M%.1f %d V%d" stroke="#ddd"/><text x="%.1f" y="%d" text-anchor="middle" fill="#333">%d:%02d</text>`+"\n", x(m), top, height-bottom, x(m), height-bottom+18, m/60, m%60)
	}
	for i := range 6 {
		calls := most * i / 5
		fmt.Fprintf(&b, `<path d="M%d %.1f H%d" stroke="#ddd"/><text x="%d" y="%.1f" text-anchor="end" fill="#333">%d</text>`+"\n", left, y(calls), width-right, left-6, y(calls)+4, calls)
	}
	fmt.Fprintf(&b, `<path d="M%d %.1f H%d" stroke="#b00020" stroke-dasharray="6 4"/><text x="%d" y="%.1f" text-anchor="end" fill="#b00020">Xero's limit for the app</text>`+"\n", left, y(limit), width-right, width-right-4, y(limit)-6)
	for i, c := range curves {
		colour := []string{"#d55e00", "#0072b2", "#009e73", "#000000"}[i%4]
		dash := []string{"", "", "", "3 3"}[i%4]
		fmt.Fprintf(&b, `<path fill="none" stroke="%s" stroke-width="2" stroke-dasharray="%s" d="`, colour, dash)
		for m := from; m <= to; m++ {
			fmt.Fprintf(&b, "%c%.1f %.1f", "ML"[min(1, m-from)], x(m), y(c.perMinute[m]))
		}
		b.WriteString("\"/>\n")
		fmt.Fprintf(&b, `<path d="M%d %d h24" stroke="%s" stroke-width="2" stroke-dasharray="%s"/><text x="%d" y="%d" fill="#333">%s</text>`+"\n", width-right-260, top+50+20*i, colour, dash, width-right-230, top+54+20*i, c.name)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" text-anchor="middle" fill="#333">time of day; calls a minute that Xero took</text>`+"\n</svg>\n", width/2, height-8)
	return b.String()
}

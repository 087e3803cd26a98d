package bench

import (
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
)

// row is one line of the report.
type row struct {
	work, xero string
	clients    int
	engine     string
	sample     sample
	goal       goal
	baseline   string
}

// goal is what a measurement should reach; the zero value is none.
type goal struct {
	percentile int
	within     time.Duration
}

func (g goal) String() string {
	if g.within == 0 {
		return ""
	}
	return fmt.Sprintf("p%d ≤ %d ms", g.percentile, g.within.Milliseconds())
}

// verdict is the goal and whether the measurement reached it.
func (r row) verdict() string {
	if r.goal.within == 0 {
		return ""
	}
	return r.goal.String() + ": " + reached(r.sample.percentile(r.goal.percentile) <= r.goal.within)
}

func reached(yes bool) string {
	if yes {
		return "yes"
	}
	return "MISSED"
}

// fact is a measurement that is no time of a request.
type fact struct{ what, engine, value, goal, baseline string }

// What the existing product took for the same work: Node 20, PostgreSQL 15,
// Redis 7, on a machine of the same class, against a Xero of the same latency,
// with its own faults mended that kept it from syncing at all. p50 / p95 / p99
// in ms.
var baselines = map[string]string{
	"5 entries|200 ms|1":          "262 / 299 / 566, 3.8/s",
	"5 entries|200 ms|16":         "469 / 907 / 1160, 30/s of which 154 of 320 failed",
	"5 entries|5 s|1":             "5035 / 5055 / 5055, 0.2/s",
	"5 entries|5 s|16":            "5248 / 5376 / 5376, 3.0/s",
	"500 entries|200 ms|1":        "291 / 375 / 486, 3.3/s",
	"500 entries|200 ms|16":       "891 / 1192 / 1193, 15.7/s",
	"purchase order|200 ms|1":     "25 / 43 / 54, 42/s",
	"purchase order|200 ms|16":    "103 / 219 / 247, 135/s",
	"purchase order|5 s|1":        "25 / 123 / 174, 28/s",
	"purchase order|5 s|16":       "320 / 510 / 562, 49/s",
	"clients|1":                   "25 / 36 / 39, 36/s",
	"clients|16":                  "210 / 276 / 299, 72/s",
	"projects|1":                  "34 / 47 / 51, 28/s",
	"projects|16":                 "283 / 370 / 413, 53/s",
	"timesheets|1":                "4.7 / 7.3 / 9.2, 197/s",
	"timesheets|16":               "43 / 59 / 69, 365/s",
	"invoices|1":                  "188 / 269 / 274, 5.0/s (all 10,000 in one answer)",
	"invoices|16":                 "2163 / 3086 / 3442, 3.9/s (all 10,000 in one answer)",
	"start":                       "2.5 s",
	"idle memory":                 "178 MB, and Redis beside it",
	"backlog of 200":              "270 s, seven answers 429",
	"latency independent of Xero": "5035 / 262 = 19",
}

func milliseconds(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	if ms >= 100 {
		return fmt.Sprintf("%.0f", ms)
	}
	return fmt.Sprintf("%.1f", ms)
}

func (r row) cells() []string {
	s := r.sample
	return []string{
		r.work, r.xero, strconv.Itoa(r.clients), r.engine, strconv.Itoa(len(s.took)),
		milliseconds(s.percentile(50)), milliseconds(s.percentile(95)), milliseconds(s.percentile(99)), milliseconds(s.highest()),
		fmt.Sprintf("%.0f", s.perSecond()), r.verdict(), r.baseline,
	}
}

func (f fact) cells() []string { return []string{f.what, f.engine, f.value, f.goal, f.baseline} }

var (
	rowHead  = []string{"Request", "Xero", "Clients", "Database", "n", "p50", "p95", "p99", "max", "req/s", "Goal", "Existing product"}
	factHead = []string{"Measurement", "Database", "Figure", "Goal", "Existing product"}
)

// report is everything that was measured.
type report struct {
	rows       []row
	facts      []fact
	loadBefore string // the machine's load average when nothing was measured yet
}

// tables are the report's two tables as text for a terminal.
func (r *report) tables() string {
	var b strings.Builder
	w := tabwriter.NewWriter(&b, 0, 0, 2, ' ', 0)
	r.each(func(cells []string) { fmt.Fprintln(w, strings.Join(cells, "\t")) })
	if err := w.Flush(); err != nil {
		return err.Error()
	}
	return b.String()
}

// each hands out every line of the report, its heads among them.
func (r *report) each(line func(cells []string)) {
	line(rowHead)
	for _, x := range r.rows {
		line(x.cells())
	}
	line([]string{""})
	line(factHead)
	for _, x := range r.facts {
		line(x.cells())
	}
}

// markdown is the report as a page of the documentation.
func (r *report) markdown(day string) string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks

Measured by %s on %s, on 2 cores and 24 GiB which also carried the database, the simulated Xero and the callers.
The load average before the run was %s; on 2 cores, anything above 0.5 means that other programs took part of them.
Times are those that a caller over HTTP sees, in milliseconds. Goals are this project's own.

The database held 10,000 clients, 10,000 projects, 10,000 invoices, 10,000 purchase orders and some 35,000 timesheets
before the first request. The worker carried the documents to the simulated Xero, under Xero's limits of 60 calls a minute
and 5 at a time, while they were made. SQLite ran with synchronous=FULL. PostgreSQL is the tests' throw-away server, which does not wait for the
disk (fsync off), or the one that TEST_POSTGRES_URL names; the second table tells which.

The existing product's figures are its p50 / p95 / p99 and requests per second for the same work: Node 20, PostgreSQL 15 and
Redis 7 on the same class of machine, with 10,000 rows of each kind for the lists, after mending the fault that kept it from
syncing anything. "154 of 320 failed": it gave out numbers twice.

`, "`make bench`", day, r.loadBefore)
	markdownTable(&b, rowHead, len(r.rows), func(i int) []string { return r.rows[i].cells() })
	b.WriteByte('\n')
	markdownTable(&b, factHead, len(r.facts), func(i int) []string { return r.facts[i].cells() })
	b.WriteString(`
Repeat it with ` + "`make bench`" + `; ` + "`go test -count=1 -run '^TestBench$' -timeout 60m ./e2e/bench -args -bench -out=docs/benchmarks.md`" + ` writes this page.
`)
	return b.String()
}

func markdownTable(b *strings.Builder, head []string, n int, cells func(int) []string) {
	fmt.Fprintf(b, "| %s |\n|%s\n", strings.Join(head, " | "), strings.Repeat("---|", len(head)))
	for i := range n {
		fmt.Fprintf(b, "| %s |\n", strings.Join(cells(i), " | "))
	}
}

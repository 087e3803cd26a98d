package bench

import (
	"context"
	"flag"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"ampedfieldops/e2e/program"
	"ampedfieldops/internal/fieldops"
	"ampedfieldops/internal/store"
	"ampedfieldops/internal/store/storetest"
)

var (
	outScale = flag.String("out-scale", "", "`file` to write TestScale's figures to, as Markdown")
	filled   = flag.String("filled", "", "databases that are filled already, as `engine/size=URL,…`; what is not named is filled with demo --fill-only")
)

// The goals of every read of a large firm.
const (
	scaleOne     = 20 * time.Millisecond  // p50 for one client
	scaleSixteen = 150 * time.Millisecond // p99 for sixteen
	scaleRatio   = 2.0                    // p50 of a large firm to that of a medium one
)

// scalePlan says what is compared, and how often each thing is asked for.
type scalePlan struct {
	sizes  [2]string
	warmUp int
	reads  counts
}

// TestScale compares reads of a firm with a million timesheets with those of one
// that has a hundredth of it. Without -bench it asks a small firm for everything
// once, so that what would be measured works.
func TestScale(t *testing.T) {
	p := scalePlan{sizes: [2]string{"small", "small"}, reads: counts{1, 2}}
	if *full {
		p = scalePlan{sizes: [2]string{"medium", "large"}, warmUp: 4, reads: counts{30, 320}}
	}
	binary := program.Build(t)
	all := &scaleReport{loadBefore: loadAverage(t)}
	for _, engine := range []store.Engine{store.SQLite, store.Postgres} {
		t.Run(string(engine), func(t *testing.T) {
			var firms [2]*scaleFirm
			for i, size := range p.sizes {
				firms[i] = startScaleFirm(t, binary, engine, size)
			}
			for n := range firms[0].reads {
				all.rows = append(all.rows, compare(t, p, engine, firms, n))
			}
		})
	}
	all.loadAfter = loadAverage(t)
	if !*full || t.Failed() || len(all.rows) == 0 {
		return
	}
	page := all.markdown(time.Now().UTC().Format(time.DateOnly))
	t.Log("\n" + page)
	if *outScale != "" {
		if err := os.WriteFile(fromRoot(t, *outScale), []byte(page), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// scaleFirm is a running program with a firm of some size.
type scaleFirm struct {
	app   *caller
	serve *program.Process
	reads []scaleRead
}

// scaleRead is one request by its name in the report.
type scaleRead struct{ name, path string }

func startScaleFirm(t *testing.T, binary string, engine store.Engine, size string) *scaleFirm {
	t.Helper()
	data, databaseURL := t.TempDir(), ""
	for entry := range strings.SplitSeq(*filled, ",") {
		if given, ok := strings.CutPrefix(entry, string(engine)+"/"+size+"="); ok {
			databaseURL = given
		}
	}
	if databaseURL == "" {
		databaseURL = "sqlite:" + filepath.Join(data, "ampedfieldops.db")
		arguments := []string{"demo", "--size", size, "--fill-only", "--data", data, "--listen", "127.0.0.1:0", "--xero-listen", "127.0.0.1:0"}
		if engine == store.Postgres {
			databaseURL = storetest.URL(t, engine)
			arguments = append(arguments, "--database", databaseURL)
		}
		if said, err := exec.CommandContext(t.Context(), binary, arguments...).CombinedOutput(); err != nil {
			t.Fatalf("filling a %s firm: %v\n%s", size, err, said)
		}
	}
	f := &scaleFirm{}
	f.serve = program.Start(t, binary, []string{
		"DATABASE_URL=" + databaseURL, "DATA_DIR=" + data, "JWT_SECRET=" + jwtSecret, "ENCRYPTION_KEY=" + encryptionKey, "FRONTEND_URL=http://fieldops.test",
	}, "serve", "--no-worker", "--listen", "127.0.0.1:0")
	f.app = newCaller(t, f.serve.Address)
	var answer struct{ Token string }
	f.app.Call("POST", "/api/auth/login", map[string]string{"email": "admin@demo.test", "password": "demo-password"}, http.StatusOK, &answer)
	f.app.Token = answer.Token
	f.findReads()
	return f
}

// findReads finds what is asked for: the ids of an entry in the middle of
// the newest, and the last page of every list.
func (f *scaleFirm) findReads() {
	f.app.t.Helper()
	type entry struct {
		ID        fieldops.ID
		ClientID  fieldops.ID `json:"client_id"`
		ProjectID fieldops.ID `json:"project_id"`
		UserID    fieldops.ID `json:"user_id"`
		Center    fieldops.ID `json:"cost_center_id"`
	}
	var page struct{ Data []entry }
	f.app.Call("GET", "/api/timesheets?limit=100", nil, http.StatusOK, &page)
	e := page.Data[len(page.Data)-1]
	add := func(name, path string) { f.reads = append(f.reads, scaleRead{name, path}) }
	for _, list := range []string{"clients", "projects", "timesheets"} {
		add(list+", first page", "/api/"+list)
		add(list+", last page", f.lastPage("/api/"+list))
	}
	add("timesheets behind one", "/api/timesheets?after="+e.ID)
	add("timesheets of a project", "/api/timesheets?project_id="+e.ProjectID)
	add("timesheets of a client", "/api/timesheets?client_id="+e.ClientID)
	add("timesheets of a person", "/api/timesheets?user_id="+e.UserID)
	add("timesheets of a cost centre", "/api/timesheets?cost_center_id="+e.Center)
	add("unbilled timesheets", "/api/timesheets?billing_status=unbilled")
	add("a timesheet", "/api/timesheets/"+e.ID)
	add("a client", "/api/clients/"+e.ClientID)
	add("clients by hours", "/api/clients?sort=total_hours")
	add("a project", "/api/projects/"+e.ProjectID)
	add("a project's money", "/api/projects/"+e.ProjectID+"/financials")
	add("projects as a board", "/api/projects/board")
	for _, list := range []string{"invoices", "purchase-orders", "quotes"} {
		name := strings.ReplaceAll(list, "-", " ")
		add(name+", first page", "/api/xero/"+list+"?limit=20")
		add(name+", last page", f.lastByCursor("/api/xero/"+list))
	}
	var invoices []entry
	f.app.Call("GET", "/api/xero/invoices?limit=20", nil, http.StatusOK, &invoices)
	add("an invoice", "/api/xero/invoices/"+invoices[len(invoices)-1].ID)
	for _, list := range []string{"bills", "payments", "credit-notes", "expenses"} {
		add(strings.ReplaceAll(list, "-", " "), "/api/xero/"+list+"?limit=20")
	}
	add("unbilled work of all", "/api/xero/unbilled")
	add("unbilled work of a client", "/api/clients/"+e.ClientID+"/unbilled")
	add("sales", "/api/xero/summary")
	add("what clients owe", "/api/xero/aged")
	add("cost centres", "/api/cost-centers")
	add("costs of cost centres", "/api/reports/cost-centers")
	add("activity types", "/api/activity-types")
	add("changes", "/api/settings/logs/activity")
	add("bin", "/api/bin")
	add("notifications", "/api/notifications")
	add("mails", "/api/mails")
	add("search for a common word", "/api/search?q=tested")
	add("search for a place", "/api/search?q=auckland")
	add("search for a number", "/api/search?q=H-0000")
	add("dashboard, figures", "/api/dashboard/metrics")
	add("dashboard, health", "/api/dashboard/quick-stats")
	add("dashboard, newest work", "/api/dashboard/recent-timesheets")
	add("dashboard, projects", "/api/dashboard/active-projects")
}

// lastPage is the path of the last page of a list with numbered pages.
func (f *scaleFirm) lastPage(path string) string {
	f.app.t.Helper()
	var page struct {
		Pagination struct{ Total, Limit int }
	}
	f.app.Call("GET", path, nil, http.StatusOK, &page)
	return fmt.Sprintf("%s?page=%d", path, max(1, (page.Pagination.Total+page.Pagination.Limit-1)/page.Pagination.Limit))
}

var nextPage = regexp.MustCompile(`<([^>]+)>; *rel="next"`)

// lastByCursor is the path of the last page of a list that is followed from page
// to page.
func (f *scaleFirm) lastByCursor(path string) string {
	f.app.t.Helper()
	next := path + "?limit=500"
	for {
		request, err := http.NewRequestWithContext(f.app.t.Context(), http.MethodGet, f.app.Address+next, http.NoBody)
		if err != nil {
			f.app.t.Fatal(err)
		}
		request.Header.Set("Authorization", "Bearer "+f.app.Token)
		response, err := f.app.Client.Do(request)
		if err != nil {
			f.app.t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != http.StatusOK {
			f.app.t.Fatalf("%s: %s, %v", next, response.Status, err)
		}
		link := nextPage.FindStringSubmatch(response.Header.Get("Link"))
		if link == nil {
			return shorter(f.app.t, next)
		}
		target, err := url.Parse(link[1])
		if err != nil {
			f.app.t.Fatal(err)
		}
		next = target.RequestURI()
	}
}

// shorter asks for pages of twenty.
func shorter(t *testing.T, path string) string {
	t.Helper()
	target, err := url.Parse(path)
	if err != nil {
		t.Fatal(err)
	}
	query := target.Query()
	query.Set("limit", "20")
	target.RawQuery = query.Encode()
	return target.RequestURI()
}

// compare measures one read of both firms, one right after the other, so that
// what else the machine does falls on both.
func compare(t *testing.T, p scalePlan, engine store.Engine, firms [2]*scaleFirm, n int) scaleRow {
	t.Helper()
	row := scaleRow{what: firms[0].reads[n].name, engine: string(engine)}
	for i, f := range firms {
		asking := func(ctx context.Context, _ int) (int, error) {
			status, answer, err := f.app.Send(ctx, "GET", f.reads[n].path, nil)
			if err == nil && status != http.StatusOK {
				err = fmt.Errorf("%s answered with %d: %.600s", f.reads[n].path, status, answer)
			}
			return len(answer), err
		}
		for _, part := range []struct {
			clients, n int
			into       *sample
		}{{1, p.warmUp, nil}, {1, p.reads.one, &row.one[i]}, {16, 8 * p.warmUp, nil}, {16, p.reads.sixteen, &row.sixteen[i]}} {
			s, err := load(t.Context(), part.clients, part.n, asking)
			if err != nil {
				t.Fatalf("%s: %v\n%s", row.what, err, f.serve.LastWords())
			}
			if part.into != nil {
				*part.into = s
			}
		}
	}
	return row
}

// scaleRow is a read of a medium and of a large firm.
type scaleRow struct {
	what, engine string
	one, sixteen [2]sample
}

var scaleHead = []string{"Request", "Database", "medium p50", "p99", "large p50", "p99", "large / medium", "16 clients: medium p99", "large p50", "p99", "Answer", "Goals"}

func (r scaleRow) cells() []string {
	medium, large := r.one[0], r.one[1]
	ratio := float64(large.percentile(50)) / float64(medium.percentile(50))
	var missed []string
	if large.percentile(50) > scaleOne {
		missed = append(missed, "p50")
	}
	if r.sixteen[1].percentile(99) > scaleSixteen {
		missed = append(missed, "p99")
	}
	if ratio > scaleRatio {
		missed = append(missed, "ratio")
	}
	verdict := "yes"
	if missed != nil {
		verdict = "MISSED: " + strings.Join(missed, ", ")
	}
	return []string{
		r.what, r.engine, milliseconds(medium.percentile(50)), milliseconds(medium.percentile(99)), milliseconds(large.percentile(50)), milliseconds(large.percentile(99)),
		fmt.Sprintf("%.1f", ratio), milliseconds(r.sixteen[0].percentile(99)), milliseconds(r.sixteen[1].percentile(50)), milliseconds(r.sixteen[1].percentile(99)),
		fmt.Sprintf("%d KB", large.bytes/int64(len(large.took))>>10), verdict,
	}
}

// scaleReport is what TestScale measured.
type scaleReport struct {
	rows                  []scaleRow
	loadBefore, loadAfter string
}

func (r *scaleReport) markdown(day string) string {
	reachedAll := 0
	for _, row := range r.rows {
		if cells := row.cells(); cells[len(cells)-1] == "yes" {
			reachedAll++
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmarks of a large firm

Measured by `+"`make bench`"+` on %s, on 2 cores and 24 GiB which also carried the database, both programs and the callers.
The load average was %s before the run and %s after it; the callers' own share is at most 2, and more than that means that other programs
took part of the cores, which times all figures up. The ratio is less touched by that: each read of the two firms is measured one right after the other.

The large firm has 1,000,000 timesheets, 50,000 invoices and 5,000 clients, the medium one a hundredth of each. Times are those that a caller over HTTP sees,
in milliseconds, of %d requests of one client after %d to warm up, and of %d of sixteen after %d. The figures that the program keeps for a while (dashboard, sums of
cost centres, totals of long lists) are measured as most callers meet them, kept; whoever comes first after they ran out waits for them to be added up.

Goals, this project's own: p50 at most %d ms for one client, p99 at most %d ms for sixteen, and p50 at most %g times that of the medium firm.
%d of %d rows reach all three. Where a medium firm has fewer rows than fit on a page, the ratio compares answers of different size; no row that misses only the ratio takes more than a few milliseconds.

`, day, r.loadBefore, r.loadAfter, len(r.rows[0].one[0].took), 4, len(r.rows[0].sixteen[0].took), 32, scaleOne.Milliseconds(), scaleSixteen.Milliseconds(), scaleRatio, reachedAll, len(r.rows))
	markdownTable(&b, scaleHead, len(r.rows), func(i int) []string { return r.rows[i].cells() })
	b.WriteString("\nRepeat it with `make bench`; `go test -count=1 -run '^TestScale$' -timeout 120m ./e2e/bench -args -bench -out-scale=docs/benchmarks-scale.md` writes this page.\n")
	return b.String()
}

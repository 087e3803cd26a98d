// Package lanes simulates ten thousand firms that share one app at Xero: each has
// its lane with Xero's limits for one organisation, and all of them together may
// make ten thousand calls a minute
// (https://developer.xero.com/documentation/guides/oauth2/limits/).
//
// Nothing of the program runs here: it is arithmetic with the lane's rules, to see
// what would be short first. Time goes in steps of a second.
//
//	go test -v -run TestLanes ./e2e/lanes -args -tenants=10000 -out=docs
package lanes

import (
	"bytes"
	"cmp"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var (
	tenants = flag.Int("tenants", 500, "how many firms")
	seed    = flag.Uint64("seed", 1, "of all that is random")
	app     = flag.Int("app", 0, "calls a minute of all firms together; 0 is one for each firm, as ten thousand firms have them")
	out     = flag.String("out", "", "`folder` to write the plot to")
)

const (
	inFlight  = 5  // calls of an organisation at once
	perMinute = 60 // that begin in a minute
	perSecond = 10 // that begin in a second: our own rule
	perDay    = 1000
	batch     = 50 // documents that share a call
	callTakes = 1  // seconds
	hour      = 3600
)

// appMinute is the app's limit.
func appMinute() int { return cmp.Or(*app, *tenants) }

// scenario is a stretch of an office's day.
type scenario struct {
	name    string
	seconds int
	// asked is when each document of a firm is asked for.
	asked func(r *rand.Rand, size int) []int
	// Xero does not answer before this second; breakers probe it meanwhile.
	awayUntil int
}

var scenarios = []scenario{
	{"an ordinary Friday, two hours of it", 3 * hour, func(r *rand.Rand, size int) (at []int) {
		for range size {
			at = append(at, r.IntN(2*hour))
		}
		return at
	}, 0},
	{"month's end: everybody invoices at four", 3 * hour, func(r *rand.Rand, size int) (at []int) {
		begin := r.IntN(hour / 2)
		for n := range max(40, 3*size) { // one after the other, with a glance at each
			at = append(at, begin+3*n)
		}
		return at
	}, 0},
	{"Xero comes back after an hour", 3 * hour, func(r *rand.Rand, size int) (at []int) {
		for range size {
			at = append(at, r.IntN(2*hour))
		}
		return at
	}, hour},
}

// rules are what is tried.
type rules struct {
	name     string
	batching bool
	// share: the app's calls are given out in turn, a 60th of them each second;
	// without it firms call until Xero answers 429 to all of them.
	share bool
}

var tried = []rules{
	{"one document a call", false, false},
	{"one document a call, shared out", false, true},
	{"batches of fifty", true, false},
	{"batches of fifty, shared out", true, true},
}

// lane is a firm's.
type lane struct {
	waiting []int // when each document was asked for, oldest first
	blocked int   // no call before this second
	begun   []int // calls of the last minute
	flying  []int // when those under way end
	today   int
	polls   int // the next look for what has changed in Xero
	probe   int // the next probe while Xero is away
	probes  int
}

// figures are what comes of it.
type figures struct {
	documents, calls, refused int
	busiest                   int // calls in a minute
	waits                     []int
	minutes                   []int
	left                      int
	over                      string // a limit that was exceeded
}

func (f *figures) percentile(p int) int {
	if len(f.waits) == 0 {
		return 0
	}
	return f.waits[min(len(f.waits)-1, len(f.waits)*p/100)]
}

// size is how many documents a firm makes in two busy hours: most are small.
func size(r *rand.Rand) int {
	switch n := r.IntN(100); {
	case n < 60:
		return 1 + r.IntN(3)
	case n < 90:
		return 4 + r.IntN(8)
	case n < 99:
		return 15 + r.IntN(25)
	}
	return 80 + r.IntN(120)
}

func simulate(s scenario, with rules) *figures {
	r := rand.New(rand.NewPCG(*seed, 1))
	f := &figures{minutes: make([]int, s.seconds/60)}
	all := make([]lane, *tenants)
	arrivals := make([][]int, s.seconds) // the firms that ask at a second
	for n := range all {
		all[n].polls = r.IntN(15 * 60)
		for _, at := range s.asked(r, size(r)) {
			if at < s.seconds {
				arrivals[at] = append(arrivals[at], n)
				f.documents++
			}
		}
	}
	turn := 0
	var appBegun []int // how many calls began at each second
	for now := range s.seconds {
		for _, n := range arrivals[now] {
			all[n].waiting = append(all[n].waiting, now)
		}
		used := 0
		for _, n := range appBegun[max(0, len(appBegun)-59):] {
			used += n
		}
		began := 0
		mayBegin := appMinute() - used
		if with.share {
			mayBegin = min(mayBegin, max(1, appMinute()/60))
		}
		// Whose turn it is moves on, so that nobody is always last.
		for i := range all {
			l := &all[(turn+i)%len(all)]
			for l.ready(now) {
				kind := l.wants(now, s.awayUntil)
				if kind == "" {
					break
				}
				if began >= mayBegin {
					if with.share {
						break // waits without asking Xero
					}
					// Xero refuses it, and says when its minute is over.
					f.refused++
					l.blocked = now + 60 - now%60
					break
				}
				began++
				l.begin(f, now, kind, with.batching)
			}
		}
		turn += max(1, began)
		appBegun = append(appBegun, began)
		f.calls += began
		f.minutes[now/60] += began
		if used+began > appMinute() {
			f.over = fmt.Sprintf("%d calls of the app in a minute", used+began)
		}
	}
	for n := range all {
		f.left += len(all[n].waiting)
		if all[n].today > perDay {
			f.over = fmt.Sprintf("%d calls of one firm in a day", all[n].today)
		}
	}
	for _, n := range f.minutes {
		f.busiest = max(f.busiest, n)
	}
	slices.Sort(f.waits)
	return f
}

// ready forgets what is over, and tells whether the firm's own limits let a call
// begin.
func (l *lane) ready(now int) bool {
	if l.blocked > now || l.today >= perDay {
		return false
	}
	l.flying = slices.DeleteFunc(l.flying, func(end int) bool { return end <= now })
	l.begun = slices.DeleteFunc(l.begun, func(at int) bool { return at <= now-60-callTakes })
	thisSecond := 0
	for _, at := range l.begun {
		if at == now {
			thisSecond++
		}
	}
	return len(l.flying) < inFlight && len(l.begun) < perMinute && thisSecond < perSecond
}

// wants is the call that the firm would make now, if any.
func (l *lane) wants(now, awayUntil int) string {
	switch {
	case now < awayUntil && len(l.waiting) > 0 && l.probe <= now:
		return "probe"
	case now < awayUntil:
		return ""
	case len(l.waiting) > 0:
		return "documents"
	case l.polls <= now:
		return "poll"
	}
	return ""
}

func (l *lane) begin(f *figures, now int, kind string, batching bool) {
	l.begun = append(l.begun, now)
	l.flying = append(l.flying, now+callTakes)
	l.today++
	switch kind {
	case "probe": // after 5, 10, 20, 40 and then each 60 seconds
		l.probe = now + min(60, 5<<min(l.probes, 4))
		l.probes++
	case "poll":
		l.polls = now + 15*60
	default:
		n := 1
		if batching {
			n = min(batch, len(l.waiting))
		}
		for _, asked := range l.waiting[:n] {
			f.waits = append(f.waits, now+callTakes-asked)
		}
		l.waiting = l.waiting[n:]
	}
}

func TestLanes(t *testing.T) {
	t.Logf("%d firms, seed %d", *tenants, *seed)
	var table bytes.Buffer
	fmt.Fprintln(&table, "| | rules | documents | calls | busiest minute | refused with 429 | p50 | p95 | p99 | longest | not there after three hours |\n|---|---|---|---|---|---|---|---|---|---|---|")
	lines := map[string][]int{}
	for _, s := range scenarios {
		results := map[string]*figures{}
		for _, with := range tried {
			f := simulate(s, with)
			results[with.name] = f
			if f.over != "" {
				t.Errorf("%s, %s: %s", s.name, with.name, f.over)
			}
			if len(f.waits)+f.left != f.documents {
				t.Errorf("%s, %s: of %d documents %d arrived and %d wait", s.name, with.name, f.documents, len(f.waits), f.left)
			}
			if with.share && f.refused > 0 {
				t.Errorf("%s, %s: Xero refused %d calls", s.name, with.name, f.refused)
			}
			fmt.Fprintf(&table, "| %s | %s | %d | %d | %d | %d | %s | %s | %s | %s | %d |\n", s.name, with.name, f.documents, f.calls, f.busiest, f.refused,
				spell(f.percentile(50)), spell(f.percentile(95)), spell(f.percentile(99)), spell(f.percentile(100)), f.left)
			if s.name == scenarios[1].name {
				lines[with.name] = f.minutes
			}
		}
		one, many := results[tried[1].name], results[tried[3].name]
		if many.calls > one.calls {
			t.Errorf("%s: batches take %d calls, single documents %d", s.name, many.calls, one.calls)
		}
	}
	t.Logf("\n%s", table.String())
	if *out == "" {
		return
	}
	folder := *out
	if !filepath.IsAbs(folder) {
		folder = filepath.Join("..", "..", folder)
	}
	if err := os.WriteFile(filepath.Join(folder, "scaling-lanes.svg"), plot(lines), 0o644); err != nil {
		t.Fatal(err)
	}
}

func spell(seconds int) string {
	if seconds < 120 {
		return fmt.Sprintf("%d s", seconds)
	}
	return fmt.Sprintf("%d min", (seconds+30)/60)
}

// plot draws the calls of each minute at month's end.
func plot(lines map[string][]int) []byte {
	const width, height, left, top = 720, 260, 70, 20
	most := appMinute()
	colours := []string{"#b45309", "#9333ea", "#64748b", "#00718e"}
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="system-ui, sans-serif" font-size="12"><rect width="100%%" height="100%%" fill="#fff"/>`+"\n", left+width+20, top+height+50+20*len(tried))
	y := func(n int) float64 { return top + height - float64(height*n)/(1.05*float64(most)) }
	for _, n := range []int{0, most / 2, most} {
		fmt.Fprintf(&b, `<text x="8" y="%.0f" fill="#666">%d</text><path d="M%d %.1fh%d" stroke="#ddd"/>`+"\n", y(n)+4, n, left, y(n), width)
	}
	for i, with := range tried {
		minutes := lines[with.name]
		var points []string
		for m, n := range minutes {
			points = append(points, fmt.Sprintf("%.1f,%.1f", left+float64(width*m)/float64(len(minutes)-1), y(n)))
		}
		fmt.Fprintf(&b, `<polyline points="%s" fill="none" stroke="%s" stroke-width="1.5"/><path d="M%d %dh24" stroke="%s" stroke-width="3"/><text x="%d" y="%d">%s</text>`+"\n",
			strings.Join(points, " "), colours[i], left, top+height+46+20*i, colours[i], left+32, top+height+50+20*i, with.name)
	}
	fmt.Fprintf(&b, `<text x="%d" y="%d" fill="#666">calls a minute of all firms together, over three hours; at most %d are allowed</text></svg>`+"\n", left, top+height+22, most)
	return b.Bytes()
}

package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"
)

// progress shows how far long work has come: a bar on a terminal, a line every
// tenth anywhere else.
type progress struct {
	out   io.Writer
	what  string // is counted
	total int
	began time.Time
	shown int // tenths
}

func (p *progress) at(done int) {
	if p.total == 0 {
		return
	}
	percent := done * 100 / p.total
	left := time.Duration(0)
	if done > 0 {
		left = (time.Since(p.began) * time.Duration(p.total-done) / time.Duration(done)).Round(time.Second)
	}
	bar := strings.Repeat("█", percent/4) + strings.Repeat("░", 25-percent/4)
	if terminal(p.out) {
		fmt.Fprintf(p.out, "\r%s %3d %%  %d of %d %s, %s left   ", bar, percent, done, p.total, p.what, left)
		return
	}
	if percent/10 > p.shown {
		p.shown = percent / 10
		fmt.Fprintf(p.out, "%3d %%  %d of %d %s, %s left\n", percent, done, p.total, p.what, left)
	}
}

func (p *progress) done() {
	if terminal(p.out) {
		fmt.Fprintln(p.out)
	}
}

// clear makes room for a line of something else.
func (p *progress) clear() {
	if terminal(p.out) {
		fmt.Fprintf(p.out, "\r%s\r", strings.Repeat(" ", 79))
	}
}

func terminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}

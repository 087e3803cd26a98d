package ocr

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"ampedfieldops/internal/fieldops"
)

const (
	// maxText is how much a program may say: a page full of small print has a
	// hundredth of that.
	maxText = 4 << 20
	// maxSaid is how much is kept of what it says of an error.
	maxSaid = 4 << 10
	// maxMemory is how much memory a program may take, in bytes of its address space.
	maxMemory = 2 << 30
	// killedAfter is how long a program that was told to end has for it.
	killedAfter = 2 * time.Second
	// lowPriority has the programs wait for those that people wait for.
	lowPriority = 15
)

// failure is a program that ended with an error.
type failure struct {
	program string
	said    string
	err     error
}

func (f *failure) Error() string { return fmt.Sprintf("%s: %v: %s", f.program, f.err, f.said) }
func (f *failure) Unwrap() error { return f.err }

// run runs a program on what it reads from its standard input, and returns what it
// writes, at most limit bytes. The program has a time, a memory and a group of
// processes of its own, which is killed with it; it is given no shell, no folder but
// an empty one that is removed, and nothing of our environment that could hold a
// secret.
func (r *Reader) run(ctx context.Context, program string, args []string, input io.Reader, limit int) (_ []byte, err error) {
	within, cancel := context.WithTimeout(ctx, r.Limit)
	defer cancel()
	folder, err := os.MkdirTemp("", "reading-")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	name := filepath.Base(program)
	c := exec.CommandContext(within, program, args...)
	c.Dir, c.Stdin = folder, input
	c.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + folder, "TMPDIR=" + folder, "LC_ALL=C", "OMP_THREAD_LIMIT=1"}
	if data := os.Getenv("TESSDATA_PREFIX"); data != "" {
		c.Env = append(c.Env, "TESSDATA_PREFIX="+data)
	}
	out, said := &bounded{limit: limit}, &bounded{limit: maxSaid, quiet: true}
	out.full = cancel
	c.Stdout, c.Stderr = out, said
	c.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	c.Cancel = func() error { return syscall.Kill(-c.Process.Pid, syscall.SIGKILL) }
	c.WaitDelay = killedAfter
	if err := c.Start(); err != nil {
		return nil, fmt.Errorf("%s could not be started: %w", name, err)
	}
	restrain(c.Process.Pid)
	err = c.Wait()
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case out.over:
		return nil, errors.Join(fieldops.Refuse(fieldops.Invalid, "The file gives more text than a receipt or an invoice has"), err)
	case within.Err() != nil:
		return nil, errors.Join(fieldops.Refuse(fieldops.Invalid, "Reading the text was given up after %s. Take the picture again, nearer and straight, or type the fields in.", r.Limit), err)
	case err != nil:
		return nil, &failure{name, said.kept.String(), err}
	}
	return out.kept.Bytes(), nil
}

// bounded keeps what is written to it up to a limit. What comes behind ends the
// program or, of quiet, is thrown away.
type bounded struct {
	kept  bytes.Buffer // not embedded: it would read by itself, without a limit
	limit int
	quiet bool
	over  bool
	full  func()
}

func (b *bounded) Write(p []byte) (int, error) {
	room := b.limit - b.kept.Len()
	if len(p) <= room {
		return b.kept.Write(p)
	}
	b.kept.Write(p[:max(0, room)])
	if b.quiet {
		return len(p), nil
	}
	if b.over = true; b.full != nil {
		b.full()
	}
	return 0, io.ErrShortWrite
}

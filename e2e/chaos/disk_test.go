package chaos

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// disk is a folder on a small file system of its own, which can be filled. Who
// may not mount one gets a plain folder that never is.
type disk struct {
	t       *testing.T
	folder  string
	limited bool
}

// diskSize is what a run writes many times over.
const diskSize = "size=160m"

func newDisk(t *testing.T) *disk {
	d := &disk{t: t, folder: t.TempDir()}
	switch err := syscall.Mount("tmpfs", d.folder, "tmpfs", 0, diskSize); {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSYS):
		t.Log("only root may mount a small file system: the disk is never full in this run")
	case err != nil:
		t.Fatal(err)
	default:
		d.limited = true
		t.Cleanup(func() {
			if err := syscall.Unmount(d.folder, syscall.MNT_DETACH); err != nil {
				t.Error(err)
			}
		})
	}
	return d
}

func (d *disk) filler() string { return filepath.Join(d.folder, "filler") }

// fill takes every byte that is left.
func (d *disk) fill() {
	file, err := os.OpenFile(d.filler(), os.O_CREATE|os.O_WRONLY|os.O_APPEND, 0o600)
	if err != nil && errors.Is(err, syscall.ENOSPC) {
		return // it is full already
	}
	if err != nil {
		d.t.Error(err)
		return
	}
	defer file.Close()
	for size := 1 << 20; size >= 1; size /= 4 {
		piece := make([]byte, size)
		for err = nil; err == nil; {
			_, err = file.Write(piece)
		}
		if !errors.Is(err, syscall.ENOSPC) {
			d.t.Error(err)
		}
	}
}

// empty gives the disk back.
func (d *disk) empty() {
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Error(err)
	}
}

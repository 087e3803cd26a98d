package storetest

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
)

// Disk is a folder on a small file system of its own, which can be filled. Who may
// not mount one gets a plain folder that never is.
type Disk struct {
	t       testing.TB
	Folder  string
	Limited bool // it can be filled
}

// NewDisk makes one of so many megabytes, until the test ends.
func NewDisk(t testing.TB, megabytes int) *Disk {
	t.Helper()
	d := &Disk{t: t, Folder: t.TempDir()}
	switch err := mount(d.Folder, megabytes); {
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.ENOSYS):
		t.Log("only root, on Linux, may mount a small file system: the disk is never full in this run")
	case err != nil:
		t.Fatal(err)
	default:
		d.Limited = true
		t.Cleanup(func() {
			if err := unmount(d.Folder); err != nil {
				t.Error(err)
			}
		})
	}
	return d
}

func (d *Disk) filler() string { return filepath.Join(d.Folder, "filler") }

// Fill takes every byte that is left.
func (d *Disk) Fill() {
	if !d.Limited {
		return
	}
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

// Empty gives the disk back.
func (d *Disk) Empty() {
	if err := os.Remove(d.filler()); err != nil && !errors.Is(err, os.ErrNotExist) {
		d.t.Error(err)
	}
}

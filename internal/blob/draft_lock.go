package blob

import (
	"errors"
	"os"
	"syscall"
)

// ErrBusy is the refusal to open a draft that somebody else writes to.
var ErrBusy = errors.New("somebody else writes to the draft")

// lockDraft has a draft written by one at a time, in whichever process. The lock
// goes with the file, when it is closed or its process ends: flock(2).
func lockDraft(file *os.File) error {
	err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrBusy
	}
	return err
}

// DropDraft removes a draft by its id. One that is gone already, or that is none,
// is no error.
func (f *Folder) DropDraft(id string) error {
	d, err := f.OpenDraft(id)
	if errors.Is(err, ErrAbsent) {
		return nil
	}
	if err != nil {
		return err
	}
	return d.Discard()
}

package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
)

// lockWorker takes the place of the one worker of a SQLite database. It fails
// at once when another process has it. The lock ends with the process, however
// it ends; release gives it back earlier.
func lockWorker(database string) (release func(), err error) {
	path := database + ".worker.lock"
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("the data folder cannot be made: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the worker's lock: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		_ = file.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("another worker already works on %s; stop it, or start this process with serve --no-worker", database)
		}
		return nil, fmt.Errorf("the worker's lock %s: %w", path, err)
	}
	return func() { _ = file.Close() }, nil
}

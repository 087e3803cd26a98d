//go:build !linux

package storetest

import "syscall"

func mount(string, int) error { return syscall.ENOSYS }

func unmount(string) error { return nil }

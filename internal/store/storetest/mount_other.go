//go:build !linux

package storetest

import "syscall"

func mount(string, int) error { return syscall.ENOSYS }

func memory() string { return "" }

func unmount(string) error { return nil }

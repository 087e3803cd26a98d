//go:build !linux

package ocr

import "syscall"

// restrain gives a program that has just begun little right of way. A limit to the
// memory of another process can be set on Linux only.
func restrain(pid int) { _ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, lowPriority) }

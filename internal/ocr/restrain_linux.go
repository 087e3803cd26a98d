package ocr

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// restrain gives a program that has just begun little right of way and a limit to
// its memory. One that has ended already needs neither.
func restrain(pid int) {
	_ = syscall.Setpriority(syscall.PRIO_PROCESS, pid, lowPriority)
	_ = unix.Prlimit(pid, unix.RLIMIT_AS, &unix.Rlimit{Cur: maxMemory, Max: maxMemory}, nil)
	_ = unix.Prlimit(pid, unix.RLIMIT_CORE, &unix.Rlimit{}, nil)
}

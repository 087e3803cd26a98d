package torture

import "syscall"

// dieWithParent has a worker killed when the test binary ends, even while it is
// stopped and cannot see the end of its input.
func dieWithParent() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} }

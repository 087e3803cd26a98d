//go:build !linux

package torture

import "syscall"

// dieWithParent is a kindness that only Linux offers; elsewhere a worker ends
// with its input.
func dieWithParent() *syscall.SysProcAttr { return nil }

package storetest

import (
	"fmt"
	"syscall"
)

func mount(folder string, megabytes int) error {
	return syscall.Mount("tmpfs", folder, "tmpfs", 0, fmt.Sprintf("size=%dm", megabytes))
}

// memory is the folder of Linux that lies in memory (shm_overview(7)), "" if there is
// none with room for the databases of every test that runs at a time.
func memory() string {
	const folder, room = "/dev/shm", 4 << 30
	var free syscall.Statfs_t
	if err := syscall.Statfs(folder, &free); err != nil || int64(free.Bavail)*free.Bsize < room || syscall.Access(folder, 2) != nil {
		return ""
	}
	return folder
}

func unmount(folder string) error { return syscall.Unmount(folder, syscall.MNT_DETACH) }

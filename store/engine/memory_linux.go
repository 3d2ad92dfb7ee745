package engine

import "syscall"

// defaultMemory is a quarter of the machine within 1 to 4 GiB: the ingester
// lives on the same machine and has a budget of its own.
func defaultMemory() int64 {
	var info syscall.Sysinfo_t
	if syscall.Sysinfo(&info) != nil {
		return 2 << 30
	}
	return min(4<<30, max(1<<30, int64(uint64(info.Totalram)*uint64(info.Unit)/4)))
}

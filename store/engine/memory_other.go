//go:build !linux

package engine

// defaultMemory is a fixed share where the size of the machine is not asked.
func defaultMemory() int64 { return 2 << 30 }

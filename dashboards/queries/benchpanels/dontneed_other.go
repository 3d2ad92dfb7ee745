//go:build !linux

package main

import "os"

// dontNeed does nothing where the system cannot be told: a cold query then reads what is still in memory.
func dontNeed(*os.File) {}

//go:build !linux

package engine

import "syscall"

// attach relies on the child reading its standard input until it ends.
func attach() *syscall.SysProcAttr { return nil }

package engine

import "syscall"

// attach makes the kernel end the child when its parent dies, even when the
// parent is killed. The kernel means the thread that started the child, so the
// caller must stay locked to its thread as long as the child lives.
func attach() *syscall.SysProcAttr { return &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM} }

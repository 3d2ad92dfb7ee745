package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one of the program's processes.
type process struct {
	cmd  *exec.Cmd
	log  string
	done chan struct{}
	err  error
}

// launch starts the program; what it prints goes to a file.
func launch(bin, dir, log string, args ...string) (*process, error) {
	f, err := os.OpenFile(log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	p := &process{cmd: exec.Command(bin, args...), log: log, done: make(chan struct{})}
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, f, f
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) pid() int { return p.cmd.Process.Pid }

func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended already
	<-p.done
}

// stop asks it to end; one that does not is an error.
func (p *process) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-p.done:
		return p.err
	case <-time.After(90 * time.Second):
		p.kill()
		return fmt.Errorf("it did not end within 90 s of being asked to; see %s", p.log)
	}
}

func (p *process) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

// peak is the most memory that a process ever had, in MiB; 0 when it is gone.
func peak(pid int) int {
	raw, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	for line := range bytes.Lines(raw) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmHWM:")); ok {
			if kb, err := strconv.Atoi(strings.Fields(string(rest))[0]); err == nil {
				return kb >> 10
			}
		}
	}
	return 0
}

// child finds the engine that a process has started.
func child(parent int) int {
	entries, _ := filepath.Glob("/proc/[0-9]*/stat") // the pattern is well-formed
	for _, e := range entries {
		b, err := os.ReadFile(e)
		if err != nil {
			continue // it has ended meanwhile
		}
		rest := b[bytes.LastIndexByte(b, ')')+1:]
		var state string
		var ppid int
		if n, _ := fmt.Sscan(string(rest), &state, &ppid); n == 2 && ppid == parent && state != "Z" {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(e))) // the glob lets digits through only
			return pid
		}
	}
	return 0
}

// pause waits; it reports whether the time was over before the context.
func pause(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

var errPatience = errors.New("nothing more arrives")

// until asks again and again.
func until(ctx context.Context, most time.Duration, what string, ok func() bool) error {
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	for !ok() {
		if !pause(ctx, 2*time.Millisecond) {
			return fmt.Errorf("%s: not within %s", what, most)
		}
	}
	return nil
}

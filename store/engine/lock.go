package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// LockedError says that another engine uses a data directory.
type LockedError struct {
	Dir string
	PID int // 0 when the holder has not written it down yet
}

func (e *LockedError) Error() string {
	who := "another process"
	if e.PID > 0 {
		who = "process " + strconv.Itoa(e.PID)
	}
	return fmt.Sprintf("engine: %s is in use by the engine of %s: stop it or choose another directory", e.Dir, who)
}

// How long a new engine waits for the one before it. When its parent is killed, an engine is asked to end by the kernel and
// lets its statements end first; a supervisor starts the program again long before that.
const (
	lockGrace = 2 * time.Second  // for a holder to say that it is ending
	lockEnd   = 30 * time.Second // for one that has said so to be gone
)

const leaving = " is ending"

// lockDir takes the one lock of a data directory and writes down who has it. The kernel lets go of it when the process
// ends, however it ends. A holder that lives on is an error after the grace; one that is ending is waited for.
func lockDir(ctx context.Context, dir string, grace, end time.Duration) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "grantwatch.lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("engine: %w", err)
	}
	begun := time.Now()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			break
		}
		raw := make([]byte, 32)
		n, _ := f.ReadAt(raw, 0) // it may be shorter
		who, ending := strings.CutSuffix(strings.TrimSpace(string(raw[:n])), leaving)
		most := grace
		if ending {
			most = end
		}
		if time.Since(begun) < most {
			select {
			case <-ctx.Done():
				f.Close()
				return nil, ctx.Err()
			case <-tick.C:
			}
			continue
		}
		f.Close()
		pid, _ := strconv.Atoi(who)
		return nil, &LockedError{Dir: dir, PID: pid}
	}
	if err == nil {
		err = f.Truncate(0)
	}
	if err == nil {
		_, err = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("engine: locking %s: %w", dir, err)
	}
	return f, nil
}

// leave writes down that the holder is ending.
func leave(f *os.File) {
	_, _ = f.WriteAt([]byte(strconv.Itoa(os.Getpid())+leaving+"\n"), 0) // who does not read it waits for a shorter time
}

// waitLock waits for a lock and gives up with the context. Closing the file
// lets go of it.
func waitLock(ctx context.Context, path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil {
			return f, nil
		}
		if !errors.Is(err, syscall.EWOULDBLOCK) && !errors.Is(err, syscall.EINTR) {
			f.Close()
			return nil, err
		}
		select {
		case <-ctx.Done():
			f.Close()
			return nil, ctx.Err()
		case <-tick.C:
		}
	}
}

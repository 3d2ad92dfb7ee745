package signin

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// shelf is where sessions lie, sealed, and what several processes behind one address must agree on.
type shelf interface {
	get(id string) (data []byte, seen time.Time, err error) // fs.ErrNotExist when there is none
	put(id string, data []byte, seen time.Time) error
	touch(id string, seen time.Time) error
	remove(id string) error
	each(func(id string, seen time.Time)) error
	count() int
	// lock holds a session against other processes and other requests until it is released.
	lock(id string) (release func(), err error)
	// once reports whether a name is used for the first time.
	once(name string, now time.Time) (bool, error)
	// keys are those that seal sign-ins under way: the day's own first, then the one of the day before.
	keys(now time.Time) ([][32]byte, error)
	// sweep forgets what has no use any more but sessions.
	sweep(now time.Time) error
}

// Folder keeps sessions in files, so that they outlive the process and are shared by all that use the folder. A file is
// named by a hash of its session's key and sealed with another: without the cookie it is noise.
type Folder struct{ dir string }

// NewFolder makes the folder if it is not there. One that others may look into is refused.
func NewFolder(dir string) (*Folder, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	st, err := os.Stat(dir)
	switch {
	case err != nil:
		return nil, err
	case !st.IsDir():
		return nil, fmt.Errorf("%s is no folder", dir)
	case st.Mode().Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s can be entered by others than its owner (mode %o): chmod 700", dir, st.Mode().Perm())
	}
	return &Folder{dir}, nil
}

const (
	lockEnd = ".lock"
	usedEnd = ".used"
	keyEnd  = ".key"
	partEnd = ".part"
)

func (f *Folder) path(id string) string { return filepath.Join(f.dir, id) }

func isID(name string) bool {
	_, err := hex.DecodeString(name)
	return err == nil && len(name) == 64
}

func (f *Folder) get(id string) ([]byte, time.Time, error) {
	st, err := os.Stat(f.path(id))
	if err != nil {
		return nil, time.Time{}, err
	}
	data, err := os.ReadFile(f.path(id))
	return data, st.ModTime(), err
}

// put writes a file whole or not at all.
func (f *Folder) put(id string, data []byte, seen time.Time) error {
	part := f.path(id) + "." + rand.Text() + partEnd
	if err := os.WriteFile(part, data, 0o600); err != nil {
		return err
	}
	err := os.Chtimes(part, seen, seen)
	if err == nil {
		err = os.Rename(part, f.path(id))
	}
	if err != nil {
		_ = os.Remove(part) // the error that counts is the first
	}
	return err
}

func (f *Folder) touch(id string, seen time.Time) error { return os.Chtimes(f.path(id), seen, seen) }

func (f *Folder) remove(id string) error {
	_ = os.Remove(f.path(id) + lockEnd) // most sessions have none
	if err := os.Remove(f.path(id)); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

func (f *Folder) each(do func(string, time.Time)) error {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && isID(e.Name()) { // it may have ended meanwhile
			do(e.Name(), info.ModTime())
		}
	}
	return err
}

func (f *Folder) count() int {
	entries, _ := os.ReadDir(f.dir) // what cannot be read is said when a session is written
	n := 0
	for _, e := range entries {
		if isID(e.Name()) {
			n++
		}
	}
	return n
}

func (f *Folder) lock(id string) (func(), error) {
	file, err := os.OpenFile(f.path(id)+lockEnd, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
		_ = file.Close() // nothing was written
		return nil, err
	}
	return func() { _ = file.Close() }, nil // the lock goes with the file
}

func (f *Folder) once(name string, now time.Time) (bool, error) {
	path := f.path(name) + usedEnd
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	return true, errors.Join(file.Close(), os.Chtimes(path, now, now))
}

const oneDay = 24 * time.Hour

func (f *Folder) keys(now time.Time) ([][32]byte, error) {
	today, err := f.key(now)
	if err != nil {
		return nil, err
	}
	out := [][32]byte{today}
	if raw, err := os.ReadFile(f.keyFile(now.Add(-oneDay))); err == nil && len(raw) == len(today) {
		out = append(out, [32]byte(raw))
	}
	return out, nil
}

func (f *Folder) keyFile(day time.Time) string {
	return f.path("begin-" + day.UTC().Format("20060102") + keyEnd)
}

// key is a day's key. Whoever comes first makes it: a link, unlike a renaming, takes nobody's place.
func (f *Folder) key(day time.Time) (key [32]byte, err error) {
	name := f.keyFile(day)
	raw, err := os.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		_, _ = rand.Read(key[:]) // never fails
		part := name + "." + rand.Text() + partEnd
		if err := os.WriteFile(part, key[:], 0o600); err != nil {
			return key, err
		}
		err = os.Link(part, name)
		if rm := os.Remove(part); err != nil && !errors.Is(err, fs.ErrExist) || rm != nil {
			return key, errors.Join(err, rm)
		}
		raw, err = os.ReadFile(name)
	}
	if err == nil && len(raw) != len(key) {
		err = fmt.Errorf("%s is no key: remove it", name)
	}
	if err != nil {
		return key, err
	}
	return [32]byte(raw), nil
}

func (f *Folder) sweep(now time.Time) error {
	entries, err := os.ReadDir(f.dir)
	for _, e := range entries {
		info, gone := e.Info()
		if gone != nil {
			continue
		}
		old := time.Duration(0)
		switch name := e.Name(); {
		case strings.HasSuffix(name, usedEnd), strings.HasSuffix(name, partEnd):
			old = 2 * beginFor
		case strings.HasSuffix(name, keyEnd):
			old = 3 * oneDay
		case strings.HasSuffix(name, lockEnd):
			if _, err := os.Stat(f.path(strings.TrimSuffix(name, lockEnd))); err == nil {
				continue
			}
			old = oneDay
		default:
			continue
		}
		if now.Sub(info.ModTime()) > old {
			err = errors.Join(err, os.Remove(f.path(e.Name())))
		}
	}
	return err
}

// memory is a shelf that ends with the process.
type memory struct {
	mu    sync.Mutex
	open  map[string]lying
	used  map[string]time.Time
	begin [32]byte
	locks map[string]*sync.Mutex
}

type lying struct {
	data []byte
	seen time.Time
}

func newMemory() *memory {
	m := &memory{open: map[string]lying{}, used: map[string]time.Time{}, locks: map[string]*sync.Mutex{}}
	_, _ = rand.Read(m.begin[:]) // never fails
	return m
}

func (m *memory) get(id string) ([]byte, time.Time, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l, ok := m.open[id]
	if !ok {
		return nil, time.Time{}, fs.ErrNotExist
	}
	return l.data, l.seen, nil
}

func (m *memory) put(id string, data []byte, seen time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.open[id] = lying{data, seen}
	return nil
}

func (m *memory) touch(id string, seen time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if l, ok := m.open[id]; ok {
		m.open[id] = lying{l.data, seen}
	}
	return nil
}

func (m *memory) remove(id string) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.open, id)
	delete(m.locks, id)
	return nil
}

func (m *memory) each(do func(string, time.Time)) error {
	m.mu.Lock()
	seen := make(map[string]time.Time, len(m.open))
	for id, l := range m.open {
		seen[id] = l.seen
	}
	m.mu.Unlock()
	for id, at := range seen {
		do(id, at)
	}
	return nil
}

func (m *memory) count() int {
	m.mu.Lock()
	defer m.mu.Unlock()
	return len(m.open)
}

func (m *memory) lock(id string) (func(), error) {
	m.mu.Lock()
	l := m.locks[id]
	if l == nil {
		l = &sync.Mutex{}
		m.locks[id] = l
	}
	m.mu.Unlock()
	l.Lock()
	return l.Unlock, nil
}

func (m *memory) once(name string, now time.Time) (bool, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, was := m.used[name]; was {
		return false, nil
	}
	m.used[name] = now
	return true, nil
}

func (m *memory) keys(time.Time) ([][32]byte, error) { return [][32]byte{m.begin}, nil }

func (m *memory) sweep(now time.Time) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	for name, at := range m.used {
		if now.Sub(at) > 2*beginFor {
			delete(m.used, name)
		}
	}
	return nil
}

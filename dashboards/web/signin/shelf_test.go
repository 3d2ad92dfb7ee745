package signin

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// onBothShelves runs a test on sessions in memory and in a folder.
func onBothShelves(t *testing.T, run func(t *testing.T, s *Sessions, c *clock)) {
	for _, name := range []string{"memory", "folder"} {
		t.Run(name, func(t *testing.T) {
			c := newClock()
			s := &Sessions{Idle: time.Hour, Absolute: 3 * time.Hour, Now: c.now}
			if name == "folder" {
				var err error
				if s.Folder, err = NewFolder(filepath.Join(t.TempDir(), "a", "b")); err != nil {
					t.Fatal(err)
				}
			}
			run(t, s, c)
		})
	}
}

func TestAFolderThatOthersMayEnterIsRefused(t *testing.T) {
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o750); err != nil { //nolint:gosec // the test is that it is refused
		t.Fatal(err)
	}
	if _, err := NewFolder(dir); err == nil || !strings.Contains(err.Error(), "chmod 700") {
		t.Errorf("%v", err)
	}
	file := filepath.Join(dir, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := NewFolder(file); err == nil {
		t.Error("a file is taken for a folder")
	}
}

func TestRecordsThatWereChangedOpenNothing(t *testing.T) {
	c := newClock()
	folder, err := NewFolder(filepath.Join(t.TempDir(), "sessions"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Sessions{Idle: time.Hour, Absolute: time.Hour, Now: c.now, Folder: folder}
	a, b := s.Begin(Reader{Name: "a"}, time.Time{}), s.Begin(Reader{Name: "b"}, time.Time{})
	path := func(key string) string { return filepath.Join(folder.dir, nameOf(key)) }
	whole, err := os.ReadFile(path(a))
	if err != nil {
		t.Fatal(err)
	}
	other, err := os.ReadFile(path(b))
	if err != nil {
		t.Fatal(err)
	}
	flipped := slices.Clone(whole)
	flipped[len(flipped)/2] ^= 1
	for name, data := range map[string][]byte{"another's": other, "flipped": flipped, "cut": whole[:len(whole)-1], "short": whole[:5], "empty": nil, "plain": []byte(`{"Reader":{"Name":"a","Scope":{"All":true}}}`)} {
		if err := folder.put(nameOf(a), data, c.t); err != nil {
			t.Fatal(err)
		}
		if s.Of(a) != nil {
			t.Errorf("%s: it opens a session", name)
		}
	}
	if err := folder.put(nameOf(a), whole, c.t); err != nil {
		t.Fatal(err)
	}
	if ses := s.Of(a); ses == nil || ses.Reader.Name != "a" {
		t.Error("the record as it was opens none")
	}
	for _, name := range []string{"../../etc/passwd", strings.Repeat("x", 1000), "\x00", "."} {
		if s.Of(name) != nil {
			t.Errorf("%q is a session", name)
		}
	}
}

func TestOneChangesASessionAtATime(t *testing.T) {
	onBothShelves(t, func(t *testing.T, s *Sessions, c *clock) {
		key := s.Begin(Reader{Name: "0"}, time.Time{})
		twin := &Sessions{Idle: s.Idle, Absolute: s.Absolute, Now: c.now, Folder: s.Folder}
		if s.Folder == nil {
			twin = s
		}
		var all sync.WaitGroup
		for i := range 40 {
			all.Go(func() {
				with := []*Sessions{s, twin}[i%2]
				if _, err := with.Renew(key, func(ses *Session) bool {
					ses.Reader.Name += "x"
					return true
				}); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if ses := s.Of(key); ses == nil || len(ses.Reader.Name) != 41 {
			t.Errorf("changes were lost: %+v", ses)
		}
		s.End(key)
		if ses, err := s.Renew(key, func(*Session) bool { t.Error("a session that ended is changed"); return true }); ses != nil || err != nil {
			t.Errorf("%v %v", ses, err)
		}
	})
}

func TestWhatEndedIsClearedAway(t *testing.T) {
	c := newClock()
	folder, err := NewFolder(filepath.Join(t.TempDir(), "sessions"))
	if err != nil {
		t.Fatal(err)
	}
	s := &Sessions{Idle: time.Hour, Absolute: 3 * time.Hour, Now: c.now, Folder: folder}
	names := func() (out []string) {
		entries, err := os.ReadDir(folder.dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	b := &begun{folder}
	kept, err := b.keep(attempt{State: "s", At: c.t})
	if err != nil {
		t.Fatal(err)
	}
	key := s.Begin(Reader{}, time.Time{})
	if _, err := s.Renew(key, func(*Session) bool { return true }); err != nil {
		t.Fatal(err)
	}
	if a, err := b.take(kept, "s", c.t); err != nil || b.finish(a.State, c.t) != nil || b.finish(a.State, c.t) == nil {
		t.Errorf("%v: a sign-in is finished once", err)
	}
	if _, err := b.take(kept, "s", c.t.Add(11*time.Minute)); err == nil {
		t.Error("a sign-in that took too long is taken")
	}
	if n := len(names()); n != 4 { // session, lock, key, mark of the finished sign-in
		t.Errorf("%q", names())
	}
	// Keys live for the day after their own, so that nobody who signs in at midnight is sent away.
	c.t = time.Date(2031, 1, 1, 23, 58, 0, 0, time.UTC)
	late, err := b.keep(attempt{State: "late", At: c.t})
	if err != nil {
		t.Fatal(err)
	}
	c.t = c.t.Add(5 * time.Minute)
	if _, err := b.take(late, "late", c.t); err != nil {
		t.Errorf("over midnight: %v", err)
	}
	for range 4 {
		c.t = c.t.Add(24 * time.Hour)
		for _, name := range names() { // the file system's clock is the test's
			if strings.HasSuffix(name, lockEnd) || strings.HasSuffix(name, keyEnd) {
				old := c.t.AddDate(0, 0, -5)
				if err := os.Chtimes(filepath.Join(folder.dir, name), old, old); err != nil {
					t.Fatal(err)
				}
			}
		}
		s.End(s.Begin(Reader{}, time.Time{}))
	}
	if got := names(); len(got) != 0 {
		t.Errorf("left over: %q", got)
	}
}

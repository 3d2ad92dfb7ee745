package file

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// marks keeps checkpoints in memory.
type marks struct {
	list map[string]Checkpoint
	fail func() error
}

func (m *marks) Checkpoints(context.Context, string) ([]Checkpoint, error) {
	var out []Checkpoint
	for _, c := range m.list {
		out = append(out, c)
	}
	return out, nil
}

func (m *marks) SaveCheckpoints(_ context.Context, _ string, list []Checkpoint) error {
	if m.fail != nil {
		if err := m.fail(); err != nil {
			return err
		}
	}
	for _, c := range list {
		m.list[c.Source] = c
	}
	return nil
}

// desk is a folder, a tracker that follows it, and what it has read.
type desk struct {
	t       *testing.T
	dir     string
	globs   []string
	marks   *marks
	tracker *Tracker
	now     time.Time
	got     []string // lines, in the order in which they were read
	reports []error
	fail    func() error // before a stretch is read
	works   []string
}

const interval = time.Second

func newDesk(t *testing.T, globs ...string) *desk {
	d := &desk{t: t, dir: t.TempDir(), globs: globs, marks: &marks{list: map[string]Checkpoint{}}, now: time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)}
	d.restart()
	t.Cleanup(func() { d.tracker.Close() })
	return d
}

// restart is a new process.
func (d *desk) restart() {
	if d.tracker != nil {
		d.tracker.Close()
	}
	d.tracker = NewTracker(os.DirFS(d.dir), "feed", d.globs, d.marks)
	d.tracker.Report = func(err error) { d.reports = append(d.reports, err) }
}

func (d *desk) path(name string) string { return filepath.Join(d.dir, name) }

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) write(name, text string) {
	d.t.Helper()
	d.must(os.MkdirAll(filepath.Dir(d.path(name)), 0o755))
	f, err := os.OpenFile(d.path(name), os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644)
	d.must(err)
	_, err = f.WriteString(text)
	d.must(errors.Join(err, f.Close()))
	d.must(os.Chtimes(d.path(name), d.now, d.now)) // the made-up clock is the file system's as well
}

// step looks once, a second later.
func (d *desk) step() error {
	d.now = d.now.Add(interval)
	return d.tracker.Step(d.t.Context(), d.now, interval, d.read())
}

// glance looks at what grows, a tenth of a second later.
func (d *desk) glance() error {
	d.now = d.now.Add(interval / 10)
	return d.tracker.Glance(d.t.Context(), d.now, interval, d.read())
}

func (d *desk) read() func(context.Context, Work) error {
	return func(_ context.Context, w Work) error {
		d.works = append(d.works, fmt.Sprintf("%s at %d, %d pieces, %s", w.Source, w.From, len(w.Pieces), w.At.Format("05")))
		var lines []string
		for _, p := range w.Pieces {
			r, err := p.Open()
			if err != nil {
				return err
			}
			raw, err := io.ReadAll(r)
			if err := errors.Join(err, r.Close()); err != nil {
				return err
			}
			if bytes.HasPrefix(raw, []byte{0x1f, 0x8b}) {
				z, err := gzip.NewReader(bytes.NewReader(raw))
				if err != nil {
					return err
				}
				if raw, err = io.ReadAll(z); err != nil {
					return err
				}
			}
			for line := range strings.Lines(string(raw)) {
				lines = append(lines, strings.TrimSuffix(line, "\n"))
			}
		}
		if d.fail != nil {
			if err := d.fail(); err != nil {
				return err
			}
		}
		d.got = append(d.got, lines...)
		return nil
	}
}

func (d *desk) wants(lines ...string) {
	d.t.Helper()
	d.must(d.step())
	if !slices.Equal(d.got, lines) {
		d.t.Fatalf("got %q\nwant %q", d.got, lines)
	}
	d.got = nil
}

func TestGrowingLines(t *testing.T) {
	d := newDesk(t, "*.log*")
	d.wants()
	d.write("a.log", "one\ntwo\nthr")
	d.wants("one", "two") // the last line is waited for
	d.wants()
	d.write("a.log", "ee\n")
	d.wants("three")
	d.restart()
	d.write("a.log", "four\n")
	d.wants("four")
	d.restart()
	d.wants()
}

// TestGlance: between steps complete lines of files that grow are read, and nothing else is touched.
func TestGlance(t *testing.T) {
	d := newDesk(t, "*.log*")
	sees := func(what string, lines ...string) {
		t.Helper()
		d.must(d.glance())
		if !slices.Equal(d.got, lines) {
			t.Fatalf("%s: got %q, want %q", what, d.got, lines)
		}
		d.got = nil
	}
	d.write("a.log", "one\n")
	sees("before the first step")
	d.wants("one")
	d.write("a.log", "two\nthr")
	sees("a line and a half", "two")
	sees("nothing new")
	d.write("a.log", "ee\n")
	d.write("b.log", "other\n")
	sees("a file that no step has seen", "three")
	d.wants("other")
	d.write("a.log", "four\n")
	d.fail = func() error { return errors.New("the store is away") }
	if d.glance() == nil {
		t.Fatal("what failed was not said")
	}
	d.fail = nil
	d.write("a.log", "five\n")
	sees("what failed comes first, in a step")
	d.wants("four", "five")
	d.must(os.Rename(d.path("a.log"), d.path("a.log.1")))
	d.write("a.log.1", "six\n")
	d.write("a.log", "new\n")
	sees("rotated")
	d.wants("new", "six")
	d.write("a.log", "more\n")
	sees("after the rotation", "more")
	d.restart()
	d.write("a.log", "seven\n")
	sees("a new process that has not stepped")
	d.wants("seven")
}

func TestLastLineWithoutABreak(t *testing.T) {
	d := newDesk(t, "*.log")
	d.write("a.log", `{"a":1}`)
	d.wants()
	d.wants(`{"a":1}`) // a whole object that rests
	d.write("b.log", `{"a":`)
	d.wants()
	d.wants()
}

func TestRotationByRenaming(t *testing.T) {
	for name, globs := range map[string][]string{"into sight": {"a.log*"}, "out of sight": {"a.log"}} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, globs...)
			d.write("a.log", "one\n")
			d.wants("one")
			d.write("a.log", "two\n") // not seen before it is renamed
			d.must(os.Rename(d.path("a.log"), d.path("a.log.1")))
			d.write("a.log", "three\n")
			d.must(d.step())
			slices.Sort(d.got)
			if want := []string{"three", "two"}; !slices.Equal(d.got, want) {
				t.Fatalf("got %q, want %q", d.got, want)
			}
			d.got = nil
			d.write("a.log", "four\n")
			d.wants("four")
			d.restart()
			d.wants()
		})
	}
}

func TestRotationByCopyingAndTruncating(t *testing.T) {
	d := newDesk(t, "a.log*")
	d.write("a.log", "one\n")
	d.wants("one")
	d.write("a.log", "two\n")
	raw, err := os.ReadFile(d.path("a.log"))
	d.must(err)
	d.write("a.log.1", string(raw))
	d.wants("two") // the copy and the original, side by side
	d.must(os.Truncate(d.path("a.log"), 0))
	d.wants()
	d.write("a.log", "three, and longer than what was there before\n")
	d.wants("three, and longer than what was there before")
	d.must(os.Truncate(d.path("a.log"), 0)) // and without a copy
	d.write("a.log", "four\n")
	d.wants("four")
	d.restart()
	d.wants()
}

func TestRemoved(t *testing.T) {
	d := newDesk(t, "*.log")
	d.write("a.log", "one\ntw")
	d.wants("one")
	d.write("a.log", "o, half")
	d.must(os.Remove(d.path("a.log")))
	d.wants("two, half") // nobody will complete it
	d.wants()
}

func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestDocuments(t *testing.T) {
	d := newDesk(t, "**/*.gz", "**/*.json")
	a, b := zipped(t, "one\n"), zipped(t, "two\n")
	d.write("x/a.gz", a[:10])
	d.wants() // it may be growing
	d.write("x/a.gz", a[10:])
	d.wants() // it was
	d.wants("one")
	d.write("x/b.gz", b)
	d.write("y/copy.gz", a)
	d.write("y/c.json", `[{"a":1}]`)
	d.must(d.step())
	d.wants("two", `[{"a":1}]`)
	if last := d.works[len(d.works)-1]; last != "x/b.gz … c.json (2 files) at 0, 2 pieces, 05" {
		t.Error(last)
	}
	d.restart()
	d.wants()
	d.wants()
	d.now = d.now.Add(time.Hour)
	d.write("z/old.gz", zipped(t, "three\n"))
	d.now = d.now.Add(time.Hour)
	d.wants("three") // at rest for long when it was first seen
}

// A single look reads documents whatever "now" is: a past is judged by files that were written later.
func TestDocumentsOfALaterDayInASingleLook(t *testing.T) {
	d := newDesk(t, "*.gz")
	d.write("a.gz", zipped(t, "one\n"))
	var read []string
	d.must(d.tracker.Step(t.Context(), d.now.AddDate(0, -3, 0), 0, func(_ context.Context, w Work) error {
		read = append(read, w.Source)
		return nil
	}))
	if !slices.Equal(read, []string{"a.gz"}) {
		t.Errorf("read %q", read)
	}
}

// Whatever fails, in this process or by ending it, the same stretch is read again with the same "now".
func TestSameStretchAfterAFailure(t *testing.T) {
	broken := errors.New("broken")
	for name, restart := range map[string]bool{"in the same process": false, "in the next one": true} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, "*.log")
			d.write("a.log", "one\n")
			d.fail = func() error { return broken }
			if err := d.step(); !errors.Is(err, broken) {
				t.Fatal(err)
			}
			if restart {
				d.restart()
			}
			d.fail = nil
			d.write("a.log", "two\n") // must not become part of it
			d.must(os.Rename(d.path("a.log"), d.path("b.log")))
			d.wants("one", "two")
			if want := d.works[0]; d.works[1] != want || len(d.works) != 3 {
				t.Errorf("%q", d.works)
			}
		})
	}
}

func TestFileThatWentWithTheProcess(t *testing.T) {
	d := newDesk(t, "*.gz")
	d.write("a.gz", zipped(t, "one\n"))
	d.write("b.gz", zipped(t, "two\n"))
	d.must(d.step())
	d.fail = func() error { return errors.New("the end") }
	if d.step() == nil {
		t.Fatal("no error")
	}
	d.restart()
	d.fail = nil
	d.must(os.Remove(d.path("a.gz")))
	d.wants("two")
	if len(d.reports) != 1 || !strings.Contains(d.reports[0].Error(), "a.gz is gone") {
		t.Errorf("%v", d.reports)
	}
	d.wants()
}

func TestUnreadableFileHindersNoOther(t *testing.T) {
	d := newDesk(t, "*.log")
	d.write("b.log", "one\n")
	d.must(os.Symlink(d.path("b.log"), d.path("a.log"))) // a link is its file
	d.wants("one")
	d.must(os.Symlink("nowhere", d.path("c.log")))
	d.write("d.log", "two\n")
	d.wants("two")
}

// Every line that was completed is read once, whatever is appended, rotated and restarted, and whenever saving or
// reading fails.
func TestEveryLineOnce(t *testing.T) {
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		d := newDesk(outer, "a.log*")
		defer func() { _ = os.RemoveAll(d.dir) }() // there are many of them
		d.marks.fail = func() error {
			if rapid.IntRange(0, 9).Draw(t, "save fails") == 0 {
				return errors.New("not saved")
			}
			return nil
		}
		d.fail = func() error {
			if rapid.IntRange(0, 9).Draw(t, "read fails") == 0 {
				return errors.New("not read")
			}
			return nil
		}
		attempt := map[string]int{} // how often a line was handed out by stretches that read says were read
		var want []string
		rotations := 0
		for n := range rapid.IntRange(1, 30).Draw(t, "actions") {
			switch rapid.SampledFrom([]string{"line", "line", "line", "half", "rename", "copy", "restart", "step", "step", "glance", "glance"}).Draw(t, "action") {
			case "line":
				line := fmt.Sprintf("line %d", n)
				want = append(want, line)
				d.write("a.log", line+"\n")
			case "half":
				line := fmt.Sprintf("half %d", n)
				want = append(want, line)
				d.write("a.log", line[:3])
				if rapid.Bool().Draw(t, "glance between") {
					_ = d.glance()
				} else {
					_ = d.step()
				}
				d.write("a.log", line[3:]+"\n")
			case "rename":
				rotations++
				_ = os.Rename(d.path("a.log"), d.path(fmt.Sprintf("a.log.%d", rotations))) // there may be none yet
			case "copy":
				raw, err := os.ReadFile(d.path("a.log"))
				if err != nil || len(raw) == 0 {
					continue
				}
				rotations++
				d.write(fmt.Sprintf("a.log.%d", rotations), string(raw))
				d.must(os.Truncate(d.path("a.log"), 0))
			case "restart":
				d.restart()
			case "step":
				_ = d.step() // it may fail; the next one goes on
			case "glance":
				_ = d.glance()
			}
		}
		d.fail, d.marks.fail = nil, nil
		d.restart()
		d.must(d.step())
		d.must(d.step())
		for _, line := range d.got {
			attempt[line]++
		}
		for _, line := range want {
			if attempt[line] < 1 {
				t.Fatalf("%q was not read; read: %q", line, d.got)
			}
			delete(attempt, line)
		}
		if len(attempt) > 0 {
			t.Fatalf("read, but never written: %v", attempt)
		}
		// A stretch is handed out again only when saving failed after it, and then it is the very same stretch.
		seen := map[string]string{}
		for _, w := range d.works {
			key, rest, _ := strings.Cut(w, ",")
			if before, ok := seen[key]; ok && before != rest {
				t.Fatalf("the stretch %s was read as %s and as %s", key, before, rest)
			}
			seen[key] = rest
		}
		d.tracker.Close()
	})
}

package demo

import (
	"bytes"
	"io"
	"io/fs"
	"path"
	"slices"
	"sort"
	"strings"
	"time"
)

// tree is the organisation as files. Snapshots and lists are made when they are opened; logs while they are read.
type tree struct {
	asOf  time.Time
	files map[string]*leaf
	dirs  map[string][]string // names in a directory, sorted
	order []string            // paths of the files, sorted
}

// leaf is one file: bytes that are made at once, or a stretch of a feed.
type leaf struct {
	make     func() []byte
	feed     *feed
	from, to int // hours of the feed
	records  int64
}

func (o *Org) plantTree() *tree {
	t := &tree{asOf: o.opt.AsOf, files: map[string]*leaf{}, dirs: map[string][]string{}}
	add := func(name string, make func() []byte) { t.files[name] = &leaf{make: make} }
	add("grantwatch.yaml", o.config)
	add("people.csv", o.peopleCSV)
	add("nhis.csv", o.nhisCSV)
	add("tickets.csv", o.ticketsCSV)
	add("baseline/mobile.yaml", o.baseline)
	add("idle/break-glass.yaml", o.idleRegister)
	add("exceptions/accepted.yaml", o.exceptions)
	for i, at := range o.snapshotTimes() {
		for _, a := range o.accounts {
			add("iam/"+a.label()+"-"+at.Format(stamp)+".json", func() []byte { return a.snapshot(i == 1) })
		}
		for _, c := range o.clusters {
			add("rbac/"+c.name+"-"+at.Format(stamp)+".json", func() []byte { return c.snapshot(i == 1) })
		}
	}
	for _, f := range o.feeds {
		f.eachMonth(func(month string, from, to int) {
			t.files[f.dir+"/"+month+".json"] = &leaf{feed: f, from: from, to: to, records: f.records(from, to)}
		})
	}
	seen := map[string]bool{}
	for name := range t.files {
		t.order = append(t.order, name)
		for name != "." {
			dir := path.Dir(name)
			if !seen[name] {
				seen[name] = true
				t.dirs[dir] = append(t.dirs[dir], path.Base(name))
			}
			name = dir
		}
	}
	slices.Sort(t.order)
	for _, names := range t.dirs {
		slices.Sort(names)
	}
	return t
}

// eachMonth cuts a feed into files by calendar month, so that several readers can work on one feed.
func (f *feed) eachMonth(yield func(month string, from, to int)) {
	hours := len(f.weight) - 1
	month := func(h int) string {
		return time.UnixMilli(f.start + int64(h)*hourMillis).UTC().Format("2006-01")
	}
	for from := 0; from < hours; {
		name := month(from)
		to := from + sort.Search(hours-from, func(i int) bool { return month(from+i) > name })
		yield(name, from, to)
		from = to
	}
}

// FS is the organisation as a file system. Every Open of a log gives a fresh stream of the same bytes; the size that
// Stat gives of a log is 0, since nobody knows it before it is read. It may be used from many goroutines.
func (o *Org) FS() fs.FS { return o.tree }

func (t *tree) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if l := t.files[name]; l != nil {
		if l.feed != nil {
			return &logFile{stat: stat{name: path.Base(name), at: t.asOf}, stream: l.feed.stream(l.from, l.to)}, nil
		}
		data := l.make()
		return &plainFile{stat: stat{name: path.Base(name), size: int64(len(data)), at: t.asOf}, Reader: bytes.NewReader(data)}, nil
	}
	if names, ok := t.dirs[name]; ok {
		return &dirFile{tree: t, name: name, names: names}, nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

// Stat spares the making of a file that is only looked at.
func (t *tree) Stat(name string) (fs.FileInfo, error) {
	if l := t.files[name]; l != nil && l.feed != nil {
		return stat{name: path.Base(name), at: t.asOf}, nil
	}
	f, err := t.Open(name)
	if err != nil {
		return nil, err
	}
	return f.Stat()
}

// ReadDir lists a directory in the order of the names.
func (t *tree) ReadDir(name string) ([]fs.DirEntry, error) {
	names, ok := t.dirs[name]
	if !ok {
		return nil, &fs.PathError{Op: "readdir", Path: name, Err: fs.ErrNotExist}
	}
	out := make([]fs.DirEntry, len(names))
	for i, n := range names {
		out[i] = dirEntry{tree: t, full: path.Join(name, n)}
	}
	return out, nil
}

type stat struct {
	name string
	size int64
	at   time.Time
	dir  bool
}

func (s stat) Name() string       { return s.name }
func (s stat) Size() int64        { return s.size }
func (s stat) ModTime() time.Time { return s.at }
func (s stat) IsDir() bool        { return s.dir }
func (s stat) Sys() any           { return nil }
func (s stat) Mode() fs.FileMode {
	if s.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}

type dirEntry struct {
	tree *tree
	full string
}

func (d dirEntry) Name() string { return path.Base(d.full) }
func (d dirEntry) IsDir() bool  { _, ok := d.tree.dirs[d.full]; return ok }
func (d dirEntry) Type() fs.FileMode {
	if d.IsDir() {
		return fs.ModeDir
	}
	return 0
}
func (d dirEntry) Info() (fs.FileInfo, error) { return d.tree.Stat(d.full) }
func (d dirEntry) String() string             { return fs.FormatDirEntry(d) }

type plainFile struct {
	stat
	*bytes.Reader
}

func (f *plainFile) Stat() (fs.FileInfo, error) { return f.stat, nil }
func (f *plainFile) Size() int64                { return f.stat.size }
func (f *plainFile) Close() error               { return nil }

type logFile struct {
	stat
	*stream
}

func (f *logFile) Stat() (fs.FileInfo, error) { return f.stat, nil }
func (f *logFile) Close() error               { return nil }

type dirFile struct {
	tree  *tree
	name  string
	names []string
}

func (d *dirFile) Stat() (fs.FileInfo, error) {
	return stat{name: path.Base(d.name), at: d.tree.asOf, dir: true}, nil
}
func (d *dirFile) Close() error { return nil }
func (d *dirFile) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.name, Err: fs.ErrInvalid}
}

func (d *dirFile) ReadDir(n int) ([]fs.DirEntry, error) {
	var out []fs.DirEntry
	for len(d.names) > 0 && (n <= 0 || len(out) < n) {
		out = append(out, dirEntry{tree: d.tree, full: path.Join(d.name, d.names[0])})
		d.names = d.names[1:]
	}
	if n > 0 && len(out) == 0 {
		return nil, io.EOF
	}
	return out, nil
}

// Paths lists all files, sorted; those of logs are told apart by IsLog.
func (o *Org) Paths() []string { return slices.Clone(o.tree.order) }

// IsLog reports whether a path of FS is a log, which is made while it is read.
func IsLog(name string) bool { return strings.HasPrefix(name, "logs/") }

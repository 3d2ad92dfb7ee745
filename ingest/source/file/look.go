package file

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"path"
	"time"

	"github.com/zeebo/xxh3"
)

// look looks at one file: growing lines are read at once; a document that is new and at rest is reported to be read with
// others.
func (t *Tracker) look(ctx context.Context, f File, now time.Time, interval time.Duration, read func(context.Context, Work) error) (isNew bool, err error) {
	before, ok := t.seen[f.Name]
	if !ok {
		before = &sight{size: -1}
		t.seen[f.Name] = before
	}
	same := before.size == f.Size && before.modified.Equal(f.Modified)
	before.size, before.modified, before.present = f.Size, f.Modified, true
	if same && before.read || f.Size == 0 {
		return false, nil
	}
	if same && before.tail != nil && before.tail.offset >= f.Size {
		before.tail.rest(same)
		return false, nil
	}
	file, first, err := t.open(&f)
	if err != nil {
		t.report(err) // one file that cannot be read must not stand in the way of the others
		return false, nil
	}
	if file == nil || len(first) == 0 {
		return false, nil
	}
	if isDocument(first) {
		defer file.Close() //nolint:errcheck // it was only read
		id, err := documentIdentity(file, f.Size)
		if err != nil {
			t.report(err)
			return false, nil
		}
		before.read = t.done[id]
		// Without another look to come there is nothing to wait for, also where "now" is a moment before the file was written.
		return !before.read && (same || interval == 0 || now.Sub(f.Modified) > 2*interval), nil
	}
	if len(first) < linesHead && bytes.IndexByte(first, '\n') < 0 && t.known(first) == nil && !(same && isObject(first)) {
		_ = file.Close() // half a line is too little to know a file by
		return false, nil
	}
	tail := t.tail(f.Name, first)
	if f.Size < tail.offset && tail.name == f.Name {
		tail.offset = 0 // truncated, and begun again with the same bytes; under another name it would be a copy
	}
	before.tail = tail
	tail.rest(same)
	tail.name = f.Name
	if tail.file != nil {
		_ = tail.file.Close() // the one that was just opened is the same file, or a copy that lives longer
	}
	tail.file = file
	return false, t.grow(ctx, tail, f.Size, same, now, read)
}

// open opens a file and reads its beginning. Its size is what it is now, which may be less than when it was listed. A
// file that has gone since is nil.
func (t *Tracker) open(f *File) (source, []byte, error) {
	file, err := open(t.fsys, f.Name)
	if isAbsent(err) {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	var first []byte
	if err == nil {
		f.Size = info.Size()
		first, err = head(file, linesHead)
	}
	if err != nil || len(first) == 0 {
		_ = file.Close() // it was only read
	}
	return file, first, err
}

func (t *Tracker) report(err error) {
	if t.Report != nil {
		t.Report(err)
	}
}

// rest counts the polls in which a file has not changed, and closes one that seems finished.
func (f *tail) rest(same bool) {
	f.present = true
	if f.idle++; !same {
		f.idle = 0
	}
	if f.idle > idlePolls {
		f.close()
	}
}

// known finds the growing file that begins like this, by the longest beginning that fits.
func (t *Tracker) known(first []byte) *tail {
	var best *tail
	for _, f := range t.tails {
		n := covers(f.identity)
		if n <= len(first) && linesIdentity(first[:n]) == f.identity && (best == nil || n > covers(best.identity) || n == covers(best.identity) && f.key < best.key) {
			best = f
		}
	}
	return best
}

// tail is the growing file that begins like this, known or new.
func (t *Tracker) tail(name string, first []byte) *tail {
	best := t.known(first)
	if best == nil {
		best = &tail{key: fmt.Sprintf("%s@%016x", path.Base(name), xxh3.Hash(first)), name: name}
		t.tails[best.key] = best
	}
	best.identity = linesIdentity(first) // it may speak of more than it did
	return best
}

// grow reads what a growing file has more than it had, as far as its lines are complete.
func (t *Tracker) grow(ctx context.Context, f *tail, size int64, same bool, now time.Time, read func(context.Context, Work) error) error {
	for f.offset < size {
		most := min(size, f.offset+chunkBytes)
		to, err := lastLine(f.file, f.offset, most)
		if err != nil {
			return err
		}
		if to == f.offset && most-f.offset == chunkBytes {
			to = most // no line is that long: let the framer say so
		}
		if to == f.offset {
			// The last line is not complete. It is waited for, unless it rests and is a whole JSON value that merely
			// lacks its line break.
			if !same {
				return nil
			}
			rest, err := io.ReadAll(io.NewSectionReader(f.file, f.offset, size-f.offset))
			if err != nil {
				return fmt.Errorf("file: %s: %w", f.name, err)
			}
			if !isObject(rest) {
				return nil
			}
			to = size
		}
		if err := t.lines(ctx, f, to, now, read); err != nil {
			return err
		}
	}
	return nil
}

// isObject reports whether b is one whole JSON object.
func isObject(b []byte) bool {
	return bytes.HasPrefix(bytes.TrimSpace(b), []byte{'{'}) && json.Valid(b)
}

// lines reads one stretch of a growing file.
func (t *Tracker) lines(ctx context.Context, f *tail, to int64, now time.Time, read func(context.Context, Work) error) error {
	return t.begin(ctx, intent{At: now, Source: f.key, From: f.offset,
		Pieces: []piece{{Name: f.name, Identity: f.identity, Key: f.key, From: f.offset, To: to}}}, read)
}

// documents reads a group of documents.
func (t *Tracker) documents(ctx context.Context, g Group, now time.Time, read func(context.Context, Work) error) error {
	i := intent{At: now}
	twice := map[string]bool{}
	kept := Group{}
	for _, d := range g {
		f, _, err := t.open(&d)
		if err != nil {
			t.report(err)
		}
		if err != nil || f == nil {
			continue
		}
		id, err := documentIdentity(f, d.Size)
		_ = f.Close() // it was only read
		if err != nil {
			t.report(err)
			continue
		}
		if !twice[id] && !t.done[id] { // a copy under another name is the same document
			i.Pieces = append(i.Pieces, piece{Name: d.Name, Identity: id, To: d.Size})
			kept = append(kept, d)
		}
		twice[id] = true
	}
	if len(kept) == 0 {
		return nil
	}
	i.Source = kept.Source()
	if err := t.begin(ctx, i, read); err != nil {
		return err
	}
	for _, d := range kept {
		if s := t.seen[d.Name]; s != nil {
			s.read = true
		}
	}
	t.tellLag()
	return nil
}

// gone finishes the growing files that no name leads to any more: renamed out of sight, removed, or truncated. What an
// open file still holds is read to its very end, since nobody will complete its last line.
func (t *Tracker) gone(ctx context.Context, now time.Time, read func(context.Context, Work) error) error {
	for name, s := range t.seen {
		if !s.present {
			delete(t.seen, name)
		}
	}
	for _, f := range t.tails {
		if f.present || f.file == nil {
			continue
		}
		if err := t.finish(ctx, f, now, read); err != nil {
			return err
		}
		f.close()
	}
	return nil
}

func (t *Tracker) finish(ctx context.Context, f *tail, now time.Time, read func(context.Context, Work) error) error {
	info, err := f.file.Stat()
	if err != nil {
		return fmt.Errorf("file: %s: %w", f.name, err)
	}
	p := piece{Identity: f.identity}
	if same, err := p.is(f.file); err != nil || !same {
		return err // it holds something else by now, which is read under its own name
	}
	for f.offset < info.Size() {
		to := min(info.Size(), f.offset+chunkBytes)
		if to < info.Size() {
			if end, err := lastLine(f.file, f.offset, to); err != nil {
				return err
			} else if end > f.offset {
				to = end
			}
		}
		if err := t.lines(ctx, f, to, now, read); err != nil {
			return err
		}
	}
	return nil
}

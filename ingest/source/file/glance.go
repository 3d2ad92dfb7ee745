package file

import (
	"context"
	"io/fs"
	"slices"
	"time"
)

// lately is how much older than the newest file one may be that is no longer open and yet glanced at.
const lately = 24 * time.Hour

// Glance reads what was added to files that grow, and nothing else: between two steps it costs one system call for each of
// them, where a step walks the folders. What is new, rotated, compressed or begun again is left to the next step, and so is
// everything while a stretch that failed is still to be read.
func (t *Tracker) Glance(ctx context.Context, now time.Time, interval time.Duration, read func(context.Context, Work) error) error {
	if !t.loaded || len(t.intent.Pieces) > 0 {
		return nil
	}
	var grown []File
	var newest time.Time
	for _, s := range t.seen {
		if s.modified.After(newest) {
			newest = s.modified
		}
	}
	for name, s := range t.seen {
		if s.tail == nil || s.tail.name != name || s.tail.file == nil && newest.Sub(s.modified) > lately {
			continue
		}
		info, err := fs.Stat(t.fsys, name)
		if err != nil || info.Size() <= s.size {
			continue
		}
		grown = append(grown, File{name, info.Size(), info.ModTime()})
	}
	slices.SortFunc(grown, func(a, b File) int { return natural(a.Name, b.Name) })
	for _, f := range grown {
		if _, err := t.look(ctx, f, now, interval, read); err != nil {
			return err
		}
	}
	return nil
}

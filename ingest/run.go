package ingest

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest/source/file"
)

// FeedInput is a feed and the files that carry it.
type FeedInput struct {
	Feed  access.Feed
	Globs []string
}

// RunOptions say what else a run wants to know and to tell.
type RunOptions struct {
	Rules    EventRules                   // may be nil
	Found    func(files int, bytes int64) // what there is to read, once before the first record; may be nil
	Progress func(records, bytes int64)   // records that the sink has accepted and bytes of files read, so far; may be nil
}

// FeedResult is what became of a feed.
type FeedResult struct {
	Feed  string
	Files int
	Stats Stats
}

// groupBytes is how many bytes of files are read as one stream at most.
const (
	groupBytes = 256 << 20
	groupFiles = 2000
)

// Run reads all files of all feeds once and returns, feed by feed, what became of them. Workers streams are read at the
// same time. An error ends the run: the sink's, or that of a file that cannot be read.
func (p *Pipeline) Run(ctx context.Context, feeds []FeedInput, fsys fs.FS, now time.Time, opt RunOptions) ([]FeedResult, error) {
	type job struct {
		feed  int
		group file.Group
	}
	var jobs []job
	results := make([]FeedResult, len(feeds))
	var bytes int64
	files := 0
	for i, f := range feeds {
		list, err := file.Scan(ctx, fsys, f.Globs)
		if err != nil {
			return nil, fmt.Errorf("ingest: feed %s: %w", f.Feed.Name, err)
		}
		results[i] = FeedResult{Feed: f.Feed.Name, Files: len(list)}
		for _, g := range file.Groups(list, groupBytes, groupFiles) {
			jobs = append(jobs, job{i, g})
		}
		for _, l := range list {
			bytes += l.Size
		}
		files += len(list)
	}
	if opt.Found != nil {
		opt.Found(files, bytes)
	}
	t := &tally{progress: opt.Progress}
	g, gctx := errgroup.WithContext(ctx)
	g.SetLimit(p.cfg.Workers)
	for _, j := range jobs {
		g.Go(func() error {
			if gctx.Err() != nil {
				return gctx.Err()
			}
			parts := make([]Part, len(j.group))
			for i, f := range j.group {
				parts[i] = Part{Name: f.Name, Open: func() (io.ReadCloser, error) { return t.open(fsys, f.Name) }}
			}
			st, err := p.runParts(gctx, feeds[j.feed].Feed, j.group.Source(), 0, parts, now, opt.Rules, t.accepted, nil)
			t.mu.Lock()
			defer t.mu.Unlock()
			results[j.feed].Stats.Add(st)
			return err
		})
	}
	err := g.Wait()
	return results, err
}

// tally counts what was read and accepted by all streams of a run.
type tally struct {
	mu       sync.Mutex
	records  int64
	bytes    int64
	progress func(records, bytes int64)
}

func (t *tally) accepted(s Stats) { t.add(s.Received, 0) }

func (t *tally) add(records, bytes int64) {
	if t.progress == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.records += records
	t.bytes += bytes
	t.progress(t.records, t.bytes)
}

func (t *tally) open(fsys fs.FS, name string) (io.ReadCloser, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	return &counted{f, t}, nil
}

// counted counts the bytes that are read from a file.
type counted struct {
	fs.File
	tally *tally
}

func (c *counted) Read(b []byte) (int, error) {
	n, err := c.File.Read(b)
	c.tally.add(0, int64(n))
	return n, err
}

package file

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"sync/atomic"
	"time"
)

// How much is read at once.
const (
	groupBytes = 32 << 20
	groupFiles = 2000
	chunkBytes = 64 << 20
)

// idlePolls is how many polls a file that does not change is kept open for: open files are how the rest of a file is
// read that is renamed or removed.
const idlePolls = 100

// Work is what is to be read next, as one stream.
type Work struct {
	Source string
	From   int64     // position of the beginning in the source
	At     time.Time // the "now" of its batches: that of the first attempt
	Pieces []Piece
}

// Piece is one file of it, or a stretch of one.
type Piece struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// Tracker follows the files of one feed. It is not safe for concurrent use.
type Tracker struct {
	// Report hears of files that cannot be read and of what was lost; nil is silence. Set it before the first Step.
	Report func(error)

	fsys  fs.FS
	feed  string
	globs []string
	marks Checkpoints

	loaded bool
	intent intent
	done   map[string]bool  // documents, by identity
	tails  map[string]*tail // growing files, by key
	seen   map[string]*sight
	behind atomic.Int64
}

// tail is a growing file and how far it was read.
type tail struct {
	key, identity string
	offset        int64
	name          string // under which it was seen last
	file          source // open while it is alive; nil otherwise
	idle          int
	present       bool // found in this poll
}

// sight is what a name looked like in the last poll.
type sight struct {
	size     int64
	modified time.Time
	read     bool  // a document that was read
	tail     *tail // the growing file behind the name
	present  bool
}

// NewTracker makes a tracker. It opens nothing before the first Step.
func NewTracker(fsys fs.FS, feed string, globs []string, marks Checkpoints) *Tracker {
	return &Tracker{fsys: fsys, feed: feed, globs: globs, marks: marks, done: map[string]bool{}, tails: map[string]*tail{}, seen: map[string]*sight{}}
}

// Close closes the files that are open.
func (t *Tracker) Close() {
	for _, f := range t.tails {
		f.close()
	}
}

func (f *tail) close() {
	if f.file != nil {
		_ = f.file.Close() // it was only read
		f.file = nil
	}
}

// Step looks once at the files and hands read what is new, one stretch after the other; a stretch counts as read when
// read returns nil. A stretch that failed, in this process or the one before it, comes first and unchanged. interval is
// the time between steps: a document is left alone until it has not changed for as long, unless interval is 0.
func (t *Tracker) Step(ctx context.Context, now time.Time, interval time.Duration, read func(context.Context, Work) error) error {
	if err := t.load(ctx); err != nil {
		return err
	}
	if len(t.intent.Pieces) > 0 {
		if err := t.run(ctx, read); err != nil {
			return err
		}
	}
	files, err := Scan(ctx, t.fsys, t.globs)
	if err != nil {
		return err
	}
	for _, s := range t.seen {
		s.present = false
	}
	for _, f := range t.tails {
		f.present = false
	}
	var documents []File
	for _, f := range files {
		isNew, err := t.look(ctx, f, now, interval, read)
		if err != nil {
			return err
		}
		if isNew {
			documents = append(documents, f)
		}
	}
	t.tellLag()
	for _, g := range Groups(documents, groupBytes, groupFiles) {
		if err := t.documents(ctx, g, now, read); err != nil {
			return err
		}
	}
	return t.gone(ctx, now, read)
}

// load reads the checkpoints, once.
func (t *Tracker) load(ctx context.Context) error {
	if t.loaded {
		return nil
	}
	list, err := t.marks.Checkpoints(ctx, t.feed)
	if err != nil {
		return fmt.Errorf("file: checkpoints of feed %s: %w", t.feed, err)
	}
	for _, c := range list {
		switch {
		case c.Source == intentSource:
			if err := json.Unmarshal([]byte(c.Body), &t.intent); err != nil {
				return fmt.Errorf("file: checkpoints of feed %s: %w", t.feed, err)
			}
		case covers(c.Identity) > 0:
			t.tails[c.Source] = &tail{key: c.Source, identity: c.Identity, offset: c.Position}
		default:
			t.done[c.Identity] = true
		}
	}
	t.loaded = true
	return nil
}

// begin makes a stretch the one that is being read.
func (t *Tracker) begin(ctx context.Context, i intent, read func(context.Context, Work) error) error {
	c, err := i.checkpoint(t.feed)
	if err != nil {
		return err
	}
	if err := t.marks.SaveCheckpoints(ctx, t.feed, []Checkpoint{c}); err != nil {
		return err
	}
	t.intent = i
	return t.run(ctx, read)
}

// run reads the stretch of the intent, and saves that it was read together with the end of the intent: there is no
// moment at which one is known without the other.
func (t *Tracker) run(ctx context.Context, read func(context.Context, Work) error) error {
	w := Work{Source: t.intent.Source, From: t.intent.From, At: t.intent.At}
	var opened []*stretch
	defer func() {
		for _, s := range opened {
			_ = s.Close() // closing again what was read to its end does no harm
		}
	}()
	marks := make([]Checkpoint, 0, len(t.intent.Pieces)+1)
	for _, p := range t.intent.Pieces {
		if p.Key != "" {
			marks = append(marks, Checkpoint{Feed: t.feed, Source: p.Key, Position: p.To, Identity: p.Identity})
		} else {
			marks = append(marks, Checkpoint{Feed: t.feed, Source: p.Name, Position: p.To, Identity: p.Identity})
		}
		w.Pieces = append(w.Pieces, Piece{Name: p.Name, Open: func() (io.ReadCloser, error) {
			s, err := t.stretch(p)
			if err == nil {
				opened = append(opened, s)
			}
			return s, err
		}})
	}
	t.tellLag() // what is there to be read, before the time that it takes
	if err := read(ctx, w); err != nil {
		return err
	}
	nothing := intent{}
	c, err := nothing.checkpoint(t.feed)
	if err != nil {
		return err
	}
	if err := t.marks.SaveCheckpoints(ctx, t.feed, append(marks, c)); err != nil {
		return err
	}
	for _, p := range t.intent.Pieces {
		if p.Key == "" {
			t.done[p.Identity] = true
			continue
		}
		f, ok := t.tails[p.Key]
		if !ok {
			f = &tail{key: p.Key}
			t.tails[p.Key] = f
		}
		f.identity, f.offset = p.Identity, p.To
	}
	t.intent = nothing
	t.tellLag()
	return nil
}

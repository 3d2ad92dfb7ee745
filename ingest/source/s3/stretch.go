package s3

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"path"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/ingest/source/file"
)

// How much is read at once.
const (
	groupBytes  = 32 << 20
	groupCount  = 500
	firstPause  = time.Minute
	longestWait = time.Hour
)

// group collects objects until they are worth reading together, so that many small ones fill batches.
type group struct {
	t     *Tracker
	now   time.Time
	read  Read
	list  []Object
	in    map[uint64]bool
	bytes int64

	failed error // of the first stretch that was not read; what was collected for it is listed or announced again
}

func (t *Tracker) group(now time.Time, read Read) *group {
	return &group{t: t, now: now, read: read, in: map[uint64]bool{}}
}

// add takes an object in, unless it was read, is in already, or was refused a moment ago.
func (g *group) add(ctx context.Context, o Object) error {
	h := sum(o)
	if w := g.t.waiting[h]; g.in[h] || g.t.has(o) || w != nil && g.now.Before(w.until) {
		return nil
	}
	g.in[h] = true
	g.list = append(g.list, o)
	if g.bytes += o.Size; g.bytes >= groupBytes || len(g.list) >= groupCount {
		return g.flush(ctx)
	}
	return nil
}

// flush reads what was collected. After a failure nothing more is read before the next step.
func (g *group) flush(ctx context.Context) error {
	if len(g.list) == 0 || g.failed != nil {
		return g.failed
	}
	g.failed = g.begin(ctx)
	return g.failed
}

func (g *group) begin(ctx context.Context) error {
	i := intent{At: g.now, Source: g.t.source(g.list), Objects: g.list}
	g.list, g.bytes = nil, 0
	clear(g.in)
	if err := g.t.save(ctx, i); err != nil {
		return err
	}
	g.t.intent, g.t.resumed = i, false
	return g.t.run(ctx, g.read)
}

func (t *Tracker) save(ctx context.Context, i intent, more ...Checkpoint) error {
	raw, err := json.Marshal(i)
	if err != nil {
		return fmt.Errorf("s3: %w", err)
	}
	c := Checkpoint{Feed: t.feed, Source: intentSource, Position: int64(len(i.Objects)), Identity: t.cfg.Bucket, Body: string(raw)}
	if err := t.marks.SaveCheckpoints(ctx, t.feed, append(more, c)); err != nil {
		return fmt.Errorf("s3: checkpoints of feed %s: %w", t.feed, err)
	}
	return nil
}

// source names a stretch. The same key with another content must not have the same name, since accounts of batches are
// kept by name.
func (t *Tracker) source(list []Object) string {
	name := t.cfg.place(list[0].Key)
	if e := list[0].ETag; e != "" {
		name += "@" + e[:min(8, len(e))]
	}
	if len(list) > 1 {
		name = fmt.Sprintf("%s … %s (%d objects)", name, path.Base(list[len(list)-1].Key), len(list))
	}
	return name
}

// run reads the stretch of the intent, and saves that it was read together with the end of the intent: there is no
// moment at which one is known without the other.
func (t *Tracker) run(ctx context.Context, read Read) error {
	list := t.intent.Objects
	b := t.newBelt(ctx, list)
	defer b.close()
	w := file.Work{Source: t.intent.Source, At: t.intent.At}
	for i, o := range list {
		w.Pieces = append(w.Pieces, file.Piece{Name: t.cfg.place(o.Key), Open: func() (io.ReadCloser, error) {
			r, err := b.take(ctx, i)
			var e *Error
			if err == nil || !errors.As(err, &e) || !e.gone() && (!e.refused() || t.resumed) {
				return r, err
			}
			if err := t.leave(ctx, o, e); err != nil {
				return nil, err
			}
			return io.NopCloser(bytes.NewReader(nil)), nil
		}})
	}
	if err := read(ctx, w); err != nil {
		return err
	}
	kept := t.intent.Objects
	if err := t.save(ctx, intent{}, t.put(kept)...); err != nil {
		return t.forget(err)
	}
	t.intent = intent{}
	return nil
}

// forget makes the tracker read its checkpoints again: what is in memory is ahead of what was saved.
func (t *Tracker) forget(err error) error {
	t.loaded, t.intent = false, intent{}
	t.shelves, t.roots = map[string]*shelf{}, map[string]*root{}
	return err
}

// leave takes an object out of the stretch that is being read, before anything of it was read, so that the stretch is
// the same without it when it is read again. It was not read, and is not remembered as read: when it may be read, a
// listing or a message that is delivered again brings it back.
func (t *Tracker) leave(ctx context.Context, o Object, why *Error) error {
	t.report(why)
	i := t.intent
	i.Objects = slices.DeleteFunc(slices.Clone(i.Objects), func(x Object) bool { return x == o })
	if err := t.save(ctx, i); err != nil {
		return err
	}
	t.intent = i
	w := t.waiting[sum(o)]
	if w == nil {
		w = &waiting{shelf: t.cfg.shelf(o.Key), pause: firstPause}
		t.waiting[sum(o)] = w
	}
	if why.gone() && why.Status != http.StatusPreconditionFailed {
		delete(t.waiting, sum(o)) // no listing will show it again; what was replaced, it will
		return nil
	}
	w.until = i.At.Add(w.pause)
	w.pause = min(2*w.pause, longestWait)
	return nil
}

package app

import (
	"context"
	"errors"
	"maps"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
)

// glanceEvery is how soon after the end of a look the files that grow are looked at again. What is found has to be written in
// small batches, which cost the store more than large ones; so the pause is never shorter than the look was.
const glanceEvery = 250 * time.Millisecond

// Glance reads what is added to files that grow, between the looks at everything and while something is evaluated, until
// ctx ends: what an event rule matches is told within about a second.
func (a *App) Glance(ctx context.Context, now func() time.Time, settle time.Duration) {
	feeds := map[string]access.Feed{}
	for _, in := range a.feedInputs() {
		feeds[in.Feed.Name] = in.Feed
	}
	if len(feeds) == 0 {
		return
	}
	defer a.memory.reading()()
	pause := time.NewTimer(glanceEvery)
	defer pause.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-pause.C:
		}
		began := time.Now()
		a.following.Lock()
		list := maps.Clone(a.followers)
		a.following.Unlock()
		for name, f := range list {
			a.glance(ctx, feeds[name], f, now(), settle)
		}
		pause.Reset(min(settle, max(glanceEvery, time.Since(began))))
	}
}

func (a *App) glance(ctx context.Context, feed access.Feed, f *ingest.Follower, now time.Time, settle time.Duration) {
	st, err := f.Glance(ctx, now, settle, a.events.Load())
	a.tell(feed, st)
	if err != nil && !errors.Is(err, context.Canceled) {
		a.Notice("feed %s: %v", feed.Name, err)
	}
}

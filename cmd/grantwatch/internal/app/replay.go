package app

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/ingest"
	"github.com/grantwatch/grantwatch/store"
)

// Replay is what became of a feed's dead letters when they were read again.
type Replay struct {
	Team     string `json:"team"`
	Feed     string `json:"feed"`
	Finished int64  `json:"finished"` // letters of an earlier replay that had died in the middle
	Replayed int64  `json:"replayed"` // letters that are stored now, or would be
	Failed   int64  `json:"failed"`   // letters that still cannot be read
	Stored   int64  `json:"stored"`   // events that came of them; duplicates of known ones are not among them
}

// replayLetters is how many letters are read as one batch. They lie in memory with their bytes.
const replayLetters = 500

// ReplayLetters reads the dead letters that the filter chooses again, with the decoders and rules of today, and stores
// what can be read now. It may die at any point: what it had claimed is finished first the next time, as the same batch,
// which the store takes once. A dry run says what would happen.
func (a *App) ReplayLetters(ctx context.Context, f store.LetterFilter, now time.Time, dry bool) ([]Replay, error) {
	p, err := a.pipeline()
	if err != nil {
		return nil, err
	}
	if err := a.ReadIdentities(ctx, now); err != nil {
		return nil, err
	}
	a.events.Store(newEventRules(a.Rules, a.people))
	out := []Replay{}
	for _, feed := range a.Feeds() {
		if f.Feed != "" && f.Feed != feed.Name || f.Team != "" && f.Team != feed.Team {
			continue
		}
		r := replayer{App: a, pipe: p, feed: feed, now: now.Truncate(time.Millisecond), dry: dry, sum: Replay{Team: feed.Team, Feed: feed.Name}}
		if err := r.run(ctx, f); err != nil {
			return out, fmt.Errorf("feed %s: %w", feed.Name, err)
		}
		if r.sum != (Replay{Team: feed.Team, Feed: feed.Name}) {
			out = append(out, r.sum)
		}
	}
	return out, nil
}

type replayer struct {
	*App
	pipe *ingest.Pipeline
	feed access.Feed
	now  time.Time
	dry  bool
	sum  Replay
}

func (r *replayer) run(ctx context.Context, f store.LetterFilter) error {
	f.Team, f.Feed = r.feed.Team, r.feed.Name
	if !r.dry {
		if err := r.finish(ctx); err != nil {
			return err
		}
	}
	f.State, f.Limit, f.After = store.LetterOpen, replayLetters, ""
	for {
		page, err := r.Store.Letters(ctx, f)
		if err != nil || len(page) == 0 {
			return err
		}
		f.After = page[len(page)-1].ID
		if err := r.page(ctx, page); err != nil {
			return err
		}
	}
}

// finish ends the replays that were interrupted. Each holds all of its letters or none: claims are one insert.
func (r *replayer) finish(ctx context.Context) error {
	replays := map[string][]store.Letter{}
	var order []string
	f := store.LetterFilter{Team: r.feed.Team, Feed: r.feed.Name, State: store.LetterPending, Limit: replayLetters}
	for {
		page, err := r.Store.Letters(ctx, f)
		if err != nil {
			return err
		}
		for _, l := range page {
			if replays[l.Replay] == nil {
				order = append(order, l.Replay)
			}
			replays[l.Replay] = append(replays[l.Replay], l)
		}
		if len(page) < replayLetters {
			break
		}
		f.After = page[len(page)-1].ID
	}
	for _, id := range order {
		letters := replays[id]
		if err := r.store(ctx, letters, id, letters[0].Claimed); err != nil {
			return err
		}
		r.sum.Finished += int64(len(letters))
	}
	return nil
}

// page reads letters again that are in the order of their ids.
func (r *replayer) page(ctx context.Context, page []store.Letter) error {
	var good, bad []store.Letter
	for _, l := range page {
		why, err := r.pipe.Readable(r.feed, l.Raw)
		if err != nil {
			return err
		}
		if why == nil {
			good = append(good, l)
			continue
		}
		r.sum.Failed++
		if why.Reason != l.Reason || why.Detail != l.Detail {
			l.Reason, l.Detail = why.Reason, why.Detail
			bad = append(bad, l)
		}
	}
	r.sum.Replayed += int64(len(good))
	if r.dry {
		return nil
	}
	if err := r.Store.LettersFailed(ctx, bad, r.now); err != nil || len(good) == 0 {
		return err
	}
	h := sha256.New()
	fmt.Fprintf(h, "%d\n", r.now.UnixMilli())
	for _, l := range good {
		fmt.Fprintln(h, l.ID)
	}
	id := hex.EncodeToString(h.Sum(nil)[:16])
	if err := r.Store.ClaimLetters(ctx, good, id, r.now); err != nil {
		return err
	}
	return r.store(ctx, good, id, r.now)
}

// store reads claimed letters through the pipeline. Everything that decides what the batch is follows from the claim.
func (r *replayer) store(ctx context.Context, letters []store.Letter, replay string, claimed time.Time) error {
	parts := make([]ingest.Part, len(letters))
	for i, l := range letters {
		parts[i] = ingest.Part{Name: l.Position, Open: func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(l.Raw)), nil }}
	}
	st, err := r.pipe.RunParts(ctx, r.feed, "dlq/"+replay, 0, parts, claimed, r.events.Load())
	if err != nil {
		return err
	}
	r.sum.Stored += st.Stored
	return r.Store.LettersReplayed(ctx, letters, replay, claimed)
}

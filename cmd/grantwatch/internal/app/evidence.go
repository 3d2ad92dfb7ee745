package app

import (
	"context"
	"fmt"
	"io/fs"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/ingest/digest"
	"github.com/grantwatch/grantwatch/store"
)

// evidence is what proves feeds beside their records, by feed.
type evidence struct {
	canaries map[string][]time.Time
	holes    map[string][]access.Gap
}

func (a *App) evidence(ctx context.Context, since time.Time) (*evidence, error) {
	ev := &evidence{canaries: map[string][]time.Time{}, holes: map[string][]access.Gap{}}
	if err := a.Store.CanaryEach(ctx, access.CanaryCall, since, func(feed string, at time.Time) {
		ev.canaries[feed] = append(ev.canaries[feed], at)
	}); err != nil {
		return nil, err
	}
	holes, err := a.Store.Holes(ctx)
	if err != nil {
		return nil, err
	}
	for _, h := range holes {
		g := access.Gap{Feed: h.Feed, From: h.Before, To: h.After, Why: fmt.Sprintf("the offsets %d to %d of %s were gone before they could be read", h.From, h.To-1, h.Source)}
		if g.To.IsZero() || g.To.After(h.Noticed) {
			g.To = h.Noticed // nothing came after it
		}
		ev.holes[h.Feed] = append(ev.holes[h.Feed], g)
	}
	return ev, nil
}

// proofs are what the digests of a feed prove, by what was read of their files up to now.
func (a *App) proofs(ctx context.Context, f access.Feed, d *config.Digests) ([]access.Proof, error) {
	if err := a.settle(ctx, f); err != nil {
		return nil, err
	}
	list, err := a.Store.Digests(ctx, f.Team, f.Name)
	if err != nil {
		return nil, err
	}
	places, err := a.Store.ReadPlaces(ctx, f.Team, f.Name)
	if err != nil {
		return nil, err
	}
	var keys digest.Keys
	if d.KeysFile != "" {
		raw, err := fs.ReadFile(a.FS, d.KeysFile)
		if err == nil {
			keys, err = digest.ReadKeys(raw)
		}
		if err != nil { // no key is known, so nothing is proven; what was read before does not count either
			a.Notice("feed %s: digests.keys_file: %s: %v", f.Name, d.KeysFile, err)
			keys = digest.Keys{}
		}
	}
	return a.verified.Verify(list, places, keys), nil
}

// settleAtOnce is how many digests are looked at together.
const settleAtOnce = 100

// settle compares the files that digests list with what was read. What is settled stays so: a file cannot be unread.
func (a *App) settle(ctx context.Context, f access.Feed) error {
	open, err := a.Store.UnsettledDigests(ctx, f.Team, f.Name)
	if err != nil {
		return err
	}
	for len(open) > 0 {
		n := min(len(open), settleAtOnce)
		if err := a.settleSome(ctx, f, open[:n]); err != nil {
			return err
		}
		open = open[n:]
	}
	return nil
}

func (a *App) settleSome(ctx context.Context, f access.Feed, list []store.ListedDigest) error {
	var names []string
	for i := range list {
		names = append(names, list[i].Names...)
	}
	read, err := a.Store.Readings(ctx, f.Team, f.Name, names)
	if err != nil {
		return err
	}
	by := map[string][]access.Reading{}
	for _, r := range read {
		by[r.Name] = append(by[r.Name], r)
	}
	var changed []store.ListedDigest
	for _, d := range list {
		state, detail := digest.Settle(d.Names, d.Hashes, by)
		if state != d.State || detail != d.Detail {
			d.State, d.Detail = state, detail
			changed = append(changed, d)
		}
	}
	return a.Store.SaveDigests(ctx, changed)
}

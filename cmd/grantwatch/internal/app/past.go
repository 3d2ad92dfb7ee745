package app

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

// PastView rebuilds what the last evaluation in [from, to) said, from what was kept of it; nil when nothing was.
func (a *App) PastView(ctx context.Context, from, to time.Time) (*ledger.View, error) {
	at, err := a.Store.NewestFigures(ctx, from, to)
	if err != nil || at.IsZero() {
		return nil, err
	}
	p := ledger.Past{At: at, Teams: a.teamInfo(), Changes: []ledger.Change{}}
	rows, err := a.Store.FiguresAt(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		p.Figures = append(p.Figures, ledger.Figure(r))
	}
	if p.Findings, err = a.pastFindings(ctx, at); err != nil {
		return nil, err
	}
	if p.Governance, err = a.pastGovernance(ctx, at); err != nil {
		return nil, err
	}
	evals, err := a.Store.EvaluationsAt(ctx, at)
	if err != nil {
		return nil, err
	}
	for _, e := range evals {
		p.Rules = append(p.Rules, detect.Evaluation{Rule: e.Rule, Team: e.Team, At: e.At, Status: e.Status, Judged: e.Judged, Findings: e.Findings})
	}
	if err := a.pastFeeds(ctx, &p); err != nil {
		return nil, err
	}
	return ledger.Rebuild(p), nil
}

// pastFindings are the findings that were open or excepted at a moment: state, verdict and severity by history, everything
// else as it is on record today.
func (a *App) pastFindings(ctx context.Context, at time.Time) ([]access.Finding, error) {
	steps, err := a.Store.HistoryAt(ctx, at)
	if err != nil {
		return nil, err
	}
	then := make(map[string]*store.HistoryEntry, len(steps))
	for i := range steps {
		then[steps[i].Fingerprint] = &steps[i]
	}
	all, err := a.Store.FindingsAll(ctx, store.FindingFilter{})
	if err != nil {
		return nil, err
	}
	out := all[:0]
	for _, f := range all {
		s := then[f.Fingerprint]
		if s == nil || s.State == ledger.StateResolved {
			continue
		}
		f.State, f.Verdict, f.Severity, f.LastSeen = s.State, s.Verdict, s.Severity, at
		if f.FirstSeen.After(at) {
			f.FirstSeen = at
		}
		if f.State != ledger.StateExcepted {
			f.Exception = nil
		}
		out = append(out, f)
	}
	return out, nil
}

// pastGovernance is what was recommended at a moment.
func (a *App) pastGovernance(ctx context.Context, at time.Time) ([]ledger.Recommendation, error) {
	list, err := a.governancePast(ctx, at.Add(time.Microsecond))
	if err != nil {
		return nil, err
	}
	newest := map[[2]string]ledger.Recommendation{}
	for _, r := range list {
		newest[[2]string{r.Team, r.Layer}] = r
	}
	var out []ledger.Recommendation
	for _, r := range list {
		if k := [2]string{r.Team, r.Layer}; newest[k] == r {
			out = append(out, r)
		}
	}
	return out, nil
}

// pastFeeds tells what the feeds could see in the 90 days before a moment, from their days on record.
func (a *App) pastFeeds(ctx context.Context, p *ledger.Past) error {
	rows, err := a.Store.FeedDays(ctx, p.At.AddDate(0, 0, -90), p.At.AddDate(0, 0, 1))
	if err != nil {
		return err
	}
	stats, err := a.Store.FeedStats(ctx)
	if err != nil {
		return err
	}
	byFeed := map[string]*detect.FeedReport{}
	covered := map[string][]float64{}
	for _, f := range a.Feeds() {
		r := &detect.FeedReport{Name: f.Name, Team: f.Team, Provider: f.Provider, Watermark: p.At, Gaps: []access.Gap{}}
		for _, s := range stats {
			if s.Feed == f.Name {
				r.Received, r.Rejected = s.Received, s.Dead
			}
		}
		byFeed[f.Name] = r
	}
	for _, d := range rows {
		day := detect.FeedDay{Team: d.Team, Feed: d.Feed, Day: d.Day, Covered: d.Covered, Grade: d.Grade, Blinds: d.Blinds, Gaps: []access.Gap{}}
		if err := json.Unmarshal([]byte(d.Gaps), &day.Gaps); err != nil {
			return fmt.Errorf("the gaps of %s on %s are not what was written: %w", d.Feed, d.Day.Format(time.DateOnly), err)
		}
		p.FeedDays = append(p.FeedDays, day)
		r := byFeed[d.Feed]
		if r == nil {
			continue // of a feed that is not configured any more
		}
		covered[d.Feed] = append(covered[d.Feed], d.Covered)
		r.Blinds = max(r.Blinds, d.Blinds)
		if d.Covered > 0 && r.First.IsZero() {
			r.First = d.Day
		}
		for _, g := range day.Gaps {
			if n := len(r.Gaps); n > 0 && r.Gaps[n-1].Why == g.Why && !r.Gaps[n-1].To.Before(g.From) {
				r.Gaps[n-1].To = g.To // a gap that was cut at midnight
				continue
			}
			r.Gaps = append(r.Gaps, g)
		}
	}
	for _, f := range a.Feeds() {
		r := byFeed[f.Name]
		for _, c := range covered[f.Name] {
			r.Coverage += c / float64(len(covered[f.Name]))
		}
		r.Newest = p.At
		if len(r.Gaps) > 0 && !r.Gaps[len(r.Gaps)-1].To.Before(p.At.Add(-24*time.Hour)) && !r.First.IsZero() {
			r.Newest = r.Gaps[len(r.Gaps)-1].From
		}
		p.Feeds = append(p.Feeds, *r)
	}
	slices.SortFunc(p.Feeds, func(x, y detect.FeedReport) int {
		if x.Name < y.Name {
			return -1
		}
		return 1
	})
	return nil
}

// WeekFigures are the figures saved last in each stretch between two neighbouring bounds, by the number of the stretch.
func (a *App) WeekFigures(ctx context.Context, bounds []time.Time) ([][]ledger.Figure, error) {
	rows, err := a.Store.FigureStretches(ctx, bounds)
	if err != nil {
		return nil, err
	}
	out := make([][]ledger.Figure, len(bounds)-1)
	for _, r := range rows {
		for i := range out {
			if !r.At.Before(bounds[i]) && r.At.Before(bounds[i+1]) {
				out[i] = append(out[i], ledger.Figure(r))
			}
		}
	}
	// A figure that the last evaluation of a week no longer had is none of that week's.
	for i, week := range out {
		var newest time.Time
		for _, f := range week {
			if f.At.After(newest) {
				newest = f.At
			}
		}
		out[i] = slices.DeleteFunc(week, func(f ledger.Figure) bool { return !f.At.Equal(newest) })
	}
	return out, nil
}

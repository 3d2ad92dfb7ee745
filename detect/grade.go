package detect

import (
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// Grades of coverage, from the weakest.
const (
	gradeCanary     = 1 // nothing but a canary in time, accepted where a feed is naturally quiet
	gradeContinuous = 2
	gradeLossless   = 3
)

// digestPatience is how long the newest digest may be waited for. One comes every hour, some time after the hour.
const digestPatience = 3 * time.Hour

// patience is how long a feed may say nothing before it counts as dead.
func patience(f *FeedState) time.Duration {
	p := f.MaxSilence
	if f.Quiet && f.Canary != nil {
		p = max(p, f.Canary.Every+f.Canary.Within)
	}
	if f.Digests != nil {
		p = max(p, digestPatience)
	}
	return p
}

// quiet reports whether a canary in time is evidence enough for this feed.
func (l *ledgerFeed) quiet() bool { return l.Quiet && l.Canary != nil }

// canaryAlone reports whether a minute holds nothing but a canary, whose record says nothing about whether others are
// recorded without a pause. Minutes are kept to the millisecond.
func (l *ledgerFeed) canaryAlone(m *access.CoverMinute) bool {
	if l.Canary == nil || !m.First.Equal(m.Last) {
		return false
	}
	_, ok := slices.BinarySearchFunc(l.Canaries, m.First, func(c, at time.Time) int { return c.Truncate(time.Millisecond).Compare(at.Truncate(time.Millisecond)) })
	return ok
}

// missed books the stretches in which the canary was not seen in time, up to a moment. Nothing is known from the last one
// before such a stretch to the next one after it: it may have begun at any time in between.
func (l *ledgerFeed) missed(upTo time.Time) {
	if l.Canary == nil {
		return
	}
	most := l.Canary.Every + l.Canary.Within
	last := later(l.first, l.Canary.Since)
	for _, at := range append(slices.Clip(l.Canaries), upTo) {
		if at.Before(last) {
			continue
		}
		if at.Sub(last) > most {
			l.gaps = append(l.gaps, gap{Interval: access.Interval{From: last, To: at}, why: "canary not seen"})
		}
		last = at
	}
}

// start is the beginning of what can be known of a feed; zero when nothing was ever seen.
func (l *ledgerFeed) start() time.Time {
	if l.Digests == nil {
		return l.first
	}
	if from := l.provenFrom(); l.first.IsZero() || !from.IsZero() && from.Before(l.first) {
		return from
	}
	return l.first
}

// provenFrom is when digests begin to be what decides: as configured, else with the first record or proof.
func (l *ledgerFeed) provenFrom() time.Time {
	if !l.Digests.Since.IsZero() {
		return l.Digests.Since
	}
	from := l.first
	for _, p := range l.Proofs {
		if p.Grade > 0 && (from.IsZero() || p.From.Before(from)) {
			from = p.From
		}
	}
	return from
}

// lastProof is the end of the newest stretch that digests prove of any account.
func (l *ledgerFeed) lastProof() time.Time {
	var out time.Time
	if l.Digests != nil {
		for _, p := range l.Proofs {
			if p.Grade > 0 {
				out = later(out, p.To)
			}
		}
	}
	return out
}

// provenEnd is up to when the digests of every account prove something.
func (l *ledgerFeed) provenEnd() time.Time {
	ends := map[string]time.Time{}
	for _, p := range l.Proofs {
		if p.Grade > 0 {
			ends[p.Account] = later(ends[p.Account], p.To)
		}
	}
	var out time.Time
	for _, end := range ends {
		if out.IsZero() || end.Before(out) {
			out = end
		}
	}
	return out
}

// prove books what the digests do not prove: from the moment on from which they decide, everything else is a gap, with
// the reason where one is known. So no digest, no gap fewer: to take one away never makes anything covered.
func (l *ledgerFeed) prove() {
	if l.Digests == nil {
		return
	}
	l.proven = map[string][]access.Interval{}
	covered := map[string][]access.Interval{}
	for _, a := range append(slices.Clone(l.Seen), l.Accounts...) {
		if a != "" {
			covered[a] = nil
		}
	}
	for _, p := range l.Proofs {
		switch {
		case p.Grade >= gradeLossless:
			l.proven[p.Account] = append(l.proven[p.Account], p.Interval)
			fallthrough
		case p.Grade > 0:
			covered[p.Account] = append(covered[p.Account], p.Interval)
		default:
			covered[p.Account] = append(covered[p.Account], access.Interval{})
		}
	}
	whole := access.Interval{From: l.provenFrom(), To: l.watermark}
	if !whole.From.Before(whole.To) {
		return
	}
	if len(covered) == 0 {
		l.gaps = append(l.gaps, gap{Interval: whole, why: "there is no digest"})
	}
	for account, list := range covered {
		for _, rest := range without(whole, list) {
			l.unproven(account, rest)
		}
	}
}

// unproven books a stretch that no digest proves, cut where the reason changes.
func (l *ledgerFeed) unproven(account string, rest access.Interval) {
	var said []access.Interval
	for _, p := range l.Proofs {
		if p.Grade > 0 || p.Account != account {
			continue
		}
		part := access.Interval{From: later(rest.From, p.From), To: rest.To}
		if !p.To.IsZero() {
			part.To = earlier(part.To, p.To)
		}
		if part.From.Before(part.To) {
			l.gaps = append(l.gaps, gap{Interval: part, why: p.Why, account: account})
			said = append(said, part)
		}
	}
	for _, part := range without(rest, said) {
		l.gaps = append(l.gaps, gap{Interval: part, why: "no digest proves it", account: account})
	}
}

// without is what is left of a stretch when others are taken out of it.
func without(whole access.Interval, out []access.Interval) []access.Interval {
	out = slices.Clone(out)
	slices.SortFunc(out, func(a, b access.Interval) int { return a.From.Compare(b.From) })
	var rest []access.Interval
	at := whole.From
	for _, o := range out {
		if !o.From.Before(o.To) {
			continue
		}
		if o.From.After(at) {
			rest = append(rest, access.Interval{From: at, To: earlier(o.From, whole.To)})
		}
		at = later(at, o.To)
		if !at.Before(whole.To) {
			return rest
		}
	}
	return append(rest, access.Interval{From: at, To: whole.To})
}

// gradeWithin is the weakest grade of what is covered in a window.
func (l *ledgerFeed) gradeWithin(w access.Interval, account string, gaps []access.Gap) int {
	for _, p := range l.pauses {
		if p.From.Before(w.To) && w.From.Before(p.To) {
			return gradeCanary
		}
	}
	if l.Digests == nil {
		return gradeContinuous
	}
	blind := make([]access.Interval, 0, len(gaps))
	for _, g := range gaps {
		blind = append(blind, access.Interval{From: g.From, To: g.To})
	}
	for a, proven := range l.proven {
		if account != "" && a != account {
			continue
		}
		if len(without(w, append(slices.Clone(blind), proven...))) > 0 {
			return gradeContinuous
		}
	}
	if account != "" && l.proven[account] == nil || len(l.proven) == 0 {
		return gradeContinuous
	}
	return gradeLossless
}

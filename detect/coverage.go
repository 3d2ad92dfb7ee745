package detect

import (
	"fmt"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
)

// ledgerFeed is what one feed can answer for: from its first record on, without its gaps, up to its watermark.
type ledgerFeed struct {
	FeedState
	first     time.Time // first record; zero when there is none
	watermark time.Time // newest event time less the feed's usual lateness, or now - max_silence for a dead feed
	gaps      []gap     // in order of From, merged per class set
	silent    time.Duration
	patience  time.Duration                // how long it may be silent before it is dead
	pauses    []access.Interval            // longer than max_silence, and covered by canaries in time
	proven    map[string][]access.Interval // account → what its digests prove lossless
}

// gap is a stretch of a feed without evidence; account and classes narrow a gap that a configuration event opened.
type gap struct {
	access.Interval
	why     string
	account string   // empty: every account of the feed
	classes []string // empty: every class
}

// newLedgerFeed books the coverage of one feed at now. changes are the logging changes seen in this feed.
func newLedgerFeed(f FeedState, changes []TeamEvent, now time.Time) *ledgerFeed {
	l := &ledgerFeed{FeedState: f, patience: patience(&f)}
	newest := l.continuity()
	known := later(newest, l.lastProof())
	if known.IsZero() {
		l.watermark = now.Add(-l.patience)
		l.silent = -1
		return l
	}
	l.silent = now.Sub(known)
	l.watermark = known.Add(-f.Lateness)
	if f.Digests != nil {
		l.watermark = earlier(l.watermark, later(l.provenEnd(), now.Add(-l.patience)))
	}
	// A dead feed must not freeze T: its watermark moves on and the missing stretch is booked as a gap.
	if l.silent > l.patience {
		l.watermark = now.Add(-l.patience)
		if f.Digests == nil && l.watermark.After(newest) {
			l.gaps = append(l.gaps, gap{Interval: access.Interval{From: newest, To: l.watermark}, why: whySilent})
		}
	}
	l.missed(later(newest, l.watermark))
	l.prove()
	for _, h := range f.Holes {
		l.gaps = append(l.gaps, gap{Interval: access.Interval{From: later(h.From, l.first), To: h.To}, why: h.Why})
	}
	if loss := f.loss(); loss >= maxLoss {
		l.gaps = append(l.gaps, gap{Interval: access.Interval{From: l.first, To: later(newest, l.watermark)}, why: fmt.Sprintf("%s: %.2g %% of its records", whyLoss, 100*loss)})
	}
	l.gaps = append(l.gaps, loggingGaps(changes, now)...)
	slices.SortStableFunc(l.gaps, func(a, b gap) int { return a.From.Compare(b.From) })
	return l
}

const whySilent = "silent since its newest record"

// continuity books the pauses between records and returns the newest record's time. Where digests have to prove a feed,
// how densely it speaks says nothing; where a canary does, a pause is a pause in what others did.
func (l *ledgerFeed) continuity() time.Time {
	if len(l.Minutes) == 0 {
		return time.Time{}
	}
	l.first = l.Minutes[0].First
	newest, spoke := l.first, l.first
	for _, m := range l.Minutes {
		newest = later(newest, m.Last)
		if l.canaryAlone(&m) {
			continue
		}
		if m.First.Sub(spoke) > l.MaxSilence {
			l.pause(access.Interval{From: spoke, To: m.First})
		}
		spoke = later(spoke, m.Last)
	}
	if newest.Sub(spoke) > l.MaxSilence {
		l.pause(access.Interval{From: spoke, To: newest})
	}
	return newest
}

// pause books a stretch without records.
func (l *ledgerFeed) pause(p access.Interval) {
	if l.Digests != nil {
		from := l.provenFrom()
		if !p.From.Before(from) {
			return
		}
		p.To = earlier(p.To, from)
	}
	if l.quiet() {
		l.pauses = append(l.pauses, p)
		if since := l.Canary.Since; p.From.Before(since) {
			l.gaps = append(l.gaps, gap{Interval: access.Interval{From: p.From, To: earlier(p.To, since)}, why: whyPause})
		}
		return
	}
	l.gaps = append(l.gaps, gap{Interval: p, why: whyPause})
}

const whyPause = "no records for longer than max_silence"

// maxLoss is the share of records that may be unreadable in a feed whose continuity proves anything (grade C2) *. Above
// it a use may be among what could not be read, anywhere in the feed, since an unreadable record has no time.
const maxLoss = 0.001

const whyLoss = "too many records could not be read"

func (f *FeedState) loss() float64 {
	if f.Received == 0 {
		return 0
	}
	return float64(f.Lost) / float64(f.Received)
}

// loggingGaps turns configuration events into gaps: what stops logging opens one at once, what starts it again closes it.
// Records that go on arriving do not close it: they prove another trail, not this one.
func loggingGaps(changes []TeamEvent, now time.Time) []gap {
	type key struct{ account, what string }
	open := map[key]gap{}
	var out []gap
	closeAll := func(account, what string, at time.Time) {
		for k, g := range open {
			if k.account == account && (what == "" || k.what == what) {
				g.To = at
				out = append(out, g)
				delete(open, k)
			}
		}
	}
	for i := range changes {
		ev := &changes[i].Event
		what, classes, opens := loggingEffect(ev)
		k := key{ev.Account, what}
		switch {
		case what == "":
		case opens:
			if _, already := open[k]; !already {
				open[k] = gap{Interval: access.Interval{From: ev.Time}, why: ev.Action + " by " + actorName(ev), account: ev.Account, classes: classes}
			}
		default:
			closeAll(ev.Account, what, ev.Time)
		}
	}
	for _, g := range open {
		g.To = now
		out = append(out, g)
	}
	slices.SortStableFunc(out, func(a, b gap) int {
		if c := a.From.Compare(b.From); c != 0 {
			return c
		}
		return strings.Compare(a.account+a.why, b.account+b.why)
	})
	return out
}

// loggingEffect says what a configuration event does to what we can see: which switch it turns, for which classes
// (nil: all), and whether it opens a gap. An empty switch means none that coverage depends on.
func loggingEffect(ev *access.Event) (what string, classes []string, opens bool) {
	if ev.Outcome != access.Success {
		return "", nil, false
	}
	_, name, _ := strings.Cut(ev.Action, ":")
	if ev.Provider == "okta" {
		switch ev.Action {
		case "system.log_stream.lifecycle.deactivate", "system.log_stream.lifecycle.delete":
			return "log stream", nil, true
		case "system.log_stream.lifecycle.activate", "system.log_stream.lifecycle.create":
			return "log stream", nil, false
		}
		return "", nil, false
	}
	switch name {
	case "StopLogging", "DeleteTrail":
		return "trail", nil, true
	case "StartLogging", "CreateTrail":
		return "trail", nil, false
	case "PutEventSelectors":
		off := missingSelectors(ev.Attrs["event_selectors"])
		return "selectors", off, len(off) > 0
	}
	return "", nil, false
}

// missingSelectors names the management classes that a trail's new selectors leave out. The attribute is what the
// decoder keeps of the request ("management:All", "management:WriteOnly", "management:off"); nothing known opens a gap,
// since a narrowed trail must never read as "nobody used it".
func missingSelectors(s string) []string {
	switch {
	case strings.Contains(s, "management:All"):
		return nil
	case strings.Contains(s, "management:WriteOnly"):
		return []string{"management-read"}
	case strings.Contains(s, "management:ReadOnly"):
		return []string{"management-write"}
	}
	return []string{"management-read", "management-write"}
}

// carries reports whether the feed carries a log class, by its configured classes or its format's defaults.
// The empty class stands for providers without a catalogue: whatever they log may hold the use.
func carries(classes []string, class string) bool {
	if class == "" {
		return true
	}
	for _, c := range classes {
		switch {
		case c == class, c == "*":
			return true
		case c == "management" && strings.HasPrefix(class, "management-"):
			return true
		case (c == "data" || c == "data:*") && strings.HasPrefix(class, "data:"):
			return true
		case strings.HasSuffix(c, "*") && strings.HasPrefix(class, strings.TrimSuffix(c, "*")):
			return true
		case c == "k8s" && strings.HasPrefix(class, "k8s:"):
			return true
		}
	}
	return false
}

// answers reports whether the feed answers for a provider and account. An account that is named on neither side is the
// team's own.
func (l *ledgerFeed) answers(team, provider, account string) bool {
	if l.Provider != provider {
		return false
	}
	if len(l.Accounts) > 0 {
		return slices.Contains(l.Accounts, account) || (account == "" && l.Team == team)
	}
	if account != "" && slices.Contains(l.Seen, account) {
		return true
	}
	named := slices.ContainsFunc(l.Seen, func(s string) bool { return s != "" })
	return l.Team == team && (account == "" || !named)
}

// gapsWithin lists the feed's gaps that touch the window, for one account and class set, clipped to it. The stretch
// before the first record is one of them.
func (l *ledgerFeed) gapsWithin(w access.Interval, account string, classes []string) []access.Gap {
	var out []access.Gap
	add := func(from, to time.Time, why string) {
		from, to = later(from, w.From), earlier(to, w.To)
		if from.Before(to) {
			out = append(out, access.Gap{Feed: l.Name, From: from, To: to, Why: why})
		}
	}
	start := l.start()
	if start.IsZero() {
		add(w.From, w.To, "no record was ever seen")
		return out
	}
	add(w.From, start, "before the feed's first record")
	for _, g := range l.gaps {
		if g.account != "" && account != "" && g.account != account {
			continue
		}
		if len(g.classes) > 0 && len(classes) > 0 && !overlap(g.classes, classes) {
			continue
		}
		add(g.From, g.To, g.why)
	}
	return out
}

func overlap(a, b []string) bool {
	for _, x := range a {
		if slices.Contains(b, x) {
			return true
		}
	}
	return false
}

// sight is what a set of feeds could see of one kind of grant over one window.
type sight struct {
	feeds   []string
	hasFeed bool // some feed answers for provider and account, in whatever class
	t       time.Time
	window  access.Interval
	gaps    []access.Gap
	blind   time.Duration // union of the gaps
	longest time.Duration
	grade   int
}

// sightOf computes R(g), T, and the blind time for grants of one provider and account whose uses are logged in classes.
func sightOf(feeds []*ledgerFeed, team, provider, account string, classes []string, window time.Duration, now time.Time) sight {
	s := sight{grade: gradeLossless, t: now}
	var needed []*ledgerFeed
	for _, f := range feeds {
		if !f.answers(team, provider, account) {
			continue
		}
		s.hasFeed = true
		if slices.ContainsFunc(classes, func(c string) bool { return carries(f.Classes, c) }) {
			needed = append(needed, f)
		}
	}
	for _, f := range needed {
		s.feeds = append(s.feeds, f.Name)
		s.t = earlier(s.t, f.watermark)
	}
	slices.Sort(s.feeds)
	s.window = access.Interval{From: s.t.Add(-window), To: s.t}
	for _, f := range needed {
		gaps := f.gapsWithin(s.window, account, classes)
		s.grade = min(s.grade, f.gradeWithin(s.window, account, gaps))
		s.gaps = append(s.gaps, gaps...)
	}
	sort.SliceStable(s.gaps, func(i, j int) bool {
		if c := s.gaps[i].From.Compare(s.gaps[j].From); c != 0 {
			return c < 0
		}
		return s.gaps[i].Feed < s.gaps[j].Feed
	})
	if len(needed) == 0 {
		s.grade, s.blind, s.longest = 0, window, window
		return s
	}
	s.blind, s.longest = union(s.gaps)
	return s
}

// union is the total length of gaps that may overlap, and the longest connected stretch.
func union(gaps []access.Gap) (total, longest time.Duration) {
	var from, to time.Time
	flush := func() {
		d := to.Sub(from)
		total += d
		longest = max(longest, d)
	}
	for i, g := range gaps { // in order of From
		if i > 0 && !g.From.After(to) {
			to = later(to, g.To)
			continue
		}
		if i > 0 {
			flush()
		}
		from, to = g.From, g.To
	}
	if len(gaps) > 0 {
		flush()
	}
	return total, longest
}

func earlier(a, b time.Time) time.Time {
	if b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

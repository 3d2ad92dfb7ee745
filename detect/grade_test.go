package detect

import (
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
)

// canaries gives the feed a canary every six hours, and nothing else in the stretch.
func (w *world) canaries(from, to time.Time, quiet bool) {
	f := &w.Feeds[0]
	f.Quiet, f.Canary = quiet, &access.Canary{Actor: "canary", Action: "sts:GetCallerIdentity", Every: 6 * time.Hour, Within: 15 * time.Minute}
	w.drop(from, to)
	for at := daysAgo(120); at.Before(now); at = at.Add(6 * time.Hour) {
		f.Canaries = append(f.Canaries, at)
		if !at.Before(from) && at.Before(to) {
			f.Minutes = append(f.Minutes, access.CoverMinute{Team: "payments", Feed: "aws", Minute: at.Truncate(time.Minute), First: at, Last: at})
		}
	}
	slices.SortFunc(f.Minutes, func(a, b access.CoverMinute) int { return a.First.Compare(b.First) })
}

// digests proves the feed's account lossless, in stretches of so many hours.
func (w *world) digests(from, to time.Time) {
	f := &w.Feeds[0]
	f.Digests = &access.Digests{Keyed: true}
	f.Proofs = append(f.Proofs, access.Proof{Account: acct, Interval: access.Interval{From: from, To: to}, Grade: 3})
}

func TestGrades(t *testing.T) {
	for _, c := range []struct {
		name    string
		do      func(*world)
		verdict access.Verdict
		grade   string
		why     string // of a gap
	}{
		{"continuous", func(*world) {}, access.VerdictUnused, "C2", ""},
		{"quiet with a canary", func(w *world) { w.canaries(daysAgo(60), daysAgo(20), true) }, access.VerdictUnused, "C1", ""},
		{"a canary beside continuous records", func(w *world) { w.canaries(now, now, true) }, access.VerdictUnused, "C2", ""},
		{"quiet with a canary, but not declared quiet", func(w *world) { w.canaries(daysAgo(60), daysAgo(20), false) }, access.VerdictUnverifiable, "C2", whyPause},
		{"one canary is missing", func(w *world) {
			w.canaries(daysAgo(60), daysAgo(20), true)
			f := &w.Feeds[0]
			f.Canaries = slices.Delete(f.Canaries, 300, 301)
		}, access.VerdictUnverifiable, "", "canary not seen"},
		{"a canary is missing although records go on", func(w *world) {
			w.canaries(now, now, false)
			f := &w.Feeds[0]
			f.Canaries = slices.Delete(f.Canaries, 300, 301)
		}, access.VerdictUnverifiable, "C2", "canary not seen"},
		{"no canary was ever seen", func(w *world) {
			w.canaries(now, now, true)
			w.Feeds[0].Canaries = nil
		}, access.VerdictUnverifiable, "", "canary not seen"},
		{"a canary since yesterday", func(w *world) {
			w.canaries(now, now, true)
			w.Feeds[0].Canary.Since = daysAgo(1)
			w.Feeds[0].Canaries = []time.Time{daysAgo(0.9), daysAgo(0.7), daysAgo(0.5), daysAgo(0.3), daysAgo(0.1)}
		}, access.VerdictUnused, "C2", ""},
		{"digests", func(w *world) { w.digests(daysAgo(120), now.Add(-time.Hour)) }, access.VerdictUnused, "C3", ""},
		{"digests prove a pause", func(w *world) {
			w.drop(daysAgo(50), daysAgo(48))
			w.digests(daysAgo(120), now.Add(-time.Hour))
		}, access.VerdictUnused, "C3", ""},
		{"digests prove that nothing ever happened", func(w *world) {
			w.Feeds[0].Minutes = nil
			w.digests(daysAgo(120), now.Add(-time.Hour))
		}, access.VerdictUnused, "C3", ""},
		{"an hour has no digest", func(w *world) {
			w.digests(daysAgo(120), daysAgo(40))
			w.digests(daysAgo(40).Add(time.Hour), now.Add(-time.Hour))
		}, access.VerdictUnverifiable, "", "no digest proves it"},
		{"an hour whose file was altered", func(w *world) {
			w.digests(daysAgo(120), daysAgo(40))
			w.digests(daysAgo(40).Add(time.Hour), now.Add(-time.Hour))
			w.Feeds[0].Proofs = append(w.Feeds[0].Proofs, access.Proof{Account: acct, Interval: access.Interval{From: daysAgo(41), To: daysAgo(39)}, Why: "log file x is not what was delivered"})
		}, access.VerdictUnverifiable, "", "log file x is not what was delivered"},
		{"digests of another account", func(w *world) {
			w.digests(daysAgo(120), now.Add(-time.Hour))
			w.Feeds[0].Proofs[0].Account = "444455556666"
		}, access.VerdictUnverifiable, "C2", "no digest proves it"},
		{"no digest at all", func(w *world) { w.Feeds[0].Digests = &access.Digests{} }, access.VerdictUnverifiable, "", "no digest proves it"},
		{"digests stopped yesterday", func(w *world) { w.digests(daysAgo(120), daysAgo(1)) }, access.VerdictUnverifiable, "", "no digest proves it"},
		{"digests without keys", func(w *world) {
			w.digests(daysAgo(120), now.Add(-time.Hour))
			w.Feeds[0].Proofs[0].Grade = 2
		}, access.VerdictUnused, "C2", ""},
		{"digests since a day in the window", func(w *world) {
			w.digests(daysAgo(30), now.Add(-time.Hour))
			w.Feeds[0].Digests.Since = daysAgo(30)
		}, access.VerdictUnused, "C2", ""},
		{"offsets are gone", func(w *world) {
			w.Feeds[0].Holes = []access.Gap{{From: daysAgo(10), To: daysAgo(9), Why: "the offsets 3 to 9 of t/0 were gone before they could be read"}}
		}, access.VerdictUnverifiable, "C2", "the offsets 3 to 9 of t/0 were gone before they could be read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t)
			c.do(w)
			f := w.finding("g00")
			if f.Verdict != c.verdict || c.grade != "" && f.CoverageGrade != c.grade {
				t.Errorf("%s %s, want %s %s; gaps %v", f.Verdict, f.CoverageGrade, c.verdict, c.grade, f.Gaps)
			}
			if c.why != "" && !slices.ContainsFunc(f.Gaps, func(g access.Gap) bool { return g.Why == c.why }) {
				t.Errorf("no gap because %q among %v", c.why, f.Gaps)
			}
		})
	}
}

// TestLessProofNeverClaimsMore is the law of property_test.go for digests and canaries: a proof that is missing or weaker, a
// canary that was not seen, and records that are not there make no grant UNUSED that was not so before.
func TestLessProofNeverClaimsMore(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		w := drawWorld(t, r)
		f := &w.Feeds[0]
		if rapid.Bool().Draw(r, "canary") {
			from := float64(rapid.IntRange(10, 110).Draw(r, "quiet from"))
			w.canaries(daysAgo(from), daysAgo(from-float64(rapid.IntRange(1, 9).Draw(r, "quiet days"))), rapid.Bool().Draw(r, "quiet"))
		}
		if rapid.Bool().Draw(r, "digests") {
			at := daysAgo(120)
			for range rapid.IntRange(1, 4).Draw(r, "runs") {
				end := at.Add(time.Duration(rapid.IntRange(24, 24*60).Draw(r, "hours")) * time.Hour)
				w.digests(at, earlier(end, now.Add(-time.Hour)))
				if rapid.Bool().Draw(r, "fault") {
					f.Proofs = append(f.Proofs, access.Proof{Account: acct, Interval: access.Interval{From: end.Add(-time.Hour), To: end.Add(time.Hour)}, Why: "a file is missing"})
				}
				at = end.Add(time.Duration(rapid.IntRange(0, 2).Draw(r, "hole")) * time.Hour)
				if !at.Before(now.Add(-2 * time.Hour)) {
					break
				}
			}
			if rapid.Bool().Draw(r, "since") {
				f.Digests.Since = daysAgo(float64(rapid.IntRange(1, 119).Draw(r, "since when")))
			}
		}
		before := claims(w.eval())
		// The newest proof stays: without it everything is judged as of an earlier time, which is another question.
		switch n := len(f.Proofs); rapid.IntRange(0, 4).Draw(r, "what") {
		case 0:
			if n > 1 {
				i := rapid.IntRange(0, n-2).Draw(r, "proof")
				f.Proofs = slices.Delete(f.Proofs, i, i+1)
			}
		case 1:
			if n > 0 {
				i := rapid.IntRange(0, n-1).Draw(r, "proof")
				p := &f.Proofs[i]
				p.From = p.From.Add(time.Duration(rapid.IntRange(0, 100).Draw(r, "later")) * time.Minute)
				p.Grade = min(p.Grade, 2)
			}
		case 2:
			if n := len(f.Canaries); n > 0 {
				i := rapid.IntRange(0, n-2).Draw(r, "canary gone")
				f.Canaries = slices.Delete(f.Canaries, i, i+1)
			}
		case 3:
			at := float64(rapid.IntRange(2, 118).Draw(r, "taken away"))
			w.drop(daysAgo(at), daysAgo(at-float64(rapid.IntRange(1, 40).Draw(r, "half hours"))/48))
		case 4:
			f.Holes = append(f.Holes, access.Gap{From: daysAgo(20), To: daysAgo(19), Why: "gone"})
		}
		for c := range claims(w.eval()) {
			if !before[c] {
				r.Fatalf("%s is claimed with less evidence", c)
			}
		}
	})
}

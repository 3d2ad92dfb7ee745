package ledger

import (
	"cmp"
	"math"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/detect"
)

// Revocation is how long it took to take away the access of people who left.
type Revocation struct {
	People int      `json:"people"` // who left within 90 days and had access
	Open   int      `json:"open"`   // of these, those of whom some access is left
	Median Quantile `json:"median"`
	P95    Quantile `json:"p95"`
}

// Quantile is a quantile of durations of which some have not ended yet. AtLeast says that so many are open that only a
// lower bound is known: the longest time for which anybody has been observed.
type Quantile struct {
	Hours   float64 `json:"hours"`
	AtLeast bool    `json:"at_least,omitempty"`
}

func (r *Revocation) add(list []detect.Revocation) {
	r.People = len(list)
	for i := range list {
		if list[i].Revoked.IsZero() {
			r.Open++
		}
	}
}

// measure computes the quantiles at a moment.
func (r *Revocation) measure(list []detect.Revocation, now time.Time) {
	spans := make([]observed, 0, len(list))
	for i := range list {
		v := &list[i]
		if v.Revoked.IsZero() {
			spans = append(spans, observed{now.Sub(v.Ended).Hours(), true})
		} else {
			spans = append(spans, observed{math.Max(0, v.Revoked.Sub(v.Ended).Hours()), false})
		}
	}
	r.Median, r.P95 = quantile(spans, 0.5), quantile(spans, 0.95)
}

// observed is one duration; censored when it has not ended yet and is at least so long.
type observed struct {
	hours    float64
	censored bool
}

// quantile is the Kaplan-Meier estimate: the shortest time by which the share q had ended. Leaving the open ones out would
// make a team look faster the more it leaves open; counting them as ended today would as well.
func quantile(spans []observed, q float64) Quantile {
	if len(spans) == 0 {
		return Quantile{}
	}
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b observed) int {
		if c := cmp.Compare(a.hours, b.hours); c != 0 || a.censored == b.censored {
			return c
		}
		if b.censored { // of the same length, what ended comes before what is still watched
			return -1
		}
		return 1
	})
	left := 1.0
	for i, s := range spans {
		if s.censored {
			continue
		}
		left *= 1 - 1/float64(len(spans)-i)
		if left <= 1-q+1e-9 {
			return Quantile{Hours: round2(s.hours)}
		}
	}
	return Quantile{Hours: round2(spans[len(spans)-1].hours), AtLeast: true}
}

func round2(f float64) float64 { return math.Round(100*f) / 100 }

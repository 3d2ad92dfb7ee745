package ledger

import (
	"math/rand/v2"
	"testing"

	"pgregory.net/rapid"
)

func TestQuantilesCountWhatIsStillOpen(t *testing.T) {
	done := func(h ...float64) (out []observed) {
		for _, x := range h {
			out = append(out, observed{x, false})
		}
		return out
	}
	open := func(list []observed, h ...float64) []observed {
		for _, x := range h {
			list = append(list, observed{x, true})
		}
		return list
	}
	for name, c := range map[string]struct {
		spans []observed
		q     float64
		want  Quantile
	}{
		"nobody":            {nil, 0.5, Quantile{}},
		"one":               {done(7), 0.95, Quantile{Hours: 7}},
		"plain median":      {done(1, 2, 3, 4), 0.5, Quantile{Hours: 2}},
		"one open for long": {open(done(1, 2, 3), 900), 0.5, Quantile{Hours: 2}},
		"its p95":           {open(done(1, 2, 3), 900), 0.95, Quantile{Hours: 900, AtLeast: true}},
		"most open":         {open(done(1), 5, 6, 7), 0.5, Quantile{Hours: 7, AtLeast: true}},
		"open only briefly": {open(done(10, 20), 1, 1), 0.5, Quantile{Hours: 10}},
	} {
		if got := quantile(c.spans, c.q); got != c.want {
			t.Errorf("%s: got %+v, want %+v", name, got, c.want)
		}
	}
}

// TestOpenOnesNeverMakeATeamFaster is why they are not left out.
func TestOpenOnesNeverMakeATeamFaster(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var spans []observed
		for _, h := range rapid.SliceOfN(rapid.IntRange(0, 50), 1, 20).Draw(rt, "hours") {
			spans = append(spans, observed{float64(h), false})
		}
		i := rapid.IntRange(0, len(spans)-1).Draw(rt, "i")
		q := rapid.SampledFrom([]float64{0.5, 0.95}).Draw(rt, "q")
		before := quantile(spans, q)
		spans[i].censored = true // the same person, not finished yet
		rand.Shuffle(len(spans), func(a, b int) { spans[a], spans[b] = spans[b], spans[a] })
		if after := quantile(spans, q); after.Hours < before.Hours && !after.AtLeast {
			rt.Fatalf("%v with one open, %v with it done", after, before)
		}
	})
}

package report

import (
	"cmp"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Unanswered says what is missing of a team's credentials.
type Unanswered struct {
	Issuer int `json:"issuer"` // of which nobody knows who issued them
	Reach  int `json:"reach"`
	Expiry int `json:"expiry"`
	Stale  int `json:"stale"` // whose answers rest on evidence that is too old
}

func unanswered(list []detect.CredentialAnswer) map[string]Unanswered {
	out := map[string]Unanswered{}
	for i := range list {
		a := &list[i]
		for _, team := range []string{a.Team, ledger.Organisation} {
			u := out[team]
			if a.Issuer.State == detect.Missing {
				u.Issuer++
			}
			if a.Reach.State == detect.Missing {
				u.Reach++
			}
			if a.Expiry.State == detect.Missing {
				u.Expiry++
			}
			if a.Issuer.State == detect.Stale || a.Reach.State == detect.Stale || a.Expiry.State == detect.Stale {
				u.Stale++
			}
			out[team] = u
		}
	}
	return out
}

// Model is what is recommended for one team.
type Model struct {
	Policy    ledger.Recommendation `json:"policy"`
	Execution ledger.Recommendation `json:"execution"`
	Oversight string                `json:"oversight"` // always central
}

// Known reports whether anything is on record.
func (m Model) Known() bool { return m.Execution.Model != "" }

func modelOf(v *ledger.View, team string) Model {
	m := Model{Oversight: "central"}
	for _, r := range v.Governance {
		if r.Team != team {
			continue
		}
		switch r.Layer {
		case ledger.LayerPolicy:
			m.Policy = r
		case ledger.LayerExecution:
			m.Execution = r
		}
	}
	return m
}

// modelName says a model in words.
func modelName(s string) string {
	switch s {
	case "":
		return "–"
	case "INSUFFICIENT_EVIDENCE":
		return "not enough evidence"
	}
	return s
}

// pending says what the rules say instead, when that has not lasted long enough to be the recommendation.
func pending(r ledger.Recommendation) string {
	if r.Candidate == r.Model || r.Candidate == "" {
		return ""
	}
	s := "the rules now say " + modelName(r.Candidate)
	if !r.Due.IsZero() {
		s += ", which becomes the recommendation on " + words.Day(r.Due) + " if they still do"
	}
	return s
}

// heatDays is how many days the heat map of coverage shows.
const heatDays = 90

// heat draws the coverage of every feed by day.
func heat(days []detect.FeedDay, asOf time.Time) charts.Drawing {
	first := asOf.UTC().Truncate(24*time.Hour).AddDate(0, 0, 1-heatDays)
	at := map[string]*charts.HeatRow{}
	var order []string
	for i := range days {
		d := &days[i]
		n := int(d.Day.Sub(first) / (24 * time.Hour))
		if d.Day.Before(first) || n >= heatDays {
			continue
		}
		r := at[d.Feed]
		if r == nil {
			r = &charts.HeatRow{Label: words.Visible(d.Feed), Shares: make([]float64, heatDays), Why: make([]string, heatDays)}
			for k := range r.Shares {
				r.Shares[k] = -1
			}
			at[d.Feed] = r
			order = append(order, d.Feed)
		}
		r.Shares[n] = d.Covered
		for _, g := range d.Gaps {
			r.Why[n] = words.Visible(g.Why)
			break
		}
	}
	slices.Sort(order)
	rows := make([]charts.HeatRow, 0, len(order))
	for _, f := range order {
		rows = append(rows, *at[f])
	}
	return charts.HeatMap("Coverage by feed and day, 90 days", first, heatDays, rows)
}

// slowest are the people whose access took longest to be taken away, those still open first.
func slowest(list []detect.Revocation, now time.Time, n int) []detect.Revocation {
	var all []detect.Revocation
	for _, r := range list {
		if r.Team != detect.CensusAll {
			all = append(all, r)
		}
	}
	took := func(r *detect.Revocation) time.Duration {
		if r.Revoked.IsZero() {
			return now.Sub(r.Ended) + 1e6*time.Hour // after everything that ended
		}
		return r.Revoked.Sub(r.Ended)
	}
	slices.SortFunc(all, func(a, b detect.Revocation) int {
		return cmp.Or(-cmp.Compare(took(&a), took(&b)), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Person, b.Person))
	})
	return all[:min(n, len(all))]
}

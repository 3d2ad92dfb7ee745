package document

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// Week is a team's weekly digest.
type Week struct {
	Name         string           `json:"name"` // ISO 8601, such as 2026-W47
	From         time.Time        `json:"from"`
	To           time.Time        `json:"to"`
	Open         []Count          `json:"open"`
	Unverifiable int              `json:"unverifiable"`
	Blind        []Blind          `json:"blind"`
	New          int              `json:"new"`
	Resolved     []Resolved       `json:"resolved"`
	Expiring     []Expiring       `json:"expiring"`
	Oldest       []access.Finding `json:"oldest"`
}

// Resolved is how many findings ended in one way.
type Resolved struct {
	How string `json:"how"`
	N   int    `json:"n"`
}

// Expiring is an exception that ends soon.
type Expiring struct {
	What     string    `json:"what"`
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"`
}

func week(w *alert.Week) *Week {
	out := &Week{Name: w.Name, From: w.From.UTC(), To: w.To.UTC(), Open: counts(w.Open), Unverifiable: w.Unverifiable, Blind: blinds(w.Blinds), New: w.New, Resolved: resolved(w.Resolved), Expiring: []Expiring{}, Oldest: []access.Finding{}}
	for _, e := range w.Expiring {
		out.Expiring = append(out.Expiring, Expiring{e.What, e.Reason, e.Approver, e.Expires.UTC()})
	}
	out.Oldest = append(out.Oldest, w.Oldest...)
	return out
}

func counts(list []alert.Count) []Count {
	out := make([]Count, 0, len(list))
	for _, c := range list {
		out = append(out, Count(c))
	}
	return out
}

func blinds(list []alert.Blind) []Blind {
	out := make([]Blind, 0, len(list))
	for _, b := range list {
		out = append(out, Blind{b.Feed, b.N, b.DecidableAt})
	}
	return out
}

func resolved(list []alert.Resolved) []Resolved {
	out := make([]Resolved, 0, len(list))
	for _, r := range list {
		out = append(out, Resolved{r.How, r.N})
	}
	return out
}

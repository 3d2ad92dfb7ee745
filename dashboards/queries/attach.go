package queries

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/store"
)

// goesByNames says whether a query looks for everything that an identity is called, which is asked once beforehand.
func (q *Query) goesByNames() bool { return slices.Contains(store.PanelParams(q.Name), "names") }

// names asks for the names of an identity, within the same scope. What was asked for is one of them, since events may
// have it where no snapshot does.
func names(ctx context.Context, s Store, ask store.Panel) ([]string, error) {
	ask.Name, ask.Limit = "identity_names", 500
	got, err := s.Panel(ctx, ask)
	all := []string{ask.Texts["identity"]}
	if err == nil && len(got) > 0 {
		all = append(all, got[0].Texts...)
	}
	return all, err
}

// attachRaw puts records in the place of the lines that were made of their events, where the records are kept. They are
// asked for by id, which is far less than joining would read.
func attachRaw(ctx context.Context, s Store, ask store.Panel, res *Result) error {
	at := func(name string) int {
		return slices.IndexFunc(res.Columns, func(c Column) bool { return c.Name == name })
	}
	times, ids, labels := res.Values[at("timestamp")].Times, res.Values[at("id")].Texts, res.Values[at("labels")].Texts
	teams, feeds, lines := res.Values[at("team")].Texts, res.Values[at("feed")].Texts, res.Values[at("body")].Texts
	raw := map[[3]string]string{}
	for from := 0; from < len(ids); from += mostValues {
		to := min(len(ids), from+mostValues)
		ask.Name, ask.Limit = "raw_bodies", 4*(to-from)
		ask.Lists = map[string][]string{"id": ids[from:to], "names": actorsOf(labels[from:to])}
		ask.From, ask.To = span(times[from:to])
		got, err := s.Panel(ctx, ask)
		if err != nil {
			return err
		}
		if len(got) != 4 {
			continue // no rows
		}
		for i := range got[0].Texts {
			raw[[3]string{got[0].Texts[i], got[1].Texts[i], got[2].Texts[i]}] = got[3].Texts[i]
		}
	}
	for i := range ids {
		form := "rendered"
		if text := raw[[3]string{teams[i], feeds[i], ids[i]}]; text != "" {
			lines[i], form = text, "raw"
		}
		if rest, ok := strings.CutSuffix(labels[i], "}"); ok {
			labels[i] = rest + `,"form":"` + form + `"}`
		}
	}
	return nil
}

// actorsOf are those of whom lines are. Records lie by actor, so that they are found without looking for the id in all.
func actorsOf(labels []string) []string {
	seen := map[string]bool{}
	for _, text := range labels {
		var label struct{ Actor string }
		if json.Unmarshal([]byte(text), &label) != nil {
			return nil // then they are looked for among all
		}
		seen[label.Actor] = true
	}
	return slices.Sorted(maps.Keys(seen))
}

// span is the shortest range that holds all times.
func span(times []*time.Time) (from, to time.Time) {
	for _, t := range times {
		if t == nil {
			continue
		}
		if from.IsZero() || t.Before(from) {
			from = *t
		}
		if t.After(to) {
			to = *t
		}
	}
	return from, to.Add(time.Microsecond)
}

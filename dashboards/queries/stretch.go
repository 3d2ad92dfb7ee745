package queries

import (
	"slices"

	"github.com/grantwatch/grantwatch/store"
)

// stretches are rows of one stretch of time after the other, the newest first. An event that two stretches have, because two
// feeds carry it with clocks that differ, is there once, as the newer has it: as one statement over both would say.
type stretches struct {
	team, id int // columns that say which event a row is of
	seen     map[[2]string]bool
	values   []store.PanelColumn
}

func newStretches(q *Query) *stretches {
	at := func(name string) int {
		return slices.IndexFunc(q.Columns, func(c Column) bool { return c.Name == name })
	}
	return &stretches{team: at("team"), id: at("id"), seen: map[[2]string]bool{}}
}

func (s *stretches) rows() int {
	if len(s.values) == 0 {
		return 0
	}
	return s.values[0].Len()
}

// add puts the rows of an older stretch behind those that are there and says how many there are then.
func (s *stretches) add(got []store.PanelColumn) int {
	if len(got) == 0 || got[0].Len() == 0 {
		return s.rows()
	}
	if s.values == nil {
		s.values = make([]store.PanelColumn, len(got))
	}
	for i := range got[0].Len() {
		key := [2]string{got[s.team].Texts[i], got[s.id].Texts[i]}
		if s.seen[key] {
			continue
		}
		s.seen[key] = true
		for c := range got {
			take(&s.values[c], &got[c], i)
		}
	}
	return s.rows()
}

func take(to, from *store.PanelColumn, row int) {
	switch {
	case from.Texts != nil:
		to.Texts = append(to.Texts, from.Texts[row])
	case from.Counts != nil:
		to.Counts = append(to.Counts, from.Counts[row])
	case from.Numbers != nil:
		to.Numbers = append(to.Numbers, from.Numbers[row])
	case from.Times != nil:
		to.Times = append(to.Times, from.Times[row])
	}
}

func cut(v []store.PanelColumn, rows int) {
	for i := range v {
		switch c := &v[i]; {
		case c.Texts != nil:
			c.Texts = c.Texts[:rows]
		case c.Counts != nil:
			c.Counts = c.Counts[:rows]
		case c.Numbers != nil:
			c.Numbers = c.Numbers[:rows]
		case c.Times != nil:
			c.Times = c.Times[:rows]
		}
	}
}

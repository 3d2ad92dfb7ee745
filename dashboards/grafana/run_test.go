package grafana_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/grafana"
	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

// asked are the parameters of a target with every variable replaced: All in those that have it, a name for an identity.
func asked(x grafana.Target, identity string) queries.Params {
	p := queries.Params{}
	for name, value := range x.Params {
		list, many := value.([]string)
		if !many {
			list = []string{fmt.Sprint(value)}
		}
		for _, v := range list {
			switch {
			case v == "$identity":
				v = identity
			case strings.HasPrefix(v, "$") && v != queries.AllValue:
				v = queries.AllValue
			}
			p[name] = append(p[name], v)
		}
	}
	return p
}

// Every query of every dashboard is asked of a real store, and gives rows in the columns that it declares.
func TestEveryTargetHasAnAnswer(t *testing.T) {
	s := organisation(t)
	week := queries.Range{From: queriestest.AsOf.AddDate(0, 0, -30), To: queriestest.AsOf.Add(time.Second), Interval: 24 * time.Hour}
	asks := 0
	ask := func(t *testing.T, where string, x grafana.Target) {
		t.Helper()
		asks++
		rows := 0
		// A person, an NHI and an account: what is asked has an answer for one of them at least.
		for _, identity := range []string{"Cleo Karst", "AROA1", "AIDAONE"} {
			res, err := queries.Run(t.Context(), s, queries.Everything, x.Query, asked(x, identity), week)
			if err != nil {
				t.Errorf("%s: %s: %v %v", where, x.Query, err, errors.Unwrap(err))
				return
			}
			rows += res.Rows
			if len(res.Values) != len(res.Query.Columns) {
				t.Errorf("%s: %s gives %d columns, %d are declared", where, x.Query, len(res.Values), len(res.Query.Columns))
			}
			for i := range res.Values {
				if res.Values[i].Len() != res.Rows {
					t.Errorf("%s: column %s has %d values in %d rows", where, res.Columns[i].Name, res.Values[i].Len(), res.Rows)
				}
			}
		}
		if rows == 0 {
			t.Errorf("%s: %s with %v has no rows", where, x.Query, x.Params)
		}
	}
	for _, d := range grafana.All() {
		t.Run(d.UID, func(t *testing.T) {
			for _, p := range panels(d) {
				for _, x := range p.Targets {
					ask(t, p.Title+" "+x.RefID, x)
				}
			}
			for _, m := range d.Annotations.List {
				ask(t, "annotation "+m.Name, m.Target)
			}
			for _, v := range d.Templating.List[1:] {
				ask(t, "variable "+v.Name, v.Query.(grafana.Target))
			}
		})
	}
	if asks < 80 {
		t.Errorf("%d targets only", asks)
	}
	t.Logf("%d targets asked", asks)
}

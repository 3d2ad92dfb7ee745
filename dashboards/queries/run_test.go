package queries_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/dashboards/queries/queriestest"
)

var week = queries.Range{From: queriestest.AsOf.AddDate(0, 0, -14), To: queriestest.AsOf.Add(time.Second), Interval: 24 * time.Hour}

// needed gives the parameters without which a query has no rows.
func needed(q *queries.Query) queries.Params {
	p := queries.Params{}
	for _, param := range q.Params {
		switch {
		case param.Needed && q.Name == "identity_credentials":
			p[param.Name] = []string{"AROA1"}
		case param.Needed && param.Kind == queries.KindIdentity:
			p[param.Name] = []string{"Cleo Karst"}
		case param.Needed && param.Name == "id":
			p[param.Name] = []string{"p001", "p002"}
		case param.Needed:
			p[param.Name] = []string{"open", "severity"}
		}
	}
	return p
}

func TestEveryQueryAgainstTheOrganisation(t *testing.T) {
	s := organisation(t)
	for _, q := range queries.All() {
		t.Run(q.Name, func(t *testing.T) {
			res, err := queries.Run(t.Context(), s, queries.Everything, q.Name, needed(&q), week)
			if err != nil {
				t.Fatalf("%v: %v", err, unwrap(err))
			}
			if res.Rows == 0 {
				t.Error("no rows")
			}
			if q.Name != "table_sizes" { // sizes on disk differ from run to run
				golden(t, q.Name, shown(res))
			}
		})
	}
}

func unwrap(err error) error {
	if u, ok := err.(interface{ Unwrap() error }); ok {
		return u.Unwrap()
	}
	return nil
}

func shown(r *queries.Result) string {
	var b strings.Builder
	for _, n := range r.Notices {
		fmt.Fprintf(&b, "notice: %s\n", n.Text)
	}
	for i, c := range r.Columns {
		fmt.Fprintf(&b, "%s (%s):", c.Name, c.Type)
		for row := range r.Rows {
			fmt.Fprintf(&b, " %s", cell(r, i, row))
		}
		b.WriteString("\n")
	}
	return b.String()
}

func cell(r *queries.Result, column, row int) string {
	switch v := r.Values[column]; {
	case v.Texts != nil:
		return fmt.Sprintf("%q", v.Texts[row])
	case v.Counts != nil:
		return fmt.Sprint(v.Counts[row])
	case len(v.Numbers) > row && v.Numbers[row] != nil:
		return fmt.Sprint(*v.Numbers[row])
	case len(v.Times) > row && v.Times[row] != nil:
		return v.Times[row].Format(time.RFC3339Nano)
	}
	return "-"
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs:\n%s", path, got)
	}
}

// Of more findings than annotations, the gravest of the kinds that were asked for are shown, and the last says that there are more.
func TestAnnotationsSayThatThereAreMore(t *testing.T) {
	s := organisation(t)
	ask := func(p queries.Params) (titles, texts []string) {
		t.Helper()
		res, err := queries.Run(t.Context(), s, queries.Everything, "findings_opened", p, week)
		if err != nil {
			t.Fatalf("%v: %v", err, unwrap(err))
		}
		return res.Values[1].Texts, res.Values[2].Texts
	}
	titles, texts := ask(queries.Params{"limit": {"2"}})
	if len(titles) != 2 || !strings.HasPrefix(titles[0], "reopened: OUT_OF_BAND") || !strings.HasPrefix(titles[1], "POST_TERMINATION_ACTIVITY") {
		t.Errorf("titles %q", titles)
	}
	if strings.Contains(texts[0], "more than") || !strings.HasSuffix(texts[1], "there are more than these 2") {
		t.Errorf("texts %q", texts)
	}
	// All others are as grave or graver, and must not take its place.
	titles, texts = ask(queries.Params{"limit": {"1"}, "kind": {"FEED_SILENT"}})
	if len(titles) != 1 || titles[0] != "FEED_SILENT" || strings.Contains(texts[0], "more than") {
		t.Errorf("titles %q, texts %q", titles, texts)
	}
}

package datasource

import (
	"fmt"
	"slices"
	"strings"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// only leaves one column of numbers in a frame, beside its times and texts. A panel or an alert rule that is about one
// number need not know the others.
func only(f *data.Frame, q *queries.Query, column string) error {
	if column == "" {
		return nil
	}
	var names []string
	for _, c := range q.Columns {
		if c.Type == queries.Count || c.Type == queries.Number {
			names = append(names, c.Name)
		}
	}
	if !slices.Contains(names, column) {
		return fmt.Errorf("query %s has no column of numbers named %.60q; there are: %s", q.Name, column, strings.Join(names, ", "))
	}
	f.Fields = slices.DeleteFunc(f.Fields, func(x *data.Field) bool { return slices.Contains(names, x.Name) && x.Name != column })
	if len(names) > 1 { // a legend need not say of every series what the panel is about
		for _, x := range f.Fields {
			if x.Name == column && len(x.Labels) > 0 && x.Config != nil {
				x.Config.DisplayNameFromDS = strings.TrimSuffix(x.Config.DisplayNameFromDS, seriesSeparator+column)
			}
		}
	}
	return nil
}

// tellApart gives the numbers of a frame a label with their column's name if there are several columns. An alert rule
// knows a series by its labels only, and refuses two with the same.
func tellApart(f *data.Frame) {
	names := map[string]bool{}
	for _, x := range f.Fields {
		if x.Type().Numeric() {
			names[x.Name] = true
		}
	}
	if len(names) < 2 {
		return
	}
	for _, x := range f.Fields {
		if x.Type().Numeric() {
			labels := data.Labels{"column": x.Name}
			for k, v := range x.Labels {
				labels[k] = v
			}
			x.Labels = labels
		}
	}
}

package queries

import (
	"fmt"
	"strings"
)

// Page is docs/queries.md: everything that whoever builds a panel has to know.
func Page() []byte {
	var b strings.Builder
	b.WriteString(`# The queries of panels

<!-- Written by go run ./dashboards/queries/gendocs (make generate) from the list in dashboards/queries. Do not edit. -->

Grafana, and whatever else shows figures, asks by name and parameters. Nobody can send SQL. Every query is answered for
the teams that whoever asks may see; the parameter ` + "`team`" + ` narrows that further and never widens it. A parameter without a
value, or with All, narrows nothing; one that the query has not got is an error. Every query takes a time range, and says
what it makes of it. Answers have at most *limit* rows, the first in their order, and a notice when there are more.

A *count* is a whole number that is always known; a *number* or *time* may be unknown. Shapes are those of Grafana's data
plane, with *annotations* for tables that annotations are read from. Of a query in the shape numeric-long or
timeseries an alert rule can be made: it gets a wide series, and nothing at all when there is no data. Long series come
as wide ones unless the panel asks for ` + "`format: table`" + `.

| query | shape | what it answers |
| --- | --- | --- |
`)
	for _, q := range list {
		fmt.Fprintf(&b, "| [`%s`](#%s) | %s | %s |\n", q.Name, q.Name, q.Shape, q.Title)
	}
	for _, q := range list {
		fmt.Fprintf(&b, "\n## %s\n\n%s. %s\n\n", q.Name, q.Title, q.Description)
		fmt.Fprintf(&b, "Shape %s", q.Shape)
		if q.Unit != "" {
			fmt.Fprintf(&b, ", unit %s", q.Unit)
		}
		fmt.Fprintf(&b, ", at most %d rows. Time range: %s.", q.Limit, q.TimeRange)
		if q.Variable != "" {
			fmt.Fprintf(&b, " Offers its column `%s` as values of a template variable.", q.Variable)
		}
		if q.Wide {
			b.WriteString(" Only for those who may see every team.")
		}
		b.WriteString("\n")
		if len(q.Params) > 0 {
			b.WriteString("\n| parameter | type | meaning |\n| --- | --- | --- |\n")
			for _, p := range q.Params {
				fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, kindOf(p), meaningOf(p))
			}
		}
		b.WriteString("\n| column | type | unit | meaning |\n| --- | --- | --- | --- |\n")
		for _, c := range q.Columns {
			fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", c.Name, c.Type, c.Unit, c.Description)
		}
	}
	return []byte(b.String())
}

func kindOf(p Param) string {
	switch {
	case p.Multi:
		return string(p.Kind) + ", several"
	case p.Kind == KindInt:
		return fmt.Sprintf("int, %d to %d", p.Min, p.Max)
	}
	return string(p.Kind)
}

func meaningOf(p Param) string {
	text := p.Description
	if len(p.Choices) > 0 {
		text += " One of " + strings.Join(p.Choices, ", ") + "."
	}
	if len(p.Default) > 0 {
		text += " Unless said: " + strings.Join(p.Default, ", ") + "."
	}
	if p.Needed {
		text += " Needed: without it there are no rows."
	}
	return text
}

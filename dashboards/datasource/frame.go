package datasource

import (
	"encoding/json"
	"strings"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
	"github.com/grantwatch/grantwatch/store"
)

// frames makes frames of an answer. They have their fields even when there are no rows, so that a panel says "no data"
// about the right columns.
func frames(r *queries.Result, asRows bool) (data.Frames, error) {
	f := data.NewFrame(r.Query.Name)
	sharp := r.Query.Shape == queries.SeriesLong || r.Query.Shape == queries.SeriesWide
	for i, c := range r.Columns {
		needsTime := i == 0 && c.Type == queries.Time && (sharp || r.Query.Shape == queries.LogLines || r.Query.Shape == queries.Annotations)
		f.Fields = append(f.Fields, field(c, &r.Values[i], needsTime))
	}
	kind := data.FrameTypeTable
	switch {
	case asRows || r.Query.Shape == queries.Table || r.Query.Shape == queries.Annotations:
	case r.Query.Shape == queries.NumericLong:
		kind = data.FrameTypeNumericLong
	case r.Query.Shape == queries.LogLines:
		kind = data.FrameTypeLogLines
		asLabels(f)
	case r.Query.Shape == queries.SeriesWide:
		kind = data.FrameTypeTimeSeriesWide
	case r.Rows == 0:
		kind = data.FrameTypeTimeSeriesLong // there are no labels to make columns of
	default:
		wide, err := wideOf(f, r)
		if err != nil {
			return nil, err
		}
		f, kind = wide, data.FrameTypeTimeSeriesWide
	}
	f.Meta = meta(r, kind)
	return data.Frames{f}, nil
}

func meta(r *queries.Result, kind data.FrameType) *data.FrameMeta {
	m := &data.FrameMeta{Type: kind, TypeVersion: data.FrameTypeVersion{0, 1}, ExecutedQueryString: r.Query.Name}
	switch r.Query.Shape {
	case queries.LogLines:
		m.PreferredVisualization = data.VisTypeLogs
	case queries.SeriesLong, queries.SeriesWide:
		m.PreferredVisualization = data.VisTypeGraph
	default:
		m.PreferredVisualization = data.VisTypeTable
	}
	for _, n := range r.Notices {
		severity := data.NoticeSeverityInfo
		if n.Warning {
			severity = data.NoticeSeverityWarning
		}
		m.Notices = append(m.Notices, data.Notice{Severity: severity, Text: n.Text})
	}
	return m
}

func field(c queries.Column, v *store.PanelColumn, needsTime bool) *data.Field {
	var values any
	switch {
	case v.Texts != nil:
		values = v.Texts
	case v.Counts != nil:
		values = v.Counts
	case v.Numbers != nil:
		values = v.Numbers
	case needsTime:
		times := make([]time.Time, len(v.Times))
		for i, t := range v.Times {
			if t != nil {
				times[i] = *t
			} else {
				times[i] = time.Unix(0, 0).UTC() // an event without a time stands where it cannot be taken for a new one
			}
		}
		values = times
	default:
		values = v.Times
	}
	f := data.NewField(c.Name, nil, values)
	f.Config = &data.FieldConfig{Description: c.Description, Unit: c.Unit}
	if v.Texts != nil && c.Unit == "" {
		f.Config.Unit = "string" // by a panel's unit for numbers, account 444455556666 would be "444 Bil"
	}
	return f
}

// asLabels makes the labels of log lines what the contract of log frames asks for.
func asLabels(f *data.Frame) {
	for i, old := range f.Fields {
		if old.Name != "labels" {
			continue
		}
		values := make([]json.RawMessage, old.Len())
		for n := range values {
			text, _ := old.At(n).(string)
			if values[n] = json.RawMessage(text); !json.Valid(values[n]) {
				values[n] = json.RawMessage("{}")
			}
		}
		f.Fields[i] = data.NewField("labels", nil, values)
		f.Fields[i].Config = old.Config
	}
}

// wideOf turns long series into one column for each set of labels.
func wideOf(f *data.Frame, r *queries.Result) (*data.Frame, error) {
	units := map[string]*data.FieldConfig{}
	for _, old := range f.Fields {
		units[old.Name] = old.Config
	}
	wide, err := data.LongToWide(f, nil)
	if err != nil {
		return nil, err
	}
	wide.Name = r.Query.Name
	var labels, numbers []string
	for i, c := range r.Columns {
		switch {
		case r.Values[i].Texts != nil:
			labels = append(labels, c.Name)
		case i > 0:
			numbers = append(numbers, c.Name)
		}
	}
	for _, made := range wide.Fields {
		config := *units[made.Name]
		if len(made.Labels) > 0 {
			config.DisplayNameFromDS = seriesName(made, labels, len(numbers) > 1)
		}
		made.Config = &config
	}
	return wide, nil
}

// seriesSeparator stands between the parts of a series' name.
const seriesSeparator = " · "

// seriesName is what a legend says of a series: the values of its labels in the order of the columns, with the column's name
// where there are several. Grafana's own name spells every label out.
func seriesName(f *data.Field, labels []string, withColumn bool) string {
	var parts []string
	for _, l := range labels {
		if v := f.Labels[l]; v != "" {
			parts = append(parts, v)
		}
	}
	if withColumn || len(parts) == 0 {
		parts = append(parts, f.Name)
	}
	return strings.Join(parts, seriesSeparator)
}

package datasource

import (
	"fmt"
	"time"

	"github.com/grafana/grafana-plugin-sdk-go/data"

	"github.com/grantwatch/grantwatch/dashboards/queries"
)

// alertFrames makes what alert rules take: a wide series, and a frame without fields where there is no data.
func alertFrames(r *queries.Result, at time.Time) (data.Frames, error) {
	switch r.Query.Shape {
	case queries.NumericLong, queries.SeriesLong, queries.SeriesWide:
	default:
		return nil, fmt.Errorf("query %s is a %s, on which no alert rule can be set: take one that gives numbers or series, such as findings_count", r.Query.Name, r.Query.Shape)
	}
	if r.Rows == 0 {
		none := data.NewFrame(r.Query.Name)
		none.Meta = meta(r, data.FrameTypeTimeSeriesWide)
		return data.Frames{none}, nil
	}
	if r.Query.Shape != queries.NumericLong {
		return frames(r, false)
	}
	f := data.NewFrame(r.Query.Name, data.NewField("time", nil, []time.Time{at.UTC()}))
	for row := range r.Rows {
		labels := data.Labels{}
		for i, c := range r.Columns {
			if c.Type == queries.Text {
				labels[c.Name] = r.Values[i].Texts[row]
			}
		}
		for i, c := range r.Columns {
			var value *float64
			switch v := &r.Values[i]; {
			case c.Type == queries.Count:
				n := float64(v.Counts[row])
				value = &n
			case c.Type == queries.Number:
				value = v.Numbers[row]
			default:
				continue
			}
			made := data.NewField(c.Name, labels, []*float64{value})
			made.Config = &data.FieldConfig{Description: c.Description, Unit: c.Unit}
			f.Fields = append(f.Fields, made)
		}
	}
	f.Meta = meta(r, data.FrameTypeTimeSeriesWide)
	return data.Frames{f}, nil
}

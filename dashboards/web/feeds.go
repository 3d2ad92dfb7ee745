package web

import (
	"html/template"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
)

// heatDays is how far back the map of feeds and days goes: thirteen weeks.
const heatDays = 91

type feedsBody struct {
	Feeds []detect.FeedReport
	Rows  []heatRow
	Weeks []string // the first day of each week of the map
	From  time.Time
	To    time.Time
}

// heatRow is one feed of the map.
type heatRow struct {
	detect.FeedReport
	Drawing template.HTML
	Full    int // days that were covered whole
	Dark    int // days without any evidence
	Known   int // days that the map speaks of
}

func feeds(v *visit) {
	b := feedsBody{Feeds: v.Feeds}
	to := v.AsOf.UTC().Add(-time.Nanosecond).Truncate(24*time.Hour).AddDate(0, 0, 1) // midnight belongs to the day that it ends
	from := to.AddDate(0, 0, -heatDays)
	b.From, b.To = from, to.AddDate(0, 0, -1)
	for w := range heatDays / 7 {
		b.Weeks = append(b.Weeks, from.AddDate(0, 0, 7*w).Format("01-02"))
	}
	days := map[string]map[time.Time]*detect.FeedDay{}
	for i := range v.FeedDays {
		d := &v.FeedDays[i]
		if days[d.Feed] == nil {
			days[d.Feed] = map[time.Time]*detect.FeedDay{}
		}
		days[d.Feed][d.Day.UTC()] = d
	}
	for _, f := range v.Feeds {
		b.Rows = append(b.Rows, heatOf(f, days[f.Name], from))
	}
	v.render(http.StatusOK, "feeds", v.page("feeds", "Feeds", b))
}

// heatOf draws one feed: a column a day, filled as high as the day was covered, hatched above. It reads without colours.
func heatOf(f detect.FeedReport, days map[time.Time]*detect.FeedDay, from time.Time) heatRow {
	const width, height = 1000.0, 24
	row := heatRow{FeedReport: f}
	var b strings.Builder
	step := width / heatDays
	num := func(x float64) string { return strconv.FormatFloat(x, 'f', 1, 64) }
	for i := range heatDays {
		day := from.AddDate(0, 0, i)
		said, share := days[day], -1.0
		if said != nil {
			share = said.Covered
		}
		x, w := num(float64(i)*step), num(step-1)
		tip := day.Format("2006-01-02") + ": "
		switch {
		case share < 0:
			b.WriteString(`<rect class="heat-none" x="` + x + `" y="` + strconv.Itoa(height-2) + `" width="` + w + `" height="2"/>`)
			continue
		case share >= 1:
			row.Full++
		case share <= 0:
			row.Dark++
		}
		row.Known++
		tip += words.Percent(share) + " covered"
		for i, g := range said.Gaps {
			if i == 3 {
				tip += " …"
				break
			}
			tip += "; " + words.Short(words.Visible(g.Why), 60) + " for " + words.Span(g.To.Sub(g.From))
		}
		b.WriteString(`<g><title>` + template.HTMLEscapeString(tip) + `</title>`)
		if share < 1 {
			b.WriteString(`<rect class="gw-gap-box" x="` + x + `" y="0" width="` + w + `" height="` + strconv.Itoa(height) + `"/><rect x="` + x + `" y="0" width="` + w + `" height="` + strconv.Itoa(height) + `" fill="url(#gw-p-hatch)"/>`)
		}
		if share > 0 {
			h := max(1, share*height)
			b.WriteString(`<rect class="gw-good" x="` + x + `" y="` + num(height-h) + `" width="` + w + `" height="` + num(h) + `"/>`)
		}
		b.WriteString(`</g>`)
	}
	title := words.Short(words.Visible(f.Name), 80) + ", day by day"
	desc := strconv.Itoa(row.Full) + " days covered whole, " + strconv.Itoa(row.Known-row.Full-row.Dark) + " in part, " + strconv.Itoa(row.Dark) + " without evidence"
	row.Drawing = template.HTML(`<svg class="heat" viewBox="0 0 1000 24" preserveAspectRatio="none" role="img" focusable="false" aria-label="` + template.HTMLEscapeString(title+": "+desc) + `">` + b.String() + `</svg>`) //nolint:gosec // every text in it was escaped
	return row
}

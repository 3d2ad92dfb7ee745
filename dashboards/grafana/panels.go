package grafana

import "strconv"

func target(query string, p params) Target { return Target{Query: query, Params: values(p)} }

// column leaves one column of numbers of a query.
func (t Target) column(name string) Target { t.Column = name; return t }

// live asks for a channel on which new rows follow.
func (t Target) live() Target { t.Streaming = true; return t }

func number(v float64) *float64 { return &v }

// steps are thresholds: fine below the first, then amber, then red. The panel's text names the numbers, so that nobody
// has to tell colours apart.
func steps(amber, red float64) *Thresholds {
	return &Thresholds{Mode: "absolute", Steps: []Step{{Color: "green"}, {Color: "orange", Value: number(amber)}, {Color: "red", Value: number(red)}}}
}

// above is fine below a number and red from it on.
func above(limit float64) *Thresholds {
	return &Thresholds{Mode: "absolute", Steps: []Step{{Color: "green"}, {Color: "red", Value: number(limit)}}}
}

// least is red below the first number, amber below the second and fine from it on.
func least(amber, fine float64) *Thresholds {
	return &Thresholds{Mode: "absolute", Steps: []Step{{Color: "red"}, {Color: "orange", Value: number(amber)}, {Color: "green", Value: number(fine)}}}
}

func panel(kind, title, description, unit, none string, t ...Target) Panel {
	return Panel{Type: kind, Title: title, Description: description, Targets: t,
		FieldConfig: &FieldConfig{Defaults: Field{Unit: unit, NoValue: none}, Overrides: []Override{}}, Options: map[string]any{}}
}

// plain says nothing of a value. A panel that names no thresholds gets Grafana's own, by which every count from 80 on is red.
func plain() *Thresholds { return &Thresholds{Mode: "absolute", Steps: []Step{{Color: "text"}}} }

// stat is one number: the sum of a column over all rows.
func stat(title, description, unit, none string, th *Thresholds, t Target) Panel {
	p := panel("stat", title, description, unit, none, t)
	if th == nil {
		th = plain()
	}
	p.FieldConfig.Defaults.Thresholds = th
	p.FieldConfig.Defaults.Color = map[string]any{"mode": "thresholds"}
	p.Options = map[string]any{
		"reduceOptions": map[string]any{"calcs": []string{"sum"}, "fields": "/^" + t.Column + "$/", "values": false},
		"colorMode":     "value", "graphMode": "none", "justifyMode": "auto", "orientation": "auto", "textMode": "value", "wideLayout": true,
	}
	return p
}

// series draws lines or bars over time.
func series(title, description, unit, none, draw string, th *Thresholds, t ...Target) Panel {
	p := panel("timeseries", title, description, unit, none, t...)
	d := &p.FieldConfig.Defaults
	d.Color = map[string]any{"mode": "palette-classic"}
	d.Custom = map[string]any{"drawStyle": draw, "lineWidth": 2, "fillOpacity": 10, "showPoints": "auto", "spanNulls": false, "axisLabel": ""}
	if draw == "bars" {
		d.Custom["fillOpacity"] = 70
		d.Custom["stacking"] = map[string]any{"mode": "normal", "group": "A"}
	}
	if th != nil {
		// A threshold is a dashed line at its number: it can be seen in black and white.
		d.Thresholds = th
		d.Custom["thresholdsStyle"] = map[string]any{"mode": "dashed"}
	}
	p.Options = map[string]any{
		"legend":  map[string]any{"displayMode": "table", "placement": "bottom", "showLegend": true, "calcs": []string{"lastNotNull", "max"}},
		"tooltip": map[string]any{"mode": "multi", "sort": "desc"},
	}
	return p
}

// bars are one bar a row.
func bars(title, description, unit, none string, t Target) Panel {
	p := panel("bargauge", title, description, unit, none, t)
	p.FieldConfig.Defaults.Min = number(0)
	p.FieldConfig.Defaults.Color = map[string]any{"mode": "fixed", "fixedColor": "blue"}
	p.Options = map[string]any{
		"reduceOptions": map[string]any{"calcs": []string{"lastNotNull"}, "fields": "/^" + t.Column + "$/", "values": true, "limit": 40},
		"text":          map[string]any{"titleSize": 13, "valueSize": 15}, "orientation": "horizontal", "displayMode": "basic", "showUnfilled": true, "valueMode": "text", "namePlacement": "auto", "sizing": "auto",
		"legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": []string{}},
	}
	return p
}

// table shows rows without the columns that are hidden, which links still may use.
func table(title, description, none string, t Target, hidden ...string) Panel {
	p := panel("table", title, description, "short", none, t)
	p.FieldConfig.Defaults.Custom = map[string]any{"align": "auto", "filterable": true, "cellOptions": map[string]any{"type": "auto"}}
	p.FieldConfig.Defaults.Thresholds = plain()
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, emptyCells(), severityWords(), verdictWords(), identityLink(), teamLink(), feedLink())
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, widths()...)
	p.Options = map[string]any{"showHeader": true, "cellHeight": "sm", "footer": map[string]any{"show": false, "reducer": []string{"sum"}, "countRows": false}}
	if len(hidden) > 0 {
		without := map[string]any{}
		for _, name := range hidden {
			without[name] = true
		}
		p.Transformations = []map[string]any{{"id": "organize", "options": map[string]any{"excludeByName": without, "indexByName": map[string]any{}, "renameByName": map[string]any{}}}}
	}
	return p
}

// emptyCells are a dash: the text for no data is for a table without rows, and Grafana would put it into every empty cell.
func emptyCells() Override {
	return Override{Matcher: Matcher{ID: "byRegexp", Options: "/.*/"}, Properties: []Property{{"noValue", "–"}}}
}

// widths give short words little room, so that names have what is left and no less than can be read. A table that is
// narrower than its columns scrolls.
func widths() []Override {
	var out []Override
	for _, c := range []struct {
		width int
		names string
	}{
		{90, "state|team|provider|open|critical|high|medium|low|excepted|grants|feeds|age|rows|weight|verdicts|hits|layer"},
		{120, "verdict|unverifiable|handling|account|owner|outcome|status|blinds|covered|grade|received|stored|filtered|dead|idle|visibility|drift_index|drift_real|nhi_ratio|coverage|partial|skipped|judged|findings"},
		{140, "issuer_state|reach_state|expiry_state|identity_kind|candidate"},
		{175, "time|timeEnd|at|from|to|since|until|day|expires|first_seen|last_seen|last|read|newest|ended|evaluated|recommendation"},
		{190, "drift_newly_visible|revocation_median|revocation_p95|revocations_open"},
		{250, "kind|rule"},
	} {
		out = append(out, Override{Matcher: Matcher{ID: "byRegexp", Options: "/^(" + c.names + ")$/"}, Properties: []Property{{"custom.width", c.width}}})
	}
	return append(out,
		Override{Matcher: Matcher{ID: "byRegexp", Options: "/^(why|proposal|text|counterfactual|sample|detail)$/"}, Properties: []Property{{"custom.minWidth", 440}}},
		Override{Matcher: Matcher{ID: "byRegexp", Options: "/^(identity|subject)$/"}, Properties: []Property{{"custom.minWidth", 300}}},
		Override{Matcher: Matcher{ID: "byRegexp", Options: "/^(permission|resource|action|credential|feed)$/"}, Properties: []Property{{"custom.minWidth", 160}}})
}

func mapped(words ...[2]string) []map[string]any {
	options := map[string]any{}
	for i, w := range words {
		options[w[0]] = map[string]any{"color": w[1], "index": i, "text": w[0]}
	}
	return []map[string]any{{"type": "value", "options": options}}
}

func byName(name string, p ...Property) Override {
	return Override{Matcher: Matcher{ID: "byName", Options: name}, Properties: p}
}

// severityWords and verdictWords colour words that are read as words.
func severityWords() Override {
	return byName("severity", Property{"mappings", mapped([2]string{"critical", "red"}, [2]string{"high", "orange"}, [2]string{"medium", "yellow"}, [2]string{"low", "blue"}, [2]string{"info", "text"})},
		Property{"custom.cellOptions", map[string]any{"type": "color-text"}}, Property{"custom.width", 90})
}

func verdictWords() Override {
	return byName("verdict", Property{"mappings", mapped([2]string{"VIOLATION", "red"}, [2]string{"UNUSED", "orange"}, [2]string{"OVERBROAD", "orange"}, [2]string{"UNVERIFIABLE", "purple"})},
		Property{"custom.cellOptions", map[string]any{"type": "color-text"}})
}

func leadsTo(name, title, url string) Override {
	return byName(name, Property{"links", []Link{{Title: title, URL: url}}})
}

// Values are percent-encoded: a name that came out of a log must not become a part of the address.
const carried = "&var-datasource=${datasource:percentencode}&${__url_time_range}"

func identityLink() Override {
	return leadsTo("identity", "This identity", "/d/grantwatch-identity?var-identity=${__data.fields.identity:percentencode}"+carried)
}

func teamLink() Override {
	return leadsTo("team", "This team's scorecard", "/d/grantwatch-team?var-team=${__data.fields.team:percentencode}"+carried)
}

func feedLink() Override {
	return leadsTo("feed", "This feed's coverage", "/d/grantwatch-coverage?var-feed=${__data.fields.feed:percentencode}"+carried)
}

// first puts columns of a table first, in this order; the others follow as they come.
func (p Panel) first(columns ...string) Panel {
	at := map[string]any{}
	for i, name := range columns {
		at[name] = i
	}
	if len(p.Transformations) == 0 {
		p.Transformations = []map[string]any{{"id": "organize", "options": map[string]any{"excludeByName": map[string]any{}, "renameByName": map[string]any{}}}}
	}
	p.Transformations[0]["options"].(map[string]any)["indexByName"] = at
	return p
}

// wrapped shows all of a text over several lines. Grafana 12 moved the option out of the cell's type.
func wrapped(name string) Override {
	return byName(name, Property{"custom.cellOptions", map[string]any{"type": "auto", "wrapText": true}}, Property{"custom.wrapText", true})
}

func (p Panel) with(o ...Override) Panel {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, o...)
	return p
}

func (p Panel) link(l ...Link) Panel { p.Links = append(p.Links, l...); return p }

func (p Panel) every(interval string) Panel { p.Interval = interval; return p }

func (p Panel) between(low, high float64) Panel {
	p.FieldConfig.Defaults.Min, p.FieldConfig.Defaults.Max = number(low), number(high)
	return p
}

// grid shows one square for each series and interval, with its number in it.
func grid(title, description, unit, none string, th *Thresholds, t Target) Panel {
	p := panel("status-history", title, description, unit, none, t)
	p.FieldConfig.Defaults.Thresholds = th
	p.FieldConfig.Defaults.Color = map[string]any{"mode": "thresholds"}
	p.FieldConfig.Defaults.Custom = map[string]any{"fillOpacity": 70, "lineWidth": 1}
	p.Options = map[string]any{
		"showValue": "auto", "rowHeight": 0.9, "colWidth": 0.95, "legend": map[string]any{"displayMode": "list", "placement": "bottom", "showLegend": true},
		"tooltip": map[string]any{"mode": "single", "sort": "none"}, "perPage": 40,
	}
	return p
}

// lines shows logs.
func lines(title, description, none string, t Target) Panel {
	p := panel("logs", title, description, "string", none, t)
	p.Options = map[string]any{"showTime": true, "wrapLogMessage": true, "enableLogDetails": true, "sortOrder": "Descending", "dedupStrategy": "none", "prettifyLogMessage": false, "showLabels": false, "showCommonLabels": false}
	return p
}

// ThresholdText is what a text must name for its thresholds to be readable without colour.
func ThresholdText(v float64, unit string) string {
	if unit == "percentunit" {
		return strconv.FormatFloat(v*100, 'f', -1, 64) + " %"
	}
	return strconv.FormatFloat(v, 'f', -1, 64)
}

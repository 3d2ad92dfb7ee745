package charts

import (
	_ "embed"
	"html/template"
	"math"
	"strconv"
	"strings"

	"github.com/grantwatch/grantwatch/access"
)

// CSS is the style sheet of all charts: colours for light, dark and print.
//
//go:embed charts.css
var CSS string

// Tone is the class of one part of a chart: what colour and pattern it has.
type Tone string

// The closed set of tones.
const (
	Critical Tone = "critical"
	High     Tone = "high"
	Medium   Tone = "medium"
	Low      Tone = "low"
	Info     Tone = "info"
	Unknown  Tone = "unknown" // no evidence: never the colour of "fine"
	Good     Tone = "good"
	Plain    Tone = "plain"
	Faint    Tone = "faint"
	Dotted   Tone = "dotted"
	Lined    Tone = "lined"
	Soft     Tone = "soft" // the values before the newest
)

// looks gives each tone its fill and its hatching: two tones never differ by colour alone.
var looks = map[Tone]struct{ fill, pattern string }{
	Critical: {"critical", ""}, High: {"high", "p-diag"}, Medium: {"medium", "p-dots"}, Low: {"low", "p-lines"}, Info: {"info", "p-grid"},
	Unknown: {"unknown", "p-hatch"}, Good: {"good", ""}, Plain: {"plain", ""}, Faint: {"faint", ""}, Dotted: {"faint", "p-dark-dots"}, Lined: {"faint", "p-dark-lines"}, Soft: {"soft", ""},
}

func (t Tone) look() (fill, pattern string) {
	l, ok := looks[t]
	if !ok {
		l = looks[Plain]
	}
	return l.fill, l.pattern
}

// SeverityTone is the tone in which a severity is drawn.
func SeverityTone(s access.Severity) Tone {
	switch s {
	case access.SeverityCritical:
		return Critical
	case access.SeverityHigh:
		return High
	case access.SeverityMedium:
		return Medium
	case access.SeverityLow:
		return Low
	}
	return Info
}

// VerdictTone is the tone in which a verdict is drawn.
func VerdictTone(v access.Verdict) Tone {
	switch v {
	case access.VerdictUnused, access.VerdictViolation:
		return High
	case access.VerdictOverbroad:
		return Medium
	case access.VerdictUnverifiable:
		return Unknown
	case access.VerdictUsed:
		return Good
	case access.VerdictUnloggable:
		return Info
	case access.VerdictTooYoung:
		return Dotted
	case access.VerdictRedundant:
		return Low
	case access.VerdictClosed:
		return Lined
	}
	return Faint
}

// Defs holds the patterns that charts refer to. It belongs once into every page that shows charts, ahead of them.
func Defs() template.HTML {
	return `<svg class="gw-defs" width="0" height="0" aria-hidden="true" focusable="false"><defs>` +
		`<pattern id="gw-p-diag" width="6" height="6" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="gw-over" width="2" height="6"/></pattern>` +
		`<pattern id="gw-p-dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="gw-over" cx="2.5" cy="2.5" r="1.1"/></pattern>` +
		`<pattern id="gw-p-lines" width="4" height="4" patternUnits="userSpaceOnUse"><rect class="gw-over" width="4" height="1.2"/></pattern>` +
		`<pattern id="gw-p-grid" width="6" height="6" patternUnits="userSpaceOnUse"><path class="gw-over-line" d="M0 0H6M0 0V6"/></pattern>` +
		`<pattern id="gw-p-dark-dots" width="5" height="5" patternUnits="userSpaceOnUse"><circle class="gw-dark" cx="2.5" cy="2.5" r="0.9"/></pattern>` +
		`<pattern id="gw-p-dark-lines" width="4" height="4" patternUnits="userSpaceOnUse"><rect class="gw-dark" width="1" height="4"/></pattern>` +
		`<pattern id="gw-p-hatch" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(-45)"><rect class="gw-hatch" width="2" height="7"/></pattern>` +
		`</defs></svg>`
}

// drawing collects SVG; its methods escape what they are given.
type drawing struct{ strings.Builder }

func (d *drawing) text(element, s string) {
	d.WriteString("<" + element + ">")
	d.WriteString(escape(s))
	d.WriteString("</" + element + ">")
}

// bar draws one rectangle in its tone with its pattern on top and a tooltip.
func (d *drawing) bar(t Tone, x, y, w, h, tip string) {
	at := ` x="` + x + `" y="` + y + `" width="` + w + `" height="` + h + `"`
	fill, pattern := t.look()
	d.WriteString(`<g><rect class="gw-fill gw-` + fill + `"` + at + `/>`)
	if pattern != "" {
		d.WriteString(`<rect` + at + ` fill="url(#gw-` + pattern + `)"/>`)
	}
	if tip != "" {
		d.text("title", tip)
	}
	d.WriteString(`</g>`)
}

// label writes text at a place; anchor is start, middle or end.
func (d *drawing) label(class, x, y, anchor, s string) {
	d.WriteString(`<text class="` + class + `" x="` + x + `" y="` + y + `" text-anchor="` + anchor + `">` + escape(s) + `</text>`)
}

func (d *drawing) close() template.HTML {
	d.WriteString("</svg>")
	return template.HTML(d.String()) //nolint:gosec // every text in it went through escape
}

// number prints a coordinate with at most three decimals and never in exponent form.
func number(f float64) string {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "0"
	}
	r := math.Round(f*1000) / 1000
	if r == 0 {
		r = 0 // not "-0"
	}
	return strconv.FormatFloat(r, 'f', -1, 64)
}

func percent(f float64) string { return number(100*f) + "%" }

func escape(s string) string {
	return template.HTMLEscapeString(strings.ToValidUTF8(s, "\uFFFD"))
}

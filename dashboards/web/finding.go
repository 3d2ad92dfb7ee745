package web

import (
	"html/template"
	"log/slog"
	"net/http"
	"regexp"
	"slices"
	"unicode/utf8"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/store"
)

type findingBody struct {
	*access.Finding
	Page     *page
	Strips   []strip
	Controls []words.Control
	History  []ledger.Change
	Person   *link
	Owners   []link
	Others   int // further findings about the same identity
	Events   int // that the evidence names
	Records  []record
	Lost     string // what could not be looked up
}

// strip is what one feed could see of a finding's window.
type strip struct {
	Feed    string
	Drawing template.HTML
	Gaps    []access.Gap
}

// record is one record of a log as it came.
type record struct {
	store.RawEvent
	Text string
}

func finding(v *visit) {
	fp := v.r.PathValue("fingerprint")
	history, err := v.history(v.r.Context(), fp)
	lost := ""
	if err != nil {
		slog.Warn("history of a finding", "error", err)
		lost = "The ledger did not answer in time: its history may be longer than what is shown."
	}
	f := v.fingerprint[fp]
	switch {
	case f == nil && len(history) == 0:
		v.missing("No open finding that you may see has this fingerprint, and no history of it is kept. It may have been resolved before history began.")
		return
	case f == nil:
		v.render(http.StatusOK, "gone", v.page("findings", "A finding that is no longer open", goneBody{fp, history}))
		return
	}
	if history == nil { // the view knows the last step at least
		for _, c := range v.Changes {
			if c.Fingerprint == fp {
				history = append(history, c)
			}
		}
	}
	b := &findingBody{Finding: f, Strips: strips(f), History: history, Lost: lost}
	for _, id := range slices.Concat(f.Controls, f.OWASP) {
		b.Controls = append(b.Controls, words.ControlOf(id))
	}
	if f.Identity != nil {
		b.Others = len(v.identity[f.Identity.UID]) - 1
		b.Person, b.Owners = v.linkTo(f.Identity.Person), v.linksTo(f.Identity.Owner)
	}
	b.records(v)
	p := v.page("findings", words.KindTitle(f.Kind)+": "+words.Short(words.Visible(report.About(f)), 60), nil)
	b.Page, p.Body = p, b
	v.render(http.StatusOK, "finding", p)
}

// eventRef is how evidence names an event: by its feed and id.
var eventRef = regexp.MustCompile(`\bevent (\S{1,200}) (\S{1,300})`)

// maxRecords and maxRecord bound what is shown of records as they came.
const (
	maxRecords = 20
	maxRecord  = 20_000
)

// eventIDs are the ids of the events that a finding's evidence names.
func eventIDs(f *access.Finding) []string {
	var ids []string
	for _, e := range f.Evidence {
		for _, m := range eventRef.FindAllStringSubmatch(e, -1) {
			if !slices.Contains(ids, m[2]) && len(ids) < maxRecords {
				ids = append(ids, m[2])
			}
		}
	}
	return ids
}

func (b *findingBody) records(v *visit) {
	ids := eventIDs(b.Finding)
	b.Events = len(ids)
	got, err := v.raw(v.r.Context(), ids)
	if err != nil {
		slog.Warn("records of a finding", "error", err)
		b.Lost = "The store did not answer in time: records may be kept that are not shown."
	}
	for _, e := range got[:min(len(got), maxRecords)] {
		text := string(e.Raw)
		if len(text) > maxRecord {
			text = text[:maxRecord]
			for !utf8.ValidString(text) && len(text) > maxRecord-utf8.UTFMax {
				text = text[:len(text)-1]
			}
			text += "…"
		}
		b.Records = append(b.Records, record{e, pretty(text)})
	}
}

type goneBody struct {
	Fingerprint string
	History     []ledger.Change
}

// strips draws the window as each feed saw it: those that a use would have been recorded in, and any other with a gap.
func strips(f *access.Finding) []strip {
	if f.Window == nil {
		return nil
	}
	names := slices.Clone(f.Feeds)
	for _, g := range f.Gaps {
		if !slices.Contains(names, g.Feed) {
			names = append(names, g.Feed)
		}
	}
	var out []strip
	for _, n := range names {
		st := strip{Feed: n}
		var dark []charts.Stretch
		for _, g := range f.Gaps {
			if g.Feed == n {
				st.Gaps = append(st.Gaps, g)
				dark = append(dark, charts.Stretch{Interval: access.Interval{From: g.From, To: g.To}, Why: words.Visible(g.Why)})
			}
		}
		st.Drawing = charts.Strip("What "+words.Short(words.Visible(n), 80)+" could see of the window", *f.Window, dark)
		out = append(out, st)
	}
	return out
}

package web

import (
	"html/template"
	"net/http"
	"slices"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/charts"
	"github.com/grantwatch/grantwatch/dashboards/report"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

type findingBody struct {
	*access.Finding
	Page     *page
	Strips   []strip
	Controls []words.Control
	History  []ledger.Change
	Others   int // further findings about the same identity
}

// strip is what one feed could see of a finding's window.
type strip struct {
	Feed    string
	Drawing template.HTML
	Gaps    []access.Gap
}

func (s *server) finding(w http.ResponseWriter, r *http.Request) {
	ix := s.index()
	fp := r.PathValue("fingerprint")
	var history []ledger.Change
	if s.History != nil {
		history = s.History(fp)
	}
	f := ix.fingerprint[fp]
	switch {
	case f == nil && len(history) == 0:
		s.missing(w, ix, "No open finding has this fingerprint, and no history of it is kept. It may have been resolved before history began.")
		return
	case f == nil:
		s.render(w, http.StatusOK, "gone", s.page(ix, "findings", "A finding that is no longer open", goneBody{fp, history}))
		return
	}
	if history == nil { // the view knows the last step at least
		for _, c := range ix.Changes {
			if c.Fingerprint == fp {
				history = append(history, c)
			}
		}
	}
	b := &findingBody{Finding: f, Strips: strips(f), History: history}
	for _, id := range slices.Concat(f.Controls, f.OWASP) {
		b.Controls = append(b.Controls, words.ControlOf(id))
	}
	if f.Identity != nil {
		b.Others = len(ix.identity[f.Identity.UID]) - 1
	}
	p := s.page(ix, "findings", words.KindTitle(f.Kind)+": "+words.Short(words.Visible(report.About(f)), 60), nil)
	b.Page, p.Body = p, b
	s.render(w, http.StatusOK, "finding", p)
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

package report

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/dashboards/report/words"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Options say which period a report is about.
type Options struct {
	Week     string    // 2026-W47
	From, To time.Time // the week; zero means that every change in the view counts
	Version  string    // of Grantwatch
	Org      string    // whose report it is; may be empty
	// Changes are all steps of the ledger within the week. The view's own tell only of the last evaluation; they stand in
	// when this is nil.
	Changes []ledger.Change
	// Weeks are the figures of up to thirteen weeks, oldest first, this one last. What is missing of this one is taken from
	// the view.
	Weeks []WeekFigures
	// Compare are the figures of an earlier week that this one is set beside; nil leaves the comparison out.
	Compare *WeekFigures
	Notes   []string // what the reader should know of how this report came about
}

// Report is everything that the weekly report says. Its JSON form is what WriteJSON prints.
type Report struct {
	Week       string                  `json:"week"`
	From       time.Time               `json:"from,omitzero"`
	To         time.Time               `json:"to,omitzero"`
	AsOf       time.Time               `json:"as_of"`
	Org        string                  `json:"org,omitempty"`
	Version    string                  `json:"version,omitempty"`
	Rebuilt    bool                    `json:"rebuilt,omitempty"` // from what was kept of the week
	Totals     ledger.Totals           `json:"totals"`
	Figures    ledger.Team             `json:"organisation"`
	Unanswered Unanswered              `json:"unanswered"`
	Trends     []Trend                 `json:"trends"`
	Comparison *Comparison             `json:"comparison,omitempty"`
	Leavers    []detect.Revocation     `json:"slowest_revocations"`
	Severity   map[access.Severity]int `json:"severity"`
	Verdicts   map[access.Verdict]int  `json:"verdicts"`
	Kinds      []ledger.KindCount      `json:"kinds"`
	Movement   Movement                `json:"movement"`
	ByTeam     []Movement              `json:"movement_by_team"`
	Decisions  []Group                 `json:"decisions"`
	Exceptions []Expiry                `json:"exceptions_expiring"`
	Registers  []detect.RegisterNote   `json:"registers"`
	Teams      []Section               `json:"teams"`
	Controls   []Framework             `json:"controls"`
	Feeds      []detect.FeedReport     `json:"feeds"`
	Partial    []detect.Evaluation     `json:"partial_evaluations"` // rules that could not judge everything
	Notes      []string                `json:"notes"`

	findings []*access.Finding
	days     []detect.FeedDay
}

// Section is one team's part of the report.
type Section struct {
	ledger.Team
	Model      Model             `json:"governance"`
	Unanswered Unanswered        `json:"unanswered"`
	Trends     []Trend           `json:"trends"`
	Groups     []Group           `json:"groups"`
	Gravest    []*access.Finding `json:"gravest"`
	Blinds     []Blind           `json:"blinds"`
}

// Expiry is exceptions that end within 30 days, those of one approver, reason and day together.
type Expiry struct {
	Team     string    `json:"team"`
	Kind     string    `json:"kind"`
	Reason   string    `json:"reason"`
	Approver string    `json:"approver"`
	Expires  time.Time `json:"expires"`
	Count    int       `json:"count"`
}

const (
	gravest     = 10
	expirySight = 30 * 24 * time.Hour
)

// Build arranges a view into a report. A nil view makes the report of an evaluation that has not happened.
func Build(v *ledger.View, opt Options) *Report {
	if v == nil {
		v = &ledger.View{}
	}
	changes := opt.Changes
	if changes == nil {
		changes = v.Changes
	}
	r := &Report{
		Week: opt.Week, From: opt.From, To: opt.To, AsOf: v.AsOf, Org: opt.Org, Version: opt.Version, Totals: v.Totals, Severity: v.Severity, Verdicts: v.Verdicts,
		Kinds: some(v.Kinds), Registers: some(v.Registers), Feeds: some(v.Feeds), findings: Pointers(v.Findings), Partial: []detect.Evaluation{},
	}
	r.Rebuilt, r.Figures, r.days = v.Rebuilt, v.Org, v.FeedDays
	r.Notes = append(some(slices.Clone(opt.Notes)), v.Notes...)
	missing := unanswered(v.Credentials)
	r.Unanswered = missing[ledger.Organisation]
	r.Leavers = some(slowest(v.Revocations, v.AsOf, 10))
	weeks := withThisWeek(opt.Weeks, opt.Week, v)
	r.Trends = trends(weeks, ledger.Organisation)
	if opt.Compare != nil {
		r.Comparison = compare(opt.Compare, &weeks[len(weeks)-1])
	}
	r.Movement, r.ByTeam = movements(changes, opt.From, opt.To)
	r.Decisions = Groups(r.findings, false)
	r.Exceptions = expiries(r.findings, v.AsOf)
	r.Controls = ControlCounts(r.findings)
	byTeam := map[string][]*access.Finding{}
	for _, f := range r.findings {
		byTeam[f.Team] = append(byTeam[f.Team], f)
	}
	for _, t := range v.Teams {
		s := Section{Team: t, Groups: Groups(byTeam[t.Name], true), Blinds: Blinds(byTeam[t.Name]), Gravest: []*access.Finding{},
			Model: modelOf(v, t.Name), Unanswered: missing[t.Name], Trends: trends(weeks, t.Name)}
		for _, f := range byTeam[t.Name] { // the view's order is gravest first
			if Counted(f) && len(s.Gravest) < gravest {
				s.Gravest = append(s.Gravest, f)
			}
		}
		r.Teams = append(r.Teams, s)
	}
	for _, e := range v.Rules {
		if e.Status != "evaluated" {
			r.Partial = append(r.Partial, e)
		}
	}
	return r
}

// withThisWeek is the weeks with the figures of the view as the last, at most thirteen of them.
func withThisWeek(weeks []WeekFigures, week string, v *ledger.View) []WeekFigures {
	out := slices.Clone(weeks)
	now := NewWeekFigures(week, v.Figures())
	if n := len(out); n > 0 && out[n-1].Week == week {
		out[n-1] = now
	} else {
		out = append(out, now)
	}
	return out[max(0, len(out)-trendWeeks):]
}

// some makes an absent list an empty one, which JSON prints as [].
func some[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func expiries(findings []*access.Finding, now time.Time) []Expiry {
	at := map[Expiry]int{}
	for _, f := range findings {
		if f.State == ledger.StateExcepted && f.Exception != nil && f.Exception.Expires.Before(now.Add(expirySight)) {
			at[Expiry{Team: f.Team, Kind: f.Kind, Reason: f.Exception.Reason, Approver: f.Exception.Approver, Expires: f.Exception.Expires.UTC()}]++
		}
	}
	out := make([]Expiry, 0, len(at))
	for e, n := range at {
		e.Count = n
		out = append(out, e)
	}
	slices.SortFunc(out, func(a, b Expiry) int {
		return cmp.Or(a.Expires.Compare(b.Expires), cmp.Compare(a.Team, b.Team), cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Approver, b.Approver), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}

// WriteCSV writes every finding of the report as a table.
func (r *Report) WriteCSV(w io.Writer) error { return FindingsCSV(w, r.findings) }

// WriteJSON writes the report's figures and groups.
func (r *Report) WriteJSON(w io.Writer) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("writing the report of %s: %w", words.Visible(r.Week), err)
	}
	return nil
}

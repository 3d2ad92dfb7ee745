// Package document is a message as other programs read it: the body of a webhook, what templates are given, and what an
// e-mail is written from. Its JSON form is a contract (docs/notifiers.md). Every string is one visible line of bounded
// length and every list is bounded, so that no log record decides how large a document becomes.
package document

import (
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/alert/inert"
)

// Version is the version of the form; it grows when a field changes its meaning or goes away.
const Version = 1

const (
	maxText  = 1000 // characters of a sentence
	maxName  = 300  // characters of a name
	maxItems = 50   // entries of a list
)

// Document is one message.
type Document struct {
	Type         string           `json:"type"` // always grantwatch.alert
	Version      int              `json:"version"`
	ID           string           `json:"id"`     // of what the message says now; a repeated delivery has the same
	Thread       string           `json:"thread"` // of the message through its whole life
	Reason       alert.Reason     `json:"reason"`
	Audience     alert.Audience   `json:"audience,omitempty"`
	Team         string           `json:"team"`
	Kind         string           `json:"kind"`
	Rule         string           `json:"rule"`
	Title        string           `json:"title,omitempty"`
	Severity     access.Severity  `json:"severity"`
	AsOf         time.Time        `json:"as_of"`
	At           time.Time        `json:"at"`
	Link         string           `json:"link,omitempty"`
	Counts       []Count          `json:"counts"` // of all findings, gravest first
	Total        int              `json:"total"`
	New          int              `json:"new"`
	Omitted      int              `json:"omitted"` // findings that are counted and not told one by one
	Findings     []access.Finding `json:"findings"`
	Blind        []Blind          `json:"unverifiable"`
	Closing      *Closing         `json:"closing,omitempty"`
	Steps        []Step           `json:"steps"`
	Contradicted int              `json:"contradicted,omitempty"`   // findings claimed to be revoked that a later snapshot still has
	Waited       float64          `json:"waited_seconds,omitempty"` // of an escalation: how long nobody acknowledged it
	Week         *Week            `json:"week,omitempty"`           // only of a digest, which has no findings
}

// Count is how many findings of a severity there are.
type Count struct {
	Severity access.Severity `json:"severity"`
	N        int             `json:"n"`
}

// Blind is how many verdicts a feed makes impossible.
type Blind struct {
	Feed        string    `json:"feed"`
	N           int       `json:"n"`
	DecidableAt time.Time `json:"decidable_at,omitzero"`
}

// Closing says what became of the findings of a message that is over.
type Closing struct {
	Unverifiable int        `json:"unverifiable"`
	Excepted     int        `json:"excepted"`
	Elsewhere    int        `json:"elsewhere"`
	Handled      int        `json:"handled"`
	How          []Resolved `json:"how"`
}

// Step is one step in the life of a finding since the message was told last.
type Step struct {
	Fingerprint string         `json:"fingerprint"`
	At          time.Time      `json:"at"`
	From        string         `json:"from,omitempty"`
	To          string         `json:"to"`
	Verdict     access.Verdict `json:"verdict"`
	Why         string         `json:"why"`
	Who         string         `json:"who"`
}

// Of makes the document of a message; prev is what its notifier was given.
func Of(m *alert.Message, prev *alert.Delivery) *Document {
	d := &Document{
		Type: "grantwatch.alert", Version: Version, ID: alert.EventID(m, prev), Thread: m.Record.Post, Reason: m.Reason, Audience: m.Audience,
		Team: name(m.Team), Kind: name(m.Kind), Rule: name(m.Cause), Title: text(m.Title), Severity: m.Severity, AsOf: m.AsOf.UTC(), At: m.At.UTC(),
		Link: m.Link, Total: len(m.Findings), New: m.New, Findings: []access.Finding{}, Steps: []Step{},
	}
	d.Counts, d.Blind = counts(m.Counts()), blinds(m.Blinds())
	shown := m.Shown()
	for i := range shown {
		d.Findings = append(d.Findings, Finding(shown[i]))
	}
	d.Omitted = len(m.Findings) - len(shown)
	if m.Reason == alert.ReasonResolved {
		d.Closing = &Closing{m.Closing.Unverifiable, m.Closing.Excepted, m.Closing.Elsewhere, m.Closing.Handled, resolved(m.Closing.How)}
	}
	d.Contradicted, d.Waited = m.Contradicted, m.Waited.Seconds()
	if m.Week != nil {
		d.Week = week(m.Week)
	}
	for _, s := range first(m.Steps) {
		d.Steps = append(d.Steps, Step{s.Fingerprint, s.At, s.From, s.To, s.Verdict, text(s.Why), name(s.Who)})
	}
	return d
}

// Finding is a finding with every string and list bounded.
func Finding(f access.Finding) access.Finding {
	f.Fingerprint, f.Kind, f.Rule, f.Team, f.Feed = name(f.Fingerprint), name(f.Kind), name(f.Rule), name(f.Team), name(f.Feed)
	f.Title, f.Why, f.Proposal, f.Note = text(f.Title), text(f.Why), text(f.Proposal), text(f.Note)
	f.Feeds, f.Controls, f.OWASP, f.UsedActions = each(f.Feeds, name), each(f.Controls, name), each(f.OWASP, name), each(f.UsedActions, name)
	f.Evidence, f.BlindSpots = each(f.Evidence, text), each(f.BlindSpots, text)
	f.Gaps = append([]access.Gap{}, first(f.Gaps)...)
	for i := range f.Gaps {
		f.Gaps[i].Feed, f.Gaps[i].Why = name(f.Gaps[i].Feed), text(f.Gaps[i].Why)
	}
	if f.Identity != nil {
		id := *f.Identity
		id.UID, id.Name, id.Kind, id.Person, id.Owner, id.Record = name(id.UID), name(id.Name), access.Kind(name(string(id.Kind))), name(id.Person), name(id.Owner), name(id.Record)
		f.Identity = &id
	}
	if f.Grant != nil {
		g := *f.Grant
		g.ID, g.Provider, g.Account, g.Permission = name(g.ID), name(g.Provider), name(g.Account), text(g.Permission)
		g.Resource, g.Path, g.GrantedBy = text(g.Resource), text(g.Path), name(g.GrantedBy)
		f.Grant = &g
	}
	if f.Exception != nil {
		e := *f.Exception
		e.Reason, e.Approver = text(e.Reason), name(e.Approver)
		f.Exception = &e
	}
	if f.Handling != nil {
		h := *f.Handling
		h.By, h.Team, h.Why = name(h.By), name(h.Team), text(h.Why)
		f.Handling = &h
	}
	return f
}

func name(s string) string { return inert.Line(s, maxName) }
func text(s string) string { return inert.Line(s, maxText) }

func first[T any](list []T) []T { return list[:min(maxItems, len(list))] }

func each(list []string, f func(string) string) []string {
	out := make([]string, 0, min(maxItems, len(list)))
	for _, s := range first(list) {
		out = append(out, f(s))
	}
	return out
}

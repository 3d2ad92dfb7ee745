// Package document is a message as other programs read it: the body of a webhook, what templates are given, and what an
// e-mail is written from. Its JSON form is a contract (docs/notifiers.md). Every string is one visible line of bounded
// length and every list is bounded, so that no log record decides how large a document becomes.
package document

import (
	"encoding/json"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// Version is the version of the form; it grows when a field changes its meaning or goes away.
const Version = 1

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
	whole := of(m, prev)
	for _, b := range bounds {
		d := inside(b, *whole)
		d.Omitted = d.Total - len(d.Findings)
		if text, err := json.Marshal(&d); err != nil || len(text) <= MaxBytes || b == bounds[len(bounds)-1] {
			return &d
		}
	}
	return whole // there are bounds
}

// of is the document with all that the message has.
func of(m *alert.Message, prev *alert.Delivery) *Document {
	shown := m.Shown()
	d := &Document{
		Type: "grantwatch.alert", Version: Version, ID: alert.EventID(m, prev), Thread: m.Record.Post, Reason: m.Reason, Audience: m.Audience,
		Team: m.Team, Kind: m.Kind, Rule: m.Cause, Title: m.Title, Severity: m.Severity, AsOf: m.AsOf.UTC(), At: m.At.UTC(), Link: m.Link,
		Counts: counts(m.Counts()), Total: len(m.Findings), New: m.New, Omitted: len(m.Findings) - len(shown), Findings: shown, Blind: blinds(m.Blinds()),
		Contradicted: m.Contradicted, Waited: m.Waited.Seconds(),
	}
	if m.Reason == alert.ReasonResolved {
		d.Closing = &Closing{m.Closing.Unverifiable, m.Closing.Excepted, m.Closing.Elsewhere, m.Closing.Handled, resolved(m.Closing.How)}
	}
	if m.Week != nil {
		d.Week = week(m.Week)
	}
	for _, s := range m.Steps {
		d.Steps = append(d.Steps, Step{s.Fingerprint, s.At, s.From, s.To, s.Verdict, s.Why, s.Who})
	}
	return d
}

package app

import (
	"sync/atomic"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
	"github.com/grantwatch/grantwatch/cmd/grantwatch/internal/config"
	"github.com/grantwatch/grantwatch/detect/ledger"
	"github.com/grantwatch/grantwatch/rules"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// routes are those of the configuration, with the people who are known now.
func (a *App) routes() alert.Routes {
	c := &a.Cfg.Alert
	r := alert.Routes{
		Teams: map[string]string{}, Quiet: map[string]alert.Quiet{}, SOC: c.SOC, Operator: c.Operator, Page: c.Page, People: a.directory.Load(),
		Wait: time.Duration(*c.GroupWait), Interval: time.Duration(*c.GroupInterval), Repeat: time.Duration(*c.Repeat),
	}
	if c.Slack != nil {
		r.Fallback, r.Min = c.Slack.Channel, access.Severity(c.Slack.MinSeverity)
	}
	regulated := map[string]bool{}
	for i := range a.Cfg.Teams {
		t := &a.Cfg.Teams[i]
		regulated[t.Name] = t.Regulated
		if t.Slack != "" {
			r.Teams[t.Name] = t.Slack
		}
		if t.Quiet != nil {
			if h, err := t.Quiet.Parse(); err == nil { // it was checked when it was read
				r.Quiet[t.Name] = alert.Quiet(h)
			}
		}
	}
	for i := range c.Routes {
		x := &c.Routes[i]
		r.Rules = append(r.Rules, alert.Route{
			Name: x.Name, Team: x.Team, Min: access.Severity(x.Min), To: targets(x.To), Continue: x.Continue, When: a.when(x.Name, x.Condition, regulated),
		})
	}
	if e := c.Escalate; e != nil {
		r.Escalate = alert.Escalation{After: map[access.Severity]time.Duration{}, To: targets(e.To)}
		for s, d := range e.After {
			r.Escalate.After[access.Severity(s)] = time.Duration(d)
		}
	}
	return r
}

func targets(list config.Targets) []alert.Target {
	var out []alert.Target
	for _, t := range list {
		x := alert.Target{Audience: alert.AudiencePerson, Channel: t.Name}
		switch {
		case t.Word != "":
			x.Audience = alert.Audience(t.Word)
		case t.Person == "owner" || t.Person == "manager":
			x.Person = t.Person
		case t.Person != "":
			x.Channel = alert.Mail(t.Person)
		}
		out = append(out, x)
	}
	return out
}

// when lets a condition decide over findings. One that cannot be evaluated takes nothing, so that the finding goes on to
// the next route and in the end to its owner; that is said once.
func (a *App) when(route string, c *rules.Condition, regulated map[string]bool) func(*access.Finding, time.Time) bool {
	if c == nil {
		return nil
	}
	var failed atomic.Bool
	return func(f *access.Finding, t time.Time) bool {
		yes, err := c.Holds(findingFacts(f, regulated[f.Team], t))
		if err != nil && failed.CompareAndSwap(false, true) {
			a.Log.Warn("route cannot be decided", "route", route, "finding", f.Fingerprint, "error", err)
		}
		return yes
	}
}

func findingFacts(f *access.Finding, regulated bool, t time.Time) *facts.Finding {
	x := &facts.Finding{
		Kind: f.Kind, Verdict: string(f.Verdict), Severity: string(f.Severity), Rank: f.Severity.Rank(), Team: f.Team, Regulated: regulated, Rule: f.Rule,
		State: ledger.StateOf(f), Feed: f.Feed, AgeDays: t.Sub(f.FirstSeen).Hours() / 24, Weight: f.Weight, Coverage: -1,
		Controls: f.Controls[:min(len(f.Controls), maxList)], OWASP: f.OWASP[:min(len(f.OWASP), maxList)],
	}
	if g := f.Grant; g != nil {
		x.Provider, x.Account, x.Permission, x.Resource = g.Provider, g.Account, g.Permission, g.Resource
	}
	if i := f.Identity; i != nil {
		x.Identity, x.IdentityKind, x.Person, x.Owner = i.Name, string(i.Kind), i.Person, i.Owner
	}
	if f.Coverage != nil {
		x.Coverage = *f.Coverage
	}
	return x
}

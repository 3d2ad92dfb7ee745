package desk

import (
	"slices"
	"strings"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/alert"
)

// who links the user to an identity: by the alias slack:ID, or by the address that the messenger has. Two that disagree are
// nobody.
func (c *claim) who() bool {
	people := c.cfg.People()
	byAlias, known := people.Alias("slack", c.By.ID)
	byMail, reached := people.Mail(c.By.Email)
	switch {
	case known && reached && byAlias.UID != byMail.UID:
		return false
	case known:
		c.by = byAlias
	case reached:
		c.by = byMail
	default:
		return false
	}
	if !c.by.Active || c.by.Kind != access.Human {
		c.by = alert.Person{}
		return false
	}
	return true
}

// may reports whether a person may act on a finding.
func (c *claim) may(p alert.Person, f *access.Finding) bool {
	if !p.Active || p.Kind != access.Human {
		return false
	}
	if among(c.cfg.Central, p) {
		return true
	}
	people := c.cfg.People()
	answers := func(who []string) bool {
		if among(who, p) {
			return true
		}
		for _, o := range who { // the manager of an owner
			if x, ok := people.Find(o); ok && x.Manager != "" && among([]string{x.Manager}, p) {
				return true
			}
		}
		return false
	}
	for _, t := range c.teams(f) {
		if answers(c.cfg.Owners[t]) {
			return true
		}
	}
	return f.Identity != nil && f.Identity.Owner != "" && answers(strings.FieldsFunc(f.Identity.Owner, func(r rune) bool { return r == ';' || r == ' ' }))
}

// teams are those whose owners may act: the finding's own, the one that it was handed to, and of one that cannot be
// verified the owner of the feed, who may say that it is being looked at but not what becomes of another team's access.
func (c *claim) teams(f *access.Finding) []string {
	out := []string{f.Team}
	if f.Handling != nil && f.Handling.Team != "" {
		out = append(out, f.Handling.Team)
	}
	if f.Verdict == access.VerdictUnverifiable && (c.Verb == alert.VerbAcknowledge || c.Verb == alert.VerbSnooze) {
		out = append(out, alert.FeedTeam(c.cfg.View(), f))
	}
	return slices.DeleteFunc(out, func(t string) bool { return t == "" })
}

// among reports whether a list names a person by uid or address.
func among(list []string, p alert.Person) bool {
	return slices.ContainsFunc(list, func(s string) bool {
		s = strings.TrimSpace(s)
		return s != "" && (s == p.UID || strings.EqualFold(s, p.Mail))
	})
}

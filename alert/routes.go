package alert

import (
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

// Routes says who hears of what, and when.
type Routes struct {
	Teams    map[string]string // team to channel
	Fallback string            // for teams without a channel; empty means that theirs are not sent
	SOC      string            // the central security team's channel
	Operator string            // whoever runs Grantwatch; empty means SOC, and without it Fallback
	Min      access.Severity   // the floor; empty means all
	Rules    []Route           // tried in order; what none of them takes goes the default way
	People   *People           // who is reached by mail; nil knows nobody
	Quiet    map[string]Quiet  // by team
	Wait     time.Duration     // a new group waits so long for more of its kind
	Interval time.Duration     // between two messages that call for attention about one group
	Repeat   time.Duration     // what is still open and not acknowledged is told again; 0 is never
	Escalate Escalation
	Page     string // address of the page, for links; empty when nobody can open it
}

// Route sends the findings that it takes to its targets.
type Route struct {
	Name     string
	Team     string                                    // of one team only
	Min      access.Severity                           // less grave ones it does not take
	When     func(f *access.Finding, t time.Time) bool // nil takes all
	To       []Target
	Continue bool // the routes after it are tried too
}

// takes reports whether the route is for a finding.
func (r *Route) takes(f *access.Finding, t time.Time) bool {
	return (r.Team == "" || r.Team == team(f)) && f.Severity.Rank() >= r.Min.Rank() && (r.When == nil || r.When(f, t))
}

// Target is one way to somebody.
type Target struct {
	Audience Audience
	Channel  string // of AudiencePerson and AudienceSOC a fixed one; empty asks the routes
	Person   string // owner or manager; then Channel is empty
}

// mailPrefix marks a channel that is a person: the notifier finds the person by the address.
const mailPrefix = "mail:"

// Mail is the channel of a person.
func Mail(address string) string { return mailPrefix + address }

// Channel is where a team hears of its findings; empty when nowhere.
func (r Routes) Channel(team string) string {
	if c := r.Teams[team]; c != "" {
		return c
	}
	return r.Fallback
}

// operator is where whoever runs Grantwatch hears of it.
func (r *Routes) operator() string {
	for _, c := range []string{r.Operator, r.SOC} {
		if c != "" {
			return c
		}
	}
	return r.Fallback
}

// Channels lists every channel that is named, once, in order. Those of people who are found by a finding are not among them.
func (r Routes) Channels() []string {
	set := map[string]bool{r.Fallback: true, r.SOC: true, r.Operator: true}
	for _, c := range r.Teams {
		set[c] = true
	}
	for i := range r.Rules {
		for _, t := range r.Rules[i].To {
			set[t.Channel] = true
		}
	}
	for _, t := range r.Escalate.To {
		set[t.Channel] = true
	}
	delete(set, "")
	return slices.Sorted(maps.Keys(set))
}

// place is a channel and why it hears of a finding.
type place struct {
	audience Audience
	channel  string
	team     string // whose quiet hours and whose name the message has
}

// places says where a finding is told: nowhere twice. Whoever is asked to approve an exception of it hears of it too.
func (r *Routes) places(f *access.Finding, feeds map[string]string, t time.Time, into []place) []place {
	into = r.routed(f, feeds, t, into)
	channel := askedIn(f)
	if channel == "" || slices.ContainsFunc(into, func(p place) bool { return p.channel == channel }) {
		return into
	}
	return append(into, place{AudienceApprover, channel, team(f)})
}

// askedIn is the channel of whoever is asked to approve an exception of a finding; empty when nobody is.
func askedIn(f *access.Finding) string {
	if h := f.Handling; h != nil && h.State == access.HandlingRequested && h.Asked != nil && h.Asked.Mail != "" {
		return Mail(h.Asked.Mail)
	}
	return ""
}

// routed is where the routes send a finding.
func (r *Routes) routed(f *access.Finding, feeds map[string]string, t time.Time, into []place) []place {
	into = into[:0]
	for i := range r.Rules {
		rule := &r.Rules[i]
		if !rule.takes(f, t) {
			continue
		}
		into = r.resolve(rule.To, f, feeds, into)
		if !rule.Continue {
			return r.orElse(f, into)
		}
	}
	if len(into) > 0 {
		return into
	}
	return r.orElse(f, r.resolve(r.standard(f), f, feeds, into))
}

var (
	toOwner     = []Target{{Audience: AudienceOwner}}
	toOwnerSOC  = []Target{{Audience: AudienceOwner}, {Audience: AudienceSOC}}
	toFeedOwner = []Target{{Audience: AudienceFeedOwner}}
	toOperator  = []Target{{Audience: AudienceOperator}}
)

// standard is the way of what no rule takes.
func (r *Routes) standard(f *access.Finding) []Target {
	switch {
	case f.Kind == KindUndeliverable:
		return toOperator
	case f.Verdict == access.VerdictUnverifiable:
		return toFeedOwner
	case f.Severity == access.SeverityCritical && r.SOC != "":
		return toOwnerSOC
	}
	return toOwner
}

func (r *Routes) resolve(to []Target, f *access.Finding, feeds map[string]string, into []place) []place {
	for _, t := range to {
		p := place{t.Audience, t.Channel, team(f)}
		switch {
		case t.Channel != "":
		case t.Person != "":
			if mail := r.People.mailOf(f, t.Person); mail != "" {
				p.channel = Mail(mail)
			}
		case t.Audience == AudienceSOC:
			p.channel = r.SOC
		case t.Audience == AudienceOperator:
			p.channel = r.operator()
		case t.Audience == AudienceFeedOwner:
			p.team = addressee(f, feeds)
			p.channel = r.Teams[p.team]
		default:
			p.channel = r.Teams[p.team]
		}
		if p.channel != "" && !slices.ContainsFunc(into, func(o place) bool { return o.channel == p.channel }) {
			into = append(into, p)
		} else if p.channel == "" && len(to) == 1 && t.Audience == AudienceFeedOwner && r.Fallback != "" {
			into = append(into, place{AudienceFallback, r.Fallback, p.team})
		}
	}
	return into
}

// orElse is the fallback for a finding that nobody would hear of.
func (r *Routes) orElse(f *access.Finding, found []place) []place {
	if len(found) == 0 && r.Channel(team(f)) != "" {
		return append(found, place{AudienceFallback, r.Channel(team(f)), team(f)})
	}
	return found
}

// team is whose finding it is: its own, or the one that it was handed to.
func team(f *access.Finding) string {
	if f.Handling != nil && f.Handling.Team != "" {
		return f.Handling.Team
	}
	return f.Team
}

// addressee is the team that can do something about a finding: its own, and of one that cannot be verified the team whose
// feed lacks the evidence.
func addressee(f *access.Finding, feeds map[string]string) string {
	if f.Verdict == access.VerdictUnverifiable && (f.Handling == nil || f.Handling.Team == "") {
		if t := feeds[blindFeed(f)]; t != "" {
			return t
		}
	}
	return team(f)
}

func feedTeams(view *ledger.View) map[string]string {
	out := make(map[string]string, len(view.Feeds))
	for i := range view.Feeds {
		out[view.Feeds[i].Name] = view.Feeds[i].Team
	}
	return out
}

// link is the page about a message.
func (r *Routes) link(m *Message) string {
	if r.Page == "" {
		return ""
	}
	base := strings.TrimSuffix(r.Page, "/") + "/findings"
	switch {
	case m.Reason == ReasonDigest:
		return strings.TrimSuffix(r.Page, "/") + "/teams/" + url.PathEscape(m.Team)
	case len(m.Findings) == 1 && len(m.Unverifiable) == 0:
		return base + "/" + url.PathEscape(m.Findings[0].Fingerprint)
	}
	q := url.Values{"kind": {m.Kind}, "rule": {m.Cause}}
	if m.Audience == AudienceOwner && m.Team != "" {
		q.Set("team", m.Team)
	}
	return base + "?" + q.Encode()
}

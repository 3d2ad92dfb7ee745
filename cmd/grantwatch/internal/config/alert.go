package config

import (
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules"
)

// Target is one way to somebody: a word, a channel, or a person.
type Target struct {
	Word   string // owner, soc, feed_owner, operator
	Name   string // of a channel
	Person string `yaml:"person"` // owner, manager or an address
}

// Targets is one target or a list.
type Targets []Target

var targetWords = []string{"owner", "soc", "feed_owner", "operator"}

// UnmarshalYAML reads a word, a channel or a mapping with a person.
func (t *Target) UnmarshalYAML(n ast.Node) error {
	if s, ok := n.(*ast.StringNode); ok {
		if slices.Contains(targetWords, s.Value) {
			t.Word = s.Value
			return nil
		}
		if !strings.HasPrefix(s.Value, "#") && !channelID(s.Value) && !Elsewhere(s.Value) {
			return &yaml.SyntaxError{Token: n.GetToken(), Message: fmt.Sprintf("%q is neither %s, a channel such as \"#name\", webhook:NAME, email:ADDRESS, kafka:TOPIC, nor {person: …}", s.Value, strings.Join(targetWords, ", "))}
		}
		t.Name = s.Value
		return nil
	}
	var p struct {
		Person string `yaml:"person"`
	}
	if err := yaml.NodeToValue(n, &p, yaml.Strict()); err != nil {
		return err
	}
	if p.Person != "owner" && p.Person != "manager" && !strings.Contains(p.Person, "@") {
		return &yaml.SyntaxError{Token: n.GetToken(), Message: fmt.Sprintf("person %q is neither owner, manager, nor an e-mail address", p.Person)}
	}
	t.Person = p.Person
	return nil
}

// channelID reports whether s can be a messenger's own id of a channel.
func channelID(s string) bool {
	return len(s) >= 9 && strings.Trim(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") == ""
}

// UnmarshalYAML accepts a single target as well as a list.
func (t *Targets) UnmarshalYAML(n ast.Node) error {
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		*t = make(Targets, 1)
		return (*t)[0].UnmarshalYAML(n)
	}
	*t = make(Targets, len(list.Values))
	for i, v := range list.Values {
		if err := (*t)[i].UnmarshalYAML(v); err != nil {
			return err
		}
	}
	return nil
}

func (k *checker) alert(teams map[string]bool) {
	a := &k.c.Alert
	if a.Digest != "" && a.Digest != "weekly" {
		k.fail("$.alert.digest", "digest %q is not known; known: weekly", a.Digest)
	}
	if a.Page != "" && !strings.HasPrefix(a.Page, "https://") && !strings.HasPrefix(a.Page, "http://") {
		k.fail("$.alert.page", "%q is no address such as https://grantwatch.corp.example", a.Page)
	}
	if a.Partitions < 0 || a.Partitions > 1000 {
		k.fail("$.alert.partitions", "partitions is %d; it is between 1 and 1000", a.Partitions)
	}
	k.channel("$.alert.soc", a.SOC)
	k.channel("$.alert.operator", a.Operator)
	names := map[string]bool{}
	for i := range a.Routes {
		k.route(fmt.Sprintf("$.alert.routes[%d]", i), &a.Routes[i], names, teams)
	}
	if e := a.Escalate; e != nil {
		if len(e.After) == 0 || len(e.To) == 0 {
			k.fail("$.alert.escalate", "escalate needs after and to")
		}
		for s, d := range e.After {
			k.severity("$.alert.escalate.after."+s, s)
			if d == 0 {
				k.fail("$.alert.escalate.after."+s, "after is 0; the shortest is 1m")
			}
		}
		k.targets("$.alert.escalate.to", e.To)
	}
	for i, t := range k.c.Teams {
		if t.Quiet != nil {
			if _, err := t.Quiet.Parse(); err != nil {
				k.fail(fmt.Sprintf("$.teams[%d].quiet", i), "%v", err)
			}
		}
	}
	s := a.Slack
	if s == nil {
		return
	}
	if s.TokenFile == "" && s.TokenEnv == "" {
		k.fail("$.alert.slack", "Slack needs token_file or token_env; a token itself never stands in this file")
	}
	if s.MinSeverity != "" {
		k.severity("$.alert.slack.min_severity", s.MinSeverity)
	}
	if s.TokenFile != "" {
		k.exist("$.alert.slack.token_file", s.TokenFile)
	}
	k.slackMode(s)
}

// slackMode checks the way on which presses of buttons come back.
func (k *checker) slackMode(s *Slack) {
	app, secret := s.AppTokenFile != "" || s.AppTokenEnv != "", s.SigningSecretFile != "" || s.SigningSecretEnv != ""
	switch {
	case s.Mode != "" && s.Mode != "socket" && s.Mode != "http":
		k.fail("$.alert.slack.mode", "mode %q is not known; known: socket, http", s.Mode)
	case s.Mode == "socket" && !app:
		k.fail("$.alert.slack.mode", "mode socket needs app_token_file or app_token_env, an app-level token (xapp-…) with connections:write")
	case s.Mode == "http" && !secret:
		k.fail("$.alert.slack.mode", "mode http needs signing_secret_file or signing_secret_env")
	case s.Listen != "" && s.Mode != "http":
		k.fail("$.alert.slack.listen", "listen is an address of mode http only")
	}
	if s.Listen != "" {
		if _, _, err := net.SplitHostPort(s.Listen); err != nil {
			k.fail("$.alert.slack.listen", "%q is no address such as 127.0.0.1:8440", s.Listen)
		}
	}
	for at, f := range map[string]string{"app_token_file": s.AppTokenFile, "signing_secret_file": s.SigningSecretFile} {
		if f != "" {
			k.exist("$.alert.slack."+at, f)
		}
	}
	if u, err := url.Parse(s.APIURL); s.APIURL != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		k.fail("$.alert.slack.api_url", "%q is no address such as https://slack.com/api/", s.APIURL)
	}
}

func (k *checker) route(at string, r *Route, names, teams map[string]bool) {
	k.name(at+".name", r.Name, names, "route")
	if r.Team != "" && !teams[r.Team] {
		k.fail(at+".team", "team %q is not defined under teams", r.Team)
	}
	if r.Min != "" {
		k.severity(at+".min_severity", r.Min)
	}
	if len(r.To) == 0 {
		k.fail(at, "to whom? a route needs to")
	}
	k.targets(at+".to", r.To)
	if r.When == "" || k.err != nil {
		return
	}
	n := k.node(at + ".when")
	if n == nil {
		k.fail(at, "when cannot be found again")
		return
	}
	var problems []rules.Problem
	if r.Condition, problems = rules.NewCondition(k.c.File, k.data, n); len(problems) > 0 {
		k.err = problems[0]
	}
}

func (k *checker) targets(at string, list Targets) {
	for _, t := range list {
		k.channel(at, t.Name)
		if t.Word == "soc" && k.c.Alert.SOC == "" {
			k.fail(at, "soc needs alert.soc, the channel of the central security team")
		}
	}
}

func (k *checker) severity(at, s string) {
	if access.Severity(s).Rank() == 0 {
		k.fail(at, "severity %q is not one of info, low, medium, high, critical", s)
	}
}

// Hours are quiet hours as they are computed with.
type Hours struct {
	From, To time.Duration // since midnight
	Days     []time.Weekday
	Zone     *time.Location
}

// Parse reads them.
func (q *Quiet) Parse() (Hours, error) {
	var h Hours
	var err error
	if (q.From == "") != (q.To == "") || q.From == "" && len(q.Days) == 0 {
		return h, fmt.Errorf("quiet needs from and to, or days")
	}
	if q.From != "" {
		if h.From, err = clock(q.From); err == nil {
			h.To, err = clock(q.To)
		}
		if err != nil {
			return h, err
		}
		if h.From == h.To {
			return h, fmt.Errorf("quiet from %s to %s is no time at all; days name whole days", q.From, q.To)
		}
	}
	for _, d := range q.Days {
		i := slices.IndexFunc(weekdays, func(w string) bool { return strings.EqualFold(w, d) || strings.EqualFold(w[:3], d) })
		if i < 0 {
			return h, fmt.Errorf("%q is no day of the week", d)
		}
		h.Days = append(h.Days, time.Weekday(i))
	}
	if h.Zone, err = time.LoadLocation(q.Zone); err != nil || q.Zone == "Local" {
		return h, fmt.Errorf("time zone %q is not known", q.Zone)
	}
	return h, nil
}

func clock(s string) (time.Duration, error) {
	t, err := time.Parse("15:04", s)
	if err != nil {
		return 0, fmt.Errorf("%q is no time of day such as 20:00", s)
	}
	return time.Duration(t.Hour())*time.Hour + time.Duration(t.Minute())*time.Minute, nil
}

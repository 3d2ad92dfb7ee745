package rules

import (
	"fmt"
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

var sink []Judgement

// BenchmarkGrant is one grant judged by unused-grant alone, and by all shipped rules on grants.
func BenchmarkGrant(b *testing.B) {
	unused := facts.Grant{Team: "payments", Subject: "ana", Permission: "s3:*", HasFeed: true, Actions: 40, ActionsJudgeable: 40, AgeDays: 400, WindowDays: 90, Grade: 2, Coverage: 1, InBaseline: true}
	used := unused
	used.Used, used.ActionsUsed = true, 40
	for _, c := range []struct {
		name string
		fact *facts.Grant
	}{{"unused", &unused}, {"used", &used}} {
		all := mustLoad(b, true, nil)
		one := mustLoad(b, true, nil)
		one.central[OnGrant] = []*Rule{one.Rule("unused-grant")}
		for _, s := range []struct {
			name string
			set  *Set
		}{{"unused-grant", one}, {"all-rules", all}} {
			b.Run(c.name+"/"+s.name, func(b *testing.B) {
				w := s.set.NewWorker()
				b.ReportAllocs()
				for b.Loop() {
					sink = s.set.JudgeGrant(c.fact, w)
				}
			})
		}
	}
}

// events are what an ingester sees: reads, writes, some changes, and now and then one that a rule is about.
func events() []facts.Event {
	raw := []access.Event{
		{Provider: "aws", Class: "API Activity", Action: "s3:GetObject", Access: access.LevelRead, Outcome: access.Success, Permission: "s3:GetObject", Actor: access.Actor{ID: "arn:aws:sts::111122223333:assumed-role/etl/x", Kind: access.Workload}, Attrs: map[string]string{"user_type": "AssumedRole", "region": "eu-west-1"}},
		{Provider: "k8s", Class: "API Activity", Action: "get", Access: access.LevelRead, Outcome: access.Success, Permission: "get configmaps", Scope: "shop", Actor: access.Actor{ID: "system:serviceaccount:shop:api", Kind: access.Workload, Groups: []string{"system:serviceaccounts", "system:serviceaccounts:shop", "system:authenticated"}}, Attrs: map[string]string{"code": "200", "namespace": "shop"}},
		{Provider: "okta", Class: "Authentication", Action: "user.authentication.sso", LogClass: "signin-interactive", Outcome: access.Success, Actor: access.Actor{ID: "ana@corp.example", Kind: access.Human}, SrcIP: "192.0.2.10"},
		{Provider: "aws", Class: "API Activity", Action: "sts:AssumeRole", Access: access.LevelAuth, Outcome: access.Success, Permission: "sts:AssumeRole", Change: &access.Change{Kind: access.ChangeIssue, Subject: "arn:aws:iam::111122223333:role/etl", Grant: "ASIAEXAMPLE"}, Attrs: map[string]string{"user_type": "IAMUser"}},
		{Provider: "aws", Class: "API Activity", Action: "ec2:DescribeInstances", Access: access.LevelList, Outcome: access.Success, Permission: "ec2:DescribeInstances", Attrs: map[string]string{"user_type": "AssumedRole"}},
	}
	out := make([]facts.Event, len(raw))
	for i := range raw {
		facts.FillEvent(&out[i], &raw[i])
	}
	return out
}

// BenchmarkEvent is one event against the shipped rules on events, by the index and by brute force.
func BenchmarkEvent(b *testing.B) {
	benchEvents(b, mustLoad(b, true, nil))
}

// BenchmarkEvent1000 is the same with a thousand rules on top, as twenty teams with fifty each would have them.
func BenchmarkEvent1000(b *testing.B) {
	var text strings.Builder
	text.WriteString("rules:\n")
	for i := range 1000 {
		fmt.Fprintf(&text, "  - {id: r%d, title: t, kind: GUARDRAIL_DRIFT, on: event, verdict: VIOLATION, why: w, when: 'provider == \"aws\" && action in [\"svc%d:Call\", \"svc%d:Other\"] && outcome == \"success\" && !(actor in [\"deploy\"])'}\n", i, i, i)
	}
	benchEvents(b, mustLoad(b, true, map[string]string{"c.yaml": text.String()}))
}

func benchEvents(b *testing.B, set *Set) {
	evs := events()
	for _, c := range []struct {
		name  string
		match func(EventMatcher, *facts.Event) []Judgement
	}{{"index", EventMatcher.Match}, {"brute", EventMatcher.matchAll}} {
		b.Run(c.name, func(b *testing.B) {
			m := set.Events(set.NewWorker())
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				sink = c.match(m, &evs[i%len(evs)])
				i++
			}
		})
	}
	b.Run("match", func(b *testing.B) {
		m := set.Events(set.NewWorker())
		hit := facts.Event{Provider: "aws", Action: "cloudtrail:StopLogging", Outcome: "success", Actor: "kim", Account: "111122223333"}
		b.ReportAllocs()
		for b.Loop() {
			if sink = m.Match(&hit); len(sink) != 1 {
				b.Fatal(sink)
			}
		}
	})
}

// BenchmarkLoad is loading and compiling the shipped rules.
func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, problems := Load(Options{Library: true}); len(problems) > 0 {
			b.Fatal(problems)
		}
	}
}

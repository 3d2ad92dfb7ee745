package alert

import (
	"fmt"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var (
	t0     = time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC)
	routes = Routes{Teams: map[string]string{"payments": "#payments", "platform": "#platform"}, Fallback: "#soc", Min: access.SeverityMedium}
)

func find(fp, team, kind string, sev access.Severity, edits ...func(*access.Finding)) access.Finding {
	f := access.Finding{
		Fingerprint: fp, Team: team, Kind: kind, Rule: "rule-" + kind, Title: "Title of " + kind, Severity: sev, Verdict: access.VerdictUnused,
		State: ledger.StateOpen, Identity: &access.FindingIdentity{UID: fp, Name: "ana"}, FirstSeen: t0, LastSeen: t0,
	}
	for _, e := range edits {
		e(&f)
	}
	return f
}

func unverifiable(feed string) func(*access.Finding) {
	return func(f *access.Finding) {
		f.Verdict, f.Severity = access.VerdictUnverifiable, access.SeverityLow
		f.Gaps = []access.Gap{{Feed: feed, From: t0.Add(-time.Hour), To: t0}}
	}
}

func excepted(f *access.Finding) { f.State = ledger.StateExcepted }

func viewOf(fs ...access.Finding) *ledger.View {
	return &ledger.View{AsOf: t0, Findings: fs, Feeds: []detect.FeedReport{{Name: "payments-aws", Team: "payments"}, {Name: "platform-k8s", Team: "platform"}}}
}

// deliver puts on record what a notifier that never fails would.
func deliver(sent map[Key]Delivery, ms []Message) {
	for _, m := range ms {
		if !m.Reason.Goes() {
			continue
		}
		status := StatusSent
		if m.Reason == ReasonResolved {
			status = StatusResolved
		}
		sent[m.Key] = m.Delivery("1."+m.Record.Post[:6], status)
	}
}

// outline is a message in one line: what the tables below compare.
func outline(m *Message) string {
	s := fmt.Sprintf("%s %s %s/%s %s", m.Reason, m.Channel, m.Team, m.Kind, m.Severity)
	for _, f := range m.Findings {
		s += " " + f.Fingerprint
	}
	for _, f := range m.Unverifiable {
		s += " ?" + f.Fingerprint
	}
	return s
}

func outlines(ms []Message) []string {
	var out []string
	for i := range ms {
		out = append(out, outline(&ms[i]))
	}
	return out
}

func TestPlanRoutesAndGroups(t *testing.T) {
	const high, med, low, crit = access.SeverityHigh, access.SeverityMedium, access.SeverityLow, access.SeverityCritical
	for name, tc := range map[string]struct {
		view   *ledger.View
		routes Routes
		want   []string
	}{
		"one problem class of a team is one message, critical first": {
			viewOf(find("1", "payments", "A", med), find("2", "payments", "A", high), find("3", "platform", "A", crit), find("4", "payments", "B", med)), routes,
			[]string{"first #platform platform/A critical 3", "first #payments payments/A high 2 1", "first #payments payments/B medium 4"},
		},
		"one kind with two causes is two messages": {
			viewOf(find("1", "payments", "A", med), find("2", "payments", "A", med, func(f *access.Finding) { f.Rule = "other" })), routes,
			[]string{"first #payments payments/A medium 2", "first #payments payments/A medium 1"},
		},
		"two teams in the fallback channel do not share a message": {
			viewOf(find("1", "risk", "A", med), find("2", "", "A", med)), routes,
			[]string{"first #soc /A medium 2", "first #soc risk/A medium 1"},
		},
		"below the floor, excepted and without a channel nobody is told, and it is said why": {
			viewOf(find("1", "payments", "A", low), find("2", "payments", "A", crit, excepted), find("3", "risk", "A", high)),
			Routes{Teams: routes.Teams, Min: med},
			[]string{"excepted  / critical 2", "no_channel  / high 3", "below_floor  / low 1"},
		},
		"what cannot be verified rides along, addressed to the feed's team": {
			viewOf(find("1", "platform", "A", med), find("2", "payments", "A", low, unverifiable("platform-k8s")), find("3", "payments", "A", low, unverifiable("payments-aws"))), routes,
			[]string{"first #platform platform/A medium 1 ?2", "below_floor  / low 3"},
		},
		"alone it makes a message when the floor lets it": {
			viewOf(find("3", "platform", "A", low, unverifiable("payments-aws"))), Routes{Teams: routes.Teams},
			[]string{"first #payments payments/A low ?3"},
		},
		"of an unknown feed it stays with its own team": {
			viewOf(find("3", "platform", "A", low, unverifiable("(none)"))), Routes{Teams: routes.Teams},
			[]string{"first #platform platform/A low ?3"},
		},
		"a finding listed twice is told once": {
			viewOf(find("1", "payments", "A", med), find("1", "payments", "A", med)), routes, []string{"first #payments payments/A medium 1"},
		},
		"what is not a finding is not told": {
			viewOf(find("1", "payments", "A", med, func(f *access.Finding) { f.Verdict = access.VerdictUsed }), find("2", "payments", "A", med, func(f *access.Finding) { f.State = ledger.StateResolved })), routes, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := outlines(Plan(tc.view, nil, tc.routes, t0))
			if name == "one kind with two causes is two messages" {
				slices.Sort(got)
				slices.Sort(tc.want)
			}
			if !slices.Equal(got, tc.want) {
				t.Errorf("got\n%q\nwant\n%q", got, tc.want)
			}
		})
	}
}

// TestPlanReasons walks one group through its life.
func TestPlanReasons(t *testing.T) {
	const high, med, crit = access.SeverityHigh, access.SeverityMedium, access.SeverityCritical
	sent := map[Key]Delivery{}
	now := t0
	posts := []string{}
	for i, step := range []struct {
		says   string
		view   *ledger.View
		reason Reason
		fresh  int
	}{
		{"first", viewOf(find("1", "payments", "A", med), find("2", "payments", "A", med)), ReasonFirst, 2},
		{"the same", viewOf(find("2", "payments", "A", med), find("1", "payments", "A", med)), ReasonUnchanged, 0},
		{"hours pass in why", viewOf(find("1", "payments", "A", med, func(f *access.Finding) { f.Why = "49 hours"; f.LastSeen = t0.Add(time.Hour) }), find("2", "payments", "A", med)), ReasonUnchanged, 0},
		{"one is gone", viewOf(find("1", "payments", "A", med)), ReasonChanged, 0},
		{"it flaps back", viewOf(find("1", "payments", "A", med), find("2", "payments", "A", med)), ReasonChanged, 0},
		{"a new one", viewOf(find("1", "payments", "A", med), find("2", "payments", "A", med), find("3", "payments", "A", med)), ReasonWorse, 1},
		{"one is graver", viewOf(find("1", "payments", "A", crit), find("2", "payments", "A", med), find("3", "payments", "A", med)), ReasonWorse, 0},
		{"less grave again", viewOf(find("1", "payments", "A", med), find("2", "payments", "A", med), find("3", "payments", "A", med)), ReasonChanged, 0},
		{"as grave as it was once", viewOf(find("1", "payments", "A", crit), find("2", "payments", "A", med), find("3", "payments", "A", med)), ReasonChanged, 0},
		{"a line of what cannot be verified", viewOf(find("1", "payments", "A", crit), find("9", "payments", "A", high, unverifiable("payments-aws"))), ReasonChanged, 0},
		{"which turns out unused", viewOf(find("1", "payments", "A", crit), find("9", "payments", "A", high)), ReasonWorse, 1},
		{"all gone", viewOf(), ReasonResolved, 0},
		{"still gone", viewOf(), "", 0},
		{"back", viewOf(find("1", "payments", "A", med)), ReasonFirst, 1},
	} {
		now = now.Add(time.Hour)
		ms := Plan(step.view, sent, routes, now)
		if step.reason == "" {
			if len(ms) != 0 {
				t.Fatalf("%d %s: %q", i, step.says, outlines(ms))
			}
			continue
		}
		if len(ms) != 1 || ms[0].Reason != step.reason || ms[0].New != step.fresh {
			t.Fatalf("%d %s: got %q with %d new, want %s with %d", i, step.says, outlines(ms), ms[0].New, step.reason, step.fresh)
		}
		posts = append(posts, ms[0].Record.Post)
		deliver(sent, ms)
	}
	if last := len(posts) - 1; posts[0] != posts[last-1] || posts[last] == posts[0] {
		t.Errorf("one life has one root message and the next another: %q", posts)
	}
}

// TestResolvedIsNotOverstated: a finding that lost its evidence, or is excepted, is not resolved.
func TestResolvedIsNotOverstated(t *testing.T) {
	sent := map[Key]Delivery{}
	five := func(edit func(i int, f *access.Finding)) *ledger.View {
		var fs []access.Finding
		for i := range 5 {
			f := find(fmt.Sprint(i), "payments", "A", access.SeverityHigh)
			if edit(i, &f); f.Fingerprint != "" {
				fs = append(fs, f)
			}
		}
		return viewOf(fs...)
	}
	deliver(sent, Plan(five(func(int, *access.Finding) {}), sent, routes, t0))
	ms := Plan(five(func(i int, f *access.Finding) {
		switch i {
		case 0, 1:
			unverifiable("platform-k8s")(f)
		case 2:
			excepted(f)
		case 3:
			f.Severity = access.SeverityLow
		case 4:
			f.Fingerprint = ""
		}
	}), sent, routes, t0)
	if ms[0].Reason != ReasonResolved || !reflect.DeepEqual(ms[0].Closing, Closing{Unverifiable: 2, Excepted: 1, Elsewhere: 1}) {
		t.Errorf("got %s %+v", ms[0].Reason, ms[0].Closing)
	}
}

func TestStorm(t *testing.T) {
	var fs []access.Finding
	for i := range 600 {
		sev := access.SeverityMedium
		if i%200 == 7 {
			sev = access.SeverityCritical
		}
		fs = append(fs, find(fmt.Sprintf("%032d", i), "payments", "A", sev))
	}
	twenty := Plan(viewOf(fs[:20]...), nil, routes, t0)[0]
	if twenty.Storm() || len(twenty.Shown()) != 20 {
		t.Errorf("20 findings are no storm, shown %d", len(twenty.Shown()))
	}
	ms := Plan(viewOf(fs...), nil, routes, t0)
	m := &ms[0]
	if len(ms) != 1 || !m.Storm() || len(m.Shown()) != 10 || len(m.Findings) != 600 || m.New != 600 {
		t.Fatalf("%d messages, storm %v, %d shown of %d, %d new", len(ms), m.Storm(), len(m.Shown()), len(m.Findings), m.New)
	}
	if got := m.Counts(); !slices.Equal(got, []Count{{access.SeverityCritical, 3}, {access.SeverityMedium, 597}}) {
		t.Errorf("counts %v", got)
	}
	for i := range 3 {
		if m.Shown()[i].Severity != access.SeverityCritical {
			t.Errorf("the gravest are not first: %s", m.Shown()[i].Severity)
		}
	}
}

// TestRecordIsBounded: past the bound a group is worse when it grows, and a record never grows without end.
func TestRecordIsBounded(t *testing.T) {
	var fs []access.Finding
	for i := range maxSeen + 1 {
		fs = append(fs, find(fmt.Sprintf("%032d", i), "payments", "A", access.SeverityMedium, func(f *access.Finding) { f.Fingerprint = digest(fmt.Sprint(i)) }))
	}
	sent := map[Key]Delivery{}
	for _, step := range []struct {
		n    int
		want Reason
	}{{maxSeen + 1, ReasonFirst}, {maxSeen + 1, ReasonUnchanged}, {maxSeen - 1, ReasonChanged}, {maxSeen, ReasonWorse}} {
		ms := Plan(viewOf(fs[:step.n]...), sent, routes, t0)
		if ms[0].Reason != step.want {
			t.Errorf("%d findings: %s, want %s", step.n, ms[0].Reason, step.want)
		}
		if n := len(ms[0].Record.Encode()); n > 100_000 {
			t.Errorf("record of %d bytes", n)
		}
		deliver(sent, ms)
	}
}

func TestBrokenRecordRepeats(t *testing.T) {
	ms := Plan(viewOf(find("1", "payments", "A", access.SeverityHigh)), nil, routes, t0)
	d := ms[0].Delivery("1.2", StatusSent)
	d.Body, d.Digest = "{broken", "other"
	again := Plan(viewOf(find("1", "payments", "A", access.SeverityHigh)), map[Key]Delivery{ms[0].Key: d}, routes, t0)
	if again[0].Reason != ReasonWorse || again[0].New != 1 {
		t.Errorf("a record that cannot be read must not hide: %s, %d new", again[0].Reason, again[0].New)
	}
}

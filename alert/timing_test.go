package alert

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var berlin = func() *time.Location {
	l, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	return l
}()

func TestQuiet(t *testing.T) {
	q := Quiet{From: 20 * time.Hour, To: 7 * time.Hour, Days: []time.Weekday{time.Saturday, time.Sunday}, Zone: berlin}
	for at, until := range map[string]string{
		"2026-09-01T10:00:00Z": "",                     // Tuesday noon in Berlin
		"2026-09-01T17:59:59Z": "",                     // 19:59:59
		"2026-09-01T18:00:00Z": "2026-09-02T05:00:00Z", // 20:00
		"2026-09-02T04:59:00Z": "2026-09-02T05:00:00Z",
		"2026-09-04T18:00:00Z": "2026-09-07T05:00:00Z", // Friday evening to Monday 07:00
		"2026-09-06T12:00:00Z": "2026-09-07T05:00:00Z", // Sunday
		"2026-10-24T20:00:00Z": "2026-10-26T06:00:00Z", // over the end of summer time
	} {
		now, err := time.Parse(time.RFC3339, at)
		if err != nil {
			t.Fatal(err)
		}
		end, quiet := q.Until(now)
		if got := end.UTC().Format(time.RFC3339); quiet != (until != "") || quiet && got != until {
			t.Errorf("%s: %v until %s, want %s", at, quiet, got, until)
		}
	}
	if _, quiet := (Quiet{}).Until(t0); quiet {
		t.Error("no hours are quiet")
	}
}

// TestHeldAndDue walks groups through waiting, quiet hours, snoozes, reminders and escalation.
func TestHeldAndDue(t *testing.T) {
	const crit, high = access.SeverityCritical, access.SeverityHigh
	night := map[string]Quiet{"payments": {From: 20 * time.Hour, To: 7 * time.Hour, Zone: time.UTC}}
	said := func(state string) func(*access.Finding) {
		return func(f *access.Finding) {
			f.Handling = &access.Handling{State: state, By: "ana", Until: t0.Add(3 * time.Hour)}
		}
	}
	one := viewOf(find("1", "payments", "A", high))
	for name, c := range map[string]struct {
		r     Routes
		told  *ledger.View  // at t0, if any
		after time.Duration // of t0
		now   *ledger.View
		steps []ledger.Change
		want  string // reasons of the plan, in order
		next  time.Duration
	}{
		"a new group waits":              {Routes{Wait: time.Minute}, nil, 20 * time.Second, one, nil, "waiting", time.Minute},
		"and then goes":                  {Routes{Wait: time.Minute}, nil, time.Minute, one, nil, "first", 0},
		"a critical one does not wait":   {Routes{Wait: time.Minute}, nil, 0, viewOf(find("1", "payments", "A", crit)), nil, "first", 0},
		"worse waits for the interval":   {Routes{Interval: time.Hour}, one, time.Minute, viewOf(find("1", "payments", "A", high), find("2", "payments", "A", high)), nil, "waiting", time.Hour},
		"worse after the interval":       {Routes{Interval: time.Hour}, one, time.Hour, viewOf(find("1", "payments", "A", high), find("2", "payments", "A", high)), nil, "worse", 0},
		"critical worse does not wait":   {Routes{Interval: time.Hour}, one, time.Minute, viewOf(find("1", "payments", "A", high), find("2", "payments", "A", crit)), nil, "worse", 0},
		"at night":                       {Routes{Quiet: night}, nil, 12 * time.Hour, one, nil, "quiet", 21 * time.Hour},
		"critical at night":              {Routes{Quiet: night}, nil, 12 * time.Hour, viewOf(find("1", "payments", "A", crit)), nil, "first", 0},
		"an edit at night":               {Routes{Quiet: night}, viewOf(find("1", "payments", "A", high), find("2", "payments", "A", high)), 12 * time.Hour, one, nil, "changed", 0},
		"the end at night":               {Routes{Quiet: night}, one, 12 * time.Hour, viewOf(), nil, "resolved", 0},
		"a reminder":                     {Routes{Repeat: 24 * time.Hour}, one, 24 * time.Hour, one, nil, "reminder", 0},
		"no reminder yet":                {Routes{Repeat: 24 * time.Hour}, one, 23 * time.Hour, one, nil, "unchanged", 24 * time.Hour},
		"no reminder of what is in hand": {Routes{Repeat: 24 * time.Hour}, viewOf(find("1", "payments", "A", high, said("acknowledged"))), 24 * time.Hour, viewOf(find("1", "payments", "A", high, said("acknowledged"))), nil, "acknowledged", 0},
		"acknowledging is an edit":       {Routes{Interval: time.Hour}, one, time.Minute, viewOf(find("1", "payments", "A", high, said("acknowledged"))), nil, "changed", 0},
		"what is snoozed is not told":    {Routes{}, nil, time.Minute, viewOf(find("1", "payments", "A", high, said("snoozed"))), nil, "snoozed", 3 * time.Hour},
		"a snooze ends":                  {Routes{}, one, time.Hour, viewOf(find("1", "payments", "A", high)), []ledger.Change{{Fingerprint: "1", At: t0.Add(time.Minute), To: "open", Why: ledger.WhySnoozeOver}}, "reminder", 0},
		"a claim is contradicted":        {Routes{}, one, time.Hour, viewOf(find("1", "payments", "A", high, said("contradicted"))), []ledger.Change{{Fingerprint: "1", At: t0.Add(time.Minute), To: "contradicted"}}, "worse", 0},
		"nobody answers":                 {Routes{Escalate: Escalation{map[access.Severity]time.Duration{high: time.Hour}, []Target{{Audience: AudienceSOC}}}, SOC: "#soc"}, one, time.Hour, one, nil, "escalation unchanged", 0},
		"somebody may still answer":      {Routes{Escalate: Escalation{map[access.Severity]time.Duration{high: time.Hour}, []Target{{Audience: AudienceSOC}}}, SOC: "#soc"}, one, time.Minute, one, nil, "unchanged", time.Hour},
		"somebody has answered":          {Routes{Escalate: Escalation{map[access.Severity]time.Duration{high: time.Hour}, []Target{{Audience: AudienceSOC}}}, SOC: "#soc"}, one, 2 * time.Hour, viewOf(find("1", "payments", "A", high, said("acknowledged"))), nil, "changed", 0},
		"handed to another team":         {Routes{}, one, time.Hour, viewOf(find("1", "payments", "A", high, func(f *access.Finding) { f.Handling = &access.Handling{State: "handed_over", Team: "platform"} })), nil, "first resolved", 0},
	} {
		t.Run(name, func(t *testing.T) {
			c.r.Teams = map[string]string{"payments": "#payments", "platform": "#platform"}
			sent := map[Key]Delivery{}
			if c.told != nil {
				deliver(sent, Plan(c.told, nil, Routes{Teams: c.r.Teams}, t0))
			}
			ms, next := Input{View: c.now, Sent: sent, Steps: c.steps, Routes: &c.r, Now: t0.Add(c.after)}.Plan()
			var got []string
			for _, m := range ms {
				got = append(got, string(m.Reason))
			}
			if s := strings.Join(got, " "); s != c.want {
				t.Errorf("%s, want %s", s, c.want)
			}
			if want := t0.Add(c.next); c.next == 0 && !next.IsZero() || c.next > 0 && !next.Equal(want) {
				t.Errorf("due at %s, want %s", next, want)
			}
		})
	}
}

func TestRoutes(t *testing.T) {
	people := NewPeople([]access.Identity{
		{UID: "bea", Email: "Bea@corp.example", Kind: access.Human, Manager: "max"}, {UID: "max", Email: "max@corp.example", Kind: access.Human},
		{UID: "gone", Email: "gone@corp.example", Kind: access.Human, End: t0.Add(-time.Hour), Manager: "max"},
	}, t0)
	is := func(kind string) func(*access.Finding, time.Time) bool {
		return func(f *access.Finding, _ time.Time) bool { return f.Kind == kind }
	}
	r := Routes{Teams: map[string]string{"payments": "#payments", "platform": "#platform"}, Fallback: "#fallback", SOC: "#soc", Operator: "#ops", People: people, Rules: []Route{
		{Name: "1", Team: "platform", Min: access.SeverityHigh, To: []Target{{Audience: AudienceSOC}, {Audience: AudienceOwner}}},
		{Name: "2", When: is("B"), To: []Target{{Audience: AudiencePerson, Person: "owner"}}, Continue: true},
		{Name: "3", When: is("C"), To: []Target{{Audience: AudiencePerson, Person: "manager"}}},
		{Name: "4", When: is("D"), To: []Target{{Audience: AudiencePerson, Channel: "#x"}, {Audience: AudiencePerson, Channel: "#x"}}},
	}}
	owned := func(by string) func(*access.Finding) {
		return func(f *access.Finding) { f.Identity.Owner = by }
	}
	for name, c := range map[string]struct {
		f    access.Finding
		want string
	}{
		"the standard way":                   {find("1", "payments", "A", access.SeverityHigh), "owner #payments"},
		"critical beside":                    {find("1", "payments", "A", access.SeverityCritical), "owner #payments, soc #soc"},
		"no channel":                         {find("1", "risk", "A", access.SeverityHigh), "fallback #fallback"},
		"by team and severity":               {find("1", "platform", "A", access.SeverityHigh), "soc #soc, owner #platform"},
		"less grave than the route":          {find("1", "platform", "A", access.SeverityLow), "owner #platform"},
		"to whoever answers for it":          {find("1", "payments", "B", access.SeverityLow, owned("bea")), "person mail:bea@corp.example"},
		"who answers has left":               {find("1", "payments", "B", access.SeverityLow, owned("gone")), "owner #payments"},
		"nobody answers":                     {find("1", "payments", "B", access.SeverityLow), "owner #payments"},
		"to the manager":                     {find("1", "payments", "C", access.SeverityLow, owned("bea")), "person mail:max@corp.example"},
		"to no manager, and no route beyond": {find("1", "payments", "C", access.SeverityLow), "fallback #payments"},
		"a channel twice is once":            {find("1", "payments", "D", access.SeverityLow), "person #x"},
		"for the operator":                   {find("1", "payments", KindUndeliverable, access.SeverityHigh), "operator #ops"},
		"unverifiable, to the feed's owner":  {find("1", "risk", "A", access.SeverityLow, unverifiable("payments-aws")), "feed_owner #payments"},
	} {
		var got []string
		for _, p := range r.places(&c.f, feedTeams(viewOf()), t0, nil) {
			got = append(got, string(p.audience)+" "+p.channel)
		}
		if s := strings.Join(got, ", "); s != c.want {
			t.Errorf("%s: %s, want %s", name, s, c.want)
		}
	}
}

// TestTimedPlanProperties: with everything that can hold a message back, the same input still gives the same plan, every
// finding is in exactly one message for each channel that it is routed to or held with a reason, nothing goes out twice
// without a new cause, what is due comes out when it is due, and quiet hours hold nothing critical.
func TestTimedPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRoutes(t)
		r.SOC = rapid.SampledFrom([]string{"", "#central", "#one"}).Draw(t, "soc")
		r.Wait, r.Interval = time.Duration(rapid.IntRange(0, 2).Draw(t, "wait"))*time.Hour, time.Duration(rapid.IntRange(0, 2).Draw(t, "interval"))*time.Hour
		r.Repeat = time.Duration(rapid.IntRange(0, 3).Draw(t, "repeat")) * 24 * time.Hour
		r.Quiet = map[string]Quiet{"payments": {From: 11 * time.Hour, To: 9 * time.Hour, Zone: berlin}, "platform": {Days: []time.Weekday{time.Tuesday}, Zone: time.UTC}}
		r.Escalate = Escalation{map[access.Severity]time.Duration{access.SeverityCritical: time.Hour, access.SeverityHigh: 5 * time.Hour}, []Target{{Audience: AudiencePerson, Channel: "#late"}}}
		sent := map[Key]Delivery{}
		now := t0
		for step := range 4 {
			now = now.Add(time.Duration(rapid.IntRange(0, 30).Draw(t, "hours")) * time.Hour)
			v := drawView(t, fmt.Sprintf("findings %d", step))
			for i := range v.Findings {
				f := &v.Findings[i]
				if s := rapid.SampledFrom([]string{"", "", access.HandlingAcknowledged, access.HandlingSnoozed, access.HandlingClaimed}).Draw(t, "said"); s != "" {
					f.Handling = &access.Handling{State: s, Until: now.Add(time.Hour)}
				}
			}
			in := Input{View: v, Sent: sent, Routes: &r, Now: now}
			ms, next := in.Plan()
			if again, _ := in.Plan(); len(again) != len(ms) || !slices.EqualFunc(ms, again, func(a, b Message) bool { return outline(&a) == outline(&b) }) {
				t.Fatalf("the same input, another plan:\n%q\n%q", outlines(ms), outlines(again))
			}
			if !next.IsZero() && !next.After(now) {
				t.Fatalf("due at %s, before now", next)
			}
			in.accounted(t, ms)
			deliver(sent, ms)
			after, _ := in.Plan()
			for _, m := range after {
				if m.Reason.Goes() && m.Reason != ReasonEscalate {
					t.Fatalf("told twice: %s", outline(&m))
				}
			}
		}
	})
}

func (in Input) accounted(t *rapid.T, ms []Message) {
	where := map[string]map[string]int{} // fingerprint → channel → messages
	for _, m := range ms {
		if m.Reason == ReasonResolved || m.Audience == AudienceEscalation {
			continue
		}
		for _, f := range append(slices.Clone(m.Findings), m.Unverifiable...) {
			if where[f.Fingerprint] == nil {
				where[f.Fingerprint] = map[string]int{}
			}
			where[f.Fingerprint][m.Channel]++
			if m.Reason == ReasonQuiet && f.Severity == access.SeverityCritical && f.Verdict != access.VerdictUnverifiable && !handled(&f) {
				if prev, ok := in.Sent[m.Key]; !ok || !slices.Contains(prev.Record().Seen, short(f.Fingerprint)) {
					t.Fatalf("quiet hours hold something critical: %s", outline(&m))
				}
			}
		}
	}
	feeds := feedTeams(in.View)
	for i := range in.View.Findings {
		f := &in.View.Findings[i]
		if f.Verdict == access.VerdictUsed {
			continue
		}
		got := where[f.Fingerprint]
		if f.State == ledger.StateExcepted || got[""] > 0 {
			if len(got) != 1 || got[""] < 1 {
				t.Fatalf("%s is held and told: %v", f.Fingerprint, got)
			}
			continue
		}
		want := in.Routes.places(f, feeds, in.Now, nil)
		if len(got) != len(want) {
			t.Fatalf("%s is in %v, routed to %v", f.Fingerprint, got, want)
		}
		for _, p := range want {
			if got[p.channel] != 1 {
				t.Fatalf("%s is %d times in %s", f.Fingerprint, got[p.channel], p.channel)
			}
		}
	}
}

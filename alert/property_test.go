package alert

import (
	"fmt"
	"reflect"
	"testing"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/detect/ledger"
)

var severities = []access.Severity{access.SeverityInfo, access.SeverityLow, access.SeverityMedium, access.SeverityHigh, access.SeverityCritical}

func drawView(t *rapid.T, label string) *ledger.View {
	n := rapid.IntRange(0, 60).Draw(t, label)
	var fs []access.Finding
	for i := range n {
		f := find(fmt.Sprintf("%032x", rapid.IntRange(0, 99).Draw(t, "fp")), rapid.SampledFrom([]string{"payments", "platform", "risk", ""}).Draw(t, "team"),
			rapid.SampledFrom([]string{"A", "B"}).Draw(t, "kind"), rapid.SampledFrom(severities).Draw(t, "severity"))
		f.Verdict = rapid.SampledFrom([]access.Verdict{access.VerdictUnused, access.VerdictViolation, access.VerdictUnverifiable, access.VerdictUsed}).Draw(t, "verdict")
		f.State = rapid.SampledFrom([]string{ledger.StateOpen, ledger.StateReopened, ledger.StateExcepted, ledger.StateOpen}).Draw(t, "state")
		if f.Verdict == access.VerdictUnverifiable {
			f.Gaps = []access.Gap{{Feed: rapid.SampledFrom([]string{"payments-aws", "platform-k8s", "nobody's"}).Draw(t, "feed")}}
		}
		if i%3 == 0 {
			f.Rule = "another"
		}
		fs = append(fs, f)
	}
	// A view never holds a fingerprint twice.
	seen := map[string]bool{}
	var uniq []access.Finding
	for _, f := range fs {
		if !seen[f.Fingerprint] {
			seen[f.Fingerprint] = true
			uniq = append(uniq, f)
		}
	}
	return viewOf(uniq...)
}

func drawRoutes(t *rapid.T) Routes {
	return Routes{
		Teams:    map[string]string{"payments": rapid.SampledFrom([]string{"#payments", "#one"}).Draw(t, "channel"), "platform": rapid.SampledFrom([]string{"#platform", "#one", ""}).Draw(t, "channel")},
		Fallback: rapid.SampledFrom([]string{"#soc", "#one", ""}).Draw(t, "fallback"),
		Min:      rapid.SampledFrom(append([]access.Severity{""}, severities...)).Draw(t, "min"),
	}
}

// TestPlanProperties holds the promises of Plan over random views, routes and histories of three evaluations.
func TestPlanProperties(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := drawRoutes(t)
		sent := map[Key]Delivery{}
		for step := range 3 {
			v := drawView(t, fmt.Sprintf("findings %d", step))
			ms := Plan(v, sent, r, t0)
			holdsAll(t, v, ms, r)
			inItsOrder(t, ms)
			shuffled := *v
			shuffled.Findings = rapid.Permutation(v.Findings).Draw(t, "order")
			if again := Plan(&shuffled, sent, r, t0); !reflect.DeepEqual(again, ms) {
				t.Fatalf("the order of findings matters:\n%q\n%q", outlines(ms), outlines(again))
			}
			deliver(sent, ms)
			for _, m := range Plan(v, sent, r, t0) {
				if m.Reason.Goes() {
					t.Fatalf("the same view sends again: %s", outline(&m))
				}
			}
		}
		deliver(sent, Plan(viewOf(), sent, r, t0))
		for k, d := range sent {
			if d.Status != StatusResolved {
				t.Fatalf("%v is %s although nothing is open", k, d.Status)
			}
		}
	})
}

// holdsAll: every open or excepted finding is in exactly one message, those above the floor in one that is or was told, and
// no message mixes teams or leaves its team's channel.
func holdsAll(t *rapid.T, v *ledger.View, ms []Message, r Routes) {
	in := map[string]Reason{}
	for _, m := range ms {
		for _, f := range m.Findings {
			if _, twice := in[f.Fingerprint]; twice {
				t.Fatalf("%s is in two messages", f.Fingerprint)
			}
			in[f.Fingerprint] = m.Reason
			if m.Channel != "" && (f.Team != m.Team || m.Channel != r.Channel(f.Team) || f.Kind != m.Kind || f.Severity.Rank() < r.Min.Rank()) {
				t.Fatalf("%s of %q is told in %q: %s", f.Fingerprint, f.Team, m.Channel, outline(&m))
			}
		}
		for _, f := range m.Unverifiable {
			if _, twice := in[f.Fingerprint]; twice {
				t.Fatalf("%s is in two messages", f.Fingerprint)
			}
			in[f.Fingerprint] = m.Reason
		}
	}
	for _, f := range v.Findings {
		reason, ok := in[f.Fingerprint]
		told := reason.Goes() || reason == ReasonUnchanged
		team := addressee(&f, feedTeams(v))
		switch {
		case f.Verdict == access.VerdictUsed:
			if ok {
				t.Fatalf("USED is told")
			}
		case f.State == ledger.StateExcepted:
			if reason != ReasonExcepted {
				t.Fatalf("excepted, but %q", reason)
			}
		case f.Severity.Rank() >= r.Min.Rank() && r.Channel(team) != "":
			if !told {
				t.Fatalf("%s %s of %q is not told: %q", f.Severity, f.Verdict, f.Team, reason)
			}
		case !ok:
			t.Fatalf("%s is nowhere", f.Fingerprint)
		}
	}
}

func inItsOrder(t *rapid.T, ms []Message) {
	for i := 1; i < len(ms); i++ {
		a, b := &ms[i-1], &ms[i]
		if order(a) < order(b) || order(a) == order(b) && a.Severity.Rank() < b.Severity.Rank() {
			t.Fatalf("%s stands before %s", outline(a), outline(b))
		}
	}
}

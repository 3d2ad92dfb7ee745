package rules

import (
	"strings"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/parser"

	"github.com/grantwatch/grantwatch/rules/facts"
)

func condition(t *testing.T, text string) (*Condition, []Problem) {
	t.Helper()
	data := []byte("alert:\n  routes:\n    - {name: a, when: " + text + ", to: [soc]}\n")
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		t.Fatal(err)
	}
	p, err := yaml.PathString("$.alert.routes[0].when")
	if err != nil {
		t.Fatal(err)
	}
	n, err := p.FilterFile(tree)
	if err != nil {
		t.Fatal(err)
	}
	return NewCondition("grantwatch.yaml", data, n)
}

func TestCondition(t *testing.T) {
	f := &facts.Finding{Kind: "UNUSED_GRANT", Severity: "high", Rank: 4, Team: "payments", OWASP: []string{"NHI5:2025"}}
	for text, want := range map[string]bool{
		`'severity == "high" && team == "payments"'`:             true,
		`'kind startsWith "UNUSED_" && rank >= 5'`:               false,
		`'any(owasp, # startsWith "NHI5") and not regulated'`:    true,
		`"severity in [\"high\", \"critical\"]"`:                 true,
		`'identity_kind == "human" || weight > 5 || feed != ""'`: false,
	} {
		c, bad := condition(t, text)
		if len(bad) > 0 {
			t.Errorf("%s: %v", text, bad)
			continue
		}
		if got, err := c.Holds(f); err != nil || got != want {
			t.Errorf("%s: %v %v", text, got, err)
		}
	}
}

// TestConditionFences: what is wrong points at its place, and nothing gets past the fences of rules.
func TestConditionFences(t *testing.T) {
	for text, says := range map[string]string{
		`'severty == "high"'`:            `grantwatch.yaml:3:24: error: unknown fact "severty"; did you mean "severity"?`,
		`'team'`:                         "must give true or false",
		`'now() > 1'`:                    "now() is not available",
		`'repeat("a", 1000000) == ""'`:   "repeat() is not available",
		`'all(owasp, all(owasp, true))'`: "a predicate inside a predicate",
		`'team + team == "a"'`:           "+ is for numbers",
		`'team matches owner'`:           "a regular expression must be a constant",
		"'" + strings.Repeat("(", 40) + strings.Repeat(")", 40) + "'": "brackets nest deeper",
		"'" + strings.Repeat("true && ", 600) + "true'":               "4096 allowed",
		"[a, b]": "must be a text",
	} {
		c, bad := condition(t, text)
		if c != nil || len(bad) == 0 || !strings.Contains(bad[0].String(), says) {
			t.Errorf("%.40s: %v, want %q", text, bad, says)
		}
	}
}

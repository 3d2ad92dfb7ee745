package rules

import (
	"strings"
	"testing"

	"github.com/grantwatch/grantwatch/rules/facts"
)

func why(t *testing.T, text string, e facts.Event) string {
	t.Helper()
	rule := "id: x\ntitle: t\nkind: GUARDRAIL_DRIFT\non: event\nwhen: 'true'\nverdict: VIOLATION\nwhy: '" + strings.ReplaceAll(text, "'", "''") + "'\n" +
		"params: {most: {default: 24, tighter: lower}}\n"
	set := mustLoad(t, false, map[string]string{"r.yaml": rule})
	js := set.Events(set.NewWorker()).Match(&e)
	if len(js) != 1 {
		t.Fatalf("%+v", js)
	}
	return js[0].Why
}

func TestWhy(t *testing.T) {
	e := facts.Event{Actor: "kim", HoursSinceEnd: 30.456, Linked: true, Groups: []string{"a", "b", "c", "d", "e", "f", "g"}, Attrs: map[string]string{"k": "v"}}
	for text, want := range map[string]string{
		"{actor} did it":                             "kim did it",
		"{hours(hours_since_end)} late":              "30.5 hours late",
		"{hours(1)} {days(2)} {minutes(len(actor))}": "1 hour 2 days 3 minutes",
		"{percent(0.0015)}":                          "0.15 %",
		"{linked} {person_ended}":                    "yes no",
		"{groups}":                                   "a, b, c, d, e and 2 more",
		"{attrs.k}{attrs.none}.":                     "v.",
		"{{literal}} braces":                         "{literal} braces",
		"allowed {most}":                             "allowed 24",
		"{linked ? 'it is } linked' : 'not'}":        "it is } linked",
		"{split(actor, 'i')[7]} stays":               "? stays",
		"nothing to fill":                            "nothing to fill",
	} {
		if got := why(t, text, e); got != want {
			t.Errorf("%s: %q, wanted %q", text, got, want)
		}
	}
}

// TestWhyIsSafeToPrint: what a log says ends up on terminals and in chats.
func TestWhyIsSafeToPrint(t *testing.T) {
	got := why(t, "{actor} did it", facts.Event{Actor: "k\x1b[31mi\u202em\x00\n\t" + strings.Repeat("ü", 5000)})
	if strings.ContainsAny(got, "\x1b\u202e\x00\n\t") {
		t.Errorf("control characters: %q", got[:40])
	}
	if n := len([]rune(got)); n > maxHole+20 || !strings.HasSuffix(got, "… did it") {
		t.Errorf("%d characters, ends in %q", n, got[len(got)-20:])
	}
	got = why(t, strings.Repeat("{actor}", maxHoles), facts.Event{Actor: strings.Repeat("x", 5000)})
	if n := len([]rune(got)); n > maxWhy+1 {
		t.Errorf("%d characters", n)
	}
}

func TestTemplateFences(t *testing.T) {
	for text, says := range map[string]string{
		strings.Repeat("{actor}", maxHoles+1): "more than the 16 expressions",
		"{any(groups, any(targets, true))}":   "predicate inside a predicate",
		"{actor + actor}":                     "+ is for numbers",
		"{hours(actor)}":                      "cannot use string",
		"{hours(1, 2)}":                       "too many arguments",
		"{repeat(actor, 100000)}":             "not available",
		"{}":                                  "",
		strings.Repeat("x", maxSource+1):      "bytes, more than",
	} {
		_, problems := load(false, map[string]string{"r.yaml": "id: x\ntitle: t\nkind: GUARDRAIL_DRIFT\non: event\nwhen: linked\nverdict: VIOLATION\nwhy: '" + text + "'\n"})
		if !HasErrors(problems) || !strings.Contains(problems[0].Message, says) {
			t.Errorf("%.60s: %v, wanted %q", text, problems, says)
		}
	}
	// The functions of templates are not in conditions.
	if _, problems := load(false, map[string]string{"r.yaml": ruleText("x", OnEvent, `hours(3) == "3 hours"`)}); !HasErrors(problems) {
		t.Error("hours() in a condition")
	}
}

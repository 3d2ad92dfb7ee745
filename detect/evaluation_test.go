package detect

import "testing"

func TestAPartialEvaluationSaysWhy(t *testing.T) {
	for want, e := range map[string]Evaluation{
		"": {Judged: 5, Findings: 2, Status: "evaluated"},
		"35 of 2073 verdicts could not be given: evidence is missing": {Judged: 2073, Findings: 35, Blind: 35, Status: "partial"},
	} {
		if got := e.Why(); got != want {
			t.Errorf("%+v says %q", e, got)
		}
	}
}

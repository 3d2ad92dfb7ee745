package rules

import (
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/rules/facts"
)

// slowClock makes every reading of the clock as much later as the test says.
type slowClock struct{ now, step time.Duration }

func (c *slowClock) read() time.Duration {
	c.now += c.step
	return c.now
}

func breakerSet(t *testing.T) (*Set, *slowClock, *[]Problem) {
	t.Helper()
	var said []Problem
	set := mustLoad(t, false, map[string]string{"r.yaml": ruleText("slow", OnEvent, `actor == "kim"`)})
	set.onTrip = func(p Problem) { said = append(said, p) }
	clock := &slowClock{}
	set.clock = clock.read
	return set, clock, &said
}

func TestBreakerStopsASlowRuleAndSaysSo(t *testing.T) {
	kim := &facts.Event{Actor: "kim"}
	for name, c := range map[string]struct {
		each  []time.Duration // what successive evaluations take; the last is repeated
		runs  int
		trips bool
		says  string
	}{
		"fast":                  {[]time.Duration{time.Microsecond}, 30_000, false, ""},
		"one hiccup":            {[]time.Duration{20 * time.Millisecond, time.Microsecond}, 100, false, ""},
		"three slow ones":       {[]time.Duration{6 * time.Millisecond}, 3, true, "3 evaluations took longer than 5ms"},
		"one very slow":         {[]time.Duration{300 * time.Millisecond}, 1, true, "one evaluation took 300ms"},
		"slow on average":       {[]time.Duration{60 * time.Microsecond}, 10_000, true, "60µs each on average"},
		"not yet a full window": {[]time.Duration{60 * time.Microsecond}, 9_999, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			set, clock, said := breakerSet(t)
			m := set.Events(set.NewWorker())
			for i := range c.runs {
				clock.step = c.each[min(i, len(c.each)-1)]
				if js := m.Match(kim); len(js) != 1 {
					t.Fatalf("evaluation %d: %+v", i, js)
				}
			}
			if got := len(set.Tripped()) == 1; got != c.trips {
				t.Fatalf("tripped %v, wanted %v", got, c.trips)
			}
			if !c.trips {
				return
			}
			if js := m.Match(kim); js != nil {
				t.Errorf("a stopped rule still matches: %+v", js)
			}
			if len(*said) != 1 || !strings.Contains((*said)[0].Message, c.says) || (*said)[0].Line != 1 || (*said)[0].Rule != "slow" {
				t.Errorf("said %+v", *said)
			}
			if h := set.Health(); len(h) != 1 || !h[0].Tripped || h[0].Reason == "" || h[0].Runs == 0 {
				t.Errorf("health %+v", h)
			}
		})
	}
}

// TestABusyMachineStopsNoRule: evaluations during which the machine ran something else are slow once and not again, however
// many of them there are and however seldom the rule runs.
func TestABusyMachineStopsNoRule(t *testing.T) {
	set, _, said := breakerSet(t)
	var now time.Duration
	readings := 0
	set.clock = func() time.Duration {
		if readings++; readings%4 == 2 { // of the four readings of a match: the end of its first evaluation
			now += 400 * time.Millisecond
		}
		now += time.Microsecond
		return now
	}
	m := set.Events(set.NewWorker())
	for i := range 500 {
		readings = 0
		if js := m.Match(&facts.Event{Actor: "kim"}); len(js) != 1 {
			t.Fatalf("event %d was not matched: %v", i, *said)
		}
	}
	if len(*said) != 0 {
		t.Errorf("said %v", *said)
	}
}

func TestStrikesAreForgottenWithTheWindow(t *testing.T) {
	set, clock, _ := breakerSet(t)
	m := set.Events(set.NewWorker())
	kim := &facts.Event{Actor: "kim"}
	for i := range 40_000 { // one slow evaluation per window is the machine's affair
		clock.step = time.Microsecond
		if i%10_000 == 5 {
			clock.step = 6 * time.Millisecond
		}
		m.Match(kim)
	}
	if p := set.Tripped(); len(p) != 0 {
		t.Errorf("tripped: %v", p)
	}
}

func TestEventFailuresAreCountedAndDoNotMatch(t *testing.T) {
	set := mustLoad(t, false, map[string]string{"r.yaml": ruleText("arn", OnEvent, `provider == "aws" && split(actor, ":")[4] == "1"`)})
	m := set.Events(set.NewWorker())
	if js := m.Match(&facts.Event{Provider: "aws", Actor: "no arn"}); js != nil {
		t.Errorf("matched %+v", js)
	}
	if js := m.Match(&facts.Event{Provider: "aws", Actor: "a:b:c:d:1"}); len(js) != 1 {
		t.Errorf("did not match: %+v", js)
	}
	if h := set.Health(); len(h) != 1 || h[0].Failures != 1 || !strings.Contains(h[0].LastErr, "out of range") || h[0].Runs != 2 {
		t.Errorf("health %+v", h)
	}
}

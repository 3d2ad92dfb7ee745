package rules

import (
	"fmt"
	"strconv"
	"strings"
)

// Result is the outcome of one test.
type Result struct {
	Rule   string
	Test   string
	File   string
	Line   int
	Column int
	OK     bool
	Got    string // what the rule said, in words
	Want   string
}

// Report is the outcome of all tests of a set.
type Report struct {
	Results []Result
	Passed  int
	Failed  int
	Cases   map[string][]int // by rule: how many tests reached each case
}

// OK reports whether every test passed.
func (r Report) OK() bool { return r.Failed == 0 }

// RunTests runs the samples of every rule against that rule alone.
func RunTests(s *Set) Report {
	rep := Report{Cases: map[string][]int{}}
	w := s.NewWorker()
	for _, rule := range s.rules {
		hits := make([]int, len(rule.Cases))
		for _, t := range rule.Tests {
			res := Result{Rule: rule.ID, Test: t.Name, File: rule.File, Line: t.Line, Column: t.Column}
			j, held, err := w.sample(rule, t)
			if held && j.Case >= 0 {
				hits[j.Case]++
			}
			res.OK, res.Got, res.Want = t.compare(j, held, err)
			if res.OK {
				rep.Passed++
			} else {
				rep.Failed++
			}
			rep.Results = append(rep.Results, res)
		}
		rep.Cases[rule.ID] = hits
	}
	return rep
}

func (w *Worker) sample(rule *Rule, t Test) (Judgement, bool, error) {
	c := rule.floor
	if t.team != nil {
		values := map[string]Value{}
		for n, v := range c.values {
			values[n] = v
		}
		for n, v := range t.team {
			values[n] = v
		}
		var err error
		if c, err = rule.compile(values); err != nil {
			return Judgement{}, false, err
		}
	}
	return w.run(rule, c, t.facts)
}

func (t Test) compare(j Judgement, held bool, err error) (ok bool, got, want string) {
	want = string(t.Verdict)
	if t.Severity != "" {
		want += " " + string(t.Severity)
	}
	if t.Says != "" {
		want += " saying " + strconv.Quote(t.Says)
	}
	switch {
	case err != nil:
		return false, "an error: " + err.Error(), want
	case !held:
		return t.Verdict == None, string(None), want
	}
	got = fmt.Sprintf("%s %s (case %d) saying %q", j.Verdict, j.Severity, j.Case+1, j.Why)
	ok = j.Verdict == t.Verdict && (t.Severity == "" || t.Severity == j.Severity) && strings.Contains(j.Why, t.Says)
	return ok, got, want
}

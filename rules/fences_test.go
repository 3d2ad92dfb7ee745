package rules

import (
	"fmt"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// hostile are conditions that must be refused, each with a part of the reason.
var hostile = []struct{ name, when, says string }{
	{"deep parentheses", strings.Repeat("(", 33) + "true" + strings.Repeat(")", 33), "nest deeper"},
	{"half a million parentheses", strings.Repeat("(", 500_000), "bytes, more than"},
	{"deep lists", strings.Repeat("[", 40) + strings.Repeat("]", 40), "nest deeper"},
	{"deep closures", strings.Repeat("{", 40), "nest deeper"},
	{"brackets after a string with a quote in it", `"\"" == "" && ` + strings.Repeat("(", 33) + "true" + strings.Repeat(")", 33), "nest deeper"},
	{"long source", "provider == \"" + strings.Repeat("a", 5000) + "\"", "bytes, more than"},
	{"many nodes", "linked" + strings.Repeat(" && linked", 300), "nodes"},
	{"predicate in a predicate", "all(groups, all(groups, true))", "predicate inside a predicate"},
	{"three predicates deep", "all(groups, all(groups, all(groups, true)))", "predicate inside a predicate"},
	{"predicate hidden in an argument", "any(groups, len(filter(targets, true)) > 3)", "predicate inside a predicate"},
	{"filter in any", "any(filter(groups, any(targets, # == 'x')), true)", "predicate inside a predicate"},
	{"regular expression from the event", "action matches actor", "must be a constant"},
	{"regular expression in a predicate from the element", "any(groups, action matches #)", "must be a constant"},
	{"broken regular expression", `action matches "("`, "error parsing regexp"},
	{"lookahead", `action matches "(?=x)"`, "error parsing regexp"},
	{"huge repetition", `action matches "((a{1,1000}){1,1000}){1,1000}"`, "error parsing regexp"},
	{"long regular expression", `action matches "` + strings.Repeat("a?", 300) + `"`, "more than the 512 bytes"},
	{"many regular expressions", strings.Repeat(`action matches "a" || `, 17) + "linked", "regular expressions allowed"},
	{"many regular expressions in a predicate", "any(groups, " + strings.Repeat(`# matches "a" || `, 5) + "linked)", "inside a predicate"},
	{"big range", "len(1..1000000000) > 0", "at most 1000"},
	{"range as far as ints reach", "len(-9223372036854775807..9223372036854775807) > 0", "at most 1000"},
	{"range from a fact", "len(1..len(action)) > 0", "must be constant"},
	{"repeat", `len(repeat("a", 1000000000)) > 0`, "repeat() is not available"},
	{"toJSON", `toJSON(attrs) == ""`, "toJSON() is not available"},
	{"fromJSON", `fromJSON(action) == 1`, "fromJSON() is not available"},
	{"now", `now().Year() > 2000`, "not available"},
	{"date", `date(action) > date("2020-01-01")`, "date() is not available"},
	{"duration", `duration("1h") == duration("1h")`, "duration() is not available"},
	{"timezone", `timezone("UTC") == nil`, "timezone() is not available"},
	{"map", `len(map(groups, # )) > 0`, "map() is not available"},
	{"reduce doubling a string", `len(reduce(1..18, #acc + #acc, "aaaaaaaa")) > 0`, "not available"},
	{"groupBy", `len(groupBy(groups, #)) > 0`, "groupBy() is not available"},
	{"sortBy", `len(sortBy(groups, #)) > 0`, "sortBy() is not available"},
	{"join", `join(groups, action) == ""`, "join() is not available"},
	{"replace", `replace(action, "", user_agent) == ""`, "replace() is not available"},
	{"concat", `len(concat(groups, targets)) > 0`, "concat() is not available"},
	{"flatten", `len(flatten([groups, targets])) > 0`, "flatten() is not available"},
	{"toPairs", `len(toPairs(attrs)) > 0`, "toPairs() is not available"},
	{"keys", `len(keys(attrs)) > 0`, "keys() is not available"},
	{"get", `get(attrs, action) == ""`, "get() is not available"},
	{"type", `type(action) == "string"`, "type() is not available"},
	{"base64", `toBase64(action) == ""`, "toBase64() is not available"},
	{"doubling by let", `let a = action + action; let b = a + a; let c = b + b; len(c) > 0`, "let inside an expression"},
	{"adding strings", `action + actor == ""`, "+ is for numbers"},
	{"adding strings in a predicate", `any(groups, # + # == "")`, "+ is for numbers"},
	{"adding strings behind a conditional", `(linked ? action : actor) + actor == ""`, "+ is for numbers"},
	{"the whole environment", `$env["action"] == ""`, `unknown fact "$env"`},
	{"the environment's type", `$env.action == ""`, `unknown fact "$env"`},
	{"Go name of a field", `ActorName == ""`, `unknown fact "ActorName"`},
	{"method of a fact", `action.String() == ""`, "not available"},
	{"call of a fact", `action() == ""`, "not available"},
	{"computed key", `attrs[action] == ""`, "must be a constant"},
	{"slice", `action[1:2] == ""`, "slices are not available"},
	{"sequence", `(true; false)`, "semicolon"},
	{"map literal", `{"a": 1}.a == 1`, "maps and byte strings"},
	{"byte string", `b"abc" == b"abc"`, "maps and byte strings"},
	{"pipe into a refused function", `action | repeat(1000000) == ""`, "not available"},
	{"accumulator", `any(groups, #acc == "")`, "not"},
	{"not a condition", `action`, "true or false"},
	{"a number", `1 + 1`, "true or false"},
	{"nothing", ` `, "empty"},
	{"unknown fact", `acton == "x"`, `did you mean "action"?`},
	{"unbalanced", `action == "x"`[:9], "unexpected token"},
	{"mismatched types", `action > 3`, "mismatched types"},
	{"NUL", "action == \"\x00\"", "NUL"},
	{"many nots", strings.Repeat("!", 3000) + "linked", "nodes"},
	{"many minuses", strings.Repeat("-", 3000) + "1 > 0", "nodes"},
	{"many questions", strings.Repeat("linked ? linked : ", 200) + "linked", "nodes"},
	{"many members", "attrs" + strings.Repeat(".a", 1000) + " == ''", ""},
	{"comment that swallows the rest", "linked /* ", ""},
	{"unclosed quote", `action == "x`, ""},
}

func TestHostileExpressionsAreRefused(t *testing.T) {
	if len(hostile) < 40 {
		t.Fatalf("only %d hostile expressions", len(hostile))
	}
	for _, h := range hostile {
		t.Run(h.name, func(t *testing.T) {
			start := time.Now()
			set, problems := load(false, map[string]string{"r.yaml": ruleText("x", OnEvent, h.when)})
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("refusing it took %v", took)
			}
			if set.Rule("x") != nil {
				t.Fatalf("the rule was accepted")
			}
			if !HasErrors(problems) {
				t.Fatalf("no error")
			}
			all := ""
			for _, p := range problems {
				all += p.Message + "\n"
				if p.Line < 1 || p.Column < 1 || p.File != "r.yaml" {
					t.Errorf("no place: %+v", p)
				}
			}
			// The file's own fences may come first; a reason of theirs is as good.
			if !strings.Contains(all, h.says) && !strings.Contains(all, "the line has") && !strings.Contains(all, "the file has") {
				t.Errorf("reasons %q do not say %q", all, h.says)
			}
		})
	}
}

// TestExpressionFencesAlone gives the same corpus to the expression fences without the file's, as a let or a template
// would meet them.
func TestExpressionFencesAlone(t *testing.T) {
	s := &scope{env: environments[OnEvent]}
	for _, h := range hostile {
		if h.name == "NUL" || h.name == "nothing" {
			continue // refused by the file's fence and by the reader
		}
		t.Run(h.name, func(t *testing.T) {
			_, problems := s.check(scalar{text: h.when}, reflect.Bool)
			if len(problems) == 0 {
				t.Fatal("accepted")
			}
			if !strings.Contains(problems[0].Message, h.says) {
				for _, p := range problems {
					if strings.Contains(p.Message, h.says) {
						return
					}
				}
				t.Errorf("said %q, wanted %q", problems[0].Message, h.says)
			}
		})
	}
}

func TestHarmlessExpressionsAreAccepted(t *testing.T) {
	for _, when := range []string{
		`action == "iam:CreateUser" && outcome == "success"`,
		`any(groups, # == "system:masters" || # startsWith "admin-")`,
		`any(targets, # matches "^arn:aws:s3:::[a-z]+$")`,
		`1 < hours_since_end < 100`, `hours_since_end in 1..1000`, `len(groups) > 2 ? linked : person_ended`,
		`attrs.user_type == "Root" && attrs["mfa"] != "true"`, `if linked { person_ended } else { false }`,
		`lower(actor) == "root" and not (provider in ["aws", "gcp"])`, `"(((((((((((((((((((((((((((((((((((((((" == action`,
		`(hours_since_end + 1) / 2 > 3`, `count(groups, # != "") > 2`, `split(actor, ":")[4] == account`,
	} {
		if _, problems := load(false, map[string]string{"r.yaml": ruleText("x", OnEvent, when)}); len(problems) > 0 {
			t.Errorf("%s:\n%s", when, problems[0])
		}
	}
}

// TestLetsAreCountedWrittenOut keeps lets from doing what the let of expr does: grow without being long.
func TestLetsAreCountedWrittenOut(t *testing.T) {
	var b strings.Builder
	b.WriteString("id: x\ntitle: t\nkind: GUARDRAIL_DRIFT\non: event\nwhy: w\nwhen: l15\nlet:\n  l0: linked\n")
	for i := 1; i < 16; i++ {
		fmt.Fprintf(&b, "  l%d: l%d || l%d\n", i, i-1, i-1)
	}
	start := time.Now()
	set, problems := load(false, map[string]string{"r.yaml": b.String()})
	if set.Rule("x") != nil || !HasErrors(problems) {
		t.Fatal("32 768 nodes were accepted")
	}
	if took := time.Since(start); took > 2*time.Second {
		t.Errorf("refusing it took %v", took)
	}
	if !strings.Contains(fmt.Sprint(problems), "nodes allowed") {
		t.Errorf("problems do not speak of nodes: %v", problems)
	}
	// Many references in each of several lets multiply faster than two do.
	b.Reset()
	b.WriteString("id: x\ntitle: t\nkind: GUARDRAIL_DRIFT\non: event\nwhy: w\nwhen: l9\nlet:\n  l0: linked\n")
	for i := 1; i < 10; i++ {
		fmt.Fprintf(&b, "  l%d: l%d%s\n", i, i-1, strings.Repeat(fmt.Sprintf(" || l%d", i-1), 200))
	}
	start = time.Now()
	if set, _ := load(false, map[string]string{"r.yaml": b.String()}); set.Rule("x") != nil {
		t.Fatal("200 to the ninth nodes were accepted")
	}
	if took := time.Since(start); took > time.Second {
		t.Errorf("refusing it took %v", took)
	}
	nested := "id: x\ntitle: t\nkind: GUARDRAIL_DRIFT\non: event\nwhy: w\nlet:\n  inner: any(groups, true)\nwhen: any(targets, inner)\n"
	if set, problems := load(false, map[string]string{"r.yaml": nested}); set.Rule("x") != nil || !HasErrors(problems) {
		t.Error("a predicate was smuggled into a predicate by a let")
	}
}

func TestArithmeticIsHarmless(t *testing.T) {
	grant := facts.Grant{}
	for _, c := range []struct {
		when  string
		fires bool
	}{
		{"weight / 0 > 1", false}, {"0 / weight == 1", false}, {"(weight - weight) / 0 == (weight - weight) / 0", false}, // NaN equals nothing
		{"1 / 0 > 1000", true}, {"10 ** 400 > 1", true}, {"abs(-weight) == 0", true}, {"9223372036854775807 + 1 < 0", true},
	} {
		set := mustLoad(t, false, map[string]string{"r.yaml": ruleText("x", OnGrant, c.when)})
		js := set.JudgeGrant(&grant, set.NewWorker())
		if (len(js) == 1 && js[0].Verdict == access.VerdictViolation) != c.fires {
			t.Errorf("%s: %+v, wanted fires %v", c.when, js, c.fires)
		}
	}
	// A whole number divided by zero is an error of the rule. It neither ends the process nor hides: the verdict says so.
	for _, when := range []string{"actions % actions_used == 1", `split(account, ":")[4] == "x"`} {
		set := mustLoad(t, false, map[string]string{"r.yaml": ruleText("x", OnGrant, when)})
		js := set.JudgeGrant(&grant, set.NewWorker())
		if len(js) != 1 || js[0].Verdict != access.VerdictUnverifiable || js[0].Case != -1 || !strings.Contains(js[0].Why, "could not be evaluated") {
			t.Errorf("%s: %+v", when, js)
		}
		if h := set.Health(); len(h) != 1 || h[0].Failures != 1 || h[0].LastErr == "" {
			t.Errorf("%s: health %+v", when, h)
		}
	}
	if s := number(math.NaN()) + number(math.Inf(1)); s != "unknownunknown" {
		t.Errorf("NaN and Inf print as %q", s)
	}
}

// TestWorstCaseIsBounded runs the most expensive rule that the fences let through over the largest facts.
func TestWorstCaseIsBounded(t *testing.T) {
	big := strings.Repeat("ab", facts.MaxItem/2)
	groups := make([]string, 1000)
	for i := range groups {
		groups[i] = big
	}
	cut, was := facts.CutList(groups)
	if !was || len(cut) != facts.MaxList {
		t.Fatalf("list not cut: %d", len(cut))
	}
	when := "all(groups, " + strings.Repeat(`not (# matches "(a|ab|b)*c(a|b)*c$") && `, 4) + "true) && linked"
	set := mustLoad(t, false, map[string]string{"r.yaml": ruleText("x", OnEvent, when)})
	w := set.NewWorker()
	ev := &facts.Event{Groups: cut, Linked: true}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	start := time.Now()
	set.Events(w).Match(ev)
	took := time.Since(start)
	runtime.ReadMemStats(&after)
	if took > 5*time.Second {
		t.Errorf("took %v", took)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 64<<20 {
		t.Errorf("took %d bytes", used)
	}
	if len(set.Tripped()) != 1 && took > (1+repeats)*defaultLimits.never { // it was measured so often
		t.Errorf("%v, and the breaker did not stop it", took)
	}
}

func TestTimeZoneIsUTC(t *testing.T) {
	// Nothing that reads a clock or a zone is callable; the compiler is told UTC all the same.
	s := &scope{env: environments[OnEvent]}
	if len(s.config().Visitors) == 0 {
		t.Error("no time zone is forced")
	}
	for _, b := range []string{"now", "date", "duration", "timezone", "repeat", "toJSON", "map", "concat", "reduce"} {
		if _, there := s.config().Builtins[b]; there {
			t.Errorf("%s is still in the compiler", b)
		}
	}
}

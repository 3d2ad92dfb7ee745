package rules

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/grantwatch/grantwatch/access"
	"github.com/grantwatch/grantwatch/rules/facts"
)

// TestIndexKnowsEveryFact fails when a fact is added to facts.Event and not to the index.
func TestIndexKnowsEveryFact(t *testing.T) {
	typ := reflect.TypeFor[facts.Event]()
	for i := range typ.NumField() {
		f := typ.Field(i)
		name := f.Tag.Get("expr")
		var e facts.Event
		v := reflect.ValueOf(&e).Elem().Field(i)
		switch f.Type.Kind() {
		case reflect.String:
			v.SetString("x")
			if r := eventTexts[name]; r == nil || r(&e) != "x" {
				t.Errorf("text fact %s is not indexed, or read from another field", name)
			}
		case reflect.Bool:
			v.SetBool(true)
			if r := eventBools[name]; r == nil || !r(&e) {
				t.Errorf("yes/no fact %s is not indexed, or read from another field", name)
			}
		case reflect.Slice:
			v.Set(reflect.ValueOf([]string{"x"}))
			if r := eventLists[name]; r == nil || len(r(&e)) != 1 {
				t.Errorf("list fact %s is not indexed, or read from another field", name)
			}
		}
	}
}

var (
	words  = []string{"", "a", "b", "ab", "abc", "success"}
	fields = []string{"action", "provider", "class", "change", "actor", "attrs.k", `attrs["z"]`}
)

// drawCondition writes a condition over few words, so that rules and events meet.
func drawCondition(t *rapid.T, depth int) string {
	word := func() string { return fmt.Sprintf("%q", rapid.SampledFrom(words).Draw(t, "word")) }
	field := func() string { return rapid.SampledFrom(fields).Draw(t, "field") }
	if depth > 0 {
		a, b := drawCondition(t, depth-1), drawCondition(t, depth-1)
		switch rapid.IntRange(0, 7).Draw(t, "join") {
		case 0, 1, 2:
			return "(" + a + " && " + b + ")"
		case 3, 4:
			return "(" + a + " || " + b + ")"
		case 5:
			return "!(" + a + ")"
		case 6:
			return "(" + a + " ? " + b + " : " + drawCondition(t, 0) + ")"
		default:
			return "((" + a + ") == " + rapid.SampledFrom([]string{"true", "false"}).Draw(t, "truth") + ")"
		}
	}
	switch rapid.IntRange(0, 12).Draw(t, "leaf") {
	case 0, 1:
		return field() + " == " + word()
	case 2:
		return word() + " == " + field()
	case 3:
		return field() + " in [" + word() + ", " + word() + "]"
	case 4:
		return field() + " startsWith " + word()
	case 5:
		return "hasPrefix(" + field() + ", " + word() + ")"
	case 6:
		return word() + " in groups"
	case 7:
		return "any(targets, # == " + word() + ")"
	case 8:
		return "any(groups, # in [" + word() + ", " + word() + "])"
	case 9:
		return rapid.SampledFrom([]string{"linked", "person_ended", "cut"}).Draw(t, "bool")
	case 10:
		return field() + " != " + word()
	case 11:
		return field() + " endsWith " + word()
	default:
		return "hours_since_end > 3"
	}
}

func drawEvent(t *rapid.T) *facts.Event {
	word := rapid.SampledFrom(words)
	list := rapid.SliceOfN(word, 0, 3)
	e := &facts.Event{
		Team: rapid.SampledFrom([]string{"payments", "platform"}).Draw(t, "team"), Provider: rapid.SampledFrom([]string{"a", "aws", "okta", "k8s"}).Draw(t, "provider"),
		Action:  rapid.SampledFrom([]string{"a", "abc", "cloudtrail:StopLogging", "iam:AttachUserPolicy", "user.session.start"}).Draw(t, "action"),
		Outcome: rapid.SampledFrom([]string{"success", "denied"}).Draw(t, "outcome"), Class: word.Draw(t, "class"), Change: rapid.SampledFrom([]string{"", "a", "grant"}).Draw(t, "change"),
		ChangeGrant: rapid.SampledFrom([]string{"", "arn:aws:iam::aws:policy/AdministratorAccess", "arn:aws:iam::111122223333:policy/AcmeAdmin"}).Draw(t, "grant"),
		Permission:  rapid.SampledFrom([]string{"", "list secrets"}).Draw(t, "permission"), Actor: word.Draw(t, "actor"),
		Groups: list.Draw(t, "groups"), Targets: list.Draw(t, "targets"),
		Linked: rapid.Bool().Draw(t, "linked"), PersonEnded: rapid.Bool().Draw(t, "ended"), Cut: rapid.Bool().Draw(t, "cut"),
		HoursSinceEnd: rapid.SampledFrom([]float64{-1, 2, 40}).Draw(t, "hours"),
	}
	if rapid.Bool().Draw(t, "withAttrs") {
		e.Attrs = map[string]string{"k": word.Draw(t, "k"), "z": word.Draw(t, "z")}
	}
	return e
}

// TestIndexFindsWhatBruteForceFinds is the contract of the index: it may be slow, never wrong.
func TestIndexFindsWhatBruteForceFinds(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var b strings.Builder
		b.WriteString("rules:\n")
		n := rapid.IntRange(1, 12).Draw(rt, "rules")
		for i := range n {
			fmt.Fprintf(&b, "  - id: r%d\n    title: t\n    kind: GUARDRAIL_DRIFT\n    on: event\n    cases:\n", i)
			for range rapid.IntRange(1, 2).Draw(rt, "cases") {
				fmt.Fprintf(&b, "      - {verdict: VIOLATION, why: w, when: '%s'}\n", strings.ReplaceAll(drawCondition(rt, rapid.IntRange(0, 3).Draw(rt, "depth")), "'", "''"))
			}
		}
		set, problems := load(false, map[string]string{"c.yaml": b.String()})
		if len(problems) > 0 {
			rt.Fatalf("%s\n%s", problems[0], b.String())
		}
		m := set.Events(set.NewWorker())
		for range 20 {
			e := drawEvent(rt)
			if got, want := ids(m.Match(e)), ids(m.matchAll(e)); got != want {
				rt.Fatalf("index %s, brute force %s, on %+v\n%s", got, want, e, b.String())
			}
		}
	})
}

func ids(js []Judgement) string {
	var out []string
	for _, j := range js {
		out = append(out, fmt.Sprintf("%s.%d", j.Rule.ID, j.Case))
	}
	return strings.Join(out, " ")
}

func TestNeeds(t *testing.T) {
	for when, want := range map[string]string{
		`action == "x" && provider == "aws"`:                   "[action=x]",
		`provider == "aws" && action in ["x", "y"]`:            "[action=x action=y]",
		`action == "x" || action startsWith "iam:"`:            "[action=x action^iam:]",
		`action == "x" || linked`:                              "[action=x linked]",
		`action == "x" || !linked`:                             "[]",
		`action == ""`:                                         "[]",
		`action in ["x", ""]`:                                  "[]",
		`attrs.user_type == "Root"`:                            "[attrs.user_type=Root]",
		`"masters" in groups && outcome == "success"`:          "[groups∋masters]",
		`any(targets, # in ["a", "b"])`:                        "[targets∋a targets∋b]",
		`any(targets, # != "a")`:                               "[]",
		`none(targets, # == "a")`:                              "[]",
		`action == "x" == true`:                                "[action=x]",
		`(action == "x") == false`:                             "[]",
		`linked ? action == "x" : false`:                       "[]",
		`linked ? action == "x" : actor == "y"`:                "[action=x actor=y]",
		`not (action == "x")`:                                  "[]",
		`action matches "^x" && class == "Authentication"`:     "[class=Authentication]",
		`person_ended && class == "A" && outcome == "success"`: "[person_ended]",
	} {
		set := mustLoad(t, false, map[string]string{"r.yaml": ruleText("x", OnEvent, when)})
		var got []string
		for _, a := range set.Rule("x").need() {
			switch a.op {
			case opEqual:
				got = append(got, a.field+"="+a.value)
			case opPrefix:
				got = append(got, a.field+"^"+a.value)
			case opHas:
				got = append(got, a.field+"∋"+a.value)
			case opTrue:
				got = append(got, a.field)
			case opAttr:
				got = append(got, "attrs."+a.field+"="+a.value)
			}
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%s needs %v, wanted %s", when, got, want)
		}
	}
}

func TestMatchKeepsTheOrderOfTheSet(t *testing.T) {
	set := mustLoad(t, true, nil)
	w := set.NewWorker()
	var e facts.Event
	facts.FillEvent(&e, &access.Event{Provider: "aws", Action: "iam:CreateAccessKey", Outcome: access.Success, Account: "111122223333",
		Access: access.LevelAdmin, Actor: access.Actor{ID: "arn:aws:iam::111122223333:root"}, Attrs: map[string]string{"user_type": "Root"},
		Change: &access.Change{Kind: access.ChangeCreate, Subject: "arn:aws:iam::111122223333:root", Grant: "AKIAEXAMPLE"}})
	e.PersonEnded, e.HoursSinceEnd = true, 100
	got := ids(set.Events(w).Match(&e))
	if got != "aws-root-key-created.0 aws-root-used.0 ended-person-changes-access.0" {
		t.Errorf("matched %s", got)
	}
	if js := set.Events(w).Match(&facts.Event{Action: "s3:GetObject", Provider: "aws", Outcome: "success"}); js != nil {
		t.Errorf("an ordinary read matched %+v", js)
	}
}

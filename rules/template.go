package rules

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/conf"
	"github.com/expr-lang/expr/vm"
)

// Fences of a why text.
const (
	maxHoles = 16  // expressions in one text
	maxHole  = 200 // characters that one of them may contribute
	maxWhy   = 900 // characters of the whole
)

// template is a text with expressions in braces: "not used for {days(idle_days)}". Doubled braces are braces.
type template struct {
	parts []templatePart
}

type templatePart struct {
	text string
	hole *vm.Program
}

// templateFunctions format facts for people. They exist in templates only.
var templateFunctions = map[string]func(*conf.Config){
	"days":    quantity("days", func(v float64) string { return plural(v, "day") }),
	"hours":   quantity("hours", func(v float64) string { return span(v * 60) }),
	"minutes": quantity("minutes", span),
	"percent": quantity("percent", func(v float64) string { return number(v*100) + " %" }),
	"times":   quantity("times", times),

	"gap_count":      quantity("gap_count", func(v float64) string { return plural(v, "gap") }),
	"verdict_count":  quantity("verdict_count", func(v float64) string { return plural(v, "verdict") }),
	"snapshot_count": quantity("snapshot_count", func(v float64) string { return plural(v, "snapshot") }),

	// unseen names how many actions of a grant no log shows, so that a claim about the others is not read as one about all.
	"unseen": quantity("unseen", func(v float64) string {
		if v == 0 {
			return ""
		}
		return " Nothing is claimed of " + plural(v, "action") + " that no log shows."
	}),

	"short": expr.Function("short", func(args ...any) (any, error) {
		s, ok := args[0].(string)
		if !ok {
			return "", fmt.Errorf("short takes a text")
		}
		return short(s), nil
	}, new(func(string) string)),
}

// span says a stretch of time in the unit that a person would use.
func span(minutes float64) string {
	switch a := math.Abs(minutes); {
	case a >= 3*24*60:
		return plural(math.Round(minutes/144)/10, "day")
	case a >= 120 || a == 60:
		return plural(math.Round(minutes/6)/10, "hour")
	}
	return plural(math.Round(minutes), "minute")
}

func times(v float64) string {
	switch v {
	case 1:
		return "once"
	case 2:
		return "twice"
	}
	return number(v) + " times"
}

// short leaves partition, service, region and account out of an ARN: user/ana says it to a reader who has the whole name
// beside it.
func short(name string) string {
	if parts := strings.SplitN(name, ":", 6); len(parts) == 6 && parts[0] == "arn" && parts[5] != "" {
		return parts[5]
	}
	return name
}

var templateNames = func() map[string]bool {
	m := map[string]bool{}
	for n := range templateFunctions {
		m[n] = true
	}
	return m
}()

func quantity(name string, format func(float64) string) func(*conf.Config) {
	return expr.Function(name, func(args ...any) (any, error) {
		switch v := args[0].(type) {
		case float64:
			return format(v), nil
		case int:
			return format(float64(v)), nil
		}
		return "", fmt.Errorf("%s takes a number", name)
	}, new(func(float64) string), new(func(int) string))
}

func plural(v float64, unit string) string {
	s := number(v)
	if s == "1" {
		return s + " " + unit
	}
	return s + " " + unit + "s"
}

// number prints at most two decimals: a finding is read, not computed with.
func number(v float64) string {
	if math.IsNaN(v) || math.IsInf(v, 0) {
		return "unknown"
	}
	if math.Abs(v) >= 1e15 {
		return strconv.FormatFloat(v, 'g', 4, 64)
	}
	return strconv.FormatFloat(math.Round(v*100)/100, 'f', -1, 64)
}

// template checks and compiles a why text.
func (s *scope) template(src scalar) (template, []Problem) {
	inner := *s
	inner.functions = templateNames
	var t template
	var problems []Problem
	holes := 0
	literal := strings.Builder{}
	flush := func() {
		if literal.Len() > 0 {
			t.parts = append(t.parts, templatePart{text: literal.String()})
			literal.Reset()
		}
	}
	text := src.text
	if len(text) > maxSource {
		return t, []Problem{src.problem(0, fmt.Sprintf("the text has %d bytes, more than the %d allowed", len(text), maxSource))}
	}
	for i := 0; i < len(text); {
		switch {
		case strings.HasPrefix(text[i:], "{{"), strings.HasPrefix(text[i:], "}}"):
			literal.WriteByte(text[i])
			i += 2
		case text[i] == '{':
			size := holeSize(text[i+1:])
			if size < 0 {
				return t, append(problems, src.problem(runes(text[:i]), "this { has no }; write {{ for a brace"))
			}
			if holes++; holes > maxHoles {
				return t, append(problems, src.problem(runes(text[:i]), fmt.Sprintf("more than the %d expressions allowed in one text", maxHoles)))
			}
			flush()
			program, bad := inner.check(src.part(text[i+1:i+1+size], i+1), reflect.Invalid)
			problems = append(problems, bad...)
			t.parts = append(t.parts, templatePart{hole: program})
			i += size + 2
		case text[i] == '}':
			return t, append(problems, src.problem(runes(text[:i]), "this } has no {; write }} for a brace"))
		default:
			literal.WriteByte(text[i])
			i++
		}
	}
	flush()
	return t, problems
}

func runes(s string) int { return len([]rune(s)) }

// holeSize is how far the closing brace is, quotes respected, or -1.
func holeSize(s string) int {
	var quote byte
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case quote != 0:
			if c == '\\' {
				i++
			} else if c == quote {
				quote = 0
			}
		case c == '"' || c == '\'':
			quote = c
		case c == '{':
			return -1
		case c == '}':
			return i
		}
	}
	return -1
}

// render fills the holes. A hole that fails is printed as "?": a finding is not lost for its wording.
func (t template) render(m *vm.VM, env any) string {
	if len(t.parts) == 1 && t.parts[0].hole == nil {
		return t.parts[0].text
	}
	var b strings.Builder
	for _, p := range t.parts {
		if p.hole == nil {
			b.WriteString(p.text)
			continue
		}
		v, err := m.Run(p.hole, env)
		if err != nil {
			b.WriteByte('?')
			continue
		}
		b.WriteString(show(v))
	}
	return cut(b.String(), maxWhy)
}

// show prints one value. Texts come from logs, so what a terminal or a chat would obey is taken out.
func show(v any) string {
	switch x := v.(type) {
	case string:
		return plain(x)
	case float64:
		return number(x)
	case int:
		return strconv.Itoa(x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	case []string:
		more := ""
		if len(x) > 5 {
			x, more = x[:5], fmt.Sprintf(" and %d more", len(x)-5)
		}
		return plain(strings.Join(x, ", ")) + more
	}
	return "?"
}

// plain takes control, format and bidi characters out of a text and cuts it.
func plain(s string) string {
	clean := true
	for _, r := range s {
		if !unicode.IsPrint(r) {
			clean = false
			break
		}
	}
	if !clean {
		s = strings.Map(func(r rune) rune {
			if unicode.IsPrint(r) {
				return r
			}
			return -1
		}, s)
	}
	if len(s) <= maxHole {
		return s
	}
	return cut(s, maxHole)
}

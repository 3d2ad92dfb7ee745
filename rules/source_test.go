package rules

import (
	"strings"
	"testing"
)

// TestErrorsPointIntoTheYAML writes the same slip (the unknown fact zzz) in every way that YAML can write a text, and
// wants line and column of the file to be where zzz stands.
func TestErrorsPointIntoTheYAML(t *testing.T) {
	head := "id: x\ntitle: t\nkind: GUARDRAIL_DRIFT\non: event\nwhy: w\n"
	for name, when := range map[string]string{
		"plain":                     "when: linked && zzz\n",
		"plain over two lines":      "when: linked\n  && zzz\n",
		"double quotes":             "when: \"linked && zzz\"\n",
		"double quotes, escapes":    "when: \"actor == \\\"é\\\" \\t && zzz\"\n",
		"double quotes over lines":  "when: \"linked\n  &&\n  zzz\"\n",
		"double quotes, \\u":        "when: \"actor == '\\u00e9\\u00e9' && zzz\"\n",
		"single quotes":             "when: 'linked && zzz'\n",
		"single quotes, doubled":    "when: 'actor == ''it'' && zzz'\n",
		"quote first":               "when: '\"a\" == actor && zzz'\n",
		"double quote first":        "when: \"\\\"a\\\" == actor && zzz\"\n",
		"literal":                   "when: |\n  linked &&\n  person_ended &&\n    zzz\n",
		"literal, stripped":         "when: |-\n    linked && zzz\n",
		"literal, blank lines":      "when: |\n\n  linked &&\n\n  zzz\n",
		"literal, indent given":     "when: |2\n    linked &&\n  zzz\n",
		"folded":                    "when: >\n  linked &&\n  zzz\n",
		"folded, blank lines":       "when: >-\n  linked\n\n  && zzz\n",
		"folded, deeper lines":      "when: >\n  linked &&\n      person_ended\n  && zzz\n",
		"flow":                      "cases: [{verdict: VIOLATION, when: linked && zzz}]\n",
		"flow, quoted":              "cases:\n  - {verdict: VIOLATION, when: \"actor == 'ü' && zzz\", why: w}\n",
		"after characters of two":   "when: actor == 'äöü漢字' && zzz\n",
		"in a let":                  "when: linked && a\nlet:\n  a: \"person_ended && zzz\"\n",
		"in a severity":             "when: linked\nseverity:\n  - {when: linked && zzz, is: high}\n  - {is: low}\n",
		"in a why":                  "when: linked\nsays: x\nwhy2: \"{actor} and {zzz}\"\n",
		"in a why, second hole":     "when: linked\nsays: x\nwhy2: >\n  what {actor}\n  did, {zzz}\n",
		"with windows line endings": "when: |\r\n  linked &&\r\n  zzz\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			text := head + when
			if strings.HasPrefix(when, "cases:") {
				text = strings.Replace(text, "why: w\n", "", 1)
			}
			if strings.Contains(when, "why2:") {
				text = strings.Replace(strings.Replace(text, "why: w\n", "", 1), "why2:", "why:", 1)
			}
			_, problems := load(false, map[string]string{"r.yaml": text})
			if len(problems) != 1 {
				t.Fatalf("problems: %v", problems)
			}
			p := problems[0]
			lines := strings.Split(strings.ReplaceAll(text, "\r\n", "\n"), "\n")
			if p.Line < 1 || p.Line > len(lines) {
				t.Fatalf("line %d", p.Line)
			}
			line := []rune(lines[p.Line-1])
			if p.Column < 1 || p.Column > len(line) || !strings.HasPrefix(string(line[p.Column-1:]), "zzz") {
				t.Errorf("points at %d:%d:\n%s", p.Line, p.Column, p)
			}
			if under := []rune(p.Excerpt)[len([]rune(p.Caret))-1:]; !strings.HasPrefix(string(under), "zzz") {
				t.Errorf("the caret is not under it:\n%s", p)
			}
		})
	}
}

func TestExcerptIsSafeAndShort(t *testing.T) {
	text, caret := excerpt("a\x1b[31m\u202eb\tc", 3)
	if text != "a·[31m·b c" || caret != "  ^" {
		t.Errorf("%q %q", text, caret)
	}
	long := strings.Repeat("x", 300) + "Y" + strings.Repeat("z", 300)
	text, caret = excerpt(long, 301)
	if r := []rune(text); len(r) > excerptWidth+2 || r[len(caret)-1] != 'Y' {
		t.Errorf("%q\n%q", text, caret)
	}
	if _, caret := excerpt("ab", 99); caret != "  ^" {
		t.Errorf("beyond the end: %q", caret)
	}
}

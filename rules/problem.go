package rules

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Level says how bad a problem is: an error keeps a rule out of the set, a warning does not.
type Level string

// The two levels of a problem.
const (
	LevelError   Level = "error"
	LevelWarning Level = "warning"
)

// Problem is something wrong with a rule file, pointing at the place.
type Problem struct {
	File     string `json:"file"`
	Line     int    `json:"line"`   // from 1; 0 when the problem is about the whole file
	Column   int    `json:"column"` // from 1, in characters
	Message  string `json:"message"`
	Excerpt  string `json:"excerpt,omitempty"` // the line, made safe to print
	Caret    string `json:"caret,omitempty"`   // spaces and a ^ that stands under the column of Excerpt
	Severity Level  `json:"severity"`
	Rule     string `json:"rule,omitempty"` // id of the rule, when it is known
}

// String prints the problem as file:line:column with the line and a caret under it.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	if p.Line > 0 {
		fmt.Fprintf(&b, ":%d:%d", p.Line, p.Column)
	}
	fmt.Fprintf(&b, ": %s: %s\n", p.Severity, p.Message)
	if p.Excerpt != "" {
		gutter := fmt.Sprintf("%5d", p.Line)
		fmt.Fprintf(&b, "%s | %s\n%s | %s\n", gutter, p.Excerpt, strings.Repeat(" ", len(gutter)), p.Caret)
	}
	return b.String()
}

// Error makes a problem an error, in the same words.
func (p Problem) Error() string { return strings.TrimSuffix(p.String(), "\n") }

// HasErrors reports whether any of the problems is an error.
func HasErrors(problems []Problem) bool {
	for _, p := range problems {
		if p.Severity == LevelError {
			return true
		}
	}
	return false
}

// excerptWidth is how many characters of a long line are shown around the caret.
const excerptWidth = 120

// excerpt cuts line around the column and draws the caret. Characters that a terminal would obey (escapes, bidi
// overrides) are shown as dots: rule files are input.
func excerpt(line string, column int) (text, caret string) {
	runes := []rune(line)
	for i, r := range runes {
		switch {
		case r == '\t':
			runes[i] = ' '
		case !unicode.IsPrint(r) || r == utf8.RuneError:
			runes[i] = '·'
		}
	}
	at := min(max(column-1, 0), len(runes))
	from := 0
	if at > excerptWidth-20 {
		from = at - (excerptWidth - 20)
	}
	to := min(from+excerptWidth, len(runes))
	pad := at - from
	prefix, suffix := "", ""
	if from > 0 {
		prefix = "…"
		pad++
	}
	if to < len(runes) {
		suffix = "…"
	}
	return prefix + string(runes[from:to]) + suffix, strings.Repeat(" ", pad) + "^"
}

// nearest proposes the known word that a mistyped one probably means, or "".
func nearest(word string, known []string) string {
	best, bestDistance := "", 3
	if len(word) <= 3 {
		bestDistance = 2
	}
	for _, k := range known {
		if d := distance(word, k, bestDistance); d < bestDistance {
			best, bestDistance = k, d
		}
	}
	return best
}

// distance is the edit distance of two words, or limit when it is at least that.
func distance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit || len(a) > 64 {
		return limit
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		prev := row[0]
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			prev, row[j] = row[j], min(row[j]+1, row[j-1]+1, prev+cost)
		}
	}
	return row[len(b)]
}

func didYouMean(word string, known []string) string {
	if n := nearest(word, known); n != "" {
		return fmt.Sprintf("; did you mean %q?", n)
	}
	return ""
}

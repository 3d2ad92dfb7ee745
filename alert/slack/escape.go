package slack

import (
	"strings"
	"unicode"

	"github.com/grantwatch/grantwatch/alert/inert"
)

const ellipsis = "…"

// limit joins the pieces up to n bytes, and says so with an ellipsis when it leaves some out. No piece is cut in two.
func limit(pieces []string, n int) string {
	total := 0
	for _, p := range pieces {
		total += len(p)
	}
	if total > n && n < len(ellipsis) {
		return ""
	}
	var b strings.Builder
	for _, p := range pieces {
		if total > n && b.Len()+len(p) > n-len(ellipsis) {
			// What was harmless inside a word may act at its end.
			return strings.TrimRight(b.String(), "_@: ") + ellipsis
		}
		b.WriteString(p)
	}
	return b.String()
}

// entity escapes the three characters with which Slack's control sequences are written.
func entity(r rune) string {
	switch r {
	case '&':
		return "&amp;"
	case '<':
		return "&lt;"
	case '>':
		return "&gt;"
	}
	return string(r)
}

// code shows a foreign string exactly, as an inline code span of at most n bytes inside. Nothing is interpreted in there
// except the backtick that would end it, and words that call a whole channel.
func code(s string, n int) string {
	rs := inert.Runes(s, n)
	if len(rs) == 0 || n <= 0 {
		return ""
	}
	pieces := make([]string, len(rs))
	for i, r := range rs {
		switch {
		case r == '`':
			pieces[i] = "ˋ"
		case r == '@' && calls(rs[i+1:]):
			pieces[i] = "＠"
		default:
			pieces[i] = entity(r)
		}
	}
	if s = limit(pieces, n); s == "" {
		return ""
	}
	return "`" + s + "`"
}

// prose shows a foreign sentence as plain text of at most n bytes. Characters that format, link or mention are replaced by
// others that look alike and mean nothing to Slack, only where they would act, so that most text stays as it was.
func prose(s string, n int) string {
	rs := inert.Runes(s, n)
	if n <= 0 {
		return ""
	}
	pieces := make([]string, len(rs))
	for i, r := range rs {
		pieces[i] = entity(r)
		switch r {
		case '`':
			pieces[i] = "ˋ"
		case '*':
			pieces[i] = "∗"
		case '~':
			pieces[i] = "∼"
		case '_':
			if !inWord(rs, i) {
				pieces[i] = "＿"
			}
		case ':': // emoji and links, but not the colon of a sentence
			if i+1 == len(rs) || rs[i+1] != ' ' {
				pieces[i] = "∶"
			}
		case '@':
			if !inWord(rs, i) || calls(rs[i+1:]) {
				pieces[i] = "＠"
			}
		case '#':
			if !inWord(rs, i) {
				pieces[i] = "＃"
			}
		case '>', '•', '-': // a quote or a list item at the beginning of a line
			if i == 0 {
				pieces[i] = "›"
			}
		}
	}
	return limit(pieces, n)
}

// title shows a foreign string in a plain_text object, which knows neither formatting nor entities.
func title(s string, n int) string {
	rs := inert.Runes(s, n)
	pieces := make([]string, len(rs))
	for i, r := range rs {
		switch {
		case r == '<':
			pieces[i] = "‹"
		case r == '>':
			pieces[i] = "›"
		case r == '&':
			pieces[i] = "＆"
		case r == ':' && (i+1 == len(rs) || rs[i+1] != ' '):
			pieces[i] = "∶"
		case r == '@' && (!inWord(rs, i) || calls(rs[i+1:])):
			pieces[i] = "＠"
		case r == '`':
			pieces[i] = "ˋ"
		default:
			pieces[i] = string(r)
		}
	}
	return limit(pieces, n)
}

// inWord reports whether a letter or digit stands on both sides of rs[i].
func inWord(rs []rune, i int) bool {
	word := func(i int) bool { return i >= 0 && i < len(rs) && (unicode.IsLetter(rs[i]) || unicode.IsDigit(rs[i])) }
	return word(i-1) && word(i+1)
}

// calls reports whether what follows an @ is a word that notifies a whole channel.
func calls(rest []rune) bool {
	for _, w := range []string{"here", "channel", "everyone", "group"} {
		if len(rest) >= len(w) && strings.EqualFold(string(rest[:len(w)]), w) {
			return true
		}
	}
	return false
}

package slack

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	ellipsis = "…"
	maxMarks = 2 // combining marks in a row; more of them paint over the lines around
)

// hidden reports whether r changes the text around it, or takes part in it, without being seen: controls, format and bidi
// characters, separators, variation selectors, fillers and what is not assigned.
func hidden(r rune) bool {
	switch r {
	case '\u034F', '\u115F', '\u1160', '\u17B4', '\u17B5', '\u2800', '\u3164', '\uFFA0', utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

// clean makes one visible line of a foreign string: white space becomes single blanks and hidden characters U+FFFD, so that two names
// never become one. It
// reads no further than n characters and one more, which tells that something is left out, and of what shows as little, such
// as thousands of hidden characters, no further than some bytes for each.
func clean(s string, n int) []rune {
	if most := 16*max(n, 0) + 64; len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + ellipsis
	}
	out := make([]rune, 0, min(len(s), n+1))
	blank, marked, marks := true, false, 0
	for _, r := range s {
		if len(out) > n {
			return out
		}
		switch {
		case unicode.IsSpace(r):
			if !blank {
				out = append(out, ' ')
			}
			blank, marked, marks = true, false, 0
			continue
		case hidden(r):
			if !marked {
				out = append(out, utf8.RuneError)
			}
			blank, marked, marks = false, true, 0
			continue
		case unicode.In(r, unicode.Mn, unicode.Me):
			if marks++; marks > maxMarks {
				continue
			}
		default:
			marks = 0
		}
		out = append(out, r)
		blank, marked = false, false
	}
	if blank && len(out) > 0 {
		out = out[:len(out)-1]
	}
	return out
}

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
	rs := clean(s, n)
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
	rs := clean(s, n)
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
	rs := clean(s, n)
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

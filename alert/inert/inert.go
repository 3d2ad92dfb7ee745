// Package inert makes foreign text harmless before a notifier writes it in its own markup. Whatever stands in a finding came
// out of a log, so whoever could act there could choose it.
package inert

import (
	"unicode"
	"unicode/utf8"
)

const maxMarks = 2 // combining marks in a row; more of them paint over the lines around

// Hidden reports whether r changes the text around it, or takes part in it, without being seen: controls, format and bidi
// characters, separators, variation selectors, fillers and what is not assigned.
func Hidden(r rune) bool {
	if r < 0x7f {
		return r < ' '
	}
	switch r {
	case '\u034F', '\u115F', '\u1160', '\u17B4', '\u17B5', '\u2800', '\u3164', '\uFFA0', utf8.RuneError:
		return true
	}
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs, unicode.Zl, unicode.Zp, unicode.Variation_Selector, unicode.Noncharacter_Code_Point)
}

// Runes makes one visible line of a foreign string: white space becomes single blanks and hidden characters U+FFFD, so that
// two names never become one. It reads no further than n characters and one more, which tells that something is left out, and
// of what shows as little, such as thousands of hidden characters, no further than some bytes for each.
func Runes(s string, n int) []rune {
	if most := 16*max(n, 0) + 64; len(s) > most {
		for most > 0 && !utf8.RuneStart(s[most]) {
			most--
		}
		s = s[:most] + "…"
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
		case Hidden(r):
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

// Line is a foreign string as one visible line of at most n characters; an ellipsis says that something is left out.
func Line(s string, n int) string {
	rs := Runes(s, n)
	if len(rs) > n {
		return string(rs[:max(0, n-1)]) + "…"
	}
	return string(rs)
}

package words

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Visible makes a foreign string safe to read: characters that reorder, hide or break text are written out as ⟨U+202E⟩,
// so that a name can never pose as another. Escaping for HTML is the template's work and comes on top.
func Visible(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s) + 16)
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		switch {
		case r == utf8.RuneError && n <= 1:
			b.WriteRune('\uFFFD')
		case r == '\t' || r == '\n':
			b.WriteRune(r)
		case treacherous(r):
			fmt.Fprintf(&b, "⟨U+%04X⟩", r)
		default:
			b.WriteRune(r)
		}
		i += n
	}
	return b.String()
}

func plain(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] < ' ' && s[i] != '\t' && s[i] != '\n' || s[i] >= 0x7f {
			return false
		}
	}
	return true
}

// treacherous reports whether r changes how the text around it is shown without being seen itself. All of Unicode's
// control and format characters are, and so are its line and paragraph separators; the joiners that Persian, Indic
// scripts and emoji need are among them, and in names of principals being told apart matters more.
func treacherous(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp) || unicode.Is(unicode.Variation_Selector, r)
}

// Short cuts a string to at most n runes, marking the cut. Of an ARN that is too long the end is kept, which is what tells
// one from another. What is cut stays in the page as a title where it matters.
func Short(s string, n int) string {
	if len(s) <= n || utf8.RuneCountInString(s) <= n {
		return s
	}
	if parts := strings.SplitN(s, ":", 6); len(parts) == 6 && parts[0] == "arn" && parts[5] != "" {
		return Short(parts[5], n)
	}
	seen := 0
	for i := range s {
		if seen == n-1 {
			return s[:i] + "…"
		}
		seen++
	}
	return s
}

// Cell makes a string safe to open in a spreadsheet, which would run a cell that begins with = + - @ as a formula. A
// leading apostrophe makes it text; what is behind leading blanks and invisible characters counts, for they are skipped.
func Cell(s string) string {
	s = strings.ReplaceAll(s, "\x00", "\uFFFD")
	head := strings.TrimLeftFunc(s, func(r rune) bool { return unicode.IsSpace(r) || treacherous(r) })
	r, _ := utf8.DecodeRuneInString(head)
	if head != "" && strings.ContainsRune("=+-@＝＋－＠", r) || s != "" && strings.IndexByte("\t\r\n", s[0]) >= 0 {
		return "'" + s
	}
	return s
}

package inert

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestLine(t *testing.T) {
	for _, c := range []struct {
		in   string
		n    int
		want string
	}{
		{"ana", 10, "ana"},
		{"  a\t\r\nb  ", 10, "a b"},
		{"a\u202Eb\u200Bc", 10, "a\uFFFDb\uFFFDc"},
		{"a\x00\x1b[31mb", 20, "a\uFFFD[31mb"},
		{"abcdef", 4, "abc…"},
		{"z" + strings.Repeat("\u0300", 50), 60, "z\u0300\u0300"},
		{"\xff\xfe", 5, "\uFFFD"},
		{"", 5, ""},
	} {
		if got := Line(c.in, c.n); got != c.want {
			t.Errorf("Line(%q, %d) = %q, want %q", c.in, c.n, got, c.want)
		}
	}
}

func TestLineLaws(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, n := string(rapid.SliceOf(rapid.Byte()).Draw(t, "bytes"))+rapid.String().Draw(t, "text"), rapid.IntRange(1, 80).Draw(t, "n")
		got := Line(s, n)
		if utf8.RuneCountInString(got) > n || !utf8.ValidString(got) {
			t.Fatalf("%q is too long or no UTF-8", got)
		}
		for _, r := range got {
			if r != utf8.RuneError && (Hidden(r) || unicode.IsSpace(r) && r != ' ') {
				t.Fatalf("%q holds %U", got, r)
			}
		}
	})
}

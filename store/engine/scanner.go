package engine

import "strings"

type tokenKind int

const (
	word tokenKind = iota
	quoted
	punctuation
)

type token struct {
	kind       tokenKind
	text       string
	start, end int
	depth      int // of brackets around it
}

func (t token) is(keyword string) bool {
	return t.kind == word && strings.EqualFold(t.text, keyword)
}

// scanner splits a statement into words, quoted things and punctuation, and
// passes over blanks and comments.
type scanner struct {
	text  string
	pos   int
	depth int
}

func isBlank(c byte) bool { return c == ' ' || (c >= '\t' && c <= '\r') || c == 0 }

func isWord(c byte) bool {
	return c == '_' || c >= 0x80 || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')
}

func (s *scanner) next() (token, bool) {
	s.skip()
	if s.pos >= len(s.text) {
		return token{}, false
	}
	t := token{start: s.pos, depth: s.depth}
	c := s.text[s.pos]
	switch {
	case c == '\'' || c == '"' || c == '`':
		t.kind = quoted
		s.quote(c)
	case c == '$' && s.heredoc():
		t.kind = quoted
	case isWord(c):
		for s.pos < len(s.text) && isWord(s.text[s.pos]) {
			s.pos++
		}
	default:
		t.kind = punctuation
		s.pos++
		switch c {
		case '(', '[', '{':
			s.depth++
		case ')', ']', '}':
			s.depth = max(0, s.depth-1)
			t.depth = s.depth
		}
	}
	t.end = s.pos
	t.text = s.text[t.start:t.end]
	return t, true
}

func (s *scanner) skip() {
	for s.pos < len(s.text) {
		rest := s.text[s.pos:]
		switch {
		case isBlank(rest[0]):
			s.pos++
		case strings.HasPrefix(rest, "--"), strings.HasPrefix(rest, "# "), strings.HasPrefix(rest, "#!"):
			s.until("\n")
		case strings.HasPrefix(rest, "/*"):
			s.pos += 2
			s.until("*/")
		default:
			return
		}
	}
}

func (s *scanner) until(end string) {
	if i := strings.Index(s.text[s.pos:], end); i >= 0 {
		s.pos += i + len(end)
		return
	}
	s.pos = len(s.text)
}

// quote passes a literal: a backslash hides the next byte, and a doubled quote
// is read as two literals side by side, which is the same here.
func (s *scanner) quote(q byte) {
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case q:
			s.pos++
			return
		}
	}
	s.pos = len(s.text)
}

// heredoc passes $tag$ … $tag$ and reports whether there was one.
func (s *scanner) heredoc() bool {
	i := s.pos + 1
	for i < len(s.text) && isWord(s.text[i]) {
		i++
	}
	if i >= len(s.text) || s.text[i] != '$' {
		return false
	}
	tag := s.text[s.pos : i+1]
	end := strings.Index(s.text[i+1:], tag)
	if end < 0 {
		return false
	}
	s.pos = i + 1 + end + len(tag)
	return true
}

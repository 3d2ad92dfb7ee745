package rules

import (
	"strings"
	"unicode"
)

// source is one rule file: its name as messages print it, and its bytes.
type source struct {
	name string
	data []byte
}

// document is a source cut into lines, from which excerpts and positions are made.
type document struct {
	name  string
	lines []string
}

func newDocument(s source) *document {
	text := strings.ReplaceAll(string(s.data), "\r\n", "\n")
	return &document{name: s.name, lines: strings.Split(text, "\n")}
}

func (d *document) problem(level Level, line, column int, message string) Problem {
	p := Problem{File: d.name, Line: line, Column: column, Message: message, Severity: level}
	if line >= 1 && line <= len(d.lines) {
		p.Excerpt, p.Caret = excerpt(d.lines[line-1], column)
	}
	return p
}

// scalar is a string of the file that remembers where it stands, so that an error inside of it (an expression that
// does not compile) points at the line and column of the file, also within folded, literal and escaped strings.
type scalar struct {
	text   string
	doc    *document
	line   int  // where the value starts; for block scalars the line of the indicator
	column int  // from 1
	quoted bool // starts with a quote
	block  bool // literal or folded
	skip   int  // characters of the whole scalar before text, when text is only a part of it
	whole  string
}

// part is the stretch of s that starts at the given byte offset.
func (s scalar) part(text string, offset int) scalar {
	p := s
	if p.whole == "" {
		p.whole = s.text
	}
	p.skip = s.skip + len([]rune(s.text[:offset]))
	p.text = text
	return p
}

// at maps a character offset in the text to a line and column of the file. The value and the raw source are walked
// side by side: white space in one answers for any white space in the other, and what only the source has (quotes,
// backslashes, indentation) is passed over.
func (s scalar) at(offset int) (line, column int) {
	if s.doc == nil {
		return s.line, s.column
	}
	whole := s.whole
	if whole == "" {
		whole = s.text
	}
	offset += s.skip
	c := cursor{lines: s.doc.lines, line: s.line, column: s.column}
	if s.block {
		c.line, c.column = s.line+1, 1
	} else if s.quoted {
		c.column++
	}
	for i, r := range []rune(whole) {
		if unicode.IsSpace(r) {
			if i == offset {
				return c.line, c.column
			}
			c.space()
			continue
		}
		c.seek(r)
		if i == offset {
			return c.line, c.column
		}
		c.next()
	}
	return c.line, c.column
}

func (s scalar) problem(offset int, message string) Problem {
	line, column := s.at(offset)
	if !s.quoted && !s.block && s.doc != nil && offset >= runes(s.text)-1 && s.line <= len(s.doc.lines) && strings.Contains(s.doc.lines[s.line-1], " #") {
		message += " (in YAML a # after a space starts a comment: put the text in quotes)"
	}
	if s.doc == nil {
		return Problem{Line: line, Column: column, Message: message, Severity: LevelError}
	}
	return s.doc.problem(LevelError, line, column, message)
}

// cursor walks the characters of the source.
type cursor struct {
	lines        []string
	line, column int
	row          []rune // the line that it is on, cut once
	rowOf        int
}

// end stands for the end of the file.
const end rune = -1

func (c *cursor) rune() rune {
	if c.line < 1 || c.line > len(c.lines) {
		return end
	}
	if c.rowOf != c.line {
		c.row, c.rowOf = []rune(c.lines[c.line-1]), c.line
	}
	if c.column > len(c.row) {
		return '\n'
	}
	return c.row[c.column-1]
}

func (c *cursor) next() {
	switch c.rune() {
	case end:
	case '\n':
		c.line++
		c.column = 1
	default:
		c.column++
	}
}

// space passes the white space (or the escape) that stands for one white space of the value.
func (c *cursor) space() {
	if c.rune() == '\\' {
		c.next()
		c.next()
		return
	}
	for unicode.IsSpace(c.rune()) {
		c.next()
	}
}

// seek moves to the next r. A character written as an escape (\u00e9) is never found: then the cursor stays.
func (c *cursor) seek(r rune) {
	probe := *c
	for range 256 {
		at := probe.rune()
		if at == end {
			return
		}
		if at == r {
			*c = probe
			return
		}
		probe.next()
	}
}

// Package policy reads what people decide about access: baselines, the register of declared idle grants, exceptions and approvals.
// Every error names its place in the file, because these files are written by hand.
package policy

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"
)

// SourceError says what is wrong with a file that somebody wrote, and shows the place.
type SourceError struct {
	File         string
	Line, Column int // 1-based; 0 when the place is not known
	Msg          string
	Excerpt      string // the line itself
}

// Error prints file:line:col: msg, and below it the line with a caret under the column.
func (e *SourceError) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	s := fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Column, e.Msg)
	if e.Excerpt == "" {
		return s
	}
	return s + "\n  " + e.Excerpt + "\n  " + caret(e.Excerpt, e.Column)
}

// caret stands under a column, tabs kept, so that it lines up whatever a tab is worth.
func caret(line string, column int) string {
	var b strings.Builder
	n := 1
	for _, r := range line {
		if n >= column {
			break
		}
		if r == '\t' {
			b.WriteByte('\t')
		} else {
			b.WriteByte(' ')
		}
		n++
	}
	return b.String() + "^"
}

// Limits of a file *: far above what anybody writes by hand, and low enough that no file keeps the parser busy for long.
const (
	maxYAML    = 4 << 20
	maxNesting = 64
)

// LoadYAML reads one YAML document strictly: a key that into does not have, a key that is there twice, a second document, an
// anchor or an alias is an error. Every error is a *SourceError. An empty file leaves into as it is.
func LoadYAML(file string, data []byte, into any) error {
	src := source{file, data}
	data = bytes.TrimPrefix(data, []byte("\xef\xbb\xbf"))
	if err := src.precheck(data); err != nil {
		return err
	}
	tree, err := parser.ParseBytes(data, 0)
	if err != nil {
		return src.yamlError(err)
	}
	var docs []*ast.DocumentNode
	for _, d := range tree.Docs {
		if d.Body != nil && d.Body.Type() != ast.CommentType {
			docs = append(docs, d)
		}
	}
	if len(docs) == 0 {
		return nil
	}
	if len(docs) > 1 {
		return src.at(docs[1].Body.GetToken(), "a second document in one file: write one file for each")
	}
	var finder aliasFinder
	ast.Walk(&finder, docs[0].Body)
	if finder.found != nil {
		return src.at(finder.found, "anchors and aliases are not read here: write the value out")
	}
	if err := yaml.NodeToValue(docs[0].Body, into, yaml.Strict()); err != nil {
		return src.yamlError(err)
	}
	return nil
}

// aliasFinder stops at the first anchor, alias or merge key: with them a small file can stand for an endless one.
type aliasFinder struct{ found *token.Token }

// Visit implements ast.Visitor.
func (f *aliasFinder) Visit(n ast.Node) ast.Visitor {
	if f.found != nil {
		return nil
	}
	switch n.Type() {
	case ast.AnchorType, ast.AliasType, ast.MergeKeyType:
		f.found = n.GetToken()
		return nil
	}
	return f
}

// source makes errors about one file.
type source struct {
	file string
	data []byte
}

// precheck refuses what would cost the parser too much before it sees it.
func (s source) precheck(data []byte) error {
	if len(data) > maxYAML {
		return &SourceError{File: s.file, Msg: fmt.Sprintf("larger than %d bytes", maxYAML)}
	}
	if !utf8.Valid(data) {
		n := 0
		for rest := data; ; {
			r, size := utf8.DecodeRune(rest)
			if r == utf8.RuneError && size <= 1 {
				break
			}
			n, rest = n+size, rest[size:]
		}
		line, column := position(data, n)
		return s.place(line, column, "not UTF-8")
	}
	depth, properties, lineNo := 0, 0, 0
	for line := range bytes.Lines(data) {
		lineNo++
		run := 0
		for rest := bytes.TrimLeft(line, " \t"); len(rest) > 1 && (rest[0] == '-' || rest[0] == '?') && rest[1] == ' '; run++ {
			rest = bytes.TrimLeft(rest[1:], " ")
		}
		previous := byte(' ')
		for column, c := range line {
			switch {
			case c == '[' || c == '{':
				depth++
			case (c == ']' || c == '}') && depth > 0:
				depth--
			case (c == '&' || c == '!' || c == '*') && previous == ' ':
				properties++
			}
			previous = c
			if depth > maxNesting || run > maxNesting || properties > 10_000 {
				return s.place(lineNo, column+1, "nested too deeply")
			}
		}
	}
	return nil
}

// yamlError turns an error of the YAML library, or one of our own inside it, into a SourceError.
func (s source) yamlError(err error) error {
	var own *SourceError
	if errors.As(err, &own) {
		return err
	}
	var y yaml.Error
	if errors.As(err, &y) {
		return s.at(y.GetToken(), y.GetMessage())
	}
	return &SourceError{File: s.file, Msg: err.Error()}
}

func (s source) at(tok *token.Token, msg string) *SourceError {
	if tok == nil || tok.Position == nil {
		return &SourceError{File: s.file, Msg: msg}
	}
	return s.place(tok.Position.Line, tok.Position.Column, msg)
}

// place makes the error of a line and column, with the line as its excerpt.
func (s source) place(line, column int, msg string) *SourceError {
	e := &SourceError{File: s.file, Line: line, Column: column, Msg: msg}
	n := 0
	for text := range bytes.Lines(s.data) {
		if n++; n == line {
			e.Excerpt = excerpt(text)
			break
		}
	}
	return e
}

// placeByte is place for a column that counts bytes, as encoding/csv's do.
func (s source) placeByte(line, column int, msg string) *SourceError {
	e := s.place(line, column, msg)
	n := 0
	for text := range bytes.Lines(s.data) {
		if n++; n == line {
			e.Column = 1 + utf8.RuneCount(text[:max(0, min(column-1, len(text)))])
			break
		}
	}
	return e
}

// excerpt is a line made fit for a terminal: no control characters, no endless lines.
func excerpt(line []byte) string {
	text := strings.TrimPrefix(strings.TrimRight(string(line), "\r\n"), "\ufeff")
	text = strings.Map(func(r rune) rune {
		if r < ' ' && r != '\t' || r == 0x7f || r == utf8.RuneError {
			return '?'
		}
		return r
	}, text)
	if r := []rune(text); len(r) > 200 {
		text = string(r[:200]) + "…"
	}
	return text
}

func position(data []byte, offset int) (line, column int) {
	before := data[:offset]
	start := bytes.LastIndexByte(before, '\n') + 1
	return 1 + bytes.Count(before, []byte{'\n'}), 1 + utf8.RuneCount(before[start:])
}

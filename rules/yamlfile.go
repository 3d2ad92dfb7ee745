package rules

import (
	"errors"
	"fmt"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Fences of the file itself: a YAML parser recurses as deep as its input does.
const (
	maxFile  = 1 << 20 // bytes
	maxLine  = 8 << 10 // bytes; also bounds how deep "- - - -" nests on one line
	maxDepth = 64      // open brackets and braces; levels of the tree
)

// parse reads the one document of a file, or returns nil with a problem.
func (r *reader) parse(data []byte) (body ast.Node) {
	if line, column, message := fenceText(data, r.doc.lines); message != "" {
		r.failAt(line, column, "%s", message)
		return nil
	}
	// The YAML parser has been seen to panic on broken input; bad input must not end the process.
	defer func() {
		if p := recover(); p != nil {
			r.failAt(1, 1, "this cannot be read as YAML (%v)", p)
			body = nil
		}
	}()
	file, err := parser.ParseBytes([]byte(strings.Join(r.doc.lines, "\n")), 0)
	if err != nil {
		var at yaml.Error
		if errors.As(err, &at) && at.GetToken() != nil && at.GetToken().Position != nil {
			p := at.GetToken().Position
			r.failAt(max(p.Line, 1), max(p.Column, 1), "%s", firstLine(at.GetMessage()))
		} else {
			r.failAt(1, 1, "%s", firstLine(err.Error()))
		}
		return nil
	}
	for _, d := range file.Docs {
		if d.Body == nil {
			continue
		}
		if body != nil {
			r.fail(d.Body, "a rule file holds one document; put the second into a file of its own")
			return nil
		}
		body = d.Body
	}
	if body == nil {
		r.failAt(1, 1, "the file is empty")
	}
	return body
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(s, "\n")
	return s
}

func fenceText(data []byte, lines []string) (line, column int, message string) {
	if len(data) > maxFile {
		return 1, 1, fmt.Sprintf("the file has %d bytes, more than the %d allowed", len(data), maxFile)
	}
	depth := 0
	for i, l := range lines {
		if len(l) > maxLine {
			return i + 1, 1, fmt.Sprintf("the line has %d bytes, more than the %d allowed", len(l), maxLine)
		}
		// "- - - x" opens one level per indicator, all on one line.
		opening := l[:len(l)-len(strings.TrimLeft(l, "-? "))]
		if strings.Count(opening, "- ")+strings.Count(opening, "? ") > maxDepth {
			return i + 1, 1, "the line nests too deep"
		}
		for j, c := range l {
			switch c {
			case 0:
				return i + 1, j + 1, "the file holds a NUL byte"
			case '[', '{':
				if depth++; depth > maxDepth {
					return i + 1, j + 1, fmt.Sprintf("brackets nest deeper than the %d allowed", maxDepth)
				}
			case ']', '}':
				depth = max(depth-1, 0)
			}
		}
		if indent := len(l) - len(strings.TrimLeft(l, " ")); indent > 4*maxDepth && indent < len(l) {
			return i + 1, indent, "the line is indented too deep"
		}
	}
	return 0, 0, ""
}

package webhook

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"text/template"

	"github.com/grantwatch/grantwatch/alert/document"
	"github.com/grantwatch/grantwatch/alert/inert"
)

const maxBody = 1 << 20

// Template makes the body of a webhook from a document.
type Template struct {
	file string
	kind string // Content-Type
	t    *template.Template
}

// TemplateError points at the place in a template file.
type TemplateError struct {
	File      string
	Line, Col int // zero when not known
	Msg       string
}

func (e *TemplateError) Error() string {
	switch {
	case e.Line == 0:
		return e.File + ": " + e.Msg
	case e.Col == 0:
		return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Msg)
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// ParseTemplate reads a template and tries it on an empty document, so that a name that does not exist is found at start
// and not at the first alert. Functions: json writes a value as JSON, line cuts a text to n characters.
func ParseTemplate(file, text, kind string) (*Template, error) {
	if kind == "" {
		kind = "application/json"
	}
	t, err := template.New(file).Option("missingkey=error").Funcs(template.FuncMap{
		"json": func(v any) (string, error) {
			b, err := json.Marshal(v)
			return string(b), err
		},
		"line": func(n int, s string) string { return inert.Line(s, n) },
	}).Parse(text)
	if err != nil {
		return nil, place(file, err)
	}
	out := &Template{file: file, kind: kind, t: t}
	if _, err := out.render(sample()); err != nil {
		return nil, err
	}
	return out, nil
}

// render makes the body. What should be JSON and is not would be refused at the other end, without saying where.
func (t *Template) render(d *document.Document) ([]byte, error) {
	b := &limited{}
	if err := t.t.Execute(b, d); err != nil {
		return nil, place(t.file, err)
	}
	if strings.Contains(t.kind, "json") && !json.Valid(b.Bytes()) {
		return nil, &TemplateError{File: t.file, Msg: "what it makes is no JSON; write every value with {{json …}}" + where(b.Bytes())}
	}
	return b.Bytes(), nil
}

func where(b []byte) string {
	var v any
	err := json.Unmarshal(b, &v)
	if syntax, ok := err.(*json.SyntaxError); ok {
		at := min(int(syntax.Offset), len(b))
		return fmt.Sprintf(" (line %d of its output: %s)", 1+bytes.Count(b[:at], []byte("\n")), syntax.Error())
	}
	return ""
}

// limited is a buffer that refuses to grow without end.
type limited struct{ bytes.Buffer }

func (l *limited) Write(p []byte) (int, error) {
	if l.Len()+len(p) > maxBody {
		return 0, fmt.Errorf("the body would be longer than %d bytes", maxBody)
	}
	return l.Buffer.Write(p)
}

// text/template says "template: NAME:LINE[:COL]: what"; the name is the file's.
var placed = regexp.MustCompile(`^(\d+):(?:(\d+):)? ?(.*)$`)

func place(file string, err error) error {
	msg := strings.TrimPrefix(err.Error(), "template: "+file+":")
	if m := placed.FindStringSubmatch(msg); m != nil {
		line, _ := strconv.Atoi(m[1]) // digits, by the expression
		col, _ := strconv.Atoi(m[2])  // empty is zero: not known
		return &TemplateError{File: file, Line: line, Col: col, Msg: m[3]}
	}
	return &TemplateError{File: file, Msg: strings.TrimPrefix(err.Error(), "template: ")}
}

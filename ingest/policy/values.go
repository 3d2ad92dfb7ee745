package policy

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/token"

	"github.com/grantwatch/grantwatch/access"
)

// At is a value together with the place where it was written.
type At[T any] struct {
	Line, Column int
	Value        T
}

// UnmarshalYAML reads the value and notes its place.
func (a *At[T]) UnmarshalYAML(n ast.Node) error {
	if tok := firstToken(n); tok != nil && tok.Position != nil {
		a.Line, a.Column = tok.Position.Line, tok.Position.Column
	}
	return yaml.NodeToValue(n, &a.Value, yaml.Strict())
}

// firstToken is where a value begins: for a mapping that is its first key, not its first colon.
func firstToken(n ast.Node) *token.Token {
	switch n := n.(type) {
	case *ast.MappingNode:
		if !n.IsFlowStyle && len(n.Values) > 0 {
			return firstToken(n.Values[0])
		}
	case *ast.MappingValueNode:
		return n.Key.GetToken()
	}
	return n.GetToken()
}

// Duration is a length of time in a file: 90d, 26w, 36h, 15m.
type Duration time.Duration

// UnmarshalYAML reads it by access.ParseDuration.
func (d *Duration) UnmarshalYAML(n ast.Node) error {
	text, err := scalar(n)
	if err != nil {
		return err
	}
	v, err := access.ParseDuration(text)
	if err != nil {
		return wrong(n, "%v", err)
	}
	if v < 0 {
		return wrong(n, "%q is negative", text)
	}
	*d = Duration(v)
	return nil
}

// Time is a moment in a file: RFC 3339, or a date, which is its midnight in UTC.
type Time struct{ time.Time }

// UnmarshalYAML reads it.
func (t *Time) UnmarshalYAML(n ast.Node) error {
	text, err := scalar(n)
	if err != nil {
		return err
	}
	v, ok := parseTime(text)
	if !ok {
		return wrong(n, "%q is no time (write 2026-09-01 or 2026-09-01T08:00:00Z)", text)
	}
	t.Time = v
	return nil
}

func parseTime(s string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339Nano, time.DateOnly} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func scalar(n ast.Node) (string, error) {
	switch n := n.(type) {
	case *ast.StringNode:
		return n.Value, nil
	case *ast.LiteralNode:
		return n.Value.Value, nil
	case *ast.IntegerNode, *ast.FloatNode:
		return n.GetToken().Value, nil
	}
	return "", wrong(n, "must be one value, not %s", n.Type())
}

func wrong(n ast.Node, format string, args ...any) error {
	return &yaml.SyntaxError{Message: fmt.Sprintf(format, args...), Token: firstToken(n)}
}
